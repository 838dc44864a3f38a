/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers of a connection become exchanges of both its ends, as far as each is watched; records
 * that contradict themselves are refused.
 */
#include "observe/unix/unix_requests.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "event/request.h"

#define CONNECTION 77
#define REQUEST	   "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
#define ANSWER	   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define ENDLESS	   "HTTP/1.0 200 OK\r\n\r\n"

struct log {
	struct request_event events[8];
	size_t count;
};

struct sending {
	struct unix_bytes bytes;
	char text[UNIX_BYTES_MAXIMUM];
};

static void note(void *context, struct request_event *event)
{
	struct log *log = context;

	assert_true(log->count < ARRAY_LENGTH(log->events));
	log->events[log->count++] = *event;
}

static struct sending make(uint8_t role, uint64_t offset, const char *text)
{
	struct sending sending = {
		.bytes = { .header = { .size = sizeof(sending), .type = UNIX_BYTES, .time_ns = 1 },
			.connection = CONNECTION,
			.owners = { { .pid = 10 }, { .pid = 20 } },
			.offset = offset,
			.length = (uint32_t)strlen(text),
			.captured = (uint32_t)strlen(text),
			.role = role,
			.is_in_scope = { 1, 1 } },
	};

	memcpy(sending.text, text, strlen(text));
	return sending;
}

static bool send_text(
	struct unix_requests *requests, uint8_t role, uint64_t offset, const char *text)
{
	struct sending sending = make(role, offset, text);

	return unix_requests_take(requests, &sending.bytes.header);
}

static void both_ends_get_the_exchange(void **state)
{
	struct log log = { 0 };
	struct unix_requests *requests = unix_requests_new(0, note, &log);

	assert_true(send_text(requests, ROLE_CLIENT, 0, REQUEST));
	assert_true(send_text(requests, ROLE_SERVER, 0, ANSWER));
	assert_int_equal(log.count, 2);
	assert_int_equal(log.events[0].role, ROLE_SERVER);
	assert_int_equal(log.events[0].process.pid, 10);
	assert_int_equal(log.events[1].role, ROLE_CLIENT);
	assert_int_equal(log.events[1].process.pid, 20);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(log.events[i].connection, CONNECTION);
		assert_string_equal(log.events[i].operation, "GET");
		assert_string_equal(log.events[i].status, "200");
		assert_int_equal(log.events[i].response_bytes, strlen(ANSWER));
	}
	/* The next one on the same connection. */
	assert_true(send_text(requests, ROLE_CLIENT, strlen(REQUEST), REQUEST));
	assert_true(send_text(requests, ROLE_SERVER, strlen(ANSWER), ANSWER));
	assert_int_equal(log.count, 4);
	unix_requests_free(requests);
}

static void only_the_end_in_scope_gets_it(void **state)
{
	struct log log = { 0 };
	struct unix_requests *requests = unix_requests_new(0, note, &log);
	struct sending request = make(ROLE_CLIENT, 0, REQUEST);
	struct sending answer = make(ROLE_SERVER, 0, ANSWER);

	request.bytes.is_in_scope[0] = answer.bytes.is_in_scope[0] = 0;
	assert_true(unix_requests_take(requests, &request.bytes.header));
	assert_true(unix_requests_take(requests, &answer.bytes.header));
	assert_int_equal(log.count, 1);
	assert_int_equal(log.events[0].role, ROLE_CLIENT);
	unix_requests_free(requests);
}

static void the_close_ends_an_endless_answer(void **state)
{
	struct log log = { 0 };
	struct unix_requests *requests = unix_requests_new(0, note, &log);

	send_text(requests, ROLE_CLIENT, 0, REQUEST);
	send_text(requests, ROLE_SERVER, 0, ENDLESS);
	send_text(requests, ROLE_SERVER, strlen(ENDLESS), "body");
	assert_int_equal(log.count, 0);
	unix_requests_close(requests, CONNECTION);
	assert_int_equal(log.count, 2);
	assert_int_equal(log.events[0].response_bytes, strlen(ENDLESS) + 4);
	assert_false(log.events[0].is_incomplete);
	unix_requests_free(requests);
}

/* What is not captured of a body is stepped over. */
static void a_long_body_is_counted(void **state)
{
	struct log log = { 0 };
	struct feature_counts counts = { 0 };
	struct unix_requests *requests = unix_requests_new(0, note, &log);
	struct sending answer =
		make(ROLE_SERVER, 0, "HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\nbegin");

	answer.bytes.length += 50000 - 5;
	send_text(requests, ROLE_CLIENT, 0, REQUEST);
	assert_true(unix_requests_take(requests, &answer.bytes.header));
	assert_int_equal(log.count, 2);
	assert_int_equal(log.events[1].response_bytes, answer.bytes.length);
	unix_requests_add_counts(requests, &counts);
	assert_int_equal(counts.seen, 2);
	assert_int_equal(counts.reported, 2);
	unix_requests_free(requests);
}

static void records_that_lie_are_refused(void **state)
{
	struct log log = { 0 };
	struct unix_requests *requests = unix_requests_new(0, note, &log);
	struct sending sending = make(ROLE_CLIENT, 0, REQUEST);

	sending.bytes.header.size = sizeof(struct unix_bytes) - 1;
	assert_false(unix_requests_take(requests, &sending.bytes.header));
	sending.bytes.header.size = sizeof(struct unix_bytes) + 10;
	assert_false(unix_requests_take(requests, &sending.bytes.header));
	sending = make(ROLE_CLIENT, 0, REQUEST);
	sending.bytes.captured = sending.bytes.length + 1;
	assert_false(unix_requests_take(requests, &sending.bytes.header));
	sending.bytes.captured = sending.bytes.length = UNIX_BYTES_MAXIMUM + 1;
	assert_false(unix_requests_take(requests, &sending.bytes.header));
	assert_int_equal(log.count, 0);
	unix_requests_free(requests);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_get_the_exchange),
		cmocka_unit_test(only_the_end_in_scope_gets_it),
		cmocka_unit_test(the_close_ends_an_endless_answer),
		cmocka_unit_test(a_long_body_is_counted),
		cmocka_unit_test(records_that_lie_are_refused),
	};

	return cmocka_run_group_tests_name("unix_requests", tests, NULL, NULL);
}
