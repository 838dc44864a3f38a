/* SPDX-License-Identifier: Apache-2.0 */
/* No byte of an event makes a terminal do something. */
#include "event/inert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void check(const char *text, size_t maximum, const char *expected, size_t columns)
{
	_cleanup_(buf_done)
	struct buf buf;

	buf_init(&buf, 4096);
	assert_int_equal(inert_append(&buf, text, maximum), columns);
	assert_string_equal(buf_text(&buf), expected);
}

static void plain_text_stays(void **state)
{
	check("GET /cart", INERT_UNLIMITED, "GET /cart", 9);
	check("caf\xc3\xa9 \xe2\x82\xac", INERT_UNLIMITED, "caf\xc3\xa9 \xe2\x82\xac", 6);
	check("e\xcc\x81", INERT_UNLIMITED, "e\xcc\x81", 1);
	check("\xe8\x9c\x82", INERT_UNLIMITED, "\xe8\x9c\x82", 2);
	check("", INERT_UNLIMITED, "", 0);
}

static void controls_are_spelled_out(void **state)
{
	check("\033[31mred", INERT_UNLIMITED, "\\x1b[31mred", 11);
	check("a\nb\tc\r", INERT_UNLIMITED, "a\\nb\\tc\\r", 9);
	check("\x7f\x01", INERT_UNLIMITED, "\\x7f\\x01", 8);
	check("\xc2\x9b", INERT_UNLIMITED, "\\u{9b}", 6);
}

static void marks_that_reorder_or_hide_are_spelled_out(void **state)
{
	check("a\xe2\x80\xae"
	      "b",
		INERT_UNLIMITED, "a\\u{202e}b", 10);
	check("\xe2\x81\xa6", INERT_UNLIMITED, "\\u{2066}", 8);
	check("\xe2\x80\x8b", INERT_UNLIMITED, "\\u{200b}", 8);
	check("\xef\xbb\xbf", INERT_UNLIMITED, "\\u{feff}", 8);
	check("\xf3\xa0\x80\xa0", INERT_UNLIMITED, "\\u{e0020}", 9);
}

static void broken_bytes_are_spelled_out(void **state)
{
	check("a\xff\xfe", INERT_UNLIMITED, "a\\xff\\xfe", 9);
	check("\xc3", INERT_UNLIMITED, "\\xc3", 4);
	check("\xc0\xaf", INERT_UNLIMITED, "\\xc0\\xaf", 8);			/* overlong */
	check("\xed\xa0\x80", INERT_UNLIMITED, "\\xed\\xa0\\x80", 12);		/* surrogate */
	check("\xf4\x90\x80\x80", INERT_UNLIMITED, "\\xf4\\x90\\x80\\x80", 16); /* past the end */
}

static void long_text_is_cut_by_columns(void **state)
{
	check("abcdef", 6, "abcdef", 6);
	check("abcdefg", 6, "abcde\xe2\x80\xa6", 6);
	check("\xe8\x9c\x82\xe8\x9c\x82\xe8\x9c\x82", 4, "\xe8\x9c\x82\xe2\x80\xa6", 3);
	check("\033\033", 5, "\\x1b\xe2\x80\xa6", 5);
	check("abc", 1, "\xe2\x80\xa6", 1);
	check("abc", 0, "", 0);
}

/* Every two-byte text, with all bytes that exist: printable characters are all that comes out. */
static void nothing_gets_through(void **state)
{
	for (unsigned int first = 1; first < 256; first++) {
		for (unsigned int second = 1; second < 256; second++) {
			char text[] = { (char)first, (char)second, '\0' };
			_cleanup_(buf_done)
			struct buf buf;
			buf_init(&buf, 64);
			inert_append(&buf, text, INERT_UNLIMITED);
			for (const char *byte = buf_text(&buf); *byte; byte++)
				assert_false((unsigned char)*byte < 0x20 || *byte == 0x7f);
			assert_true(buf.length < 3 || strchr(buf_text(&buf), '\\'));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_stays),
		cmocka_unit_test(controls_are_spelled_out),
		cmocka_unit_test(marks_that_reorder_or_hide_are_spelled_out),
		cmocka_unit_test(broken_bytes_are_spelled_out),
		cmocka_unit_test(long_text_is_cut_by_columns),
		cmocka_unit_test(nothing_gets_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
