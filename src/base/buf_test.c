/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf: growth, the maximum, errors that stay, ownership.
 */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void grows_up_to_maximum(void **state)
{
	_cleanup_(buf_done)
	struct buf buf;

	buf_init(&buf, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(buf_append_byte(&buf, 'x'), 0);
	assert_int_equal(buf.length, 1000);
	assert_int_equal(strlen(buf_text(&buf)), 1000);
	assert_int_equal(buf_append_byte(&buf, 'x'), -ENOBUFS);
	assert_int_equal(buf.length, 1000);
	assert_true(buf.capacity <= 1001);
}

static void refused_append_adds_nothing_and_stays(void **state)
{
	_cleanup_(buf_done)
	struct buf buf;

	buf_init(&buf, 8);
	assert_int_equal(buf_append_string(&buf, "12345"), 0);
	assert_int_equal(buf_append_string(&buf, "6789"), -ENOBUFS);
	assert_int_equal(buf_append_string(&buf, ""), -ENOBUFS);
	assert_int_equal(buf_append_byte(&buf, '6'), -ENOBUFS);
	assert_string_equal(buf_text(&buf), "12345");
	assert_int_equal(buf.error, -ENOBUFS);
	buf_clear(&buf);
	assert_int_equal(buf.error, 0);
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf_append_string(&buf, "12345678"), 0);
	assert_string_equal(buf_text(&buf), "12345678");
}

static void length_near_the_largest_number_does_not_wrap(void **state)
{
	_cleanup_(buf_done)
	struct buf buf;
	volatile size_t more = SIZE_MAX; /* hidden from the compiler, which would warn */

	buf_init(&buf, SIZE_MAX);
	assert_int_equal(buf_append_string(&buf, "a"), 0);
	assert_int_equal(buf_append(&buf, "a", more), -ENOBUFS);
	assert_int_equal(buf.length, 1);
}

static void maximum_of_zero_holds_nothing(void **state)
{
	_cleanup_(buf_done)
	struct buf buf;

	buf_init(&buf, 0);
	assert_int_equal(buf_append(&buf, NULL, 0), 0);
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf_append_byte(&buf, 'x'), -ENOBUFS);
}

static void keeps_binary_bytes(void **state)
{
	_cleanup_(buf_done)
	struct buf buf;

	buf_init(&buf, 100);
	buf_append(&buf, "a\0b", 3);
	assert_int_equal(buf.length, 3);
	assert_memory_equal(buf.data, "a\0b", 4);
}

static void printf_fits_exactly_or_not_at_all(void **state)
{
	_cleanup_(buf_done)
	struct buf buf;

	buf_init(&buf, 6);
	assert_int_equal(buf_printf(&buf, "%d-%s", 12, "ab"), 0);
	assert_int_equal(buf_printf(&buf, "%c", 'z'), 0);
	assert_int_equal(buf_printf(&buf, "%c", 'z'), -ENOBUFS);
	assert_string_equal(buf_text(&buf), "12-abz");
}

static void take_hands_the_memory_over(void **state)
{
	_cleanup_(buf_done)
	struct buf buf;
	char *text;

	buf_init(&buf, 100);
	assert_null(buf_take(&buf));
	buf_append_string(&buf, "mine");
	text = buf_take(&buf);
	assert_string_equal(text, "mine");
	free(text);
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf_append_string(&buf, "again"), 0);
	assert_string_equal(buf_text(&buf), "again");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_up_to_maximum),
		cmocka_unit_test(refused_append_adds_nothing_and_stays),
		cmocka_unit_test(length_near_the_largest_number_does_not_wrap),
		cmocka_unit_test(maximum_of_zero_holds_nothing),
		cmocka_unit_test(keeps_binary_bytes),
		cmocka_unit_test(printf_fits_exactly_or_not_at_all),
		cmocka_unit_test(take_hands_the_memory_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
