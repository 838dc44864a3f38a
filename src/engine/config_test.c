/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's own options: defaults, what is refused, where things are kept.
 */
#include "engine/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"

static int read_options(struct config *config, char **arguments, struct fail *fail)
{
	const struct option_table table = { config_rows, config_row_count, config };
	struct option_result result;
	int r;

	memset(config, 0, sizeof(*config));
	assert_int_equal(option_defaults(&table, 1, fail), 0);
	r = option_parse(&table, 1, arguments, &result, fail);
	return r < 0 ? r : config_check(config, fail);
}

static void the_defaults_are_sound(void **state)
{
	struct config config;
	char *none[] = { NULL };

	assert_int_equal(read_options(&config, none, NULL), 0);
	assert_string_equal(config.directory, "");
	assert_string_equal(config.listen, "127.0.0.1:7850");
	assert_string_equal(config.scope, "");
	assert_int_equal(config.store_age_ns, 7 * 24 * 3600 * NS_PER_S);
	assert_int_equal(config.ring_bytes, 8 * 1024 * 1024);
	assert_false(config.unmask);
}

static void every_option_is_read(void **state)
{
	struct config config;
	char *given[] = { (char *)"--dir=/x", (char *)"--listen", (char *)"off", (char *)"--scope",
		(char *)"cgroup:a", (char *)"--max-bytes", (char *)"1GiB", (char *)"--max-age",
		(char *)"2h", (char *)"--ring-bytes", (char *)"64KiB", (char *)"--unmask", NULL };

	assert_int_equal(read_options(&config, given, NULL), 0);
	assert_string_equal(config.directory, "/x");
	assert_string_equal(config.listen, "off");
	assert_string_equal(config.scope, "cgroup:a");
	assert_int_equal(config.store_bytes, 1024 * 1024 * 1024);
	assert_int_equal(config.store_age_ns, 2 * 3600 * NS_PER_S);
	assert_int_equal(config.ring_bytes, 64 * 1024);
	assert_true(config.unmask);
}

static void what_cannot_be_is_refused(void **state)
{
	static const char *const bad[][2] = {
		{ "--ring-bytes=3MiB", "power of two" },
		{ "--ring-bytes=4KiB", "" },
		{ "--listen=7850", "ADDRESS:PORT" },
		{ "--listen=:7850", "ADDRESS:PORT" },
		{ "--listen=127.0.0.1:99999", "ADDRESS:PORT" },
		{ "--listen=127.0.0.1:", "ADDRESS:PORT" },
		{ "--listen=", "ADDRESS:PORT" },
		{ "--scope=everything", "cgroup:PATH" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		char *given[] = { (char *)bad[i][0], NULL };
		struct config config;
		struct fail fail = { 0 };

		assert_int_equal(read_options(&config, given, &fail), -EINVAL);
		assert_non_null(strstr(fail.text, bad[i][1]));
	}
}

static void the_directory_follows_the_person(void **state)
{
	char directory[64], small[4];

	setenv("XDG_STATE_HOME", "/state", 1);
	setenv("HOME", "/home/a", 1);
	assert_int_equal(config_default_directory(directory, sizeof(directory)), 0);
	assert_string_equal(directory, geteuid() == 0 ? "/var/lib/skep" : "/state/skep");
	assert_int_equal(config_default_directory(small, sizeof(small)), -ENAMETOOLONG);
	if (geteuid() == 0)
		return;
	setenv("XDG_STATE_HOME", "relative", 1); /* the specification: to be ignored */
	assert_int_equal(config_default_directory(directory, sizeof(directory)), 0);
	assert_string_equal(directory, "/home/a/.local/state/skep");
	unsetenv("HOME");
	assert_int_equal(config_default_directory(directory, sizeof(directory)), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults_are_sound),
		cmocka_unit_test(every_option_is_read),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(the_directory_follows_the_person),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
