/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MongoDB's messages, made by hand where the client library does not send them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "../tests/dialogue.h"
#include "protocols/mongodb_match.h"

extern const struct protocol mongodb_protocol;

/* A message that is being written. */
struct writer {
	uint8_t data[8192];
	size_t length;
};

static void put_word(struct writer *writer, uint32_t word)
{
	memcpy(writer->data + writer->length, &word, sizeof(word));
	writer->length += sizeof(word);
}

static void put_bytes(struct writer *writer, const void *bytes, size_t length)
{
	assert_true(writer->length + length <= sizeof(writer->data));
	memcpy(writer->data + writer->length, bytes, length);
	writer->length += length;
}

static void begin(struct writer *writer, uint32_t number, uint32_t answers_to, uint32_t flags)
{
	writer->length = 0;
	put_word(writer, 0);
	put_word(writer, number);
	put_word(writer, answers_to);
	put_word(writer, MONGODB_MESSAGE);
	put_word(writer, flags);
	put_bytes(writer, "\0", 1);
	put_word(writer, 0); /* of the document */
}

static void put_string(struct writer *writer, const char *name, const char *value)
{
	put_bytes(writer, "\2", 1);
	put_bytes(writer, name, strlen(name) + 1);
	put_word(writer, (uint32_t)strlen(value) + 1);
	put_bytes(writer, value, strlen(value) + 1);
}

static void put_int32(struct writer *writer, const char *name, uint32_t value)
{
	put_bytes(writer, "\x10", 1);
	put_bytes(writer, name, strlen(name) + 1);
	put_word(writer, value);
}

/* A document that holds nothing that anyone could look at. */
static void put_filler(struct writer *writer, const char *name, uint32_t length)
{
	put_bytes(writer, "\3", 1);
	put_bytes(writer, name, strlen(name) + 1);
	put_word(writer, length);
	memset(writer->data + writer->length, 'x', length - 4);
	writer->length += length - 4;
}

static void say(struct talk *talk, enum dialogue_side side, struct writer *writer)
{
	uint32_t length;

	put_bytes(writer, "\0", 1);
	length = (uint32_t)writer->length;
	memcpy(writer->data, &length, sizeof(length));
	length -= 21;
	memcpy(writer->data + 21, &length, sizeof(length));
	talk_feed(talk, side, writer->data, writer->length, 0);
}

static void ask(struct talk *talk, uint32_t number, uint32_t flags)
{
	struct writer writer;

	begin(&writer, number, 0, flags);
	put_string(&writer, "find", "orders");
	put_string(&writer, "comment", "secret");
	put_string(&writer, "$db", "shop");
	say(talk, DIALOGUE_CLIENT, &writer);
}

static void answer(struct talk *talk, uint32_t number, uint32_t answers_to, uint32_t flags)
{
	struct writer writer;

	begin(&writer, number, answers_to, flags);
	put_int32(&writer, "ok", 1);
	say(talk, DIALOGUE_SERVER, &writer);
}

#define FIND "find target=shop.orders detail=find comment: ? status="

/* Answers name what they answer. */
static void test_order(void **state)
{
	struct talk talk;

	talk_init(&talk, &mongodb_protocol);
	ask(&talk, 7, 0);
	ask(&talk, 8, 2);
	ask(&talk, 9, 0);
	answer(&talk, 1, 9, 0);
	answer(&talk, 2, 7, 0);
	assert_string_equal(talk_end(&talk),
		"find target=shop.orders detail=find comment: ? bytes=77/0 unanswered\n" FIND
		"OK bytes=77/34\n" FIND "OK bytes=77/34\n");
	talk_done(&talk);
}

/* Each answer of a stream answers the one before. */
static void test_stream(void **state)
{
	struct talk talk;

	talk_init(&talk, &mongodb_protocol);
	ask(&talk, 7, 0x10000);
	answer(&talk, 1, 7, 2);
	answer(&talk, 2, 1, 2);
	ask(&talk, 8, 0);
	answer(&talk, 3, 8, 0);
	answer(&talk, 4, 2, 0);
	assert_string_equal(talk_end(&talk), FIND "OK bytes=77/34\n" FIND "OK bytes=77/102\n");
	talk_done(&talk);
}

/* What failed stands behind documents that are passed over. */
static void test_failure(void **state)
{
	static const struct {
		uint32_t code;
		const char *name, *said;
	} cases[] = {
		{ 50, "MaxTimeMSExpired", "MaxTimeMSExpired" },
		{ 11600, "Interrupted", "Interrupted" },
		{ 26, "NamespaceNotFound", "NamespaceNotFound" },
		{ 13, NULL, "13" },
	};

	for (size_t index = 0; index < ARRAY_LENGTH(cases); index++) {
		struct talk talk;
		struct writer writer;
		char wanted[256];

		talk_init(&talk, &mongodb_protocol);
		ask(&talk, 7, 0);
		begin(&writer, 1, 7, 0);
		put_filler(&writer, "cursor", 3000);
		put_int32(&writer, "ok", 0);
		put_int32(&writer, "code", cases[index].code);
		if (cases[index].name)
			put_string(&writer, "codeName", cases[index].name);
		say(&talk, DIALOGUE_SERVER, &writer);
		snprintf(wanted, sizeof(wanted), FIND "%s bytes=77/%zu%s\n", cases[index].said,
			writer.length, index < 2 ? " error" : " client_error");
		assert_string_equal(talk_end(&talk), wanted);
		talk_done(&talk);
	}
}

/* The database stands behind a value that is passed over. */
static void test_long_command(void **state)
{
	struct talk talk;
	struct writer writer;

	talk_init(&talk, &mongodb_protocol);
	begin(&writer, 7, 0, 0);
	put_string(&writer, "aggregate", "orders");
	put_filler(&writer, "pipeline", 5000);
	put_string(&writer, "$db", "shop");
	say(&talk, DIALOGUE_CLIENT, &writer);
	answer(&talk, 1, 7, 0);
	assert_string_equal(talk_end(&talk), "aggregate target=shop.orders detail=aggregate "
					     "pipeline: {} status=OK bytes=5072/34\n");
	talk_done(&talk);
}

static void test_match(void **state)
{
	uint8_t header[MONGODB_HEADER_BYTES] = { 30, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xdd, 7 };

	assert_int_equal(mongodb_match(header, 16), MONGODB_MATCH_REQUEST);
	assert_int_equal(mongodb_match(header, 15), MONGODB_MATCH_NO);
	header[8] = 1;
	assert_int_equal(mongodb_match(header, 16), MONGODB_MATCH_ANSWER);
	header[0] = 20;
	assert_int_equal(mongodb_match(header, 16), MONGODB_MATCH_NO);
	memcpy(header, "GET /index.html ", 16);
	assert_int_equal(mongodb_match(header, 16), MONGODB_MATCH_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_long_command),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
