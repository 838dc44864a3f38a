/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each of skep's own BPF programs costs now, for `skep status --programs`.
 */
#ifndef SKEP_CLI_STATUS_PROGRAMS_H
#define SKEP_CLI_STATUS_PROGRAMS_H

#include "base/fail.h"

/* Has the agent's kernel measure for a second and prints a table, the most expensive first. 0 or
 * -errno with the reason. */
int status_programs_show(const char *directory, struct fail *fail);

#endif
