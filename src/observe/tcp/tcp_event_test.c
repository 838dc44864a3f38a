/* SPDX-License-Identifier: Apache-2.0 */
/* Why connections end, and what events say of records. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "event/request.h"
#include "observe/tcp/tcp_event.h"

static struct tcp_record record_of(uint16_t type, uint8_t old_state, uint16_t error)
{
	return (struct tcp_record){
		.header = { .type = type, .size = sizeof(struct tcp_record), .time_ns = 5000 },
		.old_state = old_state,
		.error = error,
		.local_port = 40000,
		.family = AF_INET,
		.local_address = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 },
		.peer_address = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 2 },
		.peer_port = 80,
		.role = ROLE_CLIENT,
	};
}

static void tells_why_it_ended(void **state)
{
	static const struct {
		uint16_t type;
		uint8_t old_state;
		uint16_t error;
		enum tcp_reason reason;
	} cases[] = {
		{ TCP_CLOSED, TCP_STATE_FIN_WAIT2, 0, TCP_REASON_LOCAL_CLOSE },
		{ TCP_CLOSED, TCP_STATE_CLOSING, 0, TCP_REASON_LOCAL_CLOSE },
		{ TCP_CLOSED, TCP_STATE_LAST_ACK, 0, TCP_REASON_PEER_CLOSE },
		{ TCP_CLOSED, TCP_STATE_ESTABLISHED, 0, TCP_REASON_LOCAL_RESET },
		{ TCP_CLOSED, TCP_STATE_CLOSE_WAIT, 0, TCP_REASON_LOCAL_RESET },
		{ TCP_CLOSED, TCP_STATE_FIN_WAIT1, 0, TCP_REASON_LOCAL_RESET },
		{ TCP_CLOSED, TCP_STATE_ESTABLISHED, ECONNRESET, TCP_REASON_PEER_RESET },
		{ TCP_CLOSED, TCP_STATE_CLOSE_WAIT, EPIPE, TCP_REASON_PEER_RESET },
		{ TCP_CLOSED, TCP_STATE_LAST_ACK, ECONNRESET, TCP_REASON_PEER_RESET },
		{ TCP_CLOSED, TCP_STATE_ESTABLISHED, ETIMEDOUT, TCP_REASON_TIMED_OUT },
		{ TCP_CLOSED, TCP_STATE_ESTABLISHED, EHOSTUNREACH, TCP_REASON_UNREACHABLE },
		{ TCP_CLOSED, TCP_STATE_ESTABLISHED, ECONNABORTED, TCP_REASON_ABORTED },
		{ TCP_CLOSED, TCP_STATE_ESTABLISHED, EBADMSG, TCP_REASON_OTHER },
		{ TCP_FAILED, TCP_STATE_SYN_SENT, ECONNREFUSED, TCP_REASON_REFUSED },
		{ TCP_FAILED, TCP_STATE_SYN_SENT, ETIMEDOUT, TCP_REASON_TIMED_OUT },
		{ TCP_FAILED, TCP_STATE_SYN_SENT, ENETUNREACH, TCP_REASON_UNREACHABLE },
		{ TCP_FAILED, TCP_STATE_SYN_SENT, 0, TCP_REASON_ABANDONED },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct tcp_record record =
			record_of(cases[i].type, cases[i].old_state, cases[i].error);
		if (tcp_reason_of(&record) != cases[i].reason)
			fail_msg("case %zu: %d", i, tcp_reason_of(&record));
	}
	struct tcp_record portless = record_of(TCP_FAILED, TCP_STATE_SYN_SENT, 0);
	portless.local_port = 0;
	assert_int_equal(tcp_reason_of(&portless), TCP_REASON_NO_PORT);
}

static void fills_an_event(void **state)
{
	struct tcp_record record = record_of(TCP_CLOSED, TCP_STATE_LAST_ACK, 0);
	struct tcp_event event = { 0 };

	record.since_ns = 2000;
	record.rtt_us = 7;
	record.owner.pid = 12;
	record.cookie = 99;
	memset(record.comm, 'x', sizeof(record.comm));
	tcp_event_fill(&event, &record);
	assert_ptr_equal(event.header.kind, &tcp_kind);
	assert_int_equal(event.event, TCP_STEP_CLOSE);
	assert_int_equal(event.reason, TCP_REASON_PEER_CLOSE);
	assert_int_equal(event.duration_ns, 3000);
	assert_false(event.is_start_unknown);
	assert_int_equal(event.rtt_ns, 7000);
	assert_int_equal(event.owner, TCP_OWNER_SEEN);
	assert_int_equal(event.family, TCP_FAMILY_IPV4);
	assert_int_equal(event.connection, 99);
	assert_int_equal(strlen(event.process.comm), sizeof(record.comm) - 1);
}

static void unknown_stays_unknown(void **state)
{
	struct tcp_record record = record_of(TCP_CLOSED, TCP_STATE_LAST_ACK, 0);
	struct tcp_event event = { 0 };

	tcp_event_fill(&event, &record);
	assert_int_equal(event.duration_ns, 0);
	assert_true(event.is_start_unknown);
	assert_int_equal(event.owner, TCP_OWNER_UNKNOWN);

	/* An accept has no duration, and its start is itself. */
	record.header.type = TCP_ACCEPTED;
	event = (struct tcp_event){ 0 };
	tcp_event_fill(&event, &record);
	assert_int_equal(event.event, TCP_STEP_ACCEPT);
	assert_int_equal(event.reason, TCP_REASON_NONE);
	assert_false(event.is_start_unknown);

	/* Who listens has no peer. */
	record.header.type = TCP_LISTENING;
	event = (struct tcp_event){ 0 };
	tcp_event_fill(&event, &record);
	assert_true(address_is_empty(&event.peer_address));
	assert_false(address_is_empty(&event.local_address));
}

static void tells_families_apart(void **state)
{
	struct address ipv4, ipv6;

	assert_return_code(address_parse("127.0.0.1", &ipv4), 0);
	assert_return_code(address_parse("::1", &ipv6), 0);
	assert_int_equal(tcp_family_of(false, &ipv4), TCP_FAMILY_IPV4);
	assert_int_equal(tcp_family_of(true, &ipv4), TCP_FAMILY_MAPPED);
	assert_int_equal(tcp_family_of(true, &ipv6), TCP_FAMILY_IPV6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_why_it_ended),
		cmocka_unit_test(fills_an_event),
		cmocka_unit_test(unknown_stays_unknown),
		cmocka_unit_test(tells_families_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
