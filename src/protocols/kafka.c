/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kafka (the message definitions of Apache Kafka, all versions). Frames come in; an exchange goes
 * out for each request to the response with its correlation id, with topic, partition, records and
 * the first error; a Produce that wants no acknowledgement has no response. Records are never
 * shown, nor what SASL exchanges.
 */
#include "base/str.h"
#include "protocols/dialogue.h"
#include "protocols/kafka_match.h"
#include "protocols/kafka_message.h"
#include "protocols/topic_template.h"

#include <stdio.h>

#define LENGTH_BYTES	    4
#define FRAME_BYTES_MAXIMUM (1U << 30)
/* Of a frame: up to the first partition's first batch of records. */
#define PIECE_BYTES	    4096
/* Requests whose version is remembered for their responses; clients have 5 or so on their way. */
#define OPEN_MAXIMUM	    64
/* Codes that clients meet in their ordinary life: when they join a group, and when they try the
 * newest version. */
#define UNSUPPORTED_VERSION 35
#define MEMBER_ID_REQUIRED  79
#define REBALANCE	    27

struct kafka_open {
	int32_t correlation;
	int16_t api;
	int16_t version;
	bool is_used;
};

struct kafka_state {
	struct kafka_open open[OPEN_MAXIMUM]; /* by correlation id, modulo */
};

struct kafka_piece {
	struct kafka_state *state;
	struct dialogue_sink *sink;
	struct byte_reader reader;
};

static struct kafka_open *open_of(struct kafka_state *state, int32_t correlation)
{
	return &state->open[(uint32_t)correlation % OPEN_MAXIMUM];
}

static void append_number(struct text *text, const char *name, int64_t number)
{
	char digits[STR_NUMBER_BYTES];

	text_string(text, name);
	text_string(text, str_from_i64(digits, sizeof(digits), number));
}

/* RFC 4122, 3: groups of 8, 4, 4, 4 and 12 digits. */
static void append_id(struct text *text, const uint8_t *id)
{
	char digits[3];

	for (size_t at = 0; at < 16; at++) {
		if (at == 4 || at == 6 || at == 8 || at == 10)
			text_string(text, "-");
		snprintf(digits, sizeof(digits), "%02x", id[at]);
		text_string(text, digits);
	}
}

static void append_body(struct text *text, const struct kafka_body *body)
{
	if (body->name.length > 0)
		text_bytes(text, body->name);
	else if (body->id)
		append_id(text, body->id);
	if (body->has_partition)
		append_number(text, "/", body->partition);
	if (body->has_more)
		text_string(text, " …");
	if (body->has_records) {
		append_number(text, " records=", body->record_count);
		append_number(text, " bytes=", body->record_bytes);
	}
	if (body->has_acks)
		append_number(text, " acks=", body->acks);
}

static void describe(
	const struct kafka_header *header, const struct kafka_body *body, struct message *message)
{
	struct text target;
	struct text detail;

	memset(message, 0, sizeof(*message));
	str_set(message->operation, kafka_api_word(header->api));
	text_init(&target, message->target, sizeof(message->target));
	text_init(&detail, message->detail, sizeof(message->detail));
	if (body->name.length > 0)
		topic_template(&target, body->name, '.', false);
	else if (body->id)
		text_string(&target, "{uuid}");
	append_body(&detail, body);
	if (header->client.length > 0) {
		text_string(&detail, detail.length > 0 ? " client=" : "client=");
		text_bytes(&detail, header->client);
	}
}

/* The server, its disks or its replicas, and not what it was asked (protocol guide, error codes).
 */
static bool is_server_error(int16_t error)
{
	static const int16_t errors[] = { -1, 2, 5, 6, 7, 8, 9, 13, 14, 15, 16, 19, 20, 56, 72, 75,
		80 };

	for (size_t index = 0; index < ARRAY_LENGTH(errors); index++) {
		if (errors[index] == error)
			return true;
	}
	return false;
}

static bool is_ordinary(int16_t api, int16_t error)
{
	return error == MEMBER_ID_REQUIRED || error == REBALANCE ||
	       (api == KAFKA_API_VERSIONS && error == UNSUPPORTED_VERSION);
}

static void set_error(int16_t api, const struct kafka_body *body, struct message *message)
{
	if (!body->has_error)
		return;
	snprintf(message->status, sizeof(message->status), "%d", body->error);
	message->is_error = is_server_error(body->error);
	message->is_client_error =
		body->error != 0 && !message->is_error && !is_ordinary(api, body->error);
}

