/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS messages: what real servers answered (the messages of the golden cases), what the
 * compression of names may do, what is cut or odd, and what the kernel half takes for DNS.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/fd.h"
#include "protocols/dns_match.h"
#include "protocols/dns_message.h"

/* Header of an answer: id, QR with RD and RA, one question, that many answers. */
#define HEADER(answers, additional) "\x12\x34\x81\x80\0\1\0" answers "\0\0\0" additional
#define QUESTION		    "\3www\4test\0\0\1\0\1" /* at 12; "test" at 16 */
#define ADDRESS(last)		    "\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2" last

#define PARSE(text, ret_message)                                                                   \
	parse((struct slice){ (const uint8_t *)(text), sizeof(text) - 1 }, ret_message)

/* An exact copy, so that the sanitizer sees a parser that reads on. */
static int parse(struct slice bytes, struct dns_message *ret_message)
{
	uint8_t *copy = malloc(MAX(bytes.length, 1U));
	int r;

	assert_non_null(copy);
	memcpy(copy, bytes.data, bytes.length);
	r = dns_parse((struct slice){ copy, bytes.length }, ret_message);
	free(copy);
	return r;
}

/* The first answer of a golden case, without its two bytes of length. */
static void read_case(const char *name, struct dns_message *ret_message)
{
	_cleanup_(buf_done)
	struct buf content = { .maximum = 65536 };
	char path[128];
	const uint8_t *bytes;

	snprintf(path, sizeof(path), "tests/golden/protocols/dns/%s.out", name);
	assert_return_code(file_read(AT_FDCWD, path, &content), 0);
	bytes = (const uint8_t *)content.data;
	assert_int_equal(
		parse((struct slice){ bytes + 2, (size_t)(bytes[0] << 8 | bytes[1]) }, ret_message),
		0);
	assert_true(ret_message->is_answer);
	assert_false(ret_message->is_cut);
}

static void real_answers(void **state)
{
	struct dns_message message;

	read_case("dig-a", &message);
	assert_string_equal(message.name, "web.test");
	assert_int_equal(message.type, DNS_TYPE_A);
	assert_string_equal(message.answers, "192.0.2.10");
	assert_true(message.edns_bytes > 0);
	read_case("dig-cname-aaaa-noedns", &message);
	assert_string_equal(message.answers, "CNAME multi.test, 2001:db8::1");
	assert_int_equal(message.answer_count, 2);
	assert_int_equal(message.edns_bytes, 0);
	read_case("dig-nxdomain", &message);
	assert_int_equal(message.code, DNS_CODE_NXDOMAIN);
	assert_string_equal(message.answers, "");
	read_case("dig-mx", &message);
	assert_string_equal(message.answers, "MX mail.test");
	read_case("dig-srv", &message);
	assert_string_equal(message.name, "_http._tcp.test");
	assert_string_equal(message.answers, "SRV web.test");
	read_case("dig-ptr", &message);
	assert_string_equal(message.name, "10.2.0.192.in-addr.arpa");
	assert_string_equal(message.answers, "PTR web.test");
}

static void names(void **state)
{
	struct dns_message message;

	assert_int_equal(PARSE(HEADER("\0", "\0") "\0\0\1\0\1", &message), 0);
	assert_string_equal(message.name, ".");
	assert_int_equal(PARSE(HEADER("\0", "\0") "\3WwW\4TeSt\0\0\1\0\1", &message), 0);
	assert_string_equal(message.name, "www.test");
	assert_int_equal(PARSE(HEADER("\0", "\0") "\5a.b c\3\x1b[m\0\0\1\0\1", &message), 0);
	assert_string_equal(message.name, "a%2Eb%20c.%1B[m");
	/* A pointer into the header is one to earlier bytes: odd, and no harm. */
	assert_int_equal(PARSE(HEADER("\1", "\0") QUESTION "\xc0\x0c" ADDRESS("\1"), &message), 0);
	assert_string_equal(message.answers, "192.0.2.1");
	assert_int_equal(message.ttl_s, 60);
}

#define CNAME(length) "\0\5\0\1\0\0\0\1\0" length

static void pointers_end(void **state)
{
	struct dns_message message;

	/* To itself, forward, and in a circle of two. */
	assert_int_equal(PARSE(HEADER("\0", "\0") "\xc0\x0c\0\1\0\1", &message), -EBADMSG);
	assert_int_equal(PARSE(HEADER("\0", "\0") "\xc0\x20\0\1\0\1", &message), -EBADMSG);
	assert_int_equal(
		PARSE(HEADER("\1", "\0") QUESTION "\xc0\x0c" CNAME("\4") "\1a\xc0\x26", &message),
		0);
	assert_string_equal(message.answers, "CNAME");
	/* Through two pointers, each to an earlier place. */
	assert_int_equal(PARSE(HEADER("\2", "\0") QUESTION
				 "\xc0\x0c" CNAME("\4") "\1a\xc0\x10"
							"\xc0\x0c" CNAME("\4") "\1b\xc0\x26",
				 &message),
		0);
	assert_string_equal(message.answers, "CNAME a.test, CNAME b.a.test");
}

