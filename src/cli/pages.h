/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help texts, man pages and completion, from the tables of commands and options.
 */
#ifndef SKEP_CLI_PAGES_H
#define SKEP_CLI_PAGES_H

#include <stdio.h>

#include "cli/command.h"

struct pages;

/* The manual of all commands, for the writers of event/. NULL without memory. */
struct pages *pages_new(void);
void pages_free(struct pages *pages);
DEFINE_CLEANUP(struct pages *, pages_free);
const struct manual *pages_manual(const struct pages *pages);
/* The page of a command, NULL when there is none of that name. */
const struct manual_page *pages_find(const struct pages *pages, const char *name);

/* "skep --help": every command with its summary. */
void pages_program(FILE *file);
/* "skep NAME --help": usage, options, examples. */
void pages_command(FILE *file, const struct command *command);
/* The names of all commands, as operand words. */
size_t pages_words(const char **ret_words, size_t maximum);
/* Prints a text that a writer of event/ made. 0 or its error. */
int pages_print(FILE *file, int error, const struct buf *text);

#define PAGES_TEXT_MAXIMUM (1024 * 1024)

#endif
