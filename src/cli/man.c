/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skep man [COMMAND]`: a man page, to be read or installed.
 */
#include "base/str.h"
#include "cli/pages.h"

static int man_run(const struct command_call *call)
{
	_cleanup_(pages_freep)
	struct pages *pages = pages_new();
	_cleanup_(buf_done)
	struct buf text = { 0 };
	const struct manual_page *page = NULL;
	struct fail fail = { 0 };
	int error;

	if (!pages)
		return EXIT_CODE_FAILED;
	if (call->operand_count > 0)
		page = pages_find(pages, call->operands[0]);
	if (call->operand_count > 0 && !page) {
		fail_set(&fail, -EINVAL, "there is no command '%s'", call->operands[0]);
		command_failed(&fail);
		return EXIT_CODE_USAGE;
	}
	buf_init(&text, PAGES_TEXT_MAXIMUM);
	error = page ? manual_man(pages_manual(pages), page, &text)
		     : manual_man_program(pages_manual(pages), &text);
	return pages_print(stdout, error, &text) ? EXIT_CODE_FAILED : EXIT_CODE_FINE;
}

static const struct manual_example man_examples[] = {
	{ "skep man watch | man -l -", "read it" },
	{ "skep man > /usr/local/share/man/man1/skep.1", "install it" },
	{ NULL, NULL },
};

const struct command man_command = {
	.name = "man",
	.summary = "print a man page: of skep, or of a command",
	.operands = "[COMMAND]",
	.operand_words = pages_words,
	.examples = man_examples,
	.run = man_run,
};
