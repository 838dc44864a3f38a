/* SPDX-License-Identifier: Apache-2.0 */
/* Options from defaults, command lines and files. */
#include "event/option.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fd.h"
#include "event/nearest.h"

struct values {
	bool unmask;
	uint32_t hz;
	uint64_t total;
	uint64_t age_ns;
	uint64_t ring_bytes;
	char directory[16];
	uint32_t format;
	struct option_list headers;
	struct option_terms terms;
};

static const char *const formats[] = { "compact", "json", "csv", NULL };

static const struct option_row rows[] = {
	OPTION(values, unmask, "unmask", 'u', OPTION_BOOL, .help = "show secrets"),
	OPTION(values, hz, "hz", 0, OPTION_U32, .value_name = "N", .initial = "97", .minimum = 1,
		.maximum = 1000, .help = "samples a second"),
	OPTION(values, total, "total", 'n', OPTION_U64, .value_name = "N", .help = "how many"),
	OPTION(values, age_ns, "max-age", 0, OPTION_DURATION, .value_name = "TIME", .initial = "7d",
		.help = "how old"),
	OPTION(values, ring_bytes, "ring-bytes", 0, OPTION_BYTES, .value_name = "SIZE",
		.minimum = 4096, .maximum = 1 << 20, .initial = "64K", .help = "how big"),
	OPTION(values, directory, "dir", 'd', OPTION_TEXT, .value_name = "DIR", .initial = "/tmp",
		.help = "where"),
	OPTION(values, format, "output", 'o', OPTION_WORD, .value_name = "FORMAT", .words = formats,
		.help = "what it looks like"),
	OPTION(values, headers, "header", 0, OPTION_LIST, .value_name = "NAME", .help = "which"),
	OPTION(values, terms, "service", 0, OPTION_TERM, .value_name = "NAME", .help = "of whom"),
	OPTION(values, terms, "not", 0, OPTION_TERM, .help = "turns the next around"),
};

static struct values values;
static const struct option_table table = { rows, ARRAY_LENGTH(rows), &values };
static struct option_result result;
static struct fail failure;

static int reset(void **state)
{
	memset(&values, 0xff, sizeof(values));
	return option_defaults(&table, 1, &failure);
}

#define PARSE(...)                                                                                 \
	option_parse(&table, 1, (char **)(const char *[]){ __VA_ARGS__, NULL }, &result, &failure)

static void defaults_are_set(void **state)
{
	assert_false(values.unmask);
	assert_int_equal(values.hz, 97);
	assert_int_equal(values.total, 0);
	assert_int_equal(values.age_ns, 7 * 24 * 3600 * NS_PER_S);
	assert_int_equal(values.ring_bytes, 65536);
	assert_string_equal(values.directory, "/tmp");
	assert_int_equal(values.format, 0);
	assert_int_equal(values.headers.count, 0);
	assert_int_equal(values.terms.count, 0);
}

static void a_bad_default_is_a_defect(void **state)
{
	static const struct option_row bad =
		OPTION(values, hz, "hz", 0, OPTION_U32, .initial = "0", .minimum = 1, .help = "x");
	struct option_table tables = { &bad, 1, &values };

	assert_int_equal(option_defaults(&tables, 1, &failure), -EINVAL);
	assert_string_equal(failure.text, "default of hz: expected a number, at least 1, got '0'");
}

static void flags_and_operands_mix(void **state)
{
	assert_int_equal(PARSE("http", "--hz", "50", "-ojson", "x=1", "--unmask", "-n", "5",
				 "--max-age=90s", "--", "--hz", "-"),
		0);
	assert_int_equal(values.hz, 50);
	assert_int_equal(values.format, 1);
	assert_int_equal(values.total, 5);
	assert_true(values.unmask);
	assert_int_equal(values.age_ns, 90 * NS_PER_S);
	assert_int_equal(result.operand_count, 4);
	assert_string_equal(result.operands[0], "http");
	assert_string_equal(result.operands[1], "x=1");
	assert_string_equal(result.operands[2], "--hz");
	assert_string_equal(result.operands[3], "-");
	assert_false(result.wants_help);
}

static void letters_may_be_joined(void **state)
{
	assert_int_equal(PARSE("-un5", "-ocsv"), 0);
	assert_true(values.unmask);
	assert_int_equal(values.total, 5);
	assert_int_equal(values.format, 2);
}