/* Names whose labels add up to more than 255 octets, each reached through the one before. */
static void long_names_end(void **state)
{
	static uint8_t bytes[4096];
	struct dns_message message;
	size_t at = 12;

	memcpy(bytes, HEADER("\0", "\0"), 12);
	for (unsigned int i = 0; i < 5; i++) {
		bytes[at] = 63;
		memset(bytes + at + 1, 'a', 63);
		at += 64;
	}
	bytes[at] = 0;
	assert_int_equal(parse((struct slice){ bytes, at + 5 }, &message), -EBADMSG);
	/* The longest that there is: 255 octets with the root's. */
	bytes[12 + 3 * 64] = 61;
	bytes[12 + 3 * 64 + 62] = 0;
	memcpy(bytes + 12 + 3 * 64 + 63, "\0\1\0\1", 4);
	assert_int_equal(parse((struct slice){ bytes, 12 + 255 + 4 }, &message), 0);
	assert_int_equal(strlen(message.name), 253);
}

static void codes(void **state)
{
	char word[DNS_WORD_BYTES];
	struct dns_message message;

	/* OPT: root, type 41, 1232 bytes, the code's upper bits 1 before its 0: BADVERS. */
	assert_int_equal(
		PARSE(HEADER("\0", "\1") QUESTION "\0\0\x29\x04\xd0\1\0\0\0\0\0", &message), 0);
	assert_int_equal(message.edns_bytes, 1232);
	assert_string_equal(dns_code_word(message.code, word, sizeof(word)), "BADVERS");
	assert_true(dns_code_is_error(message.code));
	assert_string_equal(dns_type_word(65280, word, sizeof(word)), "TYPE65280");
	assert_string_equal(dns_class_word(3, word, sizeof(word)), "CH");
	assert_false(dns_code_is_error(DNS_CODE_NXDOMAIN));
	assert_true(dns_code_is_client_error(DNS_CODE_NXDOMAIN));
	assert_false(dns_code_is_client_error(DNS_CODE_NOERROR));
}

/* Cut anywhere: nothing at all, or the question with what there is behind it. */
static void cuts(void **state)
{
	static const char whole[] =
		HEADER("\2", "\0") QUESTION "\xc0\x0c" ADDRESS("\1") "\xc0\x0c" ADDRESS("\2");
	struct dns_message message;

	for (size_t length = 0; length < sizeof(whole) - 1; length++) {
		int r = parse((struct slice){ (const uint8_t *)whole, length }, &message);

		assert_int_equal(r, length < 12 + sizeof(QUESTION) - 1 ? -EBADMSG : 0);
		if (r == 0)
			assert_true(message.is_cut && message.answer_count == 2);
	}
	assert_int_equal(PARSE(whole, &message), 0);
	assert_string_equal(message.answers, "192.0.2.1, 192.0.2.2");
	assert_false(message.is_cut);
}

static void targets(void **state)
{
	char target[64];

	dns_target("10.2.0.192.in-addr.arpa", target, sizeof(target));
	assert_string_equal(target, "{address}.in-addr.arpa");
	dns_target("1.0.ip6.arpa", target, sizeof(target));
	assert_string_equal(target, "{address}.ip6.arpa");
	dns_target("web.test", target, sizeof(target));
	assert_string_equal(target, "web.test");
}

#define MATCH(text, is_expected) dns_match((const __u8 *)(text), is_expected)

static void matches(void **state)
{
	assert_int_equal(MATCH("\x12\x34\1\0\0\1\0\0\0\0\0\1", 0), DNS_MATCH_QUESTION);
	assert_int_equal(MATCH("\x12\x34\x81\x83\0\1\0\0\0\1\0\1", 0), DNS_MATCH_ANSWER);
	/* Without a question: only where one was to be expected. */
	assert_int_equal(MATCH("\x12\x34\x81\x81\0\0\0\0\0\0\0\0", 0), DNS_MATCH_NO);
	assert_int_equal(MATCH("\x12\x34\x81\x81\0\0\0\0\0\0\0\0", 1), DNS_MATCH_ANSWER);
	assert_int_equal(MATCH("\0\0\0\0\0\0\0\0\0\0\0\0", 1), DNS_MATCH_NO);
	/* NTP, QUIC's first packet, a SIP request, RTP. */
	assert_int_equal(MATCH("\x23\0\6\xec\0\0\0\0\0\0\0\0", 0), DNS_MATCH_NO);
	assert_int_equal(MATCH("\xc0\0\0\0\1\x08\x83\x94\xc8\xf0\x3e\x51", 0), DNS_MATCH_NO);
	assert_int_equal(MATCH("OPTIONS sip:", 0), DNS_MATCH_NO);
	assert_int_equal(MATCH("\x80\0\x1a\x2b\0\0\3\xc0\x11\x22\x33\x44", 0), DNS_MATCH_NO);
	/* Behind the length of TCP. */
	assert_int_equal(
		dns_match_stream((const __u8 *)"\0\x1d\x12\x34\1\0\0\1\0\0\0\0\0\1\3w", 31),
		DNS_MATCH_QUESTION);
	assert_int_equal(
		dns_match_stream((const __u8 *)"\0\x05\x12\x34\1\0\0\1\0\0\0\0\0\1\3w", 31),
		DNS_MATCH_NO);
	assert_int_equal(dns_match_stream((const __u8 *)"GET / HTTP/1.1\r\n", 16), DNS_MATCH_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_answers),
		cmocka_unit_test(names),
		cmocka_unit_test(pointers_end),
		cmocka_unit_test(long_names_end),
		cmocka_unit_test(codes),
		cmocka_unit_test(cuts),
		cmocka_unit_test(targets),
		cmocka_unit_test(matches),
	};

	return cmocka_run_group_tests_name("dns_message", tests, NULL, NULL);
}
