/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skep help [COMMAND]`: what --help says.
 */
#include "base/str.h"
#include "cli/pages.h"

static int help_run(const struct command_call *call)
{
	size_t count;
	const struct command *const *commands = commands_all(&count);
	struct fail fail = { 0 };

	if (call->operand_count == 0) {
		pages_program(stdout);
		return EXIT_CODE_FINE;
	}
	for (size_t i = 0; i < count; i++) {
		if (!str_equal(commands[i]->name, call->operands[0]))
			continue;
		pages_command(stdout, commands[i]);
		return EXIT_CODE_FINE;
	}
	fail_set(&fail, -EINVAL, "there is no command '%s'", call->operands[0]);
	command_failed(&fail);
	return EXIT_CODE_USAGE;
}

static const struct manual_example help_examples[] = {
	{ "skep help", "every command" },
	{ "skep help watch", "the options of one" },
	{ NULL, NULL },
};

const struct command help_command = {
	.name = "help",
	.summary = "what the commands are, or the options of one",
	.operands = "[COMMAND]",
	.operand_words = pages_words,
	.examples = help_examples,
	.run = help_run,
};
