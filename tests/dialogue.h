/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives a protocol with a memory (protocols/dialogue.h) through the reader that the agent has,
 * without doors: bytes of both sides in, each exchange as a line of text out. For unit tests,
 *golden cases and fuzz targets. What is said is cut at will; the text may not depend on it.
 *
 *	struct talk talk;
 *
 *	talk_init(&talk, &redis_protocol);
 *	TALK(&talk, DIALOGUE_CLIENT, "*1\r\n$4\r\nPING\r\n");
 *	TALK(&talk, DIALOGUE_SERVER, "+PONG\r\n");
 *	assert_string_equal(talk_end(&talk), "PING status=OK bytes=14/7\n");
 *	talk_done(&talk);
 */
#ifndef SKEP_TESTS_DIALOGUE_H
#define SKEP_TESTS_DIALOGUE_H

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "doors/dialogue_reader.h"

#define TALK_TEXT_MAXIMUM (16U << 20)

#define TALK_REQUIRE(condition)                                                                    \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s, line %d: %s\n", __FILE__, __LINE__, #condition);      \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct talk {
	struct dialogue_reader reader;
	struct dialogue counted; /* the protocol's, asked through talk_read */
	struct protocol protocol;
	const struct dialogue *original;
	size_t total;
	uint64_t time_ns; /* one later with each feed */
	uint64_t finished, lost;
	bool is_over;  /* in TLS, or not the protocol */
	bool has_lost; /* where a piece begins was not known; it may be again */
	struct buf text;
};

/* The reader knows the protocol's functions only, so that there is one at a time. */
static struct talk *talk_current;

static inline void talk_check_text(const char *text, size_t size)
{
	TALK_REQUIRE(memchr(text, '\0', size) != NULL);
	for (; *text; text++)
		TALK_REQUIRE((uint8_t)*text >= ' ' && *text != 0x7f);
}

/* Gives the protocol an exact copy, so that the sanitizer sees one that reads on. */
static inline int64_t talk_read(void *state, enum dialogue_side side, struct slice bytes,
	unsigned int flags, struct dialogue_sink *sink)
{
	const struct talk *talk = talk_current;
	uint64_t begun = talk->reader.begun;
	uint8_t *copy = malloc(MAX(bytes.length, 1U));
	int64_t length;

	TALK_REQUIRE(copy != NULL && bytes.length > 0);
	memcpy(copy, bytes.data, bytes.length);
	length = talk->original->read(
		state, side, (struct slice){ copy, bytes.length }, flags, sink);
	free(copy);
	TALK_REQUIRE(length >= 0 || length == -EBADMSG);
	TALK_REQUIRE(length != 0 || (begun == talk->reader.begun && !talk->reader.named));
	return length;
}

static inline void talk_words(struct talk *talk, const char *key, const char *value)
{
	if (value[0] != '\0')
		buf_printf(&talk->text, " %s=%s", key, value);
}

static inline void talk_finish(void *context, const struct exchange *exchange, bool is_incomplete)
{
	struct talk *talk = context;
	const struct message *request = &exchange->request;

	talk_check_text(request->operation, sizeof(request->operation));
	talk_check_text(request->host, sizeof(request->host));
	talk_check_text(request->target, sizeof(request->target));
	talk_check_text(request->detail, sizeof(request->detail));
	talk_check_text(exchange->status, sizeof(exchange->status));
	talk->finished++;
	buf_append_string(&talk->text, request->operation);
	talk_words(talk, "protocol", request->protocol ? request->protocol : "");
	talk_words(talk, "host", request->host);
	talk_words(talk, "target", request->target);
	talk_words(talk, "detail", request->detail);
	talk_words(talk, "status", exchange->status);
	buf_printf(&talk->text, " bytes=%" PRIu64 "/%" PRIu64 "%s%s%s%s\n", exchange->request_bytes,
		exchange->answer_bytes, exchange->is_error ? " error" : "",
		exchange->is_client_error ? " client_error" : "",
		exchange->answer_ns ? "" : " unanswered", is_incomplete ? " incomplete" : "");
}

static inline void talk_lost(void *context, enum count reason, unsigned int count)
{
	struct talk *talk = context;

	talk->lost += count;
	buf_printf(&talk->text, "lost %u: %s\n", count, count_name(reason));
}

static inline void talk_init(struct talk *talk, const struct protocol *protocol)
{
	struct dialogue_handler handler = { talk_finish, talk_lost, talk, &talk->total };

	*talk = (struct talk){ .protocol = *protocol,
		.counted = *protocol->dialogue,
		.original = protocol->dialogue,
		.text = { .maximum = TALK_TEXT_MAXIMUM } };
	talk->counted.read = talk_read;
	talk->protocol.dialogue = &talk->counted;
	talk_current = talk;
	TALK_REQUIRE(dialogue_reader_init(&talk->reader, &talk->protocol, &handler, 0) == 0);
}

/* Bytes of a side, then bytes of which nobody saw any. */
static inline void talk_feed(struct talk *talk, enum dialogue_side side, const void *bytes,
	size_t length, uint64_t unseen)
{
	struct side_input input = {
		.bytes = { bytes, length }, .unseen_bytes = unseen, .time_ns = ++talk->time_ns
	};
	enum dialogue_result result;

	if (talk->is_over)
		return;
	if (length > 0)
		dialogue_resume(&talk->reader, side, input.bytes);
	result = dialogue_feed(&talk->reader, side, &input);
	talk->has_lost |= result == DIALOGUE_LOST;
	TALK_REQUIRE(result == DIALOGUE_TLS || result == DIALOGUE_FOREIGN ||
		     input.bytes.length == 0 || talk->reader.halves[side].is_lost);
	talk->is_over = result == DIALOGUE_TLS || result == DIALOGUE_FOREIGN;
	if (talk->is_over)
		buf_append_string(&talk->text, result == DIALOGUE_TLS ? "TLS\n" : "foreign\n");
}

/* Each byte alone. */
static inline void talk_drip(
	struct talk *talk, enum dialogue_side side, const void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		talk_feed(talk, side, (const uint8_t *)bytes + i, 1, 0);
}

/* Text without its NUL; it may hold others. */
#define TALK(talk, side, text) talk_feed(talk, side, text, sizeof(text) - 1, 0)

/* Closes the connection; the text until then, one line each exchange in the order of their ends. */
static inline const char *talk_end(struct talk *talk)
{
	dialogue_close(&talk->reader, COUNT_SEEN);
	return buf_text(&talk->text);
}

static inline void talk_done(struct talk *talk)
{
	dialogue_reader_done(&talk->reader);
	TALK_REQUIRE(talk->total == 0 && talk->reader.open_count == 0);
	buf_done(&talk->text);
}

#endif
