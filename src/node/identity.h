/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills the names in a process's entry: container, image, pod and unit from its control groups,
 * the service from these or from the program. Loop thread only.
 */
#ifndef SKEP_NODE_IDENTITY_H
#define SKEP_NODE_IDENTITY_H

#include "node/process.h"

struct identity;

/* root_fd: the folder that holds proc, run, sys and var; borrowed. NULL without memory. */
struct identity *identity_new(int root_fd);
void identity_free(struct identity *identity);

/* process_fd in the calls below is the process's folder in /proc, or negative when it is gone. */

/* Container, pod, unit and v2 group, and the service where these give one, else "". Nothing
 * changes when they are what they were, or when they cannot be read (false). */
bool identity_place(
	struct identity *identity, struct process *process, int process_fd, uint64_t now_ns);

/* The two groups that an event names. memory_group_id counts only where that v1 tree is. */
struct groups {
	uint64_t cgroup_id, memory_group_id;
};
/* Whether these may be other groups than those that the entry's names come from. */
bool identity_is_moved(
	const struct identity *identity, const struct process *process, struct groups groups);
/* Like identity_place, from what was read of these groups earlier; false when nothing was. The
 * entry's groups are these in either case. */
bool identity_place_known(
	struct identity *identity, struct process *process, struct groups groups, uint64_t now_ns);
/* The service from comm, exe and arguments of the entry; directory NULL: as /proc has it. */
void identity_name_by_program(struct process *process, int process_fd, const char *directory);
void identity_read_arguments(struct process *process, int process_fd);

#endif
