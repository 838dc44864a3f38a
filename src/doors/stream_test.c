/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments into exchanges: in order, out of order, and with some missing.
 */
#include "doors/stream.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define START 1000

struct seen {
	unsigned int count;
	struct request_event last;
};

static void note(void *context, struct request_event *event)
{
	struct seen *seen = context;

	seen->count++;
	seen->last = *event;
}

static struct stream *open_stream(struct seen *seen)
{
	const struct stream_options options = {
		.maximum_connections = 4, .exchange = note, .context = seen
	};
	struct stream *stream;

	assert_int_equal(stream_new(&options, &stream), 0);
	return stream;
}

/* An ordered segment of one connection that holds the text's bytes from place on. */
static void send(
	struct stream *stream, const char *text, size_t place, size_t length, unsigned int flags)
{
	struct packet_segment *segment = calloc(1, sizeof(*segment) + length);

	assert_non_null(segment);
	segment->common.header.time_ns = START;
	segment->common.cookie = 7;
	segment->common.protocol = PROTOCOL_http;
	segment->common.role = ROLE_SERVER;
	segment->common.flags = PACKET_IS_ORDERED | PACKET_IS_HEAD | flags;
	segment->common.turn = 1;
	segment->seq = START + (uint32_t)place;
	segment->start_seq = START;
	segment->length = (uint32_t)length;
	segment->captured = (uint16_t)length;
	memcpy(segment + 1, text + place, length);
	stream_segment(stream, segment);
	free(segment);
}

static uint64_t sum(const struct feature_counts *counts)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < COUNT_MAXIMUM; i++)
		lost += counts->lost[i];
	return lost;
}

static const char request[] = "PUT /up HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789";
static const char answer[] = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok";
#define BYTES(text) (sizeof(text) - 1)

/* Every order of three pieces. */
static void pieces_in_any_order(void **state)
{
	static const unsigned int orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	const size_t cuts[] = { 0, 20, 52, BYTES(request) };

	for (size_t i = 0; i < ARRAY_LENGTH(orders); i++) {
		struct feature_counts counts = { 0 };
		struct seen seen = { 0 };
		struct stream *stream = open_stream(&seen);

		for (size_t j = 0; j < 3; j++) {
			size_t at = cuts[orders[i][j]];

			send(stream, request, at, cuts[orders[i][j] + 1] - at, 0);
		}
		send(stream, answer, 0, BYTES(answer), PACKET_IS_ANSWER);
		stream_add_counts(stream, PROTOCOL_http, &counts);
		assert_int_equal(seen.count, 1);
		assert_string_equal(seen.last.detail, "/up");
		assert_int_equal(seen.last.request_bytes, BYTES(request));
		assert_false(seen.last.is_incomplete);
		assert_int_equal(counts.seen, 1);
		assert_int_equal(sum(&counts), 0);
		stream_free(stream);
	}
}

/* Bytes that come twice, also with others around them. */
static void pieces_twice(void **state)
{
	struct feature_counts counts = { 0 };
	struct seen seen = { 0 };
	struct stream *stream = open_stream(&seen);

	send(stream, request, 0, 20, 0);
	send(stream, request, 40, 10, 0);
	send(stream, request, 0, 20, 0);
	send(stream, request, 10, BYTES(request) - 10, 0);
	send(stream, request, 40, 10, 0);
	send(stream, answer, 0, BYTES(answer), PACKET_IS_ANSWER);
	stream_add_counts(stream, PROTOCOL_http, &counts);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.last.request_bytes, BYTES(request));
	assert_int_equal(sum(&counts), 0);
	stream_free(stream);
}

/* However many holes there are, the exchange is lost once. */
static void a_loss_counts_once(void **state)
{
	struct feature_counts counts = { 0 };
	struct seen seen = { 0 };
	struct stream *stream = open_stream(&seen);

	send(stream, request, 0, 50, 0);
	send(stream, request, 52, 2, PACKET_LOST_BEFORE);
	send(stream, request, 56, 2, PACKET_LOST_BEFORE);
	send(stream, answer, 0, BYTES(answer), PACKET_IS_ANSWER);
	stream_add_counts(stream, PROTOCOL_http, &counts);
	assert_int_equal(seen.count, 0);
	assert_int_equal(counts.seen, 1);
	assert_int_equal(sum(&counts), 1);
	stream_free(stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_in_any_order),
		cmocka_unit_test(pieces_twice),
		cmocka_unit_test(a_loss_counts_once),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
