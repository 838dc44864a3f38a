/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heads and chunks that servers and attackers send, one behaviour a test. Whole
 * conversations of real programs are golden cases (golden_test.c).
 */
#include "protocols/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

extern const struct protocol http_protocol;

static const struct message no_request;

static struct slice as_slice(const char *text)
{
	return (struct slice){ (const uint8_t *)text, strlen(text) };
}

static struct message request(const char *text)
{
	struct message message = { 0 };

	if (http_protocol.request(as_slice(text), 0, &message) != 1)
		fail_msg("no request: %s", text);
	return message;
}

static struct message response(const char *text, const struct message *to)
{
	struct message message = { 0 };

	if (http_protocol.response(as_slice(text), 0, to, &message) != 1)
		fail_msg("no answer: %s", text);
	return message;
}

static int request_result(const char *text, unsigned int flags)
{
	struct message message;

	return http_protocol.request(as_slice(text), flags, &message);
}

static int response_result(const char *text, unsigned int flags)
{
	struct message message;

	return http_protocol.response(as_slice(text), flags, &no_request, &message);
}

static void test_request_head(void **state)
{
	const char *text =
		"GET /users/42?token=x&page=2 HTTP/1.1\r\nHost: Bees.Example:80\r\n\r\nrest";
	struct message message = request(text);

	assert_int_equal(message.head_bytes, strlen(text) - 4);
	assert_int_equal(message.body, BODY_NONE);
	assert_string_equal(message.operation, "GET");
	assert_string_equal(message.host, "bees.example:80");
	assert_string_equal(message.target, "/users/{id}");
	assert_string_equal(message.detail, "/users/42?token=REDACTED&page=2");
	assert_int_equal(http_protocol.request(as_slice(text), MESSAGE_UNMASKED, &message), 1);
	assert_string_equal(message.detail, "/users/42?token=x&page=2");
}

