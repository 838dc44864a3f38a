/* SPDX-License-Identifier: Apache-2.0 */
/* Help, man pages, Markdown and completion of a small program, against golden files. */
#include "event/manual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "../tests/golden.h"
#include "base/str.h"
#include "event/completion.h"
#include "event/encode.h"
#include "event/filter.h"

struct watch_options {
	uint32_t format;
	bool follow;
	uint64_t last;
	char file[64];
	struct option_list columns;
};

static const struct option_row watch_rows[] = {
	OPTION(watch_options, format, "output", 'o', OPTION_WORD, .value_name = "FORMAT",
		.words = output_format_words, .help = "what the lines look like"),
	OPTION(watch_options, follow, "follow", 'f', OPTION_BOOL,
		.help = "don't stop at the end: wait for more [until \\ or Ctrl-C]"),
	OPTION(watch_options, last, "last", 0, OPTION_U64, .value_name = "N", .initial = "10",
		.help = "how many to show"),
	OPTION(watch_options, file, "write-to-a-file", 'w', OPTION_TEXT, .value_name = "FILE",
		.section = "Files", .help = "where to put them as well"),
	OPTION(watch_options, columns, "column", 0, OPTION_LIST, .value_name = "NAME|N",
		.help = "show only this; may be given several times"),
};

static const struct option_table watch_tables[] = {
	{ watch_rows, ARRAY_LENGTH(watch_rows), NULL },
};

static const char *const kind_words[] = { "exec", "http", NULL };

static const struct manual_example watch_examples[] = {
	{ "skep watch http --status 5xx", "failed requests as they happen" },
	{ "skep watch exec -o json", "programs that start, one JSON object a line" },
	{ NULL, NULL },
};

static const struct manual_page pages[] = {
	{ .name = "status", .summary = "what is on, off and why" },
	{ .name = "watch",
		.summary = "follow events live",
		.operands = "KIND…",
		.operand_words = kind_words,
		.description =
			"Shows events as they happen, until it is stopped. Several kinds may "
			"be given.\n\n.Lines that start with a dot\n'or a quote' stay as "
			"they are.",
		.tables = watch_tables,
		.table_count = ARRAY_LENGTH(watch_tables),
		.examples = watch_examples },
};

static const struct manual manual = {
	.program = "skep",
	.summary = "shows, profiles and protects a Linux node",
	.version = "1.0",
	.pages = pages,
	.page_count = ARRAY_LENGTH(pages),
};

static struct buf out = { .maximum = 1 << 20 };

static int clear(void **state)
{
	buf_clear(&out);
	return 0;
}

static void check(int error, const char *name)
{
	assert_int_equal(error, 0);
	golden_check(name, buf_text(&out));
}

static void help_is_aligned_and_wrapped(void **state)
{
	const struct manual_style wide = { .columns = 80 }, narrow = { .columns = 1 };
	const struct manual_style colored = { .columns = 1000, .has_color = true };

	check(manual_help(&manual, &pages[1], &wide, &out), "event/help.txt");
	buf_clear(&out);
	check(manual_help(&manual, &pages[1], &narrow, &out), "event/help-narrow.txt");
	buf_clear(&out);
	check(manual_help(&manual, &pages[1], &colored, &out), "event/help-color.txt");
	buf_clear(&out);
	check(manual_help_program(&manual, &wide, &out), "event/help-program.txt");
}

/* No line is longer than asked for, except where one word is. */
static void lines_fit(void **state)
{
	const struct option_table table = { filter_rows, filter_row_count, NULL };
	const struct manual_page page = {
		.name = "x", .summary = "y", .tables = &table, .table_count = 1
	};
	const struct manual_style style = { .columns = 72 };

	assert_int_equal(manual_help(&manual, &page, &style, &out), 0);
	for (const char *line = buf_text(&out); *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 72);
}

static void man_pages_are_golden(void **state)
{
	check(manual_man(&manual, &pages[1], &out), "event/skep-watch.1");
	buf_clear(&out);
	check(manual_man_program(&manual, &out), "event/skep.1");
}

static void markdown_is_golden(void **state)
{
	check(manual_markdown(&manual, &out), "event/commands.md");
}

static void completions_are_golden(void **state)
{
	check(completion_bash(&manual, &out), "event/completion.bash");
	buf_clear(&out);
	check(completion_zsh(&manual, &out), "event/completion.zsh");
	buf_clear(&out);
	check(completion_fish(&manual, &out), "event/completion.fish");
}

/* Sources the script in bash and asks as the shell does: words up to the cursor. */
static void bash_answers(const char *words, const char *expected)
{
	char command[512], answer[512] = "";

	snprintf(command, sizeof(command),
		"bash --norc -c '. tests/golden/event/completion.bash; COMP_WORDS=(%s); "
		"COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _skep 2>/dev/null; "
		"printf \"%%s \" \"${COMPREPLY[@]}\"'",
		words);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	size_t length = fread(answer, 1, sizeof(answer) - 1, pipe);
	answer[length] = '\0';
	pclose(pipe);
	if (strcmp(answer, expected) != 0)
		fail_msg("'%s' completes to '%s', not '%s'", words, answer, expected);
}

static void bash_completes(void **state)
{
	if (access("/bin/bash", X_OK) != 0)
		skip();
	bash_answers("skep \"\"", "status watch --help --version ");
	bash_answers("skep st", "status ");
	bash_answers("skep watch --o", "--output ");
	bash_answers("skep watch h", "http ");
	bash_answers("skep watch -o \"\"", "compact wide table json csv ");
	bash_answers("skep watch --output = js", "json ");
	bash_answers("skep watch --output =", "compact wide table json csv ");
	bash_answers("skep watch --last \"\"", " ");
	bash_answers("skep watch --follow --co", "--column ");
	bash_answers("skep watch -w ARCHIT", "ARCHITECTURE.md ");
}

static void a_full_buffer_is_told(void **state)
{
	_cleanup_(buf_done)
	struct buf small = { .maximum = 10 };

	assert_int_equal(manual_man(&manual, &pages[1], &small), -ENOBUFS);
	assert_int_equal(completion_bash(&manual, &small), -ENOBUFS);
}

static int release(void **state)
{
	buf_done(&out);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(help_is_aligned_and_wrapped),
		TEST(lines_fit),
		TEST(man_pages_are_golden),
		TEST(markdown_is_golden),
		TEST(completions_are_golden),
		TEST(bash_completes),
		TEST(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
