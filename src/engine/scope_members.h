/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which processes are in the scope right now, for what user space itself finds (connections that
 * are older than the agent, say). In: the scope; out: an answer for a pid. For a moment's use: who
 * joins later is not in it. Loop thread only.
 */
#ifndef SKEP_SCOPE_MEMBERS_H
#define SKEP_SCOPE_MEMBERS_H

#include "engine/scope.h"

struct scope_members;

/* Reads the cgroup's processes, those of the groups below too, 65536 at most. scope is borrowed. 0
 * or -errno. */
int scope_members_new(const struct scope *scope, struct scope_members **ret_members);
void scope_members_free(struct scope_members *members); /* accepts NULL */
DEFINE_CLEANUP(struct scope_members *, scope_members_free);
/* The agent itself never is. network_namespace: where the thing that was found lives. */
bool scope_members_has(
	const struct scope_members *members, uint32_t pid, uint32_t network_namespace);

#endif
