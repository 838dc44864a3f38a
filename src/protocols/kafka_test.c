/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the recorded conversations of Kafka do not hold: the newer, flexible versions (KIP-482),
 * topics by id, several batches, what is no request. Bytes are laid out by the message definitions
 * of Apache Kafka.
 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../tests/dialogue.h"
#include "protocols/kafka_match.h"

extern const struct protocol kafka_protocol;

struct frame {
	uint8_t bytes[512];
	size_t length; /* behind the four bytes of length */
};

static void put(struct frame *frame, uint64_t value, size_t length)
{
	while (length-- > 0)
		frame->bytes[4 + frame->length++] = (uint8_t)(value >> (8 * length));
}

/* A text with two bytes of length, or a compact one with one. */
static void put_text(struct frame *frame, const char *text, bool is_compact)
{
	put(frame, strlen(text) + is_compact, is_compact ? 1 : 2);
	for (; *text != '\0'; text++)
		put(frame, (uint8_t)*text, 1);
}

static void put_head(struct frame *frame, int api, int version, int correlation, bool is_flexible)
{
	*frame = (struct frame){ 0 };
	put(frame, (uint64_t)api, 2);
	put(frame, (uint64_t)version, 2);
	put(frame, (uint64_t)correlation, 4);
	put_text(frame, "test", false);
	if (is_flexible)
		put(frame, 0, 1);
}

/* A batch of that many records, of 61 bytes and some. */
static void put_batch(struct frame *frame, uint32_t records)
{
	put(frame, 0, 8);
	put(frame, 49 + 7, 4);
	put(frame, 0, 4);
	put(frame, 2, 1);
	for (unsigned int count = 0; count < 40; count++)
		put(frame, 0, 1);
	put(frame, records, 4);
	put(frame, 0, 7);
}

static void say(struct talk *talk, enum dialogue_side side, struct frame *frame)
{
	size_t length = frame->length;

	frame->bytes[0] = frame->bytes[1] = 0;
	frame->bytes[2] = (uint8_t)(length >> 8);
	frame->bytes[3] = (uint8_t)length;
	talk_feed(talk, side, frame->bytes, 4 + length, 0);
}

static void expect(struct talk *talk, const char *wanted)
{
	assert_string_equal(talk_end(talk), wanted);
	talk_done(talk);
}

static void put_produce_9(struct frame *frame, int16_t acks)
{
	put_head(frame, 0, 9, 7, true);
	put(frame, 0, 1); /* no transaction */
	put(frame, (uint16_t)acks, 2);
	put(frame, 1000, 4);
	put(frame, 2, 1);
	put_text(frame, "orders.eu", true);
	put(frame, 2, 1);
	put(frame, 5, 4);
	put(frame, 0x89, 1); /* 2 * 68 + 1 as a varint */
	put(frame, 1, 1);
	put_batch(frame, 20);
	put_batch(frame, 3);
	put(frame, 0, 1);
	put(frame, 0, 1);
	put(frame, 0, 1);
}

static void produce_flexible(void **state)
{
	struct talk talk;
	struct frame frame;

	talk_init(&talk, &kafka_protocol);
	put_produce_9(&frame, -1);
	say(&talk, DIALOGUE_CLIENT, &frame);
	frame = (struct frame){ 0 };
	put(&frame, 7, 4);
	put(&frame, 0, 1); /* the header's tags */
	put(&frame, 2, 1);
	put_text(&frame, "orders.eu", true);
	put(&frame, 2, 1);
	put(&frame, 5, 4);
	put(&frame, 6, 2); /* NOT_LEADER_OR_FOLLOWER */
	say(&talk, DIALOGUE_SERVER, &frame);
	expect(&talk, "Produce target=orders.eu detail=orders.eu/5 records=23 bytes=136 acks=-1"
		      " client=test status=6 bytes=183/27 error\n");
}

static void produce_without_acknowledgement(void **state)
{
	struct talk talk;
	struct frame frame;

	talk_init(&talk, &kafka_protocol);
	put_produce_9(&frame, 0);
	say(&talk, DIALOGUE_CLIENT, &frame);
	expect(&talk, "Produce target=orders.eu detail=orders.eu/5 records=23 bytes=136 acks=0"
		      " client=test bytes=183/0 unanswered\n");
}

