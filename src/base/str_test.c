/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str: copies that cut, numbers with units in both directions.
 */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void copy_cuts_and_says_so(void **state)
{
	char text[4] = "zzz";

	assert_true(str_set(text, "abc"));
	assert_string_equal(text, "abc");
	assert_false(str_set(text, "defg"));
	assert_string_equal(text, "def");
	assert_true(str_set(text, ""));
	assert_string_equal(text, "");
	assert_false(str_copy(text, 1, "a"));
	assert_string_equal(text, "");
	text[0] = 'k';
	assert_false(str_copy(text, 0, "a"));
	assert_int_equal(text[0], 'k');
}

static void copy_slice_needs_no_nul(void **state)
{
	const uint8_t bytes[] = { 'a', 'b', 'c' };
	char text[4];

	assert_true(str_copy_slice(text, sizeof(text), (struct slice){ bytes, 3 }));
	assert_string_equal(text, "abc");
	assert_false(str_copy_slice(text, 3, (struct slice){ bytes, 3 }));
	assert_string_equal(text, "ab");
	assert_true(str_copy_slice(text, sizeof(text), (struct slice){ NULL, 0 }));
	assert_string_equal(text, "");
}

static void comparisons(void **state)
{
	assert_true(str_equal("a", "a"));
	assert_false(str_equal("a", "b"));
	assert_true(str_equal(NULL, NULL));
	assert_false(str_equal(NULL, ""));
	assert_false(str_equal("", NULL));
	assert_true(str_starts_with("abc", "ab"));
	assert_true(str_starts_with("abc", ""));
	assert_false(str_starts_with("ab", "abc"));
	assert_true(str_ends_with("abc", "bc"));
	assert_true(str_ends_with("abc", ""));
	assert_false(str_ends_with("bc", "abc"));
	assert_false(str_ends_with("abcd", "bc"));
}

