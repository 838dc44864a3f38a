/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json: commas, escapes, numbers, depth. What it writes is read back with jansson.
 */
#include "base/json.h"

#include <float.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct fixture {
	struct buf buf;
	struct json json;
};

static void done(struct fixture *fixture)
{
	buf_done(&fixture->buf);
}

/* A writer that cleans up after itself. */
#define WRITER(name)                                                                               \
	_cleanup_(done)                                                                            \
	struct fixture name;                                                                       \
	buf_init(&name.buf, 100000);                                                               \
	json_init(&name.json, &name.buf)

static void assert_escaped(struct slice text, const char *expected)
{
	WRITER(f);

	json_string_slice(&f.json, text);
	assert_string_equal(buf_text(&f.buf), expected);
}

#define ASSERT_ESCAPED(text, expected)                                                             \
	assert_escaped((struct slice){ (const uint8_t *)(text), sizeof(text) - 1 }, expected)

static void commas_are_its_business(void **state)
{
	WRITER(f);

	json_object_begin(&f.json);
	json_member_string(&f.json, "a", "x");
	json_member_u64(&f.json, "b", 1);
	json_key(&f.json, "c");
	json_array_begin(&f.json);
	json_u64(&f.json, 1);
	json_array_begin(&f.json);
	json_array_end(&f.json);
	json_object_begin(&f.json);
	json_object_end(&f.json);
	json_null_value(&f.json);
	json_array_end(&f.json);
	json_member_bool(&f.json, "d", true);
	json_member_double(&f.json, "e", 0.5);
	json_member_string(&f.json, "f", NULL);
	json_object_end(&f.json);
	assert_string_equal(buf_text(&f.buf), "{\"a\":\"x\",\"b\":1,\"c\":[1,[],{},null],"
					      "\"d\":true,\"e\":0.5,\"f\":null}");
}

static void a_second_row_starts_afresh(void **state)
{
	WRITER(f);

	for (int i = 0; i < 2; i++) {
		json_object_begin(&f.json);
		json_member_bool(&f.json, "a", false);
		json_object_end(&f.json);
		buf_append_byte(&f.buf, '\n');
	}
	assert_string_equal(buf_text(&f.buf), "{\"a\":false}\n{\"a\":false}\n");
}

static void whole_numbers_at_their_ends(void **state)
{
	WRITER(f);

	json_array_begin(&f.json);
	json_u64(&f.json, UINT64_MAX);
	json_i64(&f.json, INT64_MIN);
	json_i64(&f.json, INT64_MAX);
	json_i64(&f.json, -1);
	json_u64(&f.json, 0);
	json_array_end(&f.json);
	assert_string_equal(buf_text(&f.buf),
		"[18446744073709551615,-9223372036854775808,9223372036854775807,-1,0]");
}

static void fractions_read_back_the_same(void **state)
{
	static const double values[] = { 0.1, 1.0 / 3, 1e300, -1e-300, DBL_MAX, DBL_MIN, 5e-324, 0,
		123456789012345678.0, 2.5 };
	char text[64];

	for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
		json_t *read;
		WRITER(f);

		json_double(&f.json, values[i]);
		assert_true(strtod(buf_text(&f.buf), NULL) == values[i]);
		snprintf(text, sizeof(text), "[%s]", buf_text(&f.buf));
		read = json_loads(text, 0, NULL);
		assert_non_null(read);
		json_decref(read);
	}
}

static void fractions_are_short_or_null(void **state)
{
	WRITER(f);

	json_array_begin(&f.json);
	json_double(&f.json, 0.1);
	json_double(&f.json, 3);
	json_double(&f.json, NAN);
	json_double(&f.json, INFINITY);
	json_double(&f.json, -INFINITY);
	json_array_end(&f.json);
	assert_string_equal(buf_text(&f.buf), "[0.1,3,null,null,null]");
}

static void control_characters_are_escaped(void **state)
{
	ASSERT_ESCAPED("\"\\/\b\f\n\r\t", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"");
	ASSERT_ESCAPED("a\0b", "\"a\\u0000b\"");
	ASSERT_ESCAPED("\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\"");
	ASSERT_ESCAPED("\xc2\x9b"
		       "2J",
		"\"\\u009b2J\"");
	ASSERT_ESCAPED("", "\"\"");
}