static void bools_turn_off(void **state)
{
	assert_int_equal(PARSE("--unmask", "--no-unmask"), 0);
	assert_false(values.unmask);
	assert_int_equal(PARSE("--unmask=on"), 0);
	assert_true(values.unmask);
	assert_int_equal(PARSE("--unmask=maybe"), -EINVAL);
	assert_string_equal(failure.text, "--unmask: expected yes or no, got 'maybe'");
	assert_int_equal(PARSE("--no-hz"), -ENOENT);
}

static void lists_and_terms_keep_their_order(void **state)
{
	assert_int_equal(
		PARSE("--header", "a", "--service", "shop", "--not", "--service=db", "--header=b"),
		0);
	assert_int_equal(values.headers.count, 2);
	assert_string_equal(values.headers.values[1], "b");
	assert_int_equal(values.terms.count, 3);
	assert_string_equal(values.terms.terms[0].name, "service");
	assert_string_equal(values.terms.terms[0].text, "shop");
	assert_string_equal(values.terms.terms[1].name, "not");
	assert_string_equal(values.terms.terms[2].text, "db");
	assert_int_equal(PARSE("--not=x"), -EINVAL);
	assert_string_equal(failure.text, "--not: takes no value");
}

static void help_wins(void **state)
{
	assert_int_equal(PARSE("--help"), 0);
	assert_true(result.wants_help);
	assert_int_equal(PARSE("-h", "--nonsense"), 0);
	assert_true(result.wants_help);
	assert_int_equal(PARSE("-uh"), 0);
	assert_true(result.wants_help);
}

