/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ZooKeeper (its zookeeper.jute and Java client). Packets with their length in front come in; an
 * exchange for each operation goes out, by the number that client and server give it (xid), pings
 * and the session's connect included, and one for each notification of a watch. Data, access lists
 * and credentials are never shown.
 */
#include "base/str.h"
#include "protocols/byte_reader.h"
#include "protocols/dialogue.h"
#include "protocols/path_template.h"
#include "protocols/text.h"
#include "protocols/zookeeper_match.h"
#include "protocols/zookeeper_words.h"

#include <stdio.h>

#define LENGTH_BYTES	     4
#define REQUEST_BYTES_LEAST  8	/* xid, operation */
#define ANSWER_BYTES_LEAST   16 /* xid, zxid, error */
/* jute.maxbuffer is 1 MiB; whoever raises it stays below. */
#define PACKET_BYTES_MAXIMUM (256U << 20)
/* Of a packet: its path, or the first ones of a transaction. */
#define PIECE_BYTES	     2048
#define MULTI_SHOWN	     8

#define XID_NOTIFICATION      (-1)
#define NUMBER_CONNECT	      ((uint64_t)1 << 32) /* beside those of xids */
#define NUMBER_ALONE	      ((uint64_t)2 << 32)
#define RUNTIME_INCONSISTENCY (-2) /* of an operation of a transaction that another one failed */

struct zookeeper_state {
	bool is_connecting; /* the answer to connect is to come */
};

struct zookeeper_piece {
	struct zookeeper_state *state;
	struct dialogue_sink *sink;
	struct byte_reader reader; /* behind the length */
	uint32_t length;	   /* as it says */
	unsigned int flags;
};

/* A buffer or text: -1 is none at all. */
static struct slice read_text(struct byte_reader *reader)
{
	int32_t length = byte_reader_i32(reader);

	return byte_reader_take(reader, length < 0 ? 0 : (size_t)length);
}

/* The same of a path, of which what is there counts. */
static struct slice read_path(struct byte_reader *reader, bool *ret_is_cut)
{
	struct byte_reader before = *reader;
	int32_t length = byte_reader_i32(&before);

	*ret_is_cut = !before.is_short && length > 0 && (size_t)length > before.rest.length;
	if (!*ret_is_cut)
		return read_text(reader);
	reader->is_short = true;
	return before.rest;
}

static void set_path(struct message *message, struct slice path, bool is_cut)
{
	struct text detail;

	path_template(path, is_cut, message->target, sizeof(message->target));
	text_init(&detail, message->detail, sizeof(message->detail));
	text_bytes(&detail, path);
}

static void skip_access_list(struct byte_reader *reader)
{
	int32_t count = byte_reader_i32(reader);

	for (int32_t index = 0; index < count && !reader->is_short; index++) {
		byte_reader_u32(reader);
		read_text(reader);
		read_text(reader);
	}
}

/* What stands behind the path in an operation of a transaction. */
static void skip_arguments(struct byte_reader *reader, int32_t operation)
{
	switch (operation) {
	case ZOOKEEPER_CREATE:
	case ZOOKEEPER_CREATE_2:
	case ZOOKEEPER_CREATE_CONTAINER:
	case ZOOKEEPER_CREATE_TTL:
		read_text(reader);
		skip_access_list(reader);
		byte_reader_u32(reader);
		if (operation == ZOOKEEPER_CREATE_TTL)
			byte_reader_u64(reader);
		break;
	case ZOOKEEPER_SET_DATA:
		read_text(reader);
		byte_reader_u32(reader);
		break;
	case ZOOKEEPER_DELETE:
	case ZOOKEEPER_CHECK:
		byte_reader_u32(reader);
		break;
	default: /* reads: watch */
		byte_reader_u8(reader);
		break;
	}
}

