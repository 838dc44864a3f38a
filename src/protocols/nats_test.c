/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the recorded conversations of NATS do not hold: TLS after the greeting, replies that are
 * missing, bytes that are lost, lines that are none.
 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../tests/dialogue.h"
#include "protocols/nats_match.h"

extern const struct protocol nats_protocol;

static void expect(struct talk *talk, const char *wanted)
{
	assert_string_equal(talk_end(talk), wanted);
	talk_done(talk);
}

static void tls_follows_the_greeting(void **state)
{
	struct talk talk;

	talk_init(&talk, &nats_protocol);
	TALK(&talk, DIALOGUE_SERVER, "INFO {\"server_id\":\"N\",\"tls_required\":true} \r\n");
	expect(&talk, "TLS\n");
}

static void small_letters_and_tabs(void **state)
{
	struct talk talk;

	talk_init(&talk, &nats_protocol);
	TALK(&talk, DIALOGUE_SERVER, "INFO {\"server_id\":\"N\"} \r\n");
	TALK(&talk, DIALOGUE_CLIENT,
		"connect {\"lang\":\"go\"}\r\nping\r\npub\tgreet.7  2\r\nhi\r\n");
	TALK(&talk, DIALOGUE_SERVER, "PONG\r\n");
	expect(&talk, "PUB target=greet.{id} detail=greet.7 bytes=20/0 unanswered\n"
		      "CONNECT detail=lang=go bytes=23/0\n"
		      "PING bytes=6/6\n");
}

/* A reply that somebody else waits for is no answer here; one that never comes is incomplete. */
static void replies(void **state)
{
	struct talk talk;

	talk_init(&talk, &nats_protocol);
	TALK(&talk, DIALOGUE_CLIENT, "SUB _INBOX.mine.* 1\r\n");
	TALK(&talk, DIALOGUE_CLIENT, "PUB a _INBOX.other.1 0\r\n\r\n");
	TALK(&talk, DIALOGUE_CLIENT, "PUB a _INBOX.mine.1 0\r\n\r\n");
	TALK(&talk, DIALOGUE_SERVER, "MSG _INBOX.mine.2 1 0\r\n\r\n");
	expect(&talk,
		"SUB target=_INBOX.{id} detail=_INBOX.mine.* sid=1 bytes=21/0 unanswered\n"
		"PUB target=a detail=a reply=_INBOX.other.1 bytes=26/0 unanswered\n"
		"MSG target=_INBOX.{id} detail=_INBOX.mine.2 sid=1 bytes=0/25 unanswered\n"
		"PUB target=a detail=a reply=_INBOX.mine.1 bytes=25/0 unanswered incomplete\n");
}

static void read_on_after_a_loss(void **state)
{
	struct talk talk;

	talk_init(&talk, &nats_protocol);
	TALK(&talk, DIALOGUE_CLIENT, "PUB a 4\r\nabcd\r\n");
	talk_feed(&talk, DIALOGUE_CLIENT, NULL, 0, 1000);
	TALK(&talk, DIALOGUE_CLIENT, "payload that begins a packet\r\n");
	TALK(&talk, DIALOGUE_CLIENT, "PUB b 0\r\n\r\n");
	assert_non_null(strstr(talk_end(&talk), "PUB target=b detail=b bytes=11/0 unanswered\n"));
	talk_done(&talk);
}

static void is_none(void **state)
{
	assert_int_equal(nats_match((const uint8_t *)"INFO {\"s", 8), NATS_MATCH_GREETING);
	assert_int_equal(nats_match((const uint8_t *)"INFO\r\n\0\0", 6), NATS_MATCH_NO);
	assert_int_equal(nats_match((const uint8_t *)"INFO all", 8), NATS_MATCH_NO);
	assert_int_equal(nats_match((const uint8_t *)"PUB / HT", 8), NATS_MATCH_NO);
	assert_int_equal(nats_match((const uint8_t *)"PUB a.b ", 8), NATS_MATCH_CLIENT);
	assert_int_equal(nats_match((const uint8_t *)"HMSG a.b", 8), NATS_MATCH_SERVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_follows_the_greeting),
		cmocka_unit_test(small_letters_and_tabs),
		cmocka_unit_test(replies),
		cmocka_unit_test(read_on_after_a_loss),
		cmocka_unit_test(is_none),
	};

	return cmocka_run_group_tests_name("nats", tests, NULL, NULL);
}
