/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "../tests/dialogue.h"
#include "protocols/grpc.h"
#include "protocols/http2_fields.h"
#include "protocols/http2_match.h"

extern const struct protocol http2_protocol;

/* What a block says, as text: "name=value " each, "? " for what is not known. */
static void note_field(void *context, const struct http2_field *field)
{
	struct buf *text = context;

	if (!field->name.data)
		buf_printf(text, "? ");
	else
		buf_printf(text, "%.*s=%.*s ", (int)field->name.length,
			(const char *)field->name.data, (int)field->value.length,
			(const char *)field->value.data);
}

static void expect_block(
	struct http2_fields *fields, const char *bytes, size_t length, const char *expected)
{
	struct slice block = { (const uint8_t *)bytes, length };
	_cleanup_(buf_done)
	struct buf text = { .maximum = 1024 };

	assert_int_equal(
		http2_fields_read(fields, block, true, note_field, &text), expected ? 0 : -EBADMSG);
	assert_string_equal(buf_text(&text), expected ? expected : "");
}

#define EXPECT(bytes, expected) expect_block(&fields, bytes, sizeof(bytes) - 1, expected)

static void entries_of_before_are_unknown(void **state)
{
	struct http2_fields fields = { 0 };

	/* 62 and 63 were made before: unknown; the method is of the static table. */
	EXPECT("\xbe\x83\xbf", "? :method=POST ? ");
	/* An entry is added: it is 62 now, and what is behind it is as unknown as before. */
	EXPECT("\x44\x02/a\xbe\xbf", ":path=/a :path=/a ? ");
	/* One with a name of before (64) takes its place, too. */
	EXPECT("\x7f\x01\x01x\xbe\xbf\xc0", "? ? :path=/a ? ");
	/* The literal with a name of before that is not added moves nothing. */
	EXPECT("\x0f\x32\x01y\xbf", "? :path=/a ");
	/* A larger table than is kept. */
	EXPECT("\x3f\xe1\xff\x03\xbf", ":path=/a ");
	/* An integer without end: nothing is known afterwards. */
	EXPECT("\xff\xff\xff\xff\xff\xff\xff", NULL);
	EXPECT("\xbf", "? ");
	http2_fields_reset(&fields);
}

static void messages_are_counted_at_any_cut(void **state)
{
	static const uint8_t data[] = "\0\0\0\0\2ab\0\0\0\0\0\1\0\0\0\3cde";

	for (size_t cut = 0; cut < sizeof(data); cut++) {
		struct grpc_messages messages = { 0 };
		uint32_t room = sizeof(data) - 1, at = 0;

		at += grpc_pass(&messages, (struct slice){ data, cut }, room);
		assert_in_range(at, cut, room);
		if (at < room)
			at += grpc_pass(
				&messages, (struct slice){ data + at, room - at }, room - at);
		assert_int_equal(at, room);
		assert_int_equal(messages.count, 3);
		assert_false(messages.is_lost);
	}
}

static void an_older_connection_says_what_it_knows(void **state)
{
	struct talk talk;

	talk_init(&talk, &http2_protocol);
	TALK(&talk, DIALOGUE_CLIENT, "\0\0\3\1\5\0\0\0\7\x82\xbe\x87");
	TALK(&talk, DIALOGUE_SERVER, "\0\0\1\1\4\0\0\0\7\x88\0\0\2\0\1\0\0\0\7ok");
	assert_string_equal(
		talk_end(&talk), "GET protocol=http target={unknown} status=200 bytes=12/21\n");
	talk_done(&talk);
	talk_init(&talk, &http2_protocol);
	TALK(&talk, DIALOGUE_CLIENT, "\0\0\2\1\5\0\0\0\7\xbe\x84");
	TALK(&talk, DIALOGUE_SERVER, "\0\0\1\1\5\0\0\0\7\xbe");
	assert_string_equal(talk_end(&talk),
		"{unknown} protocol=http target=/ detail=/ status={unknown} bytes=11/10\n");
	talk_done(&talk);
}

static void first_bytes_are_told_apart(void **state)
{
	static const struct {
		const char bytes[17];
		enum http2_match match;
	} cases[] = {
		{ "PRI * HTTP/2.0\r\n", HTTP2_MATCH_CLIENT },
		{ "PRI * HTTP/1.1\r\n", HTTP2_MATCH_NO },
		{ "\0\0\6\4\0\0\0\0\0\0\3\0\0\0d", HTTP2_MATCH_GREETING },
		{ "\0\0\7\4\0\0\0\0\0\0\3\0\0\0d", HTTP2_MATCH_NO },
		{ "\0\0\6\4\0\0\0\0\0\0\x0b\0\0\0d", HTTP2_MATCH_NO },
		{ "\0\0\x30\1\5\0\0\0\3\x82\x84\x87\x41\1\1", HTTP2_MATCH_CLIENT },
		{ "\0\0\x30\1\4\0\0\0\3\x88\x84\x87\x41\1\1", HTTP2_MATCH_SERVER },
		{ "\0\0\x30\1\4\0\0\0\2\x88\x84\x87\x41\1\1", HTTP2_MATCH_NO },
		{ "GET / HTTP/1.1\r\n", HTTP2_MATCH_NO },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		uint64_t words[2];

		memcpy(words, cases[i].bytes, sizeof(words));
		assert_int_equal(http2_match(words[0], words[1], 16), cases[i].match);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_of_before_are_unknown),
		cmocka_unit_test(messages_are_counted_at_any_cut),
		cmocka_unit_test(an_older_connection_says_what_it_knows),
		cmocka_unit_test(first_bytes_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
