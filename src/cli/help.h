/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help texts, from the tables of commands and options.
 */
#ifndef SKEP_HELP_H
#define SKEP_HELP_H

#include <stdio.h>

#include "cli/command.h"

/* "skep --help": every command with its summary. */
void help_program(FILE *file);
/* "skep NAME --help": usage and every option. */
void help_command(FILE *file, const struct command *command, const struct option_table *tables,
	unsigned int table_count);

#endif