/* Each operation has a head: which, whether it is the end, an error that says nothing here. */
static void set_multi(struct message *message, struct byte_reader *reader)
{
	char first[sizeof(message->target)] = "";
	struct text detail;

	text_init(&detail, message->detail, sizeof(message->detail));
	for (unsigned int count = 0; count < MULTI_SHOWN; count++) {
		int32_t operation = byte_reader_i32(reader);
		bool is_end = byte_reader_u8(reader) != 0;
		const char *word = zookeeper_operation_word(operation);
		struct slice path;
		bool is_cut;

		byte_reader_u32(reader);
		if (is_end || reader->is_short || !word)
			break;
		path = read_path(reader, &is_cut);
		if (count == 0)
			path_template(path, is_cut, first, sizeof(first));
		text_string(&detail, count == 0 ? "" : " ");
		text_string(&detail, word);
		text_string(&detail, " ");
		text_bytes(&detail, path);
		skip_arguments(reader, operation);
	}
	str_set(message->target, first);
}

static void describe(
	struct message *message, int32_t operation, const char *word, struct byte_reader *reader)
{
	bool is_watched = operation == ZOOKEEPER_EXISTS || operation == ZOOKEEPER_GET_DATA ||
			  operation == ZOOKEEPER_GET_CHILDREN ||
			  operation == ZOOKEEPER_GET_CHILDREN_2;
	struct slice path;
	struct text detail;
	bool is_cut;

	str_set(message->operation, word);
	if (operation == ZOOKEEPER_MULTI || operation == ZOOKEEPER_MULTI_READ)
		set_multi(message, reader);
	if (!zookeeper_has_path(operation))
		return;
	path = read_path(reader, &is_cut);
	set_path(message, path, is_cut);
	if (!is_watched || byte_reader_u8(reader) == 0)
		return;
	text_resume(&detail, message->detail, sizeof(message->detail));
	text_string(&detail, " watch");
}

/* From -100 on the asking side is to blame. */
static void set_error(struct message *message, int32_t error)
{
	const char *word = zookeeper_error_word(error);

	if (word)
		str_set(message->status, word);
	else
		snprintf(message->status, sizeof(message->status), "%d", error);
	message->is_client_error = error <= -100;
	message->is_error = error < 0 && !message->is_client_error;
}

/* A transaction that failed has a result for each operation: its head, and the error. */
static int32_t multi_error(struct byte_reader *reader)
{
	int32_t found = 0;

	while (byte_reader_i32(reader) == -1 && byte_reader_u8(reader) == 0) {
		int32_t error;

		byte_reader_u32(reader);
		error = byte_reader_i32(reader);
		if (reader->is_short)
			break;
		if (error != 0 && (found == 0 || found == RUNTIME_INCONSISTENCY))
			found = error;
	}
	return found;
}

static bool is_connect(const struct zookeeper_piece *piece)
{
	struct byte_reader reader = piece->reader;

	return (piece->length == ZOOKEEPER_CONNECT_LEAST ||
		       piece->length == ZOOKEEPER_CONNECT_MOST) &&
	       byte_reader_u64(&reader) >> 16 == 0;
}

static int take_request(struct zookeeper_piece *piece)
{
	struct message message = { 0 };
	uint32_t xid;
	int32_t operation;
	const char *word;

	if (is_connect(piece)) {
		piece->state->is_connecting = true;
		str_set(message.operation, "connect");
		piece->sink->begin(piece->sink, NUMBER_CONNECT, &message);
		return 0;
	}
	xid = byte_reader_u32(&piece->reader);
	operation = byte_reader_i32(&piece->reader);
	word = zookeeper_operation_word(operation);
	if (!word || piece->reader.is_short)
		return -EBADMSG;
	describe(&message, operation, word, &piece->reader);
	piece->sink->begin(piece->sink, xid, &message);
	return 0;
}

/* A session that the server does not know any more has no time left. */
static void take_connected(struct zookeeper_piece *piece)
{
	struct message message = { 0 };

	byte_reader_u32(&piece->reader);
	set_error(&message, byte_reader_i32(&piece->reader) > 0 ? 0 : -112);
	piece->state->is_connecting = false;
	piece->sink->answer(piece->sink, NUMBER_CONNECT, &message);
	piece->sink->end(piece->sink, NUMBER_CONNECT, false);
}

