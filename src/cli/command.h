/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command is: one file that defines `const struct command NAME_command` and one line in
 * commands.def. The dispatcher reads its options, prints its help and runs it.
 */
#ifndef SKEP_COMMAND_H
#define SKEP_COMMAND_H

#include "engine/agent.h"
#include "event/manual.h"
#include "event/option.h"

/* What scripts rely on. */
enum exit_code {
	EXIT_CODE_FINE = 0,
	EXIT_CODE_FAILED = 1,
	EXIT_CODE_USAGE = 2,
	EXIT_CODE_NOTHING = 3,	 /* nothing found */
	EXIT_CODE_PRIVILEGE = 4, /* the person lacks a right */
	EXIT_CODE_KERNEL = 5,	 /* the kernel lacks it */
};

/* The arguments of one run of a command, read and checked. Borrowed for the run. */
struct command_call {
	const void *options;	     /* the struct that the command's own rows fill */
	struct config *config;	     /* of the agent: for commands with has_agent_options */
	struct feature_slot **slots; /* the same; TAKE(*slots) to hand them to agent_use_slots */
	const char *const *operands;
	unsigned int operand_count;
};

struct command {
	const char *name;
	const char *summary;		       /* one line without a full stop */
	const char *operands;		       /* as in help: "KIND…", NULL when it takes none */
	const char *description;	       /* paragraphs for its --help, may be NULL */
	const struct manual_example *examples; /* ended by a NULL command */
	/* What operands may be: stores at most maximum borrowed words, returns how many. May be
	 * NULL. */
	size_t (*operand_words)(const char **ret_words, size_t maximum);
	const struct option_row *options;
	unsigned int option_count;
	unsigned int options_bytes;
	/* Rows that several commands have; they fill the same struct. May be NULL. */
	const struct option_row *shared_options;
	const unsigned int *shared_option_count;
	bool has_agent_options; /* also those of the agent and of every feature */
	int (*run)(const struct command_call *call); /* an enum exit_code */
};

/* The whole program. Returns the exit code. */
int command_main(int argc, char **argv);

/* Prints "skep: text" and turns the failure into an exit code. */
int command_failed(const struct fail *fail);

/* The list of commands.def. */
const struct command *const *commands_all(size_t *ret_count);

#endif
