/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which agent a command talks to: the folder given with --dir, or the usual one.
 */
#ifndef SKEP_CLI_PLACE_H
#define SKEP_CLI_PLACE_H

#include "event/option.h"

struct place {
	char directory[192];
};

/* The row for a command whose options have a member `place`. */
#define PLACE_OPTION(struct_)                                                                      \
	OPTION(struct_, place.directory, "dir", 0, OPTION_TEXT, .value_name = "DIR",               \
		.help = "folder of the agent to ask")

/* The folder. The text is borrowed from place, or static. */
int place_directory(const struct place *place, const char **ret_directory, struct fail *fail);

#endif