static void errors_say_what_was_expected(void **state)
{
	static const struct {
		const char *arguments[3];
		int error;
		const char *text;
	} cases[] = {
		{ { "--hx", "5" }, -ENOENT, "unknown option '--hx', did you mean '--hz'?" },
		{ { "--something-else" }, -ENOENT, "unknown option '--something-else'" },
		{ { "-x" }, -ENOENT, "unknown option '-x'" },
		{ { "--hz" }, -EINVAL, "--hz: expected N after it" },
		{ { "--hz", "0" }, -EINVAL, "--hz: expected a number from 1 to 1000, got '0'" },
		{ { "--hz", "9x" }, -EINVAL, "--hz: expected a number from 1 to 1000, got '9x'" },
		{ { "--total", "-1" }, -EINVAL, "--total: expected a number, got '-1'" },
		{ { "--max-age", "week" }, -EINVAL,
			"--max-age: expected a time such as 250ms, 10s or 5m, got 'week'" },
		{ { "--ring-bytes", "1" }, -EINVAL,
			"--ring-bytes: expected a size such as 64K, 20MiB or 2G from 4 KiB to 1 "
			"MiB, got '1'" },
		{ { "--output", "xml" }, -EINVAL,
			"--output: expected compact, json or csv, got 'xml'" },
		{ { "--dir", "/0123456789abcdef" }, -EINVAL,
			"--dir: expected at most 15 characters, got '/0123456789abcdef'" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const char *arguments[4] = { cases[i].arguments[0], cases[i].arguments[1] };
		assert_int_equal(option_parse(&table, 1, (char **)arguments, &result, &failure),
			cases[i].error);
		assert_string_equal(failure.text, cases[i].text);
	}
}

static void too_much_is_refused(void **state)
{
	const char *arguments[OPTION_OPERANDS_MAXIMUM + 2] = { 0 };

	for (int i = 0; i <= OPTION_OPERANDS_MAXIMUM; i++)
		arguments[i] = "x";
	assert_int_equal(option_parse(&table, 1, (char **)arguments, &result, &failure), -E2BIG);
	for (int i = 0; i < OPTION_LIST_MAXIMUM; i++)
		assert_int_equal(PARSE("--header=x"), 0);
	assert_int_equal(PARSE("--header=x"), -EINVAL);
	for (int i = 0; i < OPTION_TERMS_MAXIMUM; i++)
		assert_int_equal(PARSE("--not"), 0);
	assert_int_equal(PARSE("--not"), -EINVAL);
}

static char path[] = "/tmp/skep-option-XXXXXX";

static int read_text(const char *text)
{
	assert_return_code(file_replace(path, text, strlen(text), 0600), 0);
	return option_read_file(&table, 1, path, &failure);
}

static void files_are_read(void **state)
{
	assert_int_equal(read_text("# the store\n"
				   "hz: 50\n"
				   "max-age: 30d\n"
				   "dir: \"/srv\"\n"
				   "unmask: yes\n"
				   "output: json\n"
				   "header: [a, b]\n"),
		0);
	assert_int_equal(values.hz, 50);
	assert_string_equal(values.directory, "/srv");
	assert_true(values.unmask);
	assert_int_equal(values.format, 1);
	assert_int_equal(values.headers.count, 2);
	assert_int_equal(read_text(""), 0);
	assert_int_equal(read_text("# nothing\n"), 0);
	assert_int_equal(read_text("header:\n  - c\n"), 0);
	assert_string_equal(values.headers.values[2], "c");
}

static void file_errors_name_the_line(void **state)
{
	static const struct {
		const char *text;
		int error;
		const char *expected;
	} cases[] = {
		{ "dir: /a\nhz: many\n", -EINVAL,
			":2: hz: expected a number from 1 to 1000, got 'many'" },
		{ "dri: /a\n", -ENOENT, ":1: unknown option 'dri', did you mean 'dir'?" },
		{ "hz: 5\nhz: 6\n", -EINVAL, ":2: 'hz' is there twice" },
		{ "hz: [5]\n", -EINVAL, ":1: hz: expected one value, not a list" },
		{ "\nhz:\n  a: 5\n", -EINVAL, ":3: hz: expected a value or a list" },
		{ "- hz\n", -EINVAL, ":1: expected 'name: value'" },
		{ "just text\n", -EINVAL, ":1: expected 'name: value'" },
		{ "hz: &a 5\ntotal: *a\n", -EINVAL, ":2: total: expected a value or a list" },
		{ "header: [a, [b]]\n", -EINVAL, ":1: expected a plain value in the list" },
		{ "hz: 5\n---\nhz: 6\n", -EINVAL, ":2: expected one document" },
		{ "hz: {\n", -EINVAL, NULL },
		{ "hz: \"\xff\"\n", -EINVAL, NULL },
		{ "dir: \"a\\0b\"\n", -EINVAL, ":1: a value must not hold a NUL" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(read_text(cases[i].text), cases[i].error);
		assert_memory_equal(failure.text, path, strlen(path));
		if (cases[i].expected)
			assert_string_equal(failure.text + strlen(path), cases[i].expected);
	}
	assert_int_equal(option_read_file(&table, 1, "/nonexistent/x", &failure), -ENOENT);
	assert_string_equal(failure.text, "/nonexistent/x: No such file or directory");
}

static void the_nearest_name_is_found(void **state)
{
	struct nearest nearest;

	nearest_init(&nearest, "statsu");
	assert_null(nearest_found(&nearest));
	nearest_offer(&nearest, "sql");
	assert_null(nearest_found(&nearest));
	nearest_offer(&nearest, "status");
	nearest_offer(&nearest, "start");
	assert_string_equal(nearest_found(&nearest), "status");
	nearest_init(&nearest, "");
	nearest_offer(&nearest, "status");
	assert_null(nearest_found(&nearest));
}

static void tables_are_checked(void **state)
{
	struct option_row row;
	struct option_table changed = { &row, 1, &values };
	struct option_table twice[] = { table, table };

	assert_int_equal(option_check(&table, 1, &failure), 0);
	assert_int_equal(option_check(twice, 2, &failure), -EINVAL);
	assert_string_equal(failure.text, "unmask: the name is there twice");
#define WITH(index, change)                                                                        \
	row = rows[index];                                                                         \
	change;                                                                                    \
	assert_int_equal(option_check(&changed, 1, &failure), -EINVAL)
	WITH(0, row.name = "Un_mask");
	WITH(0, row.help = NULL);
	WITH(0, row.help = "A sentence.");
	WITH(0, row.size = 4);
	WITH(0, row.value_name = "X");
	WITH(1, row.initial = "0");
	WITH(1, row.minimum = 5000);
	WITH(1, row.value_name = NULL);
	WITH(6, row.words = NULL);
#undef WITH
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	return unlink(path);
}

#define TEST(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_are_set),
		TEST(a_bad_default_is_a_defect),
		TEST(flags_and_operands_mix),
		TEST(letters_may_be_joined),
		TEST(bools_turn_off),
		TEST(lists_and_terms_keep_their_order),
		TEST(help_wins),
		TEST(errors_say_what_was_expected),
		TEST(too_much_is_refused),
		TEST(files_are_read),
		TEST(file_errors_name_the_line),
		TEST(the_nearest_name_is_found),
		TEST(tables_are_checked),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
