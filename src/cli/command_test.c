/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command must have: a summary, examples, options whose defaults are valid and whose
 * names are given once; and the words that scripts rely on.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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

static void output_that_is_lost_is_a_failure(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), ends[2], saved;

	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	assert_true(full >= 0 && saved >= 0 && pipe(ends) == 0);
	dup2(full, STDOUT_FILENO);
	assert_int_equal(run("help", NULL, NULL), EXIT_CODE_FAILED);
	clearerr(stdout);
	/* Whoever reads had enough: `skep help | head -1`. */
	signal(SIGPIPE, SIG_IGN);
	close(ends[0]);
	dup2(ends[1], STDOUT_FILENO);
	assert_int_equal(run("help", NULL, NULL), EXIT_CODE_FINE);
	clearerr(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(full);
	close(ends[1]);
}

/* Runs the agent's options through a file; returns what stderr said. */
static int run_with_file(const char *content, char *ret_text, size_t size)
{
	char path[] = "/tmp/skep-command.XXXXXX", option[64];
	int saved = dup(STDERR_FILENO), file = mkstemp(path), text = memfd_create("stderr", 0);
	ssize_t length;
	int code;

	assert_int_equal(write(file, content, strlen(content)), strlen(content));
	close(file);
	snprintf(option, sizeof(option), "--config=%s", path);
	dup2(text, STDERR_FILENO);
	code = run("run", option, "--scope=pid:4194304");
	dup2(saved, STDERR_FILENO);
	length = pread(text, ret_text, size - 1, 0);
	ret_text[length > 0 ? length : 0] = '\0';
	close(saved);
	close(text);
	unlink(path);
	return code;
}

static void a_file_gives_options(void **state)
{
	char text[1024];

	assert_int_equal(run_with_file("# ours\nlisten: off\nmax-age: soon\n", text, sizeof(text)),
		EXIT_CODE_USAGE);
	assert_non_null(strstr(text, ":3: max-age: expected a time"));
	assert_int_equal(run_with_file("listen: nowhere\n", text, sizeof(text)), EXIT_CODE_USAGE);
	assert_non_null(strstr(text, "--listen nowhere"));
	assert_int_equal(run_with_file("lisen: off\n", text, sizeof(text)), EXIT_CODE_USAGE);
	assert_non_null(strstr(text, ":1: "));
	assert_non_null(strstr(text, "listen"));
	/* The flag wins: the scope of the file would be refused as a word. */
	assert_int_equal(run_with_file("scope: pid:0\ndir: /proc/skep\n", text, sizeof(text)),
		EXIT_CODE_FAILED);
	assert_non_null(strstr(text, "/proc/skep"));
	assert_int_equal(run("run", "--config", "/nonexistent"), EXIT_CODE_USAGE);
	/* What a terminal would act on is shown as text. */
	assert_int_equal(
		run_with_file("listen: \"\\e[31mred\"\n", text, sizeof(text)), EXIT_CODE_USAGE);
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "\\x1b[31mred"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_whole),
		cmocka_unit_test(pages_are_made),
		cmocka_unit_test(exit_codes),
		cmocka_unit_test(output_that_is_lost_is_a_failure),
		cmocka_unit_test(a_file_gives_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