static void numbers_within_their_range(void **state)
{
	uint64_t value = 77;

	assert_int_equal(str_to_u64("0", 0, 10, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(str_to_u64("18446744073709551615", 0, UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(str_to_u64("0010", 10, 10, &value), 0);
	assert_int_equal(value, 10);
	assert_int_equal(str_to_u64("11", 0, 10, &value), -ERANGE);
	assert_int_equal(str_to_u64("1", 2, 10, &value), -ERANGE);
	assert_int_equal(str_to_u64("18446744073709551616", 0, UINT64_MAX, &value), -ERANGE);
	assert_int_equal(str_to_u64("99999999999999999999999", 0, UINT64_MAX, &value), -ERANGE);
	assert_int_equal(value, 10);
}

static void what_is_no_number(void **state)
{
	static const char *const wrong[] = { "", " 1", "1 ", "+1", "-1", "0x1", "1.0", "one",
		"99999999999999999999999x" };
	uint64_t value = 77;

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		assert_int_equal(str_to_u64(wrong[i], 0, UINT64_MAX, &value), -EINVAL);
	assert_int_equal(value, 77);
}

static void assert_duration(const char *text, uint64_t expected_ns)
{
	uint64_t ns = 77;

	assert_int_equal(str_to_duration_ns(text, &ns), 0);
	assert_true(ns == expected_ns);
}

static void durations_are_read(void **state)
{
	uint64_t ns = 77;

	assert_duration("1ns", 1);
	assert_duration("10us", 10000);
	assert_duration("250ms", 250000000);
	assert_duration("90s", 90000000000);
	assert_duration("90", 90000000000);
	assert_duration("5m", 300000000000);
	assert_duration("2h", 7200000000000);
	assert_duration("7d", 604800000000000);
	assert_duration("0", 0);
	assert_duration("18446744073s", 18446744073000000000U);
	assert_int_equal(str_to_duration_ns("18446744074s", &ns), -ERANGE);
	assert_int_equal(str_to_duration_ns("213504d", &ns), -ERANGE);
	assert_int_equal(str_to_duration_ns("18446744073709551616ns", &ns), -ERANGE);
	assert_int_equal(ns, 77);
}

static void what_is_no_duration(void **state)
{
	static const char *const wrong[] = { "", "s", "5 s", "5M", "5x", "1h30m", "1.5s", "-5s",
		"99999999999999999999x" };
	uint64_t ns = 77;

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		assert_int_equal(str_to_duration_ns(wrong[i], &ns), -EINVAL);
	assert_int_equal(ns, 77);
}

static void assert_bytes(const char *text, uint64_t expected)
{
	uint64_t bytes = 77;

	assert_int_equal(str_to_bytes(text, &bytes), 0);
	assert_true(bytes == expected);
}

static void sizes_are_read(void **state)
{
	static const char *const wrong[] = { "", "K", "5 MiB", "5Ki", "1.5G", "5m", "-1", "5P" };
	uint64_t bytes = 77;

	assert_bytes("64", 64);
	assert_bytes("64B", 64);
	assert_bytes("10K", 10240);
	assert_bytes("10KB", 10240);
	assert_bytes("5MiB", 5242880);
	assert_bytes("2G", 2147483648);
	assert_bytes("16777215T", 16777215ULL << 40);
	assert_int_equal(str_to_bytes("16777216T", &bytes), -ERANGE);
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		assert_int_equal(str_to_bytes(wrong[i], &bytes), -EINVAL);
	assert_int_equal(bytes, 77);
}

static void durations_are_written(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 1, "1ns" },
		{ 950, "950ns" },
		{ 999, "999ns" },
		{ 1000, "1us" },
		{ 1099, "1us" },
		{ 1200000, "1.2ms" },
		{ 999999999, "999.9ms" },
		{ 3400000000, "3.4s" },
		{ 59999999999, "59.9s" },
		{ 60000000000, "1m" },
		{ 312000000000, "5m12s" },
		{ 3599999999999, "59m59s" },
		{ 3600000000000, "1h" },
		{ 7265000000000, "2h1m" },
		{ 86400000000000, "1d" },
		{ 273600000000000, "3d4h" },
		{ UINT64_MAX, "213503d23h" },
	};
	char text[16];

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		assert_string_equal(
			str_from_duration(text, sizeof(text), rows[i].ns), rows[i].text);
	assert_string_equal(str_from_duration(text, 4, 312000000000), "5m1");
}

static void sizes_are_written(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{ 0, "0 B" },
		{ 512, "512 B" },
		{ 1023, "1023 B" },
		{ 1024, "1 KiB" },
		{ 1536, "1.5 KiB" },
		{ 1048575, "1023.9 KiB" },
		{ 20ULL << 20, "20 MiB" },
		{ 3ULL << 40, "3 TiB" },
		{ UINT64_MAX, "15.9 EiB" },
	};
	char text[16];

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		assert_string_equal(
			str_from_bytes(text, sizeof(text), rows[i].bytes), rows[i].text);
}

static void numbers_are_written(void **state)
{
	char text[STR_NUMBER_BYTES];

	assert_string_equal(str_from_u64(text, sizeof(text), 0), "0");
	assert_string_equal(str_from_u64(text, sizeof(text), 1234567890), "1234567890");
	assert_string_equal(str_from_u64(text, sizeof(text), UINT64_MAX), "18446744073709551615");
	assert_string_equal(str_from_i64(text, sizeof(text), INT64_MIN), "-9223372036854775808");
	assert_string_equal(str_from_i64(text, sizeof(text), INT64_MAX), "9223372036854775807");
	assert_string_equal(str_from_i64(text, sizeof(text), -1), "-1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copy_cuts_and_says_so),
		cmocka_unit_test(copy_slice_needs_no_nul),
		cmocka_unit_test(comparisons),
		cmocka_unit_test(numbers_within_their_range),
		cmocka_unit_test(what_is_no_number),
		cmocka_unit_test(durations_are_read),
		cmocka_unit_test(what_is_no_duration),
		cmocka_unit_test(sizes_are_read),
		cmocka_unit_test(durations_are_written),
		cmocka_unit_test(sizes_are_written),
		cmocka_unit_test(numbers_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