static int take_request(struct kafka_piece *piece)
{
	struct kafka_header header;
	struct kafka_body body;
	struct message message;
	uint64_t number;

	if (kafka_header_read(&piece->reader, &header) < 0)
		return -EBADMSG;
	kafka_request_read(&piece->reader, &header, &body);
	describe(&header, &body, &message);
	number = (uint32_t)header.correlation;
	piece->sink->begin(piece->sink, number, &message);
	if (header.api == KAFKA_PRODUCE && body.has_acks && body.acks == 0) {
		piece->sink->end(piece->sink, number, false);
		return 0;
	}
	*open_of(piece->state, header.correlation) = (struct kafka_open){
		.correlation = header.correlation,
		.api = header.api,
		.version = header.version,
		.is_used = true,
	};
	return 0;
}

/* What was fetched shows in the response only. */
static void add_fetched(const struct kafka_body *body, struct message *request)
{
	struct text text;

	if (!request || !body->has_partition)
		return;
	if (request->target[0] == '\0') {
		text_init(&text, request->target, sizeof(request->target));
		topic_template(&text, body->name, '.', false);
	}
	if (!body->has_records)
		return;
	text_resume(&text, request->detail, sizeof(request->detail));
	append_number(&text, " records=", body->record_count);
	append_number(&text, " bytes=", body->record_bytes);
}

static void take_response(struct kafka_piece *piece)
{
	int32_t correlation = byte_reader_i32(&piece->reader);
	uint64_t number = (uint32_t)correlation;
	struct kafka_open *open = open_of(piece->state, correlation);
	struct kafka_header header = { .api = open->api, .version = open->version };
	struct message message = { 0 };
	struct kafka_body body;

	if (open->is_used && open->correlation == correlation) {
		open->is_used = false;
		kafka_response_read(&piece->reader, &header, &body);
		set_error(header.api, &body, &message);
		if (header.api == KAFKA_FETCH)
			add_fetched(&body, piece->sink->request(piece->sink, number));
	}
	piece->sink->answer(piece->sink, number, &message);
	piece->sink->end(piece->sink, number, false);
}

static int64_t kafka_read(void *state, enum dialogue_side side, struct slice bytes,
	unsigned int flags, struct dialogue_sink *sink)
{
	struct kafka_piece piece = { .state = state, .sink = sink };
	uint32_t least = side == DIALOGUE_CLIENT ? KAFKA_HEAD_BYTES - 2 : 4;
	uint32_t length;
	size_t wanted;

	piece.reader = byte_reader(bytes);
	length = byte_reader_u32(&piece.reader);
	if (piece.reader.is_short)
		return flags & MESSAGE_CUT ? -EBADMSG : 0;
	if (length < least || length > FRAME_BYTES_MAXIMUM)
		return -EBADMSG;
	wanted = MIN(length, (uint32_t)(PIECE_BYTES - LENGTH_BYTES));
	if (piece.reader.rest.length < wanted && !(flags & MESSAGE_CUT))
		return 0;
	if (piece.reader.rest.length < least)
		return -EBADMSG;
	piece.reader.rest.length = MIN(piece.reader.rest.length, length);
	if (side == DIALOGUE_SERVER)
		take_response(&piece);
	else if (take_request(&piece) < 0)
		return -EBADMSG;
	return (int64_t)LENGTH_BYTES + length;
}

static bool kafka_begins(enum dialogue_side side, struct slice bytes)
{
	uint8_t head[KAFKA_MATCH_BYTES] = { 0 };
	size_t length = MIN(bytes.length, sizeof(head));

	if (side != DIALOGUE_CLIENT || length == 0)
		return false;
	memcpy(head, bytes.data, length);
	return kafka_match_request(head, (uint32_t)length);
}

/* A packet that begins with a request, or with a response that is awaited. */
static bool kafka_resume(void *state, enum dialogue_side side, struct slice bytes)
{
	struct byte_reader reader = byte_reader(bytes);
	uint32_t length = byte_reader_u32(&reader);
	int32_t correlation = byte_reader_i32(&reader);
	const struct kafka_open *open = open_of(state, correlation);

	if (side == DIALOGUE_CLIENT)
		return kafka_begins(side, bytes);
	return !reader.is_short && length >= 4 && length <= FRAME_BYTES_MAXIMUM && open->is_used &&
	       open->correlation == correlation;
}

static const struct dialogue kafka_dialogue = {
	.state_bytes = sizeof(struct kafka_state),
	.piece_bytes = PIECE_BYTES,
	.read = kafka_read,
	.resume = kafka_resume,
	.match = kafka_begins,
};

const struct protocol kafka_protocol = {
	.name = "kafka",
	.summary = "Kafka: produced and fetched records by topic and partition, groups, errors",
	.dialogue = &kafka_dialogue,
};