static void test_target_forms(void **state)
{
	struct message message = request("GET http://ann:pw@Host.example/a/7?x HTTP/1.1\r\n"
					 "Host: other\r\n\r\n");

	assert_string_equal(message.host, "host.example");
	assert_string_equal(message.target, "/a/{id}");
	assert_string_equal(message.detail, "http://REDACTED@Host.example/a/7?x");
	message = request("CONNECT u:p@Host:443 HTTP/1.1\r\n\r\n");
	assert_true(message.is_connect_request);
	assert_string_equal(message.target, "host:443");
	assert_string_equal(message.detail, "REDACTED@Host:443");
	message = request("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_string_equal(message.target, "*");
	message = request("GET http://host HTTP/1.0\r\n\r\n");
	assert_string_equal(message.target, "/");
	message = request("GET /a b\x01 HTTP/1.1\r\n\r\n");
	assert_string_equal(message.detail, "/a%20b%01");
	message = request("FROBNICATE /a HTTP/1.1\r\n\r\n");
	assert_string_equal(message.operation, "FROBNICATE");
}

static void test_bodies_of_requests(void **state)
{
	static const struct {
		const char *fields;
		enum body_kind body;
		uint64_t bytes;
		bool is_ambiguous;
	} cases[] = {
		{ "", BODY_NONE, 0, false },
		{ "Content-Length: 0\r\n", BODY_NONE, 0, false },
		{ "content-length:5\r\n", BODY_LENGTH, 5, false },
		{ "Content-Length: 5\r\nContent-Length: 5\r\n", BODY_LENGTH, 5, false },
		{ "Content-Length: 5, 5\r\n", BODY_LENGTH, 5, false },
		{ "Content-Length: 5\r\nContent-Length: 6\r\n", BODY_UNTIL_CLOSE, 6, true },
		{ "Content-Length: +5\r\n", BODY_UNTIL_CLOSE, 0, true },
		{ "Content-Length: 0x5\r\n", BODY_UNTIL_CLOSE, 0, true },
		{ "Content-Length:\r\n", BODY_UNTIL_CLOSE, 0, true },
		{ "Content-Length: 99999999999999999999\r\n", BODY_UNTIL_CLOSE, 0, true },
		{ "Content-Length : 5\r\n", BODY_LENGTH, 5, true },
		{ "Content-Length:\r\n 5\r\n", BODY_LENGTH, 5, false },
		{ "Transfer-Encoding: chunked\r\n", BODY_CHUNKED, 0, false },
		{ "Transfer-Encoding: gzip, Chunked\r\n", BODY_CHUNKED, 0, false },
		{ "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", BODY_CHUNKED, 0,
			false },
		{ "Transfer-Encoding: identity\r\nContent-Length: 5\r\n", BODY_LENGTH, 5, false },
		{ "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", BODY_CHUNKED, 0, true },
		{ "Transfer-Encoding: chunked, gzip\r\n", BODY_UNTIL_CLOSE, 0, true },
		{ "Transfer-Encoding: chunked, chunked\r\n", BODY_CHUNKED, 0, true },
		{ "Transfer-Encoding: xchunked\r\n", BODY_UNTIL_CLOSE, 0, true },
		{ "Transfer-Encoding:\r\n\tchunked\r\n", BODY_CHUNKED, 0, false },
	};

	for (size_t index = 0; index < ARRAY_LENGTH(cases); index++) {
		char text[256];
		struct message message;

		snprintf(text, sizeof(text), "POST / HTTP/1.1\r\n%s\r\n", cases[index].fields);
		message = request(text);
		if (message.body != cases[index].body ||
			message.is_ambiguous != cases[index].is_ambiguous)
			fail_msg("%s: body %d, ambiguous %d", text, message.body,
				message.is_ambiguous);
		if (message.body == BODY_LENGTH)
			assert_int_equal(message.body_bytes, cases[index].bytes);
	}
	assert_true(request("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").is_ambiguous);
}

static void test_upgrade_and_expect(void **state)
{
	struct message message = request("GET /ws HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\n"
					 "Upgrade: websocket\r\n\r\n");

	assert_true(message.wants_upgrade);
	assert_false(request("GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n").wants_upgrade);
	message = request("PUT / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n");
	assert_true(message.expects_continue);
	assert_int_equal(message.body, BODY_LENGTH);
}

static void test_lenient_lines(void **state)
{
	struct message message = request("\r\n\nGET  /a   HTTP/1.1 \nHost: b\n\n");

	assert_string_equal(message.detail, "/a");
	assert_string_equal(message.host, "b");
	assert_int_equal(message.head_bytes, 32);
	message = request("GET / HTTP/1.1\r\nno colon\r\n: no name\r\nHost:  b \t\r\n\r\n");
	assert_string_equal(message.host, "b");
}

static void test_what_is_no_request(void **state)
{
	static const char *const texts[] = { " GET / HTTP/1.1\r\n", "\rGET",
		"GET\t/ HTTP/1.1\r\n\r\n", "GET /\r\n", "GET / HTTP/2.0\r\n", "GET / http/1.1\r\n",
		"GET HTTP/1.1\r\n", "EHLO bees\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"METHODNAMESTHATARETOOLONG", "\x16\x03\x01", "GET / HTTP/1.12\r\n", "G\xc3\xa9T" };
	static const char *const prefixes[] = { "", "\r", "\r\n", "GE", "GET /",
		"GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\n\r" };

	for (size_t index = 0; index < ARRAY_LENGTH(texts); index++) {
		if (request_result(texts[index], 0) != -EBADMSG)
			fail_msg("taken for a request: %s", texts[index]);
	}
	for (size_t index = 0; index < ARRAY_LENGTH(prefixes); index++) {
		if (request_result(prefixes[index], 0) != 0)
			fail_msg("not waited for: %s", prefixes[index]);
	}
}

static void test_head_limit(void **state)
{
	enum { LIMIT = 16 * 1024 };
	static char text[LIMIT + 64];
	struct message message;
	struct slice bytes = { (const uint8_t *)text, LIMIT };
	int start = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nx: ");

	memset(text + start, 'y', sizeof(text) - (size_t)start);
	memcpy(text + LIMIT - 4, "\r\n\r\n", 4);
	assert_int_equal(http_protocol.request(bytes, 0, &message), 1);
	assert_int_equal(message.head_bytes, LIMIT);
	memcpy(text + LIMIT - 4, "\r\ny\r\n\r\n", 7);
	bytes.length = LIMIT - 1;
	assert_int_equal(http_protocol.request(bytes, 0, &message), 0);
	bytes.length = LIMIT + 3;
	assert_int_equal(http_protocol.request(bytes, 0, &message), -E2BIG);
	assert_int_equal(http_protocol.request(bytes, MESSAGE_CUT, &message), 1);
	assert_int_equal(message.head_bytes, LIMIT + 3);
	memset(text, 'y', sizeof(text));
	memcpy(text, "GET /", 5);
	assert_int_equal(http_protocol.request(bytes, 0, &message), -E2BIG);
}

static void check_cut(const char *text, const char *target, const char *host)
{
	struct message message;

	assert_int_equal(http_protocol.request(as_slice(text), MESSAGE_CUT, &message), 1);
	assert_int_equal(message.head_bytes, strlen(text));
	assert_int_equal(message.body, BODY_UNTIL_CLOSE);
	assert_string_equal(message.target, target);
	assert_string_equal(message.host, host);
}

static void test_cut_requests(void **state)
{
	check_cut("GET /users/4", "/users/{rest}", "");
	check_cut("GET /users/42?tok", "/users/{id}", "");
	check_cut("GET /users/42 HT", "/users/{id}", "");
	check_cut("GET /users/42 HTTP/1.1\r\nHost: bees\r\nCook", "/users/{id}", "bees");
	check_cut("GET /users/42 HTTP/1.1\r\nHost: be", "/users/{id}", "");
	check_cut("POST / HTTP/1.1\r\nContent-Length: 5\r\nX", "/", "");
	check_cut("GET http://ann:pw", "", "");
	check_cut("CONNECT ann:pw", "", "");
	assert_int_equal(request_result("GE", MESSAGE_CUT), -EBADMSG);
	assert_int_equal(request_result("GET ", MESSAGE_CUT), -EBADMSG);
	assert_int_equal(request_result("hello world", MESSAGE_CUT), -EBADMSG);
	assert_int_equal(request_result("\r\n\r", MESSAGE_CUT), -EBADMSG);
	/* Nothing is missing: as if it were not cut. */
	assert_int_equal(request_result("GET / HTTP/1.1\r\n\r\n", MESSAGE_CUT), 1);
}

static void test_response_head(void **state)
{
	struct message message =
		response("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", &no_request);

	assert_string_equal(message.status, "200");
	assert_int_equal(message.body, BODY_LENGTH);
	assert_int_equal(message.body_bytes, 3);
	assert_false(message.is_error);
	assert_false(message.is_client_error);
	message = response("HTTP/1.0 404\n\n", &no_request);
	assert_int_equal(message.body, BODY_UNTIL_CLOSE);
	assert_true(message.is_client_error);
	assert_false(message.is_error);
	message = response("HTTP/1.1 503 \r\nTransfer-Encoding: gzip\r\n\r\n", &no_request);
	assert_true(message.is_error);
	assert_int_equal(message.body, BODY_UNTIL_CLOSE);
	assert_false(message.is_ambiguous);
}

static void test_answers_without_body(void **state)
{
	struct message head = { .is_head_request = true };
	struct message connect = { .is_connect_request = true };
	const char *chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
	struct message message = response("HTTP/1.1 100 Continue\r\n\r\n", &no_request);

	assert_true(message.is_interim);
	assert_int_equal(message.body, BODY_NONE);
	message = response("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", &no_request);
	assert_false(message.is_interim);
	assert_int_equal(message.body, BODY_TUNNEL);
	message = response("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", &no_request);
	assert_int_equal(message.body, BODY_NONE);
	assert_int_equal(response("HTTP/1.1 204 \r\n\r\n", &no_request).body, BODY_NONE);
	assert_int_equal(response(chunked, &head).body, BODY_NONE);
	assert_int_equal(response(chunked, &connect).body, BODY_TUNNEL);
	assert_int_equal(response("HTTP/1.1 407 No\r\nContent-Length: 9\r\n\r\n", &connect).body,
		BODY_LENGTH);
}

static void test_what_is_no_answer(void **state)
{
	static const char *const texts[] = { "HTTP/2 200\r\n", "HTTP/1.1 20\r\n",
		"HTTP/1.1 2000 OK\r\n", "HTTP/1.1\r\n", "HTTP/1.x 200 OK", "ICY 200 OK\r\n",
		"GET / HTTP/1.1\r\n", "HTTP/1.1 abc" };
	static const char *const prefixes[] = { "", "H", "HTTP/1.", "HTTP/1.1", "HTTP/1.1 ",
		"HTTP/1.1 20", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\n",
		"HTTP/1.1 200 OK\r\nA: b\r\n\r" };

	for (size_t index = 0; index < ARRAY_LENGTH(texts); index++) {
		if (response_result(texts[index], 0) != -EBADMSG)
			fail_msg("taken for an answer: %s", texts[index]);
	}
	for (size_t index = 0; index < ARRAY_LENGTH(prefixes); index++) {
		if (response_result(prefixes[index], 0) != 0)
			fail_msg("not waited for: %s", prefixes[index]);
	}
	assert_int_equal(response_result("HTTP/1.1 200", MESSAGE_CUT), 1);
	assert_int_equal(response_result("HTTP/1.1 20", MESSAGE_CUT), -EBADMSG);
}

/* Scans text in pieces of step bytes; returns the result, and the bytes used of a whole body. */
static int scan(const char *text, size_t step, size_t *ret_used)
{
	struct body_scan state = { 0 };
	struct slice rest = as_slice(text);
	size_t total = 0;

	while (rest.length > 0) {
		struct slice piece = { rest.data, MIN(step, rest.length) };
		size_t used = 0;
		int result = http_protocol.body(&state, piece, &used);

		total += used;
		*ret_used = total;
		if (result != 0)
			return result;
		assert_int_equal(used, piece.length);
		rest = (struct slice){ rest.data + used, rest.length - used };
	}
	return 0;
}

static void test_chunks_at_any_split(void **state)
{
	static const struct {
		const char *text;
		int result;
		size_t used;
	} cases[] = {
		{ "0\r\n\r\n", 1, 5 },
		{ "0\r\n\r\nGET", 1, 5 },
		{ "5\r\nhello\r\n0\r\n\r\n", 1, 15 },
		{ "5\nhello\n0\n\n", 1, 11 },
		{ "005 \r\nhello\r\n0;last\r\nX-Sum: 1\r\nY: 2\r\n\r\nrest", 1, 39 },
		{ "A;name=\"va\rlue\"\r\n0123456789\r\n0\r\n\r\n", 1, 34 },
		{ "5\r\nhello", 0, 8 },
		{ "", 0, 0 },
		{ "x\r\n", -EBADMSG, 0 },
		{ "\r\n", -EBADMSG, 0 },
		{ ";x\r\n", -EBADMSG, 0 },
		{ "5x\r\n", -EBADMSG, 0 },
		{ "5\rx", -EBADMSG, 0 },
		{ "2\r\nhello\r\n", -EBADMSG, 0 },
		{ "-1\r\n", -EBADMSG, 0 },
		{ "fffffffffffffffff\r\n", -EBADMSG, 0 },
	};

	for (size_t index = 0; index < ARRAY_LENGTH(cases); index++) {
		for (size_t step = 1; step <= strlen(cases[index].text) + 1; step++) {
			size_t used = 0;
			int result = scan(cases[index].text, step, &used);

			if (result != cases[index].result ||
				(result >= 0 && used != cases[index].used))
				fail_msg("%s by %zu: %d after %zu", cases[index].text, step, result,
					used);
		}
	}
}

static void test_chunk_lines_are_bounded(void **state)
{
	static char text[20 * 1024];
	size_t used = 0;

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "5;", 2);
	assert_int_equal(scan(text, 1000, &used), -EBADMSG);
	memcpy(text, "0\r\n", 3);
	assert_int_equal(scan(text, 1000, &used), -EBADMSG);
	memset(text, '0', sizeof(text) - 1);
	assert_int_equal(scan(text, 1000, &used), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_head),
		cmocka_unit_test(test_target_forms),
		cmocka_unit_test(test_bodies_of_requests),
		cmocka_unit_test(test_upgrade_and_expect),
		cmocka_unit_test(test_lenient_lines),
		cmocka_unit_test(test_what_is_no_request),
		cmocka_unit_test(test_head_limit),
		cmocka_unit_test(test_cut_requests),
		cmocka_unit_test(test_response_head),
		cmocka_unit_test(test_answers_without_body),
		cmocka_unit_test(test_what_is_no_answer),
		cmocka_unit_test(test_chunks_at_any_split),
		cmocka_unit_test(test_chunk_lines_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
