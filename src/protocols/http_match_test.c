/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first bytes of messages, as the kernel half will see them.
 */
#include "protocols/http_match.h"

#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct start {
	const char *text;
	int expected;
};

static int match(const char *text, bool is_request)
{
	__u8 bytes[16] = { 0 };
	__u32 length = (__u32)strlen(text);

	memcpy(bytes, text, MIN(length, sizeof(bytes)));
	return is_request ? (int)http_match_request(bytes, length)
			  : (int)http_match_response(bytes, length);
}

static void check(const struct start *starts, size_t count, bool is_request)
{
	for (size_t index = 0; index < count; index++) {
		int found = match(starts[index].text, is_request);

		if (found != starts[index].expected)
			fail_msg("\"%s\": %d instead of %d", starts[index].text, found,
				starts[index].expected);
	}
}

static void test_requests(void **state)
{
	static const struct start starts[] = {
		{ "GET / HTTP/1.1\r\n", HTTP_REQUEST_BODYLESS },
		{ "GET /", HTTP_REQUEST_BODYLESS },
		{ "GET ", HTTP_REQUEST_BODYLESS },
		{ "HEAD /index.html HTTP/1.0", HTTP_REQUEST_BODYLESS },
		{ "OPTIONS * HTTP/1.1", HTTP_REQUEST_BODYLESS },
		{ "DELETE /a", HTTP_REQUEST_BODYLESS },
		{ "TRACE / HTTP/1.1", HTTP_REQUEST_BODYLESS },
		{ "POST /a HTTP/1.1", HTTP_REQUEST_BODY },
		{ "PUT /a HTTP/1.1", HTTP_REQUEST_BODY },
		{ "PATCH /a HTTP/1.1", HTTP_REQUEST_BODY },
		{ "PROPFIND /a HTTP/1.1", HTTP_REQUEST_BODY },
		{ "VERSION-CONTROL /a", HTTP_REQUEST_BODY },
		{ "M-SEARCH * HTTP/1.1", HTTP_REQUEST_BODY },
		{ "CONNECT a:443 HTTP/1.1", HTTP_REQUEST_CONNECT },
		{ "", HTTP_REQUEST_MAYBE },
		{ "G", HTTP_REQUEST_MAYBE },
		{ "GET", HTTP_REQUEST_MAYBE },
		{ "OPTIONS", HTTP_REQUEST_MAYBE },
		{ "M-", HTTP_REQUEST_MAYBE },
		{ "GETS", HTTP_REQUEST_NO },
		{ "GETTER x", HTTP_REQUEST_NO },
		{ "get / HTTP/1.1", HTTP_REQUEST_NO },
		{ "OPTIONSX", HTTP_REQUEST_NO },
		{ "HTTP/1.1 200 OK", HTTP_REQUEST_NO },
		{ "PRI * HTTP/2.0", HTTP_REQUEST_NO },
		{ "PRI *", HTTP_REQUEST_NO },
		{ "*1\r\n$4\r\nPING\r\n", HTTP_REQUEST_NO },
		{ "SSH-2.0-OpenSSH", HTTP_REQUEST_NO },
		{ "\x16\x03\x01\x02", HTTP_REQUEST_NO },
		{ "P\x01", HTTP_REQUEST_NO },
	};

	check(starts, ARRAY_LENGTH(starts), true);
}

static void test_responses(void **state)
{
	static const struct start starts[] = {
		{ "HTTP/1.1 200 OK\r\n", HTTP_RESPONSE_YES },
		{ "HTTP/1.0 404", HTTP_RESPONSE_YES },
		{ "HTTP/1.1 101 Switching", HTTP_RESPONSE_YES },
		{ "HTTP/1.1 100 Continue", HTTP_RESPONSE_INTERIM },
		{ "HTTP/1.1 103 Early", HTTP_RESPONSE_INTERIM },
		{ "HTTP/1.1 110", HTTP_RESPONSE_INTERIM },
		{ "HTTP/1.1 111", HTTP_RESPONSE_INTERIM },
		{ "", HTTP_RESPONSE_MAYBE },
		{ "HTT", HTTP_RESPONSE_MAYBE },
		{ "HTTP/1.", HTTP_RESPONSE_MAYBE },
		{ "HTTP/1.1 20", HTTP_RESPONSE_MAYBE },
		{ "HTTP/2", HTTP_RESPONSE_NO },
		{ "HTTP/2.0 200", HTTP_RESPONSE_NO },
		{ "GET / HTTP/1.1", HTTP_RESPONSE_NO },
		{ "http/1.1 200", HTTP_RESPONSE_NO },
	};

	check(starts, ARRAY_LENGTH(starts), false);
}

/* Every listed method is found whole, and is a MAYBE at each shorter length. */
static void test_every_method_and_its_prefixes(void **state)
{
	static const __u64 words[] = {
#define WORD(text, count, meaning) text,
		HTTP_METHODS(WORD)
#undef WORD
	};
	static const __u32 lengths[] = {
#define LENGTH(text, count, meaning) count,
		HTTP_METHODS(LENGTH)
#undef LENGTH
	};

	for (size_t index = 0; index < ARRAY_LENGTH(words); index++) {
		__u8 bytes[16] = { 0 };

		assert_true((words[index] & ~HTTP_LOW_BYTES(lengths[index])) == 0);
		for (__u32 length = 1; length <= lengths[index]; length++) {
			enum http_request_match found;

			memcpy(bytes, &words[index], length);
			found = http_match_request(bytes, length);
			assert_true(found != HTTP_REQUEST_NO);
			assert_true((found > HTTP_REQUEST_MAYBE) == (length == lengths[index]));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_every_method_and_its_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
