/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skep top --once`: one table, or rows for scripts, on stdout.
 */
#ifndef SKEP_CLI_TOP_ONCE_H
#define SKEP_CLI_TOP_ONCE_H

#include "cli/top_model.h"

enum top_format { TOP_TABLE, TOP_JSON, TOP_CSV };

/* Asks, twice where figures are differences, and prints at most `rows` (0: all). The number of
 * rows, or -errno with the reason. */
int64_t top_once(struct top_model *model, const char *directory, enum top_format format,
	uint32_t rows, struct fail *fail);

#endif
