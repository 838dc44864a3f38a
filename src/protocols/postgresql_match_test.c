/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First bytes of connections that are PostgreSQL's, and of some that are not.
 */
#include "protocols/postgresql_match.h"

#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static enum postgresql_match match(const char *bytes, size_t length)
{
	uint8_t head[POSTGRESQL_MATCH_BYTES] = { 0 };

	memcpy(head, bytes, MIN(length, sizeof(head)));
	return postgresql_match(head, (uint32_t)MIN(length, sizeof(head)));
}

#define MATCH(text) match(text, sizeof(text) - 1)

static void test_match(void **state)
{
	assert_int_equal(MATCH("\0\0\0\x29\0\3\0\0user\0ann\0"), POSTGRESQL_MATCH_REQUEST);
	assert_int_equal(MATCH("\0\0\0\x29\0\3\0\2user\0ann\0"), POSTGRESQL_MATCH_REQUEST);
	assert_int_equal(MATCH("\0\0\0\x8\x4\xd2\x16\x2f"), POSTGRESQL_MATCH_REQUEST);
	assert_int_equal(MATCH("\0\0\0\x10\x4\xd2\x16\x2e\0\0\0\1"), POSTGRESQL_MATCH_REQUEST);
	assert_int_equal(MATCH("Q\0\0\0\xdSELECT 1\0"), POSTGRESQL_MATCH_REQUEST);
	assert_int_equal(MATCH("P\0\0\0\x20\0SELECT 1\0"), POSTGRESQL_MATCH_REQUEST);
	assert_int_equal(MATCH("P\0\0\0\x20S_1\0SELECT"), POSTGRESQL_MATCH_REQUEST);
	assert_int_equal(MATCH("B\0\0\0\xc\0\0\0\0\0\0\0\0"), POSTGRESQL_MATCH_REQUEST);
	assert_int_equal(MATCH("B\0\0\0\x14\0P0_1\0\0\0\0"), POSTGRESQL_MATCH_REQUEST);
	assert_int_equal(MATCH("Z\0\0\0\5I"), POSTGRESQL_MATCH_ANSWER);
	assert_int_equal(MATCH("2\0\0\0\4D\0\0\0\x10"), POSTGRESQL_MATCH_ANSWER);
	assert_int_equal(MATCH("C\0\0\0\xdSELECT 1\0"), POSTGRESQL_MATCH_ANSWER);
	assert_int_equal(MATCH("POST / HTTP/1.1\r\n"), POSTGRESQL_MATCH_NO);
	assert_int_equal(MATCH("Q"), POSTGRESQL_MATCH_NO);
	assert_int_equal(MATCH(""), POSTGRESQL_MATCH_NO);
	/* Kafka's Metadata, version 4. */
	assert_int_equal(MATCH("\0\0\0\x20\0\3\0\4\0\0\0\1\0\4abc"), POSTGRESQL_MATCH_NO);
	/* BGP, TPKT, a length and JSON. */
	assert_int_equal(
		MATCH("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), POSTGRESQL_MATCH_NO);
	assert_int_equal(MATCH("\3\0\0\x13\xe\xe0\0\0\0\0\0\1"), POSTGRESQL_MATCH_NO);
	assert_int_equal(MATCH("\0\0\0\x20{\"id\":1}"), POSTGRESQL_MATCH_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests_name("postgresql_match", tests, NULL, NULL);
}
