/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skep completion SHELL`: the completion script of a shell.
 */
#include "event/completion.h"

#include "base/str.h"
#include "cli/pages.h"

static const struct {
	const char *name;
	int (*write)(const struct manual *manual, struct buf *out);
} shells[] = {
	{ "bash", completion_bash },
	{ "fish", completion_fish },
	{ "zsh", completion_zsh },
};

static size_t shell_words(const char **ret_words, size_t maximum)
{
	size_t count = MIN(ARRAY_LENGTH(shells), maximum);

	for (size_t i = 0; i < count; i++)
		ret_words[i] = shells[i].name;
	return count;
}

static int completion_run(const struct command_call *call)
{
	_cleanup_(pages_freep)
	struct pages *pages = pages_new();
	_cleanup_(buf_done)
	struct buf text = { 0 };
	struct fail fail = { 0 };

	if (!pages)
		return EXIT_CODE_FAILED;
	buf_init(&text, PAGES_TEXT_MAXIMUM);
	for (size_t i = 0; i < ARRAY_LENGTH(shells); i++) {
		if (call->operand_count == 1 && str_equal(call->operands[0], shells[i].name))
			return pages_print(
				       stdout, shells[i].write(pages_manual(pages), &text), &text)
				       ? EXIT_CODE_FAILED
				       : EXIT_CODE_FINE;
	}
	fail_set(&fail, -EINVAL, "one shell is expected: bash, fish or zsh");
	command_failed(&fail);
	return EXIT_CODE_USAGE;
}

static const struct manual_example completion_examples[] = {
	{ "source <(skep completion bash)", "for this shell" },
	{ "skep completion bash > /usr/share/bash-completion/completions/skep", "for everyone" },
	{ NULL, NULL },
};

const struct command completion_command = {
	.name = "completion",
	.summary = "print the completion script of a shell",
	.operands = "bash|fish|zsh",
	.operand_words = shell_words,
	.examples = completion_examples,
	.run = completion_run,
};