static void put_id(struct frame *frame)
{
	for (unsigned int at = 0; at < 16; at++)
		put(frame, 0xa0 + at, 1);
}

/* Version 13 names topics by their ids; the response brings two batches, the second cut. */
static void fetch_by_id(void **state)
{
	struct talk talk;
	struct frame frame;

	talk_init(&talk, &kafka_protocol);
	put_head(&frame, 1, 13, 9, true);
	put(&frame, UINT32_MAX, 4);
	put(&frame, 500, 4);
	put(&frame, 1, 4);
	put(&frame, 1 << 20, 4);
	put(&frame, 0, 1);
	put(&frame, 0, 8); /* session and epoch */
	put(&frame, 2, 1);
	put_id(&frame);
	put(&frame, 2, 1);
	put(&frame, 3, 4);
	say(&talk, DIALOGUE_CLIENT, &frame);
	frame = (struct frame){ 0 };
	put(&frame, 9, 4);
	put(&frame, 0, 1);
	put(&frame, 0, 4);
	put(&frame, 0, 2);
	put(&frame, 0, 4);
	put(&frame, 2, 1);
	put_id(&frame);
	put(&frame, 2, 1);
	put(&frame, 3, 4);
	put(&frame, 0, 2);
	put(&frame, 77, 8);
	put(&frame, 77, 8);
	put(&frame, 0, 8);
	put(&frame, 0, 1); /* no transactions */
	put(&frame, UINT32_MAX, 4);
	put(&frame, 68 + 20 + 1, 1);
	put_batch(&frame, 11);
	frame.length += 20;
	say(&talk, DIALOGUE_SERVER, &frame);
	expect(&talk,
		"Fetch target={uuid} detail=a0a1a2a3-a4a5-a6a7-a8a9-aaabacadaeaf/3 client=test"
		" records=11 bytes=88 status=0 bytes=66/161\n");
}

static void metadata_flexible(void **state)
{
	struct talk talk;
	struct frame frame;

	talk_init(&talk, &kafka_protocol);
	put_head(&frame, 3, 12, 1, true);
	put(&frame, 3, 1);
	put_id(&frame);
	put_text(&frame, "orders", true);
	put(&frame, 0, 1);
	say(&talk, DIALOGUE_CLIENT, &frame);
	frame = (struct frame){ 0 };
	put(&frame, 1, 4);
	put(&frame, 0, 1);
	put(&frame, 0, 4);
	put(&frame, 2, 1); /* a broker */
	put(&frame, 1, 4);
	put_text(&frame, "localhost", true);
	put(&frame, 9092, 4);
	put(&frame, 0, 1);
	put(&frame, 0, 1);
	put_text(&frame, "cluster", true);
	put(&frame, 1, 4);
	put(&frame, 2, 1);
	put(&frame, 3, 2); /* UNKNOWN_TOPIC_OR_PARTITION */
	put_text(&frame, "orders", true);
	say(&talk, DIALOGUE_SERVER, &frame);
	expect(&talk, "Metadata target=orders detail=orders … client=test status=3 bytes=44/56"
		      " client_error\n");
}

static void is_none(void **state)
{
	/* The start of a PostgreSQL session, and an operation of ZooKeeper. */
	static const uint8_t postgresql[16] = { 0, 0, 0, 60, 0, 3, 0, 0, 'u', 's', 'e', 'r', 0, 'p',
		'o', 's' };
	static const uint8_t zookeeper[16] = { 0, 0, 0, 22, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 5 };
	static const uint8_t versions[16] = { 0, 0, 0, 14, 0, 18, 0, 0, 0, 0, 0, 1, 0, 4, 't',
		'e' };
	static const uint8_t no_client[14] = { 0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 255, 255 };

	assert_false(kafka_match_request(postgresql, 16));
	assert_false(kafka_match_request(zookeeper, 16));
	assert_true(kafka_match_request(versions, 16));
	assert_true(kafka_match_request(no_client, 14));
	assert_false(kafka_match_request(versions, 13));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(produce_flexible),
		cmocka_unit_test(produce_without_acknowledgement),
		cmocka_unit_test(fetch_by_id),
		cmocka_unit_test(metadata_flexible),
		cmocka_unit_test(is_none),
	};

	return cmocka_run_group_tests_name("kafka", tests, NULL, NULL);
}
