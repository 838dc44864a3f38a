/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command must have: a summary, examples, options whose defaults are valid and whose
 * names are given once; and the words that scripts rely on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "cli/pages.h"

static void commands_are_whole(void **state)
{
	size_t count;
	const struct command *const *commands = commands_all(&count);

	for (size_t i = 0; i < count; i++) {
		const struct command *command = commands[i];

		assert_non_null(command->run);
		assert_true(command->summary[0] && !str_ends_with(command->summary, "."));
		assert_non_null(command->examples);
		assert_non_null(command->examples[0].command);
		if (i > 0)
			assert_true(strcmp(commands[i - 1]->name, command->name) < 0);
		for (unsigned int o = 0; o < command->option_count; o++) {
			const struct option_row *row = &command->options[o];

			assert_true(row->help && row->help[0] && !str_ends_with(row->help, "."));
			assert_true(row->offset + row->size <= command->options_bytes);
			assert_true(row->type == OPTION_BOOL || row->value_name);
			for (unsigned int p = 0; p < o; p++) {
				assert_string_not_equal(row->name, command->options[p].name);
				assert_true(
					!row->letter || row->letter != command->options[p].letter);
			}
		}
	}
}

static void pages_are_made(void **state)
{
	_cleanup_(pages_freep)
	struct pages *pages = pages_new();
	const char *words[64];
	size_t count = pages_words(words, ARRAY_LENGTH(words));

	assert_non_null(pages);
	for (size_t i = 0; i < count; i++)
		assert_non_null(pages_find(pages, words[i]));
	assert_null(pages_find(pages, "nope"));
	assert_non_null(pages_find(pages, "watch")->operand_words);
	assert_string_equal(pages_find(pages, "completion")->operand_words[0], "bash");
}

static int run(const char *a, const char *b, const char *c)
{
	char *arguments[] = { (char *)"skep", (char *)a, (char *)b, (char *)c, NULL };
	int count = 1;

	while (count < 4 && arguments[count])
		count++;
	return command_main(count, arguments);
}

static void exit_codes(void **state)
{
	assert_int_equal(run(NULL, NULL, NULL), EXIT_CODE_USAGE);
	assert_int_equal(run("nope", NULL, NULL), EXIT_CODE_USAGE);
	assert_int_equal(run("status", "--nope", NULL), EXIT_CODE_USAGE);
	assert_int_equal(run("status", "operand", NULL), EXIT_CODE_USAGE);
	assert_int_equal(run("status", "--dir", "/nonexistent"), EXIT_CODE_FAILED);
	assert_int_equal(run("sql", "--dir=/nonexistent", "SELECT 1"), EXIT_CODE_FAILED);
	assert_int_equal(run("sql", NULL, NULL), EXIT_CODE_USAGE);
	assert_int_equal(run("view", "nope", NULL), EXIT_CODE_NOTHING);
	assert_int_equal(run("view", "slow", "nope=1"), EXIT_CODE_USAGE);
	assert_int_equal(run("view", "slow", "--sql"), EXIT_CODE_FINE);
	assert_int_equal(run("why", "x", NULL), EXIT_CODE_USAGE);
	assert_int_equal(run("why", "4194304", NULL), EXIT_CODE_NOTHING);
	assert_int_equal(run("watch", "nope", "--scope=pid:1"), EXIT_CODE_USAGE);
	assert_int_equal(run("run", "--listen", "nowhere"), EXIT_CODE_USAGE);
	assert_int_equal(run("--version", NULL, NULL), EXIT_CODE_FINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_whole),
		cmocka_unit_test(pages_are_made),
		cmocka_unit_test(exit_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
