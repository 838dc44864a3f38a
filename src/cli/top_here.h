/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent of one's own, for a command that finds none running: a child process with a folder that
 * goes with it. It ends when it is told to, and when the command ends however.
 */
#ifndef SKEP_CLI_TOP_HERE_H
#define SKEP_CLI_TOP_HERE_H

#include "cli/command.h"

struct top_here {
	pid_t pid;	    /* 0: there is none */
	char directory[64]; /* where to ask it */
};

/* Returns once it answers. To be called before any thread starts. 0, or -errno with the reason:
 * what it could not turn on, when nothing can be. */
int top_here_start(const struct command_call *call, struct top_here *ret_here, struct fail *fail);
void top_here_stop(struct top_here *here); /* for _cleanup_; also when there is none */

#endif
