/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMQP 0-9-1, as RabbitMQ and others speak it (the specification and RabbitMQ's extensions). Frames
 * come in; an exchange goes out for each message that is published (to its confirm, where the
 * channel has them), delivered (to its ack, nack or reject, where the consumer gives them) or
 * returned, and for each method to the one that answers it. Messages and credentials are never
 * shown.
 */
#include "base/str.h"
#include "protocols/amqp_channel.h"
#include "protocols/amqp_match.h"
#include "protocols/amqp_method.h"
#include "protocols/byte_reader.h"
#include "protocols/dialogue.h"
#include "protocols/topic_template.h"

#include <stdio.h>

#define HEADER_BYTES	    8 /* "AMQP" and the version */
#define FRAME_HEAD_BYTES    7 /* type, channel, size */
#define FRAME_END	    0xce
/* frame-max is 128 KiB; brokers refuse larger ones. */
#define FRAME_BYTES_MAXIMUM (16U << 20)
/* Of a frame: a method with its names. */
#define PIECE_BYTES	    1024
#define CONTENT_HEAD_BYTES  12 /* class, weight, size of the body */

enum frame_type { FRAME_METHOD = 1, FRAME_HEADER = 2, FRAME_BODY = 3, FRAME_HEARTBEAT = 8 };

/* What is open is told apart by kind, channel and, for messages that wait for a verdict, tag. */
enum amqp_number {
	NUMBER_OPEN = 1,    /* the handshake */
	NUMBER_REQUEST,	    /* + the side that asked */
	NUMBER_MESSAGE = 4, /* + the side that sent it */
	NUMBER_WAITING = 6, /* + the side that sent it */
	NUMBER_ALONE = 8,
};
#define KIND_SHIFT    60
#define CHANNEL_SHIFT 44
#define TAG_MASK      (((uint64_t)1 << CHANNEL_SHIFT) - 1)

struct amqp_state {
	struct amqp_channels channels;
	uint32_t waiting; /* messages */
};

struct amqp_piece {
	struct amqp_state *state;
	struct dialogue_sink *sink;
	enum dialogue_side side;
	uint8_t type;
	uint16_t channel;
	uint32_t size;
	struct slice payload; /* what is there of it */
	struct amqp_method method;
};

static void amqp_done(void *state)
{
	amqp_channels_done(&((struct amqp_state *)state)->channels);
}

static enum dialogue_side other(enum dialogue_side side)
{
	return side == DIALOGUE_CLIENT ? DIALOGUE_SERVER : DIALOGUE_CLIENT;
}

static uint64_t number_of(uint64_t kind, uint16_t channel, uint64_t tag)
{
	return kind << KIND_SHIFT | (uint64_t)channel << CHANNEL_SHIFT | (tag & TAG_MASK);
}

/* Names that the server made up (queue.declare without one). */
static void append_name(struct text *text, struct slice name)
{
	static const char generated[] = "amq.gen-";

	if (name.length > strlen(generated) &&
		memcmp(name.data, generated, strlen(generated)) == 0) {
		text_string(text, generated);
		text_string(text, "{id}");
	} else {
		topic_template(text, name, '.', false);
	}
}

/* An exchange and a routing key, or whatever single name there is; the default exchange has none.
 */
static void describe(const struct amqp_method *method, struct message *message)
{
	bool is_message = method->kind == AMQP_CONTENT;
	struct text target;
	struct text detail;

	memset(message, 0, sizeof(*message));
	str_set(message->operation, method->word);
	text_init(&target, message->target, sizeof(message->target));
	text_init(&detail, message->detail, sizeof(message->detail));
	append_name(&target, method->names[0]);
	if (is_message && method->names[0].length > 0 && method->names[1].length > 0)
		text_string(&target, "/");
	if (is_message)
		append_name(&target, method->names[1]);
	for (size_t index = 0; index < AMQP_NAMES; index++) {
		if (method->names[index].length == 0)
			continue;
		if (detail.length > 0)
			text_string(&detail, " ");
		text_bytes(&detail, method->names[index]);
	}
}

/* AMQP 0-9-1, 1.2: hard and soft errors. */
static void set_code(const struct amqp_method *method, struct message *message)
{
	snprintf(message->status, sizeof(message->status), "%u", method->code);
	message->is_error = method->code == 320 || method->code >= 540;
	message->is_client_error = method->code >= 300 && !message->is_error;
}

/* Why it was refused, behind what was asked for. */
static void append_reason(struct message *request, const struct amqp_method *method)
{
	struct text detail;

	text_resume(&detail, request->detail, sizeof(request->detail));
	text_string(&detail, detail.length > 0 ? " error=" : "error=");
	text_words(&detail, method->text);
}

static void begin(const struct amqp_piece *piece, uint64_t number)
{
	struct message message;

	describe(&piece->method, &message);
	piece->sink->begin(piece->sink, number, &message);
}

static void answer(const struct amqp_piece *piece, uint64_t number, const struct message *message)
{
	piece->sink->answer(piece->sink, number, message);
	piece->sink->end(piece->sink, number, false);
}

static void alone(const struct amqp_piece *piece)
{
	uint64_t number = number_of(NUMBER_ALONE, piece->channel, 0);

	begin(piece, number);
	piece->sink->end(piece->sink, number, false);
}

/* One message that waits, if it does. */
static void settle(const struct amqp_piece *piece, uint64_t number, const struct message *verdict)
{
	if (piece->state->waiting > 0 && piece->sink->request(piece->sink, number))
		piece->state->waiting--;
	if (verdict)
		piece->sink->answer(piece->sink, number, verdict);
	piece->sink->end(piece->sink, number, !verdict);
}

/* All messages of one side that wait on a channel, up to a tag. */
static void settle_all(const struct amqp_piece *piece, enum dialogue_side sender, uint64_t tag,
	const struct message *verdict)
{
	struct amqp_channel *channel = amqp_channel_find(&piece->state->channels, piece->channel);
	struct amqp_waiting *waiting = channel ? &channel->waiting[sender] : NULL;

	while (waiting && waiting->lowest < waiting->next && waiting->lowest <= tag)
		settle(piece, number_of(NUMBER_WAITING + sender, piece->channel, waiting->lowest++),
			verdict);
}

static void take_verdict(const struct amqp_piece *piece)
{
	const struct amqp_method *method = &piece->method;
	enum dialogue_side sender = other(piece->side);
	/* What a consumer hands back is not lost. */
	struct message verdict = { .is_error = method->id != AMQP_BASIC_ACK &&
					       !(piece->side == DIALOGUE_CLIENT &&
						       method->is_requeued) };

	str_set(verdict.status, method->word + strlen("basic."));
	if (method->is_multiple)
		settle_all(piece, sender, method->tag ? method->tag : UINT64_MAX, &verdict);
	else
		settle(piece, number_of(NUMBER_WAITING + sender, piece->channel, method->tag),
			&verdict);
}

/* The channel is closed: nobody will say a word about what waits there. */
static void forget_channel(const struct amqp_piece *piece)
{
	struct amqp_channel *channel = amqp_channel_find(&piece->state->channels, piece->channel);

	if (!channel)
		return;
	settle_all(piece, DIALOGUE_CLIENT, UINT64_MAX, NULL);
	settle_all(piece, DIALOGUE_SERVER, UINT64_MAX, NULL);
	amqp_channel_forget(channel);
}

/* The server closes a channel or the connection: a refusal of what waits for an answer, else an
 * exchange of its own. */
static void take_refusal(const struct amqp_piece *piece)
{
	uint64_t number = number_of(NUMBER_REQUEST + DIALOGUE_CLIENT, piece->channel, 0);
	struct message *request;
	struct message message = { 0 };

	if (piece->channel == 0)
		number = number_of(NUMBER_OPEN, 0, 0);
	request = piece->sink->request(piece->sink, number);
	if (!request) {
		number = number_of(NUMBER_ALONE, piece->channel, 0);
		begin(piece, number);
		request = piece->sink->request(piece->sink, number);
	}
	if (request)
		append_reason(request, &piece->method);
	set_code(&piece->method, &message);
	answer(piece, number, &message);
	if (piece->channel != 0)
		forget_channel(piece);
}

static void note_request(const struct amqp_piece *piece)
{
	const struct amqp_method *method = &piece->method;
	struct amqp_channel *channel = NULL;

	if (method->id == AMQP_BASIC_CONSUME || method->id == AMQP_CONFIRM_SELECT)
		channel = amqp_channel_get(&piece->state->channels, piece->channel);
	if (!channel)
		return;
	if (method->id == AMQP_CONFIRM_SELECT) {
		channel->is_confirming = true;
		channel->waiting[DIALOGUE_CLIENT] = (struct amqp_waiting){ 1, 1 };
	} else if (method->consumer.length > 0) {
		amqp_consumer_add(channel, method->consumer, method->is_no_ack);
	} else {
		channel->is_unnamed = true;
		channel->is_no_ack = method->is_no_ack;
	}
}

static void take_request(const struct amqp_piece *piece)
{
	const struct amqp_method *method = &piece->method;

	if (piece->side == DIALOGUE_SERVER &&
		(method->id == AMQP_CHANNEL_CLOSE || method->id == AMQP_CONNECTION_CLOSE)) {
		take_refusal(piece);
		return;
	}
	note_request(piece);
	if (method->is_no_wait)
		alone(piece);
	else
		begin(piece, number_of(NUMBER_REQUEST + piece->side, piece->channel, 0));
}

static void take_answer(const struct amqp_piece *piece)
{
	const struct amqp_method *method = &piece->method;
	uint64_t number = number_of(NUMBER_REQUEST + other(piece->side), piece->channel, 0);
	struct amqp_channel *channel = amqp_channel_find(&piece->state->channels, piece->channel);
	struct message *request = piece->sink->request(piece->sink, number);
	struct message message = { 0 };

	if (method->id == AMQP_BASIC_CONSUME_OK && channel && channel->is_unnamed) {
		amqp_consumer_add(channel, method->consumer, channel->is_no_ack);
		channel->is_unnamed = false;
	}
	/* The server made up a queue's name. */
	if (request && request->target[0] == '\0' && method->names[0].length > 0) {
		describe(method, &message);
		str_set(request->target, message.target);
		str_set(request->detail, message.detail);
		memset(&message, 0, sizeof(message));
	}
	if (method->id == AMQP_BASIC_GET_EMPTY)
		str_set(message.status, "empty");
	answer(piece, number, &message);
	if (method->id == AMQP_CHANNEL_CLOSE_OK)
		forget_channel(piece);
}

/* Whether a verdict on the message will be waited for; keeps the tags. */
static bool is_waited_for(
	const struct amqp_piece *piece, struct amqp_channel *channel, uint64_t *ret_tag)
{
	struct amqp_waiting *waiting = &channel->waiting[piece->side];
	bool is_publish = piece->method.id == AMQP_BASIC_PUBLISH;
	uint64_t tag = is_publish ? waiting->next : piece->method.tag;

	/* A tag that does not follow the last: nothing is known of those between. */
	if (tag != waiting->next)
		waiting->lowest = tag;
	waiting->next = tag + 1;
	*ret_tag = tag;
	if (piece->state->waiting >= AMQP_WAITING_MAXIMUM)
		return false;
	if (is_publish)
		return channel->is_confirming;
	return piece->method.id == AMQP_BASIC_DELIVER &&
	       amqp_consumer_acknowledges(channel, piece->method.consumer);
}

/* Begins the exchange of a message, or goes on with that of basic.get. */
static void begin_content(const struct amqp_piece *piece, uint64_t number)
{
	struct message message = { 0 };

	if (piece->method.id == AMQP_BASIC_GET_OK) {
		piece->sink->answer(piece->sink, number, &message);
		return;
	}
	begin(piece, number);
	if (piece->method.id != AMQP_BASIC_RETURN)
		return;
	set_code(&piece->method, &message);
	piece->sink->answer(piece->sink, number, &message);
}

static void take_content(const struct amqp_piece *piece)
{
	struct amqp_channel *channel = amqp_channel_get(&piece->state->channels, piece->channel);
	uint64_t number = number_of(NUMBER_MESSAGE + piece->side, piece->channel, 0);
	bool is_waiting = false;
	uint64_t tag;

	if (channel && piece->method.id != AMQP_BASIC_RETURN)
		is_waiting = is_waited_for(piece, channel, &tag);
	if (is_waiting) {
		number = number_of(NUMBER_WAITING + piece->side, piece->channel, tag);
		piece->state->waiting++;
	}
	if (piece->method.id == AMQP_BASIC_GET_OK)
		number = number_of(NUMBER_REQUEST + DIALOGUE_CLIENT, piece->channel, 0);
	begin_content(piece, number);
	if (channel)
		channel->contents[piece->side] =
			(struct amqp_content){ .number = number, .is_end = !is_waiting };
	else
		piece->sink->end(piece->sink, number, false);
}

/* The header of a message, or a part of its body. */
static void take_more(const struct amqp_piece *piece)
{
	struct amqp_channel *channel = amqp_channel_find(&piece->state->channels, piece->channel);
	struct amqp_content *content = channel ? &channel->contents[piece->side] : NULL;
	struct byte_reader reader = byte_reader(piece->payload);

	if (!content || content->number == 0)
		return;
	if (piece->type == FRAME_HEADER) {
		byte_reader_u32(&reader);
		content->left = byte_reader_u64(&reader);
	} else {
		content->left -= MIN(content->left, piece->size);
	}
	piece->sink->add(piece->sink, content->number);
	if (content->left > 0)
		return;
	if (content->is_end)
		piece->sink->end(piece->sink, content->number, false);
	content->number = 0;
}

/* From the first header to open-ok it is one exchange. */
static void take_handshake(const struct amqp_piece *piece)
{
	uint64_t number = number_of(NUMBER_OPEN, 0, 0);
	struct message *request = piece->sink->request(piece->sink, number);
	struct message message = { 0 };

	if (request && piece->method.id == AMQP_CONNECTION_OPEN) {
		describe(&piece->method, &message);
		str_set(request->target, message.target);
		str_set(request->detail, message.detail);
		memset(&message, 0, sizeof(message));
	}
	if (piece->method.id == AMQP_CONNECTION_OPEN_OK)
		answer(piece, number, &message);
	else
		piece->sink->add(piece->sink, number);
}

static void take_method(const struct amqp_piece *piece)
{
	switch (piece->method.kind) {
	case AMQP_HANDSHAKE:
		take_handshake(piece);
		break;
	case AMQP_REQUEST:
		take_request(piece);
		break;
	case AMQP_ANSWER:
		take_answer(piece);
		break;
	case AMQP_CONTENT:
		take_content(piece);
		break;
	case AMQP_VERDICT:
		take_verdict(piece);
		break;
	case AMQP_ALONE:
		alone(piece);
		break;
	}
}

/* A server that does not speak the version answers with a header of its own and closes. */
static int64_t read_header(const struct amqp_piece *piece, struct slice bytes)
{
	struct message message = { .operation = "connection.open" };

	if (memcmp(bytes.data, "AMQP", MIN(bytes.length, strlen("AMQP"))) != 0)
		return -EBADMSG;
	if (bytes.length < HEADER_BYTES)
		return 0;
	if (piece->side == DIALOGUE_CLIENT)
		piece->sink->begin(piece->sink, number_of(NUMBER_OPEN, 0, 0), &message);
	return HEADER_BYTES;
}

/* How many bytes of a frame's payload are wanted at once. */
static size_t wanted_bytes(const struct amqp_piece *piece)
{
	if (piece->type == FRAME_METHOD)
		return MIN(piece->size, (uint32_t)(PIECE_BYTES - FRAME_HEAD_BYTES));
	return piece->type == FRAME_HEADER ? CONTENT_HEAD_BYTES : 0;
}

static bool is_frame(const struct amqp_piece *piece, struct slice bytes)
{
	uint64_t end = (uint64_t)FRAME_HEAD_BYTES + piece->size;

	if (piece->type != FRAME_METHOD && piece->type != FRAME_HEADER &&
		piece->type != FRAME_BODY && piece->type != FRAME_HEARTBEAT)
		return false;
	if (piece->size > FRAME_BYTES_MAXIMUM ||
		(piece->type == FRAME_HEADER && piece->size < CONTENT_HEAD_BYTES))
		return false;
	return bytes.length <= end || bytes.data[end] == FRAME_END;
}

static int64_t amqp_read(void *state, enum dialogue_side side, struct slice bytes,
	unsigned int flags, struct dialogue_sink *sink)
{
	struct amqp_piece piece = { .state = state, .sink = sink, .side = side };
	struct byte_reader reader = byte_reader(bytes);
	int64_t result;

	if (bytes.length > 0 && bytes.data[0] == 'A') {
		result = read_header(&piece, bytes);
		return result == 0 && flags & MESSAGE_CUT ? -EBADMSG : result;
	}
	piece.type = byte_reader_u8(&reader);
	piece.channel = byte_reader_u16(&reader);
	piece.size = byte_reader_u32(&reader);
	if (reader.is_short)
		return flags & MESSAGE_CUT ? -EBADMSG : 0;
	if (!is_frame(&piece, bytes))
		return -EBADMSG;
	piece.payload = (struct slice){ reader.rest.data, MIN(reader.rest.length, piece.size) };
	if (piece.payload.length < wanted_bytes(&piece) && !(flags & MESSAGE_CUT))
		return 0;
	if (piece.type == FRAME_METHOD) {
		if (amqp_method_read(piece.payload, &piece.method) < 0)
			return -EBADMSG;
		take_method(&piece);
	} else if (piece.type != FRAME_HEARTBEAT) {
		take_more(&piece);
	}
	return (int64_t)FRAME_HEAD_BYTES + piece.size + 1;
}

static bool amqp_begins(enum dialogue_side side, struct slice bytes)
{
	uint8_t head[AMQP_MATCH_BYTES] = { 0 };
	size_t length = MIN(bytes.length, sizeof(head));

	if (length > 0)
		memcpy(head, bytes.data, length);
	return amqp_match(head, (uint32_t)length) ==
	       (side == DIALOGUE_CLIENT ? AMQP_MATCH_CLIENT : AMQP_MATCH_SERVER);
}

/* A packet that begins with a message; of tags and consumers nothing is known any more. */
static bool amqp_resume(void *state, enum dialogue_side side, struct slice bytes)
{
	struct amqp_state *amqp = state;

	if (!amqp_begins(side, bytes))
		return false;
	for (size_t index = 0; index < amqp->channels.count; index++)
		amqp_channel_forget(&amqp->channels.list[index]);
	amqp->waiting = 0;
	return true;
}

static const struct dialogue amqp_dialogue = {
	.state_bytes = sizeof(struct amqp_state),
	.state_limit = AMQP_CHANNELS_MAXIMUM * sizeof(struct amqp_channel),
	.done = amqp_done,
	.piece_bytes = PIECE_BYTES,
	.read = amqp_read,
	.resume = amqp_resume,
	.match = amqp_begins,
};

const struct protocol amqp_protocol = {
	.name = "amqp",
	.summary = "AMQP 0-9-1: messages to their confirms and acks, queues, exchanges, codes",
	.dialogue = &amqp_dialogue,
};
