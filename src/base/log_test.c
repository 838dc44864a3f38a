/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log: what a message looks like on stderr, and what the level holds back.
 */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char output[8192];

/* Points stderr at a pipe; end_capture puts it back and fills output. */
struct capture {
	int saved;
	int reading_end;
};

static struct capture begin_capture(void)
{
	struct capture capture = { .saved = dup(STDERR_FILENO) };
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	capture.reading_end = ends[0];
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	return capture;
}

static void end_capture(struct capture capture)
{
	ssize_t length;

	dup2(capture.saved, STDERR_FILENO);
	close(capture.saved);
	length = read(capture.reading_end, output, sizeof(output) - 1);
	assert_true(length >= 0);
	output[length] = '\0';
	close(capture.reading_end);
}

static void level_holds_back(void **state)
{
	struct capture capture = begin_capture();

	unsetenv("JOURNAL_STREAM");
	log_set_level(LOG_LEVEL_WARNING);
	log_error("area", "one %d", 1);
	log_warning("area", "two");
	log_info("area", "three");
	log_debug("area", "four");
	end_capture(capture);
	assert_string_equal(output, "area: one 1\narea: two\n");
	assert_int_equal(log_get_level(), LOG_LEVEL_WARNING);
}

static void a_message_is_one_line_of_plain_text(void **state)
{
	struct capture capture = begin_capture();

	log_error("area", "a\nb\033[2Jc\x7f \xc3\xa4");
	end_capture(capture);
	assert_string_equal(output, "area: a?b?[2Jc? \xc3\xa4\n");
}

static void a_long_message_is_cut_and_still_a_line(void **state)
{
	struct capture capture = begin_capture();
	char text[4096];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_error("area", "%s", text);
	end_capture(capture);
	assert_int_equal(strlen(output), 2048);
	assert_int_equal(output[2046], 'x');
	assert_int_equal(output[2047], '\n');
}

static void errno_is_shown_and_kept(void **state)
{
	struct capture capture = begin_capture();
	int kept;

	errno = ENOENT;
	log_error("area", "open: %m");
	kept = errno;
	end_capture(capture);
	assert_int_equal(kept, ENOENT);
	assert_string_equal(output, "area: open: No such file or directory\n");
}

static void journald_gets_priorities(void **state)
{
	struct capture capture = begin_capture();
	char stream[64];
	struct stat status;

	fstat(STDERR_FILENO, &status);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)status.st_dev,
		(uintmax_t)status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_set_level(LOG_LEVEL_DEBUG);
	log_error("area", "e");
	log_debug("area", "d");
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_warning("area", "w");
	unsetenv("JOURNAL_STREAM");
	end_capture(capture);
	assert_string_equal(output, "<3>area: e\n<7>area: d\narea: w\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(level_holds_back),
		cmocka_unit_test(a_message_is_one_line_of_plain_text),
		cmocka_unit_test(a_long_message_is_cut_and_still_a_line),
		cmocka_unit_test(errno_is_shown_and_kept),
		cmocka_unit_test(journald_gets_priorities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
