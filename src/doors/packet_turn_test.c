/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judgement of single packets, where it decides how much goes up.
 */
#include "doors/packet_turn.h"

#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A server's connection whose handshake was seen. */
static struct packet_state server(void)
{
	return (struct packet_state){
		.role = PACKET_SERVER, .has_next = { 1, 1 }, .next = { 1000, 5000 }
	};
}

static struct packet_verdict judge(struct packet_state *state, struct packet_view view)
{
	struct packet_verdict verdict = { 0 };

	packet_judge(state, &view, &verdict);
	return verdict;
}

static struct packet_view request(__u32 seq, __u32 length, __u8 match)
{
	return (struct packet_view){
		.seq = seq, .length = length, .direction = PACKET_INGRESS, .request = match
	};
}

static struct packet_view answer(__u32 seq, __u32 length, __u8 match)
{
	return (struct packet_view){
		.seq = seq, .length = length, .direction = PACKET_EGRESS, .answer = match
	};
}

/* What began before the agent and cannot be read without its beginning is told once. */
static void an_older_connection_is_told_once(void **state)
{
	struct packet_state door = { 0 };
	struct packet_view view = {
		.seq = 7, .length = 100, .direction = PACKET_EGRESS, .is_older = 1
	};
	struct packet_verdict verdict = judge(&door, view);

	assert_int_equal(verdict.action, PACKET_DO_SEGMENT);
	assert_int_equal(verdict.capture, PACKET_TAIL_BYTES);
	assert_int_equal(door.mode, PACKET_IGNORED);
	view.seq += view.length;
	assert_int_equal(judge(&door, view).action, PACKET_DO_NOTHING);
	/* Whose beginning was seen is none. */
	door = server();
	assert_int_equal(judge(&door, view).action, PACKET_DO_NOTHING);
}

/* The body that follows 100 Continue goes up as lengths. */
static void an_interim_answer_keeps_turns(void **state)
{
	struct packet_state door = server();
	struct packet_verdict verdict;

	judge(&door, request(1000, 150, PACKET_MATCH_YES));
	verdict = judge(&door, answer(5000, 25, PACKET_MATCH_INTERIM));
	assert_int_equal(verdict.action, PACKET_DO_SEGMENT);
	assert_true(verdict.is_head && verdict.is_answer);
	verdict = judge(&door, request(1150, 60000, PACKET_MATCH_NO));
	assert_int_equal(verdict.action, PACKET_DO_SEGMENT);
	verdict = judge(&door, request(61150, 60000, PACKET_MATCH_NO));
	assert_int_equal(verdict.action, PACKET_DO_NOTHING);
	assert_int_equal(door.mode, PACKET_TURNS);
	verdict = judge(&door, answer(5025, 100, PACKET_MATCH_YES));
	assert_true(verdict.is_head && verdict.is_answer);
	assert_int_equal(door.phase, PACKET_ANSWER);
}

static void an_interim_answer_brings_the_kept_request_up(void **state)
{
	struct packet_state door = server();
	struct packet_verdict verdict;

	judge(&door, request(1000, 50, PACKET_MATCH_PLAIN));
	verdict = judge(&door, answer(5000, 80, PACKET_MATCH_INTERIM));
	assert_int_equal(verdict.action, PACKET_DO_FLUSH);
	verdict = judge(&door, answer(5080, 100, PACKET_MATCH_YES));
	assert_int_equal(verdict.action, PACKET_DO_SEGMENT);
	assert_int_equal(door.mode, PACKET_TURNS);
}

/* What comes before the beginning of its message is ordered, and the hole is known. */
static void order_lost_at_a_boundary(void **state)
{
	struct packet_state door = server();
	struct packet_verdict verdict;

	judge(&door, request(1000, 50, PACKET_MATCH_PLAIN));
	verdict = judge(&door, answer(5100, 100, PACKET_MATCH_NO));
	assert_int_equal(verdict.action, PACKET_DO_FLUSH);
	assert_int_equal(door.mode, PACKET_ORDERED);
	assert_int_equal(door.message_seq[PACKET_INGRESS], 1000);
	assert_int_equal(door.message_seq[PACKET_EGRESS], 5000);
	verdict = judge(&door, answer(5000, 100, PACKET_MATCH_YES));
	assert_int_equal(verdict.action, PACKET_DO_SEGMENT);
	assert_int_equal(verdict.from_seq, 5000);
}

/* The first request came with the handshake: its answer tells, and the second one is seen. */
static void an_answer_without_request(void **state)
{
	struct packet_state door = server();
	struct packet_verdict verdict;

	verdict = judge(&door, answer(5000, 100, PACKET_MATCH_YES));
	assert_true(verdict.is_unseen);
	assert_int_equal(verdict.action, PACKET_DO_NOTHING);
	verdict = judge(&door, request(1000, 50, PACKET_MATCH_PLAIN));
	assert_int_equal(verdict.action, PACKET_DO_KEEP);
	verdict = judge(&door, answer(5100, 100, PACKET_MATCH_YES));
	assert_int_equal(verdict.action, PACKET_DO_TURN);
}

/* Some servers speak first: the connection is theirs from there on. */
static void a_greeting_orders_a_connection(void **state)
{
	struct packet_state door = server();
	struct packet_view view = answer(5000, 70, PACKET_MATCH_GREETING);
	struct packet_verdict verdict;

	view.is_ordered = 1;
	verdict = judge(&door, view);
	assert_int_equal(verdict.action, PACKET_DO_SEGMENT);
	assert_true(verdict.is_answer && verdict.is_head && !verdict.is_unseen);
	assert_int_equal(door.mode, PACKET_ORDERED);
	verdict = judge(&door, request(1000, 30, PACKET_MATCH_NO));
	assert_int_equal(verdict.action, PACKET_DO_SEGMENT);
	assert_true(!verdict.is_answer && verdict.is_head);
	/* On a connection older than the agent it says who is the server. */
	door = (struct packet_state){ 0 };
	judge(&door, view);
	assert_int_equal(door.role, PACKET_SERVER);
	assert_int_equal(door.mode, PACKET_ORDERED);
}

/* Bytes of a client that look like it are none; nor is an answer whose request nobody saw. */
static void only_the_server_greets(void **state)
{
	struct packet_state door = server();
	struct packet_view view = request(1000, 70, PACKET_MATCH_NO);

	view.answer = PACKET_MATCH_GREETING;
	view.is_ordered = 1;
	assert_int_equal(judge(&door, view).action, PACKET_DO_NOTHING);
	assert_int_equal(door.mode, PACKET_IGNORED);
	door = server();
	view = answer(5000, 70, PACKET_MATCH_YES);
	view.is_ordered = 1;
	assert_int_equal(judge(&door, view).action, PACKET_DO_NOTHING);
	assert_int_equal(door.mode, PACKET_IGNORED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_greeting_orders_a_connection),
		cmocka_unit_test(only_the_server_greets),
		cmocka_unit_test(an_older_connection_is_told_once),
		cmocka_unit_test(an_interim_answer_keeps_turns),
		cmocka_unit_test(an_interim_answer_brings_the_kept_request_up),
		cmocka_unit_test(order_lost_at_a_boundary),
		cmocka_unit_test(an_answer_without_request),
	};

	return cmocka_run_group_tests_name("packet_turn", tests, NULL, NULL);
}
