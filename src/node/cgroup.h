/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the control groups of a process tell: systemd unit, container, Kubernetes pod. Pure text
 * work on /proc/PID/cgroup. Name patterns are those of systemd (cgroup layout,
 * systemd.io/CGROUP_DELEGATION), kubelet, runc, crun, conmon, LXC and systemd-nspawn.
 */
#ifndef SKEP_NODE_CGROUP_H
#define SKEP_NODE_CGROUP_H

#include "base/base.h"

#define CONTAINER_ID_BYTES 80
#define CGROUP_PATH_BYTES  1024

struct placement {
	char path[CGROUP_PATH_BYTES]; /* in the v2 tree, "" when there is none or it is longer */
	char memory_path[CGROUP_PATH_BYTES]; /* the same in the v1 tree of that controller */
	char unit[64];			     /* innermost systemd unit outside of the container */
	char container[CONTAINER_ID_BYTES];  /* 64 hexadecimal digits, or a name that was chosen */
	char pod_uid[48];		     /* as in folder names: with '-' */
	/* The last part when no pattern fits: containers of a bare runtime are called so. */
	char leaf[CONTAINER_ID_BYTES];
	bool is_machine; /* LXC or systemd-nspawn: `container` is the name itself */
};

/*
 * Where v2 and v1 lines disagree the container is taken from the first line that has one, in the
 * order v2, name=systemd, controllers; so is the unit. Of nested containers the outermost counts:
 * it is the one that this host knows. Never fails: what is not found is empty.
 */
void placement_parse(const char *text, struct placement *ret_placement);

/* Undoes systemd's \x2d escapes; destination may be as small as wanted. */
void unit_unescape(const char *name, char *destination, size_t size);

#endif
