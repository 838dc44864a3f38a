/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a profile comes from: what an agent stored, or samples that this process takes itself.
 */
#ifndef SKEP_CLI_PROFILE_SOURCE_H
#define SKEP_CLI_PROFILE_SOURCE_H

#include "cli/command.h"
#include "cli/profile_tree.h"

struct profile_wish {
	char since[64]; /* "": nothing past is asked for */
	char until[64];
	char service[64];
	char comm[16];
	char state[16]; /* one of struct sample_event's */
	uint32_t pid;
	uint64_t record_ns; /* how long to take samples where none are stored */
};

/* What a row of `sample` says of a stack. */
struct profile_row {
	const char *frames; /* "root;…;leaf" */
	const char *state;
	uint64_t count, waits;
	uint64_t cpu_ns, wait_ns, run_queue_ns;
};
/* Adds what the tree's measure asks for; what is waited for is a frame of its own, the innermost. 0
 * or -ENOMEM. */
int profile_add_row(struct profile_tree *tree, const struct profile_row *row);

/*
 * Out of the store: asks the agent on the directory, or reads the file that one left. 0; -ENOTCONN
 * when there is neither; -errno.
 */
int profile_read(const char *directory, const struct profile_wish *wish, struct profile_tree *tree,
	struct fail *fail);
/* Takes samples until the time is over or a signal comes. */
int profile_record(const struct command_call *call, const struct profile_wish *wish,
	struct profile_tree *tree, struct fail *fail);

#endif
