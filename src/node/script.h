/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names from what an interpreter runs: the path of a script, a module, an application object.
 * Words that say nothing (main, app, server, src, dist) give way to the folder around them. Pure
 * text work, any thread.
 */
#ifndef SKEP_NODE_SCRIPT_H
#define SKEP_NODE_SCRIPT_H

#include "node/service.h"

/* All write "" when only meaningless words are left and, for a path, its stem. */

/* /srv/shop/app.py → shop; /srv/shop/worker.py → shop-worker; /usr/bin/certbot → certbot.
 * directory: where a relative path starts, may be "". */
void name_from_script(const char *path, const char *directory, struct service_name *ret_name);
/* The innermost folder that says something: /srv/shop/current/src → shop. */
void name_from_directory(const char *directory, struct service_name *ret_name);
/* http.server → http.server; shop.main → shop; main → the directory's name. */
void name_from_module(const char *module, const char *directory, struct service_name *ret_name);
/* Whether the text is module:object as application servers want it, not address:port. */
bool is_application(const char *text);
/* com.example.shop.Main → shop; org.apache.kafka.Kafka → kafka. */
void name_from_class(const char *class, const char *directory, struct service_name *ret_name);

#endif
