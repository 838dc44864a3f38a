/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events without a running agent: a small one inside this process opens the features that emit the
 * kinds asked for and prints what happens until a signal, or until nobody reads.
 */
#ifndef SKEP_CLI_WATCH_HERE_H
#define SKEP_CLI_WATCH_HERE_H

#include "api/events.h"
#include "cli/command.h"

/* 0 at the end; -EINVAL for an unknown kind or a bad filter; -EPERM, -EOPNOTSUPP or another -errno
 * with the reasons when no feature could be turned on; -EPIPE when stdout was closed. */
int watch_here_run(
	const struct command_call *call, const struct events_params *events, struct fail *fail);

#endif
