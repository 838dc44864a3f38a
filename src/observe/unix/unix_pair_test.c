/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In whatever order the records of two ends come, each is reported once, with the other end's
 * process and with the bytes that only the other end counts.
 */
#include "observe/unix/unix_pair.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/base.h"
#include "event/request.h"

#define CONNECTION 77
#define SERVER_PID 10
#define CLIENT_PID 20
#define LISTENER   5

struct reported {
	struct unix_record record;
	struct unix_party peer;
	bool is_partial;
};

struct log {
	struct reported items[16];
	size_t count;
};

static void note(
	void *context, struct unix_record *record, const struct unix_party *peer, bool is_partial)
{
	struct log *log = context;

	assert_true(log->count < ARRAY_LENGTH(log->items));
	log->items[log->count++] = (struct reported){ *record, *peer, is_partial };
}

static struct unix_record make(uint16_t type, uint8_t role)
{
	return (struct unix_record){
		.header = { .type = type, .time_ns = 1000 },
		.connection = CONNECTION,
		.role = role,
		.owner = { .pid = role == ROLE_CLIENT ? CLIENT_PID : SERVER_PID, .start_ns = 1 },
		.peer_pid = role == ROLE_CLIENT ? LISTENER : CLIENT_PID,
	};
}

static void take(struct unix_pairs *pairs, uint16_t type, uint8_t role)
{
	struct unix_record record = make(type, role);

	unix_pairs_take(pairs, &record);
}

static void close_end(struct unix_pairs *pairs, uint8_t role, uint64_t received, uint64_t unread)
{
	struct unix_record record = make(UNIX_CLOSED, role);

	record.bytes_received = received;
	record.bytes_unread = unread;
	unix_pairs_take(pairs, &record);
}

static void a_connect_waits_for_its_accept(void **state)
{
	struct log log = { 0 };
	struct unix_pairs *pairs = unix_pairs_new(note, &log);

	take(pairs, UNIX_CONNECTED, ROLE_CLIENT);
	assert_int_equal(log.count, 0);
	assert_int_equal(unix_pairs_waiting(pairs), 1);
	take(pairs, UNIX_ACCEPTED, ROLE_SERVER);
	assert_int_equal(log.count, 2);
	assert_int_equal(log.items[0].record.header.type, UNIX_CONNECTED);
	assert_int_equal(log.items[0].peer.pid, SERVER_PID);
	assert_int_equal(log.items[1].record.header.type, UNIX_ACCEPTED);
	assert_int_equal(log.items[1].peer.pid, CLIENT_PID);
	assert_int_equal(log.items[1].peer.start_ns, 1);
	unix_pairs_free(pairs);
}

static void an_accept_may_come_first(void **state)
{
	struct log log = { 0 };
	struct unix_pairs *pairs = unix_pairs_new(note, &log);

	take(pairs, UNIX_ACCEPTED, ROLE_SERVER);
	take(pairs, UNIX_CONNECTED, ROLE_CLIENT);
	assert_int_equal(log.count, 2);
	assert_int_equal(log.items[0].peer.pid, CLIENT_PID);
	assert_int_equal(log.items[1].peer.pid, SERVER_PID);
	unix_pairs_free(pairs);
}

/* Then who listens is all that is known. */
static void a_connect_does_not_wait_for_ever(void **state)
{
	struct log log = { 0 };
	struct unix_pairs *pairs = unix_pairs_new(note, &log);

	take(pairs, UNIX_CONNECTED, ROLE_CLIENT);
	unix_pairs_tick(pairs, UNIX_HELD_NS);
	assert_int_equal(log.count, 0);
	unix_pairs_tick(pairs, UNIX_HELD_NS + 1000);
	assert_int_equal(log.count, 1);
	assert_int_equal(log.items[0].peer.pid, LISTENER);
	assert_int_equal(unix_pairs_waiting(pairs), 0);
	unix_pairs_free(pairs);
}

static void the_second_close_completes_the_first(void **state)
{
	struct log log = { 0 };
	struct unix_pairs *pairs = unix_pairs_new(note, &log);

	take(pairs, UNIX_ACCEPTED, ROLE_SERVER);
	take(pairs, UNIX_CONNECTED, ROLE_CLIENT);
	close_end(pairs, ROLE_SERVER, 100, 7);
	assert_int_equal(log.count, 2);
	close_end(pairs, ROLE_CLIENT, 3000, 0);
	assert_int_equal(log.count, 4);
	assert_int_equal(log.items[2].record.role, ROLE_SERVER);
	assert_int_equal(log.items[2].record.bytes_sent, 3000);
	assert_int_equal(log.items[2].record.bytes_received, 100);
	assert_false(log.items[2].is_partial);
	assert_int_equal(log.items[3].record.role, ROLE_CLIENT);
	assert_int_equal(log.items[3].record.bytes_sent, 107);
	assert_int_equal(log.items[3].record.bytes_received, 3000);
	unix_pairs_free(pairs);
}

static void a_close_alone_is_partial(void **state)
{
	struct log log = { 0 };
	struct unix_pairs *pairs = unix_pairs_new(note, &log);

	close_end(pairs, ROLE_CLIENT, 10, 0);
	unix_pairs_tick(pairs, UINT64_MAX);
	assert_int_equal(log.count, 1);
	assert_true(log.items[0].is_partial);
	/* The late one knows what the first had read. */
	close_end(pairs, ROLE_SERVER, 5, 0);
	assert_int_equal(log.count, 2);
	assert_int_equal(log.items[1].record.bytes_sent, 10);
	unix_pairs_free(pairs);
}

static void a_close_ends_the_wait_of_its_connect(void **state)
{
	struct log log = { 0 };
	struct unix_pairs *pairs = unix_pairs_new(note, &log);

	take(pairs, UNIX_CONNECTED, ROLE_CLIENT);
	close_end(pairs, ROLE_CLIENT, 0, 0);
	assert_int_equal(log.count, 1);
	assert_int_equal(log.items[0].record.header.type, UNIX_CONNECTED);
	take(pairs, UNIX_ACCEPTED, ROLE_SERVER);
	close_end(pairs, ROLE_SERVER, 4, 0);
	assert_int_equal(log.count, 4);
	assert_int_equal(log.items[2].record.bytes_sent, 4);
	unix_pairs_free(pairs);
}

/* An end whose role nobody knows, and one that has no number, are no pair. */
static void strangers_are_reported_as_they_are(void **state)
{
	struct log log = { 0 };
	struct unix_pairs *pairs = unix_pairs_new(note, &log);
	struct unix_record record = make(UNIX_CLOSED, ROLE_UNKNOWN);

	unix_pairs_take(pairs, &record);
	record = make(UNIX_CLOSED, ROLE_CLIENT);
	record.connection = 0;
	unix_pairs_take(pairs, &record);
	take(pairs, UNIX_FAILED, ROLE_CLIENT);
	take(pairs, UNIX_LISTENING, ROLE_SERVER);
	assert_int_equal(log.count, 4);
	assert_int_equal(unix_pairs_waiting(pairs), 0);
	unix_pairs_free(pairs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connect_waits_for_its_accept),
		cmocka_unit_test(an_accept_may_come_first),
		cmocka_unit_test(a_connect_does_not_wait_for_ever),
		cmocka_unit_test(the_second_close_completes_the_first),
		cmocka_unit_test(a_close_alone_is_partial),
		cmocka_unit_test(a_close_ends_the_wait_of_its_connect),
		cmocka_unit_test(strangers_are_reported_as_they_are),
	};

	return cmocka_run_group_tests_name("unix_pair", tests, NULL, NULL);
}