static void utf8_passes(void **state)
{
	/* The first and last of each length, and the neighbours of the surrogates. */
	ASSERT_ESCAPED("\xc2\xa0\xdf\xbf", "\"\xc2\xa0\xdf\xbf\"");
	ASSERT_ESCAPED("\xe0\xa0\x80\xef\xbf\xbf", "\"\xe0\xa0\x80\xef\xbf\xbf\"");
	ASSERT_ESCAPED("\xed\x9f\xbf\xee\x80\x80", "\"\xed\x9f\xbf\xee\x80\x80\"");
	ASSERT_ESCAPED("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"");
}

#define BAD "\xef\xbf\xbd"

static void each_bad_byte_is_replaced(void **state)
{
	ASSERT_ESCAPED("a\x80z", "\"a" BAD "z\"");
	ASSERT_ESCAPED("\xc0\x80", "\"" BAD BAD "\"");
	ASSERT_ESCAPED("\xc1\xbf", "\"" BAD BAD "\"");
	ASSERT_ESCAPED("\xe0\x9f\xbf", "\"" BAD BAD BAD "\"");
	ASSERT_ESCAPED("\xed\xa0\x80", "\"" BAD BAD BAD "\"");
	ASSERT_ESCAPED("\xf0\x8f\xbf\xbf", "\"" BAD BAD BAD BAD "\"");
	ASSERT_ESCAPED("\xf4\x90\x80\x80", "\"" BAD BAD BAD BAD "\"");
	ASSERT_ESCAPED("\xf5\xff", "\"" BAD BAD "\"");
	ASSERT_ESCAPED("\xe2\x82", "\"" BAD BAD "\"");
	ASSERT_ESCAPED("\xe2\x82"
		       "a",
		"\"" BAD BAD "a\"");
	ASSERT_ESCAPED("\xc3", "\"" BAD "\"");
	ASSERT_ESCAPED("\xc3\xc3\xa4", "\"" BAD "\xc3\xa4\"");
}

/* jansson refuses control characters and anything that is not UTF-8. */
static void a_reader_accepts_any_bytes(void **state)
{
	uint32_t random = 1;

	for (int round = 0; round < 2000; round++) {
		uint8_t bytes[24];
		json_t *read;
		WRITER(f);

		for (size_t i = 0; i < sizeof(bytes); i++) {
			random = random * 1664525 + 1013904223;
			/* Half of them continuation bytes, else long sequences never come. */
			bytes[i] = (uint8_t)(random >> 24);
			if (random >> 16 & 1)
				bytes[i] = (bytes[i] & 0x3f) | 0x80;
		}
		json_array_begin(&f.json);
		json_string_slice(&f.json, (struct slice){ bytes, sizeof(bytes) });
		json_array_end(&f.json);
		read = json_loads(buf_text(&f.buf), JSON_ALLOW_NUL, NULL);
		assert_non_null(read);
		json_decref(read);
	}
}

static void keys_are_escaped_too(void **state)
{
	WRITER(f);

	json_object_begin(&f.json);
	json_member_u64(&f.json, "a\"b\n", 1);
	json_object_end(&f.json);
	assert_string_equal(buf_text(&f.buf), "{\"a\\\"b\\n\":1}");
}

static void depth_has_an_end(void **state)
{
	WRITER(f);

	for (int i = 0; i < 32; i++) {
		json_array_begin(&f.json);
		json_u64(&f.json, 1);
	}
	assert_int_equal(f.buf.error, 0);
	for (int i = 0; i < 32; i++)
		json_array_end(&f.json);
	assert_int_equal(f.buf.error, 0);
	assert_memory_equal(buf_text(&f.buf), "[1,[1,[1,", 9);
	for (int i = 0; i < 33; i++)
		json_array_begin(&f.json);
	assert_int_equal(f.buf.error, -EOVERFLOW);
	for (int i = 0; i < 33; i++)
		json_array_end(&f.json);
	assert_int_equal(f.json.depth, 0);
	assert_int_equal(f.buf.error, -EOVERFLOW);
}

static void an_end_without_beginning_is_an_error(void **state)
{
	WRITER(f);

	json_object_end(&f.json);
	assert_int_equal(f.buf.error, -EINVAL);
}

static void a_full_buffer_is_an_error_that_stays(void **state)
{
	_cleanup_(buf_done)
	struct buf buf;
	struct json json;

	buf_init(&buf, 10);
	json_init(&json, &buf);
	json_array_begin(&json);
	json_string_text(&json, "longer than ten");
	json_array_end(&json);
	assert_int_equal(buf.error, -ENOBUFS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_are_its_business),
		cmocka_unit_test(a_second_row_starts_afresh),
		cmocka_unit_test(whole_numbers_at_their_ends),
		cmocka_unit_test(fractions_read_back_the_same),
		cmocka_unit_test(fractions_are_short_or_null),
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(utf8_passes),
		cmocka_unit_test(each_bad_byte_is_replaced),
		cmocka_unit_test(a_reader_accepts_any_bytes),
		cmocka_unit_test(keys_are_escaped_too),
		cmocka_unit_test(depth_has_an_end),
		cmocka_unit_test(an_end_without_beginning_is_an_error),
		cmocka_unit_test(a_full_buffer_is_an_error_that_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
