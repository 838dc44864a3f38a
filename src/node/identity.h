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

/* Whether there are v1 groups too: then the number of the v2 group does not tell of all moves. */
bool identity_is_hybrid(const struct identity *identity);

/* process_fd in the calls below is the process's folder in /proc, or negative when it is gone. */

/* Container, pod, unit and v2 group, and the service where these give one, else "". Nothing
 * changes when they are what they were, or when they cannot be read (false). */
bool identity_place(
	struct identity *identity, struct process *process, int process_fd, uint64_t now_ns);
/* The service from comm, exe and arguments of the entry. */
void identity_name_by_program(struct process *process, int process_fd);
void identity_read_arguments(struct process *process, int process_fd);

#endif