static void take_notification(struct zookeeper_piece *piece)
{
	const char *word = zookeeper_event_word(byte_reader_i32(&piece->reader));
	struct message message = { .operation = "notification" };
	struct text detail;
	struct slice path;
	bool is_cut;

	byte_reader_u32(&piece->reader);
	path = read_path(&piece->reader, &is_cut);
	set_path(&message, path, is_cut);
	text_init(&detail, message.detail, sizeof(message.detail));
	text_string(&detail, word ? word : "?");
	text_string(&detail, " ");
	text_bytes(&detail, path);
	piece->sink->begin(piece->sink, NUMBER_ALONE, &message);
	piece->sink->end(piece->sink, NUMBER_ALONE, false);
}

static int take_answer(struct zookeeper_piece *piece)
{
	struct message message = { 0 };
	const struct message *request;
	uint32_t xid;
	int32_t error;

	if (piece->state->is_connecting) {
		take_connected(piece);
		return 0;
	}
	xid = byte_reader_u32(&piece->reader);
	byte_reader_u64(&piece->reader);
	error = byte_reader_i32(&piece->reader);
	if (piece->reader.is_short)
		return -EBADMSG;
	if ((int32_t)xid == XID_NOTIFICATION) {
		take_notification(piece);
		return 0;
	}
	request = piece->sink->request(piece->sink, xid);
	if (error == 0 && request && str_starts_with(request->operation, "multi"))
		error = multi_error(&piece->reader);
	set_error(&message, error);
	piece->sink->answer(piece->sink, xid, &message);
	piece->sink->end(piece->sink, xid, false);
	return 0;
}

static int64_t zookeeper_read(void *state, enum dialogue_side side, struct slice bytes,
	unsigned int flags, struct dialogue_sink *sink)
{
	struct zookeeper_piece piece = { .state = state, .sink = sink, .flags = flags };
	uint32_t least = side == DIALOGUE_CLIENT ? REQUEST_BYTES_LEAST : ANSWER_BYTES_LEAST;
	size_t wanted;
	int result;

	piece.reader = byte_reader(bytes);
	piece.length = byte_reader_u32(&piece.reader);
	if (piece.reader.is_short)
		return flags & MESSAGE_CUT ? -EBADMSG : 0;
	if (piece.length < least || piece.length > PACKET_BYTES_MAXIMUM)
		return -EBADMSG;
	wanted = MIN(piece.length, (uint32_t)(PIECE_BYTES - LENGTH_BYTES));
	if (piece.reader.rest.length < wanted && !(flags & MESSAGE_CUT))
		return 0;
	piece.reader.rest.length = MIN(piece.reader.rest.length, piece.length);
	result = side == DIALOGUE_CLIENT ? take_request(&piece) : take_answer(&piece);
	return result < 0 ? result : (int64_t)LENGTH_BYTES + piece.length;
}

static bool zookeeper_begins(enum dialogue_side side, struct slice bytes)
{
	uint8_t head[ZOOKEEPER_MATCH_BYTES] = { 0 };

	if (side != DIALOGUE_CLIENT || bytes.length == 0)
		return false;
	memcpy(head, bytes.data, MIN(bytes.length, sizeof(head)));
	return zookeeper_match_connect(head, (uint32_t)MIN(bytes.length, sizeof(head))) ||
	       zookeeper_match_ping(head, (uint32_t)bytes.length);
}

/* Whether a packet holds one message, whole, as most do. */
static bool zookeeper_resume(void *state, enum dialogue_side side, struct slice bytes)
{
	struct byte_reader reader = byte_reader(bytes);
	uint32_t length = byte_reader_u32(&reader);

	((struct zookeeper_state *)state)->is_connecting = false;
	if (reader.is_short || length != reader.rest.length)
		return false;
	if (side == DIALOGUE_SERVER)
		return length >= ANSWER_BYTES_LEAST;
	byte_reader_u32(&reader);
	return zookeeper_operation_word(byte_reader_i32(&reader)) != NULL && !reader.is_short;
}

static const struct dialogue zookeeper_dialogue = {
	.state_bytes = sizeof(struct zookeeper_state),
	.piece_bytes = PIECE_BYTES,
	.read = zookeeper_read,
	.resume = zookeeper_resume,
	.match = zookeeper_begins,
};

const struct protocol zookeeper_protocol = {
	.name = "zookeeper",
	.summary = "ZooKeeper: operations with path and error, transactions, watches, sessions",
	.dialogue = &zookeeper_dialogue,
};
