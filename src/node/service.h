/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name that people use for what a process belongs to. Pure text work, any thread. Names are
 * printable UTF-8, cut to EVENT_SERVICE_BYTES, and "" when nothing fits.
 */
#ifndef SKEP_NODE_SERVICE_H
#define SKEP_NODE_SERVICE_H

#include "event/process.h"

struct service_name {
	char text[EVENT_SERVICE_BYTES];
};

/* Replaces control characters and bytes that are not UTF-8 by '?'; cuts at a character. */
void service_name_set(struct service_name *name, const char *text);

/*
 * The workload of a pod: its name without what its controller added (ReplicaSet and pod hash,
 * ordinal, CronJob time) or, for static pods, the name of the node. Alphabet of the hashes:
 * k8s.io/apimachinery/pkg/util/rand.
 */
void service_from_pod(const char *pod, const char *host, struct service_name *ret_name);

/*
 * The unit without ".service" and escapes; a per-connection or numbered instance is left out
 * (finger@7-10.0.0.1:79-…). "" for sessions, scopes, user managers and units that only start the
 * programs of others (cron, supervisord): there the program has the name.
 */
void service_from_unit(const char *unit, struct service_name *ret_name);

/* What is known of a program. Texts may be "" when unknown, arguments empty. */
struct program {
	const char *comm;
	const char *exe;
	const char *directory;	/* its working directory, for scripts named relative to it */
	struct slice arguments; /* NUL-separated, as in /proc/PID/cmdline */
};

/* Whether the working directory may matter for the name: to be asked before it is read. */
bool program_uses_directory(const struct program *program);

/*
 * The program; behind an interpreter the script, module, jar or application:
 * `python3 /srv/shop/app.py` is shop, `/srv/shop/worker.py` is shop-worker, `python3 -m
 * http.server` is http.server, `java -jar shop-1.2.jar` is shop, `gunicorn shop.wsgi:application`
 * is shop.
 */
void service_from_program(const struct program *program, struct service_name *ret_name);

#endif
