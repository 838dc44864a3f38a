/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader, with a protocol made for it: pieces are a letter, a number, a length and as many
 * bytes. 'q' asks, 'm' has more of it, 'a' answers and ends, 'p' answers and goes on, 'o' wants no
 * answer, 't' is followed by TLS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../tests/dialogue.h"
#include "base/str.h"

#define HEAD 3

static int64_t letters_read(void *state, enum dialogue_side side, struct slice bytes,
	unsigned int flags, struct dialogue_sink *sink)
{
	struct message message = { 0 };
	unsigned int number;

	if (!strchr("qmapot", bytes.data[0]))
		return -EBADMSG;
	if (bytes.length < HEAD)
		return 0;
	number = bytes.data[1];
	snprintf(message.operation, sizeof(message.operation), "%c", bytes.data[1]);
	str_set(message.status, "OK");
	switch (bytes.data[0]) {
	case 'o':
	case 'q':
		sink->begin(sink, number, &message);
		break;
	case 'm':
		sink->add(sink, number);
		break;
	case 't':
		sink->starts_tls(sink);
		break;
	default:
		sink->answer(sink, number, &message);
		break;
	}
	if (bytes.data[0] == 'a' || bytes.data[0] == 'o')
		sink->end(sink, number, false);
	return HEAD + (bytes.data[2] - '0');
}

static bool letters_resume(void *state, enum dialogue_side side, struct slice bytes)
{
	return bytes.data[0] == (side == DIALOGUE_CLIENT ? 'q' : 'a');
}

static const struct dialogue strict = { .piece_bytes = 4, .read = letters_read };
static const struct dialogue lenient = {
	.piece_bytes = 4, .read = letters_read, .resume = letters_resume
};
static const struct protocol strict_protocol = { .name = "letters", .dialogue = &strict };
static const struct protocol lenient_protocol = { .name = "letters", .dialogue = &lenient };

static struct talk talk;

#define CLIENT(text)	     TALK(&talk, DIALOGUE_CLIENT, text)
#define SERVER(text)	     TALK(&talk, DIALOGUE_SERVER, text)
#define MISSING(side, count) talk_feed(&talk, side, NULL, 0, count)

static void expect(const char *text)
{
	assert_string_equal(talk_end(&talk), text);
	talk_done(&talk);
}

static void test_answers_find_their_requests(void **state)
{
	talk_init(&talk, &strict_protocol);
	CLIENT("qA2xxqB0qC1x");
	SERVER("aC0aA4yyyyaB1y");
	expect("C status=OK bytes=4/3\nA status=OK bytes=5/7\nB status=OK bytes=3/4\n");
}

static void test_equal_numbers_are_answered_in_order(void **state)
{
	talk_init(&talk, &strict_protocol);
	CLIENT("qA0qA1x");
	SERVER("pA0aA0");
	SERVER("aA0");
	expect("A status=OK bytes=3/6\nA status=OK bytes=4/3\n");
}

static void test_times_are_of_pieces(void **state)
{
	const struct exchange *exchange;

	talk_init(&talk, &strict_protocol);
	CLIENT("q"); /* 1 */
	CLIENT("A3x");
	CLIENT("xx"); /* 3 */
	assert_int_equal(talk.reader.first->exchange->request_ns, 1);
	assert_int_equal(talk.reader.first->exchange->last_ns, 3);
	SERVER("p"); /* 4 */
	SERVER("A0");
	SERVER("aA2yy"); /* 6: its last byte is the piece's */
	assert_null(talk.reader.first);
	CLIENT("qB0");
	SERVER("pB"); /* 8 */
	SERVER("0aB1");
	exchange = talk.reader.first->exchange;
	assert_int_equal(exchange->answer_ns, 8);
	assert_int_equal(exchange->last_ns, 9);
	assert_true(talk.reader.first->is_ending);
	SERVER("y");
	expect("A status=OK bytes=6/8\nB status=OK bytes=3/7\n");
}

static void test_one_that_nobody_answers(void **state)
{
	talk_init(&talk, &strict_protocol);
	CLIENT("oA5xx");
	CLIENT("xxx");
	CLIENT("qB1xmB3xxx");
	expect("A bytes=8/0 unanswered\nB bytes=10/0 unanswered incomplete\n");
}

