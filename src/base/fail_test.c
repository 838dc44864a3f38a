/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fail: text is cut, prefixes go before it, a missing fail is fine.
 */
#include "base/fail.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void set_stores_code_and_text(void **state)
{
	struct fail fail = { 0 };

	assert_int_equal(fail_set(&fail, -EPERM, "cannot open %s: %d", "x", 7), -EPERM);
	assert_int_equal(fail.code, -EPERM);
	assert_string_equal(fail.text, "cannot open x: 7");
	assert_int_equal(fail_set(NULL, -ENOENT, "nobody reads this"), -ENOENT);
}

static void set_may_use_the_old_text(void **state)
{
	struct fail fail = { 0 };

	fail_set(&fail, -EIO, "broken");
	fail_set(&fail, -EIO, "really %s", fail.text);
	assert_string_equal(fail.text, "really broken");
}

static void prefix_keeps_the_code(void **state)
{
	struct fail fail = { 0 };

	fail_set(&fail, -EIO, "broken");
	assert_int_equal(fail_prefix(&fail, "line %d", 3), -EIO);
	assert_int_equal(fail_prefix(&fail, "file"), -EIO);
	assert_string_equal(fail.text, "file: line 3: broken");
	assert_int_equal(fail.code, -EIO);
	assert_true(fail_prefix(NULL, "file") < 0);
}

static void long_text_is_cut(void **state)
{
	struct fail fail = { 0 };
	char text[2 * FAIL_TEXT_BYTES];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fail_set(&fail, -EIO, "%s", text);
	assert_int_equal(strlen(fail.text), FAIL_TEXT_BYTES - 1);
	fail_prefix(&fail, "area");
	assert_int_equal(strlen(fail.text), FAIL_TEXT_BYTES - 1);
	assert_memory_equal(fail.text, "area: xxx", 9);
	fail_prefix(&fail, "%s", text);
	assert_int_equal(strlen(fail.text), FAIL_TEXT_BYTES - 1);
	assert_int_equal(fail.code, -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_stores_code_and_text),
		cmocka_unit_test(set_may_use_the_old_text),
		cmocka_unit_test(prefix_keeps_the_code),
		cmocka_unit_test(long_text_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
