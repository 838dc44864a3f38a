/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a connection's prepared statements are remembered as, and what falls out.
 */
#include "protocols/statement_cache.h"

#include "base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void put(struct statement_cache *cache, uint64_t key, const char *detail)
{
	struct message message = { .fingerprint = key + 1 };

	str_set(message.operation, "SELECT");
	str_set(message.target, "t");
	str_set(message.detail, detail);
	statement_cache_put(cache, key, &message);
}

static const char *get(struct statement_cache *cache, uint64_t key)
{
	static struct message message;

	statement_cache_get(cache, key, &message);
	if (strcmp(message.detail, STATEMENT_UNKNOWN) == 0) {
		assert_string_equal(message.operation, "EXECUTE");
		assert_string_equal(message.target, "");
		assert_true(message.fingerprint == 0);
	} else {
		assert_string_equal(message.operation, "SELECT");
		assert_string_equal(message.target, "t");
		assert_true(message.fingerprint == key + 1);
	}
	return message.detail;
}

static void test_kept(void **state)
{
	struct statement_cache cache = { 0 };

	assert_string_equal(get(&cache, 1), STATEMENT_UNKNOWN);
	put(&cache, 1, "one");
	put(&cache, 2, "two");
	assert_string_equal(get(&cache, 1), "one");
	put(&cache, 1, "another");
	assert_string_equal(get(&cache, 1), "another");
	assert_string_equal(get(&cache, 2), "two");
	statement_cache_remove(&cache, 1);
	statement_cache_remove(&cache, 1);
	assert_string_equal(get(&cache, 1), STATEMENT_UNKNOWN);
	assert_string_equal(get(&cache, 2), "two");
	statement_cache_done(&cache);
	statement_cache_done(&cache);
}

static void test_count_is_bounded(void **state)
{
	struct statement_cache cache = { 0 };

	for (uint64_t key = 0; key < STATEMENT_CACHE_COUNT; key++)
		put(&cache, key, "x");
	/* Who is asked for stays. */
	assert_string_equal(get(&cache, 0), "x");
	put(&cache, STATEMENT_CACHE_COUNT, "y");
	assert_int_equal(cache.count, STATEMENT_CACHE_COUNT);
	assert_string_equal(get(&cache, 0), "x");
	assert_string_equal(get(&cache, 1), STATEMENT_UNKNOWN);
	assert_string_equal(get(&cache, STATEMENT_CACHE_COUNT), "y");
	statement_cache_done(&cache);
}

static void test_bytes_are_bounded(void **state)
{
	struct statement_cache cache = { 0 };
	char detail[512];

	memset(detail, 'a', sizeof(detail) - 1);
	detail[sizeof(detail) - 1] = '\0';
	for (uint64_t key = 0; key < STATEMENT_CACHE_COUNT; key++) {
		put(&cache, key, detail);
		assert_true(cache.bytes <= STATEMENT_CACHE_BYTES);
	}
	assert_string_equal(get(&cache, 0), STATEMENT_UNKNOWN);
	assert_string_equal(get(&cache, STATEMENT_CACHE_COUNT - 1), detail);
	statement_cache_done(&cache);
}

static void test_names(void **state)
{
	const struct slice one = { (const uint8_t *)"one", 3 };
	const struct slice two = { (const uint8_t *)"two", 3 };

	assert_true(statement_cache_key(one) != statement_cache_key(two));
	assert_true(statement_cache_key((struct slice){ NULL, 0 }) != statement_cache_key(one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_count_is_bounded),
		cmocka_unit_test(test_bytes_are_bounded),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("statement_cache", tests, NULL, NULL);
}