static void test_an_answer_without_a_request_is_ignored(void **state)
{
	talk_init(&talk, &strict_protocol);
	SERVER("aX2yy");
	CLIENT("qA0");
	SERVER("aX0aA0");
	expect("A status=OK bytes=3/3\n");
}

static void test_what_is_missing_inside_a_piece_does_no_harm(void **state)
{
	talk_init(&talk, &strict_protocol);
	CLIENT("qA8xx");
	MISSING(DIALOGUE_CLIENT, 6);
	CLIENT("qB5");
	MISSING(DIALOGUE_CLIENT, 5);
	SERVER("aA0aB0");
	expect("A status=OK bytes=11/3\nB status=OK bytes=8/3\n");
}

static void test_what_is_missing_between_pieces_loses_all(void **state)
{
	talk_init(&talk, &strict_protocol);
	CLIENT("qA0qB1");
	MISSING(DIALOGUE_CLIENT, 2);
	CLIENT("qC0");
	SERVER("aA0");
	expect("lost 2: order\n");
}

static void test_a_half_head_is_lost_too(void **state)
{
	talk_init(&talk, &strict_protocol);
	CLIENT("qA0q");
	MISSING(DIALOGUE_CLIENT, 2);
	expect("lost 1: order\nlost 1: order\n");
}

static void test_a_side_is_found_again(void **state)
{
	talk_init(&talk, &lenient_protocol);
	CLIENT("qA0");
	MISSING(DIALOGUE_CLIENT, 7);
	CLIENT("xx");
	SERVER("aA0");
	CLIENT("qB0");
	SERVER("aB0");
	expect("lost 1: order\nB status=OK bytes=3/3\n");
}

static void test_what_is_not_the_protocol(void **state)
{
	talk_init(&talk, &strict_protocol);
	CLIENT("hello");
	CLIENT("qA0");
	expect("foreign\n");
	talk_init(&talk, &strict_protocol);
	CLIENT("qA0");
	SERVER("hello");
	expect("lost 1: parse\n");
}

static void test_tls_begins_behind_the_piece(void **state)
{
	struct side_input input = { .bytes = { (const uint8_t *)"t01xTLS", 7 } };

	talk_init(&talk, &strict_protocol);
	assert_int_equal(dialogue_feed(&talk.reader, DIALOGUE_SERVER, &input), DIALOGUE_TLS);
	assert_int_equal(input.bytes.length, 3);
	talk_done(&talk);
}

static void test_more_than_can_be_kept(void **state)
{
	const unsigned int more = 5;

	talk_init(&talk, &strict_protocol);
	for (unsigned int i = 0; i < DIALOGUE_OPEN_MAXIMUM + more; i++)
		CLIENT("qA0");
	assert_int_equal(talk.lost, more);
	for (unsigned int i = 0; i < DIALOGUE_OPEN_MAXIMUM + more; i++)
		SERVER("aA0");
	assert_int_equal(talk.finished, DIALOGUE_OPEN_MAXIMUM);
	assert_null(talk.reader.first);
	/* Beyond what is counted one by one the connection is given up. */
	for (unsigned int i = 0; i <= DIALOGUE_OPEN_MAXIMUM + DIALOGUE_GHOSTS_MAXIMUM; i++)
		CLIENT("qA0");
	assert_int_equal(talk.lost, more + DIALOGUE_GHOSTS_MAXIMUM + 1 + DIALOGUE_OPEN_MAXIMUM);
	assert_true(talk.reader.halves[DIALOGUE_SERVER].is_lost);
	assert_int_equal(talk.total, 0);
	talk_end(&talk);
	talk_done(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_find_their_requests),
		cmocka_unit_test(test_equal_numbers_are_answered_in_order),
		cmocka_unit_test(test_times_are_of_pieces),
		cmocka_unit_test(test_one_that_nobody_answers),
		cmocka_unit_test(test_an_answer_without_a_request_is_ignored),
		cmocka_unit_test(test_what_is_missing_inside_a_piece_does_no_harm),
		cmocka_unit_test(test_what_is_missing_between_pieces_loses_all),
		cmocka_unit_test(test_a_half_head_is_lost_too),
		cmocka_unit_test(test_a_side_is_found_again),
		cmocka_unit_test(test_what_is_not_the_protocol),
		cmocka_unit_test(test_tls_begins_behind_the_piece),
		cmocka_unit_test(test_more_than_can_be_kept),
	};

	return cmocka_run_group_tests_name("dialogue_reader", tests, NULL, NULL);
}
