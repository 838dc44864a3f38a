/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memcached: what the recorded cases do not have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../tests/dialogue.h"

extern const struct protocol memcached_protocol;

static struct talk talk;

#define CLIENT(text) TALK(&talk, DIALOGUE_CLIENT, text)
#define SERVER(text) TALK(&talk, DIALOGUE_SERVER, text)

static void expect(const char *text)
{
	assert_string_equal(talk_end(&talk), text);
	talk_done(&talk);
}

static void test_pipelined_answers_come_in_order(void **state)
{
	talk_init(&talk, &memcached_protocol);
	CLIENT("get user:42:name\r\nset a 0 0 5\r\nget x\r\nget b c d\r\nincr n 1\r\n");
	SERVER("VALUE user:42:name 0 5\r\nEND\r\n\r\nEND\r\nSTORED\r\nEND\r\n17\r\n");
	expect("get target=user:{id}:name status=HIT bytes=18/36\n"
	       "set target=a status=STORED bytes=20/8\n"
	       "get target=b detail=3 keys status=MISS bytes=11/5\n"
	       "incr target=n status=OK bytes=10/4\n");
}

static void test_who_wants_no_answer_gets_none(void **state)
{
	talk_init(&talk, &memcached_protocol);
	CLIENT("set a 0 0 1 noreply\r\nx\r\ndelete b noreply\r\ndelete c\r\nquit\r\n");
	SERVER("NOT_FOUND\r\n");
	expect("set target=a bytes=24/0 unanswered\n"
	       "delete target=b bytes=18/0 unanswered\n"
	       "quit bytes=6/0 unanswered\n"
	       "delete target=c status=NOT_FOUND bytes=10/11\n");
}

/* The first misses silently, the second is told by its key, the noop ends what is left. */
static void test_quiet_commands(void **state)
{
	talk_init(&talk, &memcached_protocol);
	CLIENT("mg a q k v\r\nmg b q k v\r\nmg c q k v\r\nms d 1 q\r\nx\r\nmn\r\n");
	SERVER("VA 1 kb\r\nx\r\nMN\r\n");
	expect("mg target=a bytes=12/0 unanswered\n"
	       "mg target=b status=VA bytes=12/12\n"
	       "mg target=c bytes=12/0 unanswered\n"
	       "ms target=d bytes=13/0 unanswered\n"
	       "mn status=MN bytes=4/4\n");
}

static void test_errors(void **state)
{
	talk_init(&talk, &memcached_protocol);
	CLIENT("get a\r\nbogus\r\nset b 0 0 1\r\nx\r\n");
	SERVER("SERVER_ERROR out of memory\r\nERROR\r\nCLIENT_ERROR bad data chunk\r\n");
	expect("get target=a status=SERVER_ERROR bytes=7/28 error\n"
	       "? status=ERROR bytes=7/7 client_error\n"
	       "set target=b status=CLIENT_ERROR bytes=16/29 client_error\n");
}

static void test_stats_are_many_lines(void **state)
{
	talk_init(&talk, &memcached_protocol);
	CLIENT("stats\r\nversion\r\n");
	SERVER("STAT pid 1\r\nSTAT uptime 2\r\nEND\r\nVERSION 1.6.18\r\n");
	expect("stats status=OK bytes=7/32\nversion status=OK bytes=9/16\n");
}

static void test_what_is_not_memcached(void **state)
{
	talk_init(&talk, &memcached_protocol);
	CLIENT("set server be/s1 state ready\n");
	expect("foreign\n");
	talk_init(&talk, &memcached_protocol);
	CLIENT("get a\r\n");
	SERVER("hello\r\n");
	expect("lost 1: parse\n");
}

static void test_a_value_of_which_bytes_are_missing(void **state)
{
	talk_init(&talk, &memcached_protocol);
	CLIENT("get a\r\nget b\r\n");
	SERVER("VALUE a 0 1000\r\nxxx");
	talk_feed(&talk, DIALOGUE_SERVER, NULL, 0, 990);
	SERVER("xxxxxxx\r\nEND\r\nEND\r\n");
	expect("get target=a status=HIT bytes=7/1023\nget target=b status=MISS bytes=7/5\n");
}

static unsigned int count(const char *text, bool is_start)
{
	return memcached_protocol.requests(
		(struct slice){ (const uint8_t *)text, strlen(text) }, is_start);
}

static void test_requests_are_counted_without_boundaries(void **state)
{
	assert_int_equal(count("get a\r\nset b 0 0 1\r\nx\r\nget c\r\n", true), 3);
	assert_int_equal(count("get a\r\nset b 0 0 1\r\nx\r\nget c\r\n", false), 2);
	assert_int_equal(count("xxxx\r\n", true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pipelined_answers_come_in_order),
		cmocka_unit_test(test_who_wants_no_answer_gets_none),
		cmocka_unit_test(test_quiet_commands),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_stats_are_many_lines),
		cmocka_unit_test(test_what_is_not_memcached),
		cmocka_unit_test(test_a_value_of_which_bytes_are_missing),
		cmocka_unit_test(test_requests_are_counted_without_boundaries),
	};

	return cmocka_run_group_tests_name("memcached", tests, NULL, NULL);
}
