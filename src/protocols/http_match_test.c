/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first bytes of messages, as the kernel half will see them.
 */
#include "protocols/http_match.h"

#include "protocols/message.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

extern const struct protocol http_protocol;

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
		{ "GETS", HTTP_REQUEST_MAYBE },
		{ "GETTER x", HTTP_REQUEST_NO },
		{ "GETTER /x", HTTP_REQUEST_ODD },
		{ "get / HTTP/1.1", HTTP_REQUEST_ODD },
		{ "FOOBAR * HTTP/1.1", HTTP_REQUEST_ODD },
		{ "FOOBAR http://h/ HTTP/1.1", HTTP_REQUEST_ODD },
		{ "FOOBAR https", HTTP_REQUEST_ODD },
		{ "FOOBAR ht", HTTP_REQUEST_MAYBE },
		{ "FOOBAR host", HTTP_REQUEST_NO },
		{ "FOOBAR x/", HTTP_REQUEST_NO },
		{ "FOOBAR\t/", HTTP_REQUEST_NO },
		{ "FOO:BAR /", HTTP_REQUEST_NO },
		{ "M!#$%&'*+-.^_/", HTTP_REQUEST_NO },
		{ "a!#$%&'*+-.^ /", HTTP_REQUEST_ODD },
		{ "_`|~09AZaz /", HTTP_REQUEST_ODD },
		{ "X /", HTTP_REQUEST_ODD },
		{ "FOURTEENLETTRS /", HTTP_REQUEST_ODD },
		{ "FIFTEENLETTERSX /", HTTP_REQUEST_NO },
		{ "SIXTEENLETTERSXY", HTTP_REQUEST_NO },
		{ "OPTIONSX", HTTP_REQUEST_MAYBE },
		{ "PROXY TCP4 192.0.2.1", HTTP_REQUEST_MAYBE },
		{ "PROXY UNKNOWN\r\n", HTTP_REQUEST_MAYBE },
		{ "PROXY T", HTTP_REQUEST_MAYBE },
		{ "\r\n\r", HTTP_REQUEST_MAYBE },
		{ "PROXY TX", HTTP_REQUEST_NO },
		{ "\r\n\r\nGET / HTTP/1.1", HTTP_REQUEST_NO },
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

/* The bytes of version 2 hold a zero. */
static void test_binary_proxy_header(void **state)
{
	static const __u8 header[16] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c";
	__u8 other[16];

	assert_int_equal(http_match_request(header, 28), HTTP_REQUEST_MAYBE);
	for (size_t at = 0; at < 12; at++) {
		memcpy(other, header, sizeof(other));
		other[at] ^= 0x80;
		assert_int_equal(http_match_request(other, 28), HTTP_REQUEST_NO);
	}
}

/* What clients of other protocols say first. None may be taken for HTTP for good, and few may
 * be looked at by the parser, which sends them away. */
static void test_other_protocols(void **state)
{
#define BYTES(text)                                                                                \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}
	static const struct slice others[] = {
		BYTES("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"
		      "abcdefgh"), /* TLS */
		BYTES("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), BYTES("SSH-2.0-Go\r\n"),
		BYTES("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n"),	/* Redis */
		BYTES("PING\r\n"), BYTES("\0\0\0\x08\x04\xd2\x16\x2f"), /* PostgreSQL: SSL? */
		BYTES("\0\0\0\x29\0\x03\0\0user\0postgres\0"), BYTES("get key\r\n"), /* memcached */
		BYTES("get h\r\n"), BYTES("set key 0 0 5\r\nhello\r\n"), BYTES("stats\r\n"),
		BYTES("\x80\x01\0\x03\0\0\0\0\0\0\0\x03\0\0\0\0"), BYTES("AMQP\0\0\x09\x01"),
		BYTES("\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04test"),
		BYTES("\x43\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0"),	/* MongoDB */
		BYTES("\0\0\0\x1a\0\x12\0\x03\0\0\0\x01\0\x06rdkafka"), /* Kafka */
		BYTES("\x04\0\0\0\x05\0\0\0\0"),			/* Cassandra */
		BYTES("EHLO host\r\n"), BYTES("USER anonymous\r\n"),
		BYTES("a001 LOGIN me secret\r\n"), BYTES("NICK somebody\r\nUSER x 0 * :x\r\n"),
		BYTES("PUB subject 5\r\nhello\r\n"), /* NATS */
		BYTES("STOMP\naccept-version:1.2\n\n"),
		BYTES("put 0 0 60 5\r\nhello\r\n"),	   /* beanstalkd */
		BYTES("servers.web1.cpu 42 1234567890\n"), /* Graphite */
		BYTES("host.cpu 42 1234567890\n"), BYTES("requests:1|c\n"),
		BYTES("<34>1 2003-10-11T22:14:15.003Z host su - ID47 - x"),
		BYTES("8=FIX.4.2\x01"
		      "9=178\x01"),
		BYTES("DESCRIBE rtsp://h/x RTSP/1.0\r\n"), BYTES("INVITE sip:a@b SIP/2.0\r\n"),
		BYTES("0032git-upload-pack /project.git\0host=h\0"), BYTES("@RSYNCD: 31.0\n"),
		BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), BYTES("\x05\x01\0"), /* SOCKS */
		BYTES("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0"),	/* LDAP */
		BYTES("{\"id\":1,\"method\":\"x\"}\n"), BYTES("ruok"),		/* ZooKeeper */
		BYTES("l\0\x0b\0\0\0\0\0\0\0\0\0"),				/* X11 */
	};
	unsigned int asked = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		__u8 head[16] = { 0 };
		struct message message;
		enum http_request_match found;

		memcpy(head, others[i].data, MIN(others[i].length, sizeof(head)));
		found = http_match_request(head, (__u32)others[i].length);
		if (found > HTTP_REQUEST_MAYBE)
			fail_msg("%.16s: %d", (const char *)others[i].data, found);
		asked += found == HTTP_REQUEST_MAYBE;
		assert_int_equal(http_protocol.request(others[i], MESSAGE_CUT, &message), -EBADMSG);
	}
	assert_int_equal(asked, 1); /* the four letters of ZooKeeper */
#undef BYTES
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
		cmocka_unit_test(test_binary_proxy_header),
		cmocka_unit_test(test_other_protocols),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_every_method_and_its_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
