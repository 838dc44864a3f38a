/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 (RFC 9113) and gRPC. Comes in: frames; of DATA only lengths are looked at, and the five
 * bytes before each message of gRPC. Goes out: an exchange for each stream. A piece is a frame; a
 * block of fields with its CONTINUATION is one piece, and DATA of gRPC is cut into several, so that
 * messages are found without waiting for whole frames.
 */
#include "base/buf.h"
#include "protocols/http2_match.h"
#include "protocols/http2_stream.h"

#define FRAME_HEAD    9
#define PREFACE	      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define PREFACE_BYTES (sizeof(PREFACE) - 1)
/* Of a longer block of fields the beginning is read. */
#define PIECE_BYTES   (32 * 1024)

/* RFC 9113, 6. */
enum frame_type {
	FRAME_DATA,
	FRAME_HEADERS,
	FRAME_PRIORITY,
	FRAME_RST_STREAM,
	FRAME_SETTINGS,
	FRAME_PUSH_PROMISE,
	FRAME_PING,
	FRAME_GOAWAY,
	FRAME_WINDOW_UPDATE,
	FRAME_CONTINUATION,
};

#define FLAG_END_STREAM	 0x01
#define FLAG_ACK	 0x01
#define FLAG_END_HEADERS 0x04
#define FLAG_PADDED	 0x08
#define FLAG_PRIORITY	 0x20

struct frame {
	uint32_t length; /* of the payload */
	uint8_t type;
	uint8_t flags;
	uint32_t stream;
};

static int64_t http2_read(void *state, enum dialogue_side side, struct slice bytes,
	unsigned int flags, struct dialogue_sink *sink);
static bool http2_resume(void *state, enum dialogue_side side, struct slice bytes);
static bool http2_matches(enum dialogue_side side, struct slice bytes);
static void http2_done(void *state);

static const struct dialogue http2_dialogue = {
	.state_bytes = sizeof(struct http2),
	/* Two tables of fields and the streams, each with what malloc takes. */
	.state_limit = 2 * 6 * HTTP2_TABLE_BYTES +
		       HTTP2_STREAMS_MAXIMUM * (sizeof(struct http2_stream) + 96),
	.done = http2_done,
	.piece_bytes = PIECE_BYTES,
	.read = http2_read,
	.resume = http2_resume,
	.match = http2_matches,
};

static unsigned int http2_requests(struct slice bytes, bool is_start);

const struct protocol http2_protocol = {
	.name = "http2",
	.summary = "HTTP/2 and gRPC: requests with method, route, host and status; calls and "
		   "their messages",
	.requests = http2_requests,
	.dialogue = &http2_dialogue,
};

static void http2_done(void *state)
{
	struct http2 *http2 = state;

	for (size_t i = 0; i < ARRAY_LENGTH(http2->sides); i++)
		http2_fields_reset(&http2->sides[i].fields);
	map_free(TAKE(http2->streams));
}

static uint32_t read_u32(const uint8_t *data)
{
	return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

/* The first FRAME_HEAD bytes are there. */
static struct frame read_frame(struct slice bytes)
{
	return (struct frame){ .length = read_u32(bytes.data) >> 8,
		.type = bytes.data[3],
		.flags = bytes.data[4],
		.stream = read_u32(bytes.data + 5) & 0x7fffffff };
}

/* What RFC 9113, 6 says about lengths and streams; frames of other types may be anything. */
static bool is_valid(const struct frame *frame)
{
	switch (frame->type) {
	case FRAME_DATA:
	case FRAME_HEADERS:
	case FRAME_CONTINUATION:
		return frame->stream != 0;
	case FRAME_PUSH_PROMISE:
		return frame->stream != 0 && frame->length >= 4;
	case FRAME_PRIORITY:
		return frame->stream != 0 && frame->length == 5;
	case FRAME_RST_STREAM:
		return frame->stream != 0 && frame->length == 4;
	case FRAME_SETTINGS:
		return frame->stream == 0 && frame->length % 6 == 0 &&
		       (!(frame->flags & FLAG_ACK) || frame->length == 0);
	case FRAME_PING:
		return frame->stream == 0 && frame->length == 8;
	case FRAME_GOAWAY:
		return frame->stream == 0 && frame->length >= 8;
	case FRAME_WINDOW_UPDATE:
		return frame->length == 4;
	default:
		return true;
	}
}

/* ---- blocks of fields ---- */

/* Cuts what stands around the fragment of a HEADERS or PUSH_PROMISE: padding, a priority, the
 * promised stream, which goes to *ret_promised. payload: as much of it as there is. */
static int find_fragment(const struct frame *frame, struct slice payload,
	struct slice *ret_fragment, uint32_t *ret_promised)
{
	uint32_t before = 0, after = 0, end;

	if (frame->flags & FLAG_PADDED) {
		if (payload.length < 1)
			return -EBADMSG;
		before = 1;
		after = payload.data[0];
	}
	if (frame->type == FRAME_PUSH_PROMISE) {
		if (payload.length < before + 4)
			return -EBADMSG;
		*ret_promised = read_u32(payload.data + before) & 0x7fffffff;
		before += 4;
	} else if (frame->flags & FLAG_PRIORITY) {
		before += 5;
	}
	if (before + after > frame->length || before > payload.length)
		return -EBADMSG;
	end = MIN((uint32_t)payload.length, frame->length - after);
	*ret_fragment = (struct slice){ payload.data + before, MAX(end, before) - before };
	return 0;
}

struct block {
	struct slice first; /* of the first frame */
	struct buf joined;  /* with those of CONTINUATION; error says that some is missing */
	uint32_t stream;
	uint64_t length; /* of all frames */
	bool is_whole;
	bool has_end; /* what comes behind is none of it */
};

/*
 * Goes over the frames of CONTINUATION. Returns 1, 0 when more bytes are needed, -EBADMSG when
 * something else stands between (RFC 9113, 4.3).
 */
static int join(struct block *block, struct slice bytes, unsigned int flags)
{
	buf_append(&block->joined, block->first.data, block->first.length);
	while (!block->has_end) {
		struct frame frame;
		size_t there;

		if (bytes.length < block->length + FRAME_HEAD)
			return flags & MESSAGE_CUT ? 1 : 0;
		frame = read_frame((struct slice){ bytes.data + block->length, FRAME_HEAD });
		if (frame.type != FRAME_CONTINUATION || frame.stream != block->stream)
			return -EBADMSG;
		there = MIN(bytes.length - block->length - FRAME_HEAD, frame.length);
		if (there < frame.length && !(flags & MESSAGE_CUT))
			return 0;
		buf_append(&block->joined, bytes.data + block->length + FRAME_HEAD, there);
		block->length += FRAME_HEAD + frame.length;
		block->has_end = frame.flags & FLAG_END_HEADERS;
		block->is_whole = block->has_end && there == frame.length;
		if (there < frame.length)
			break;
	}
	return 1;
}

/* A HEADERS or PUSH_PROMISE with all that belongs to its block. */
static int64_t read_block(struct http2_piece *piece, const struct frame *frame, struct slice bytes)
{
	size_t there = MIN(bytes.length - FRAME_HEAD, frame->length);
	_cleanup_(buf_done)
	struct buf buf = { 0 };
	struct block block = { .stream = frame->stream,
		.length = FRAME_HEAD + frame->length,
		.has_end = frame->flags & FLAG_END_HEADERS };
	uint32_t promised = 0;
	struct slice fragment;
	int r = 1;

	if (there < frame->length && !(piece->flags & MESSAGE_CUT))
		return 0;
	if (find_fragment(frame, (struct slice){ bytes.data + FRAME_HEAD, there }, &block.first,
		    &promised) < 0)
		return -EBADMSG;
	block.is_whole = there == frame->length;
	fragment = block.first;
	if (!block.has_end && block.is_whole) {
		buf_init(&block.joined, PIECE_BYTES);
		r = join(&block, bytes, piece->flags);
		buf = block.joined;
		if (r <= 0)
			return r;
		fragment = (struct slice){ (const uint8_t *)buf.data, buf.length };
	}
	piece->http2->sides[piece->side].is_block_open = !block.has_end;
	piece->ends_stream = frame->type == FRAME_HEADERS && frame->flags & FLAG_END_STREAM;
	if (promised)
		piece->stream = promised;
	if (frame->type == FRAME_PUSH_PROMISE)
		http2_stream_promise(piece, fragment, block.is_whole && !buf.error);
	else
		http2_stream_fields(piece, fragment, block.is_whole && !buf.error);
	if (piece->ends_stream)
		http2_stream_end(piece);
	return (int64_t)block.length;
}

/* What follows a block that was cut; or, where the agent came in the middle of one. */
static int64_t read_continuation(const struct http2_piece *piece, const struct frame *frame)
{
	struct http2_side *side = &piece->http2->sides[piece->side];

	http2_fields_reset(&side->fields);
	side->is_block_open = !(frame->flags & FLAG_END_HEADERS);
	if (http2_stream_find(piece->http2, piece->stream))
		piece->sink->add(piece->sink, piece->stream);
	return FRAME_HEAD + (int64_t)frame->length;
}

/* ---- data ---- */

/* Goes on in the DATA that the side is in. */
static int64_t read_data(struct http2_piece *piece, struct slice bytes)
{
	struct http2_side *side = &piece->http2->sides[piece->side];
	struct http2_stream *stream;
	int64_t length;

	piece->stream = side->stream;
	stream = http2_stream_find(piece->http2, piece->stream);
	if (bytes.length > side->data_left)
		bytes.length = side->data_left;
	if (stream) {
		struct grpc_messages *messages = &stream->messages[piece->side];

		length = grpc_pass(messages, bytes, side->data_left);
		if (length == 0 && !(piece->flags & MESSAGE_CUT))
			return 0;
		messages->is_lost |= length == 0;
		piece->sink->add(piece->sink, piece->stream);
	}
	if (!stream || length == 0)
		length = side->data_left;
	side->data_left -= (uint32_t)length;
	if (side->data_left == 0) {
		length += side->padding_left;
		if (side->ends_stream)
			http2_stream_end(piece);
	}
	return length;
}

/*
 * A frame of DATA. Where nothing in it is to be read it is one piece, else its head is one, or all
 * of it up to where a message of gRPC begins that is not there yet.
 */
static int64_t start_data(struct http2_piece *piece, const struct frame *frame, struct slice bytes)
{
	struct http2_side *side = &piece->http2->sides[piece->side];
	struct http2_stream *stream = http2_stream_find(piece->http2, piece->stream);
	uint32_t before = frame->flags & FLAG_PADDED ? 1 : 0, after = 0;
	int64_t length;

	piece->ends_stream = frame->flags & FLAG_END_STREAM;
	if (!stream || !stream->is_grpc || stream->messages[piece->side].is_lost ||
		frame->length == 0) {
		if (stream)
			piece->sink->add(piece->sink, piece->stream);
		if (piece->ends_stream)
			http2_stream_end(piece);
		return FRAME_HEAD + (int64_t)frame->length;
	}
	if (bytes.length < FRAME_HEAD + before)
		return piece->flags & MESSAGE_CUT ? -EBADMSG : 0;
	if (before)
		after = bytes.data[FRAME_HEAD];
	if (before + after > frame->length)
		return -EBADMSG;
	side->stream = frame->stream;
	side->data_left = frame->length - before - after;
	side->padding_left = after;
	side->ends_stream = piece->ends_stream;
	bytes.data += FRAME_HEAD + before;
	bytes.length -= FRAME_HEAD + before;
	if (side->data_left == 0 || bytes.length == 0) {
		piece->sink->add(piece->sink, piece->stream);
		if (side->data_left == 0 && side->ends_stream)
			http2_stream_end(piece);
		return FRAME_HEAD + before + (side->data_left == 0 ? after : 0);
	}
	length = read_data(piece, bytes);
	return FRAME_HEAD + before + length;
}

/* ---- frames ---- */

static int64_t read_reset(const struct http2_piece *piece, struct slice bytes)
{
	if (bytes.length < FRAME_HEAD + 4)
		return piece->flags & MESSAGE_CUT ? -EBADMSG : 0;
	http2_stream_reset(piece, read_u32(bytes.data + FRAME_HEAD));
	return FRAME_HEAD + 4;
}

static int64_t read_any(struct http2_piece *piece, struct slice bytes)
{
	struct http2_side *side = &piece->http2->sides[piece->side];
	struct frame frame;

	if (bytes.length < FRAME_HEAD)
		return piece->flags & MESSAGE_CUT ? -EBADMSG : 0;
	frame = read_frame(bytes);
	piece->stream = frame.stream;
	if (!is_valid(&frame) || (side->is_block_open && frame.type != FRAME_CONTINUATION))
		return -EBADMSG;
	switch (frame.type) {
	case FRAME_DATA:
		return start_data(piece, &frame, bytes);
	case FRAME_HEADERS:
	case FRAME_PUSH_PROMISE:
		return read_block(piece, &frame, bytes);
	case FRAME_CONTINUATION:
		return read_continuation(piece, &frame);
	case FRAME_RST_STREAM:
		return read_reset(piece, bytes);
	default:
		return FRAME_HEAD + (int64_t)frame.length;
	}
}

static int64_t http2_read(void *state, enum dialogue_side side, struct slice bytes,
	unsigned int flags, struct dialogue_sink *sink)
{
	struct http2 *http2 = state;
	struct http2_piece piece = { .http2 = http2, .sink = sink, .side = side, .flags = flags };

	if (http2->sides[side].data_left > 0)
		return read_data(&piece, bytes);
	/* A frame of this type with such a length on such a stream there is not. */
	if (side == DIALOGUE_CLIENT && bytes.length > 0 &&
		memcmp(bytes.data, PREFACE, MIN(bytes.length, PREFACE_BYTES)) == 0) {
		if (bytes.length >= PREFACE_BYTES)
			return PREFACE_BYTES;
		return flags & MESSAGE_CUT ? -EBADMSG : 0;
	}
	return read_any(&piece, bytes);
}

/* HEADERS that look as a request's do most often. */
static unsigned int http2_requests(struct slice bytes, bool is_start)
{
	unsigned int count = 0;

	while (is_start && bytes.length >= FRAME_HEAD) {
		size_t length = FRAME_HEAD + read_frame(bytes).length;

		count += http2_matches(DIALOGUE_CLIENT, bytes) && bytes.data[0] == 0;
		bytes.data += MIN(length, bytes.length);
		bytes.length -= MIN(length, bytes.length);
	}
	return count;
}

/* Whether frames of known types stand there, one behind the other. */
static bool is_chain(struct slice bytes)
{
	bool has_frame = false;

	while (bytes.length >= FRAME_HEAD) {
		struct frame frame = read_frame(bytes);
		size_t length = FRAME_HEAD + frame.length;

		if (!is_valid(&frame) || frame.type > FRAME_CONTINUATION || bytes.data[5] & 0x80 ||
			frame.length > 1U << 20)
			return false;
		has_frame = true;
		bytes.data += MIN(length, bytes.length);
		bytes.length -= MIN(length, bytes.length);
	}
	return has_frame;
}

static bool http2_resume(void *state, enum dialogue_side side, struct slice bytes)
{
	struct http2 *http2 = state;
	struct http2_side *lost = &http2->sides[side];

	if (!is_chain(bytes))
		return false;
	http2_fields_reset(&lost->fields);
	*lost = (struct http2_side){ 0 };
	if (http2->streams)
		map_clear(http2->streams);
	return true;
}

static bool http2_matches(enum dialogue_side side, struct slice bytes)
{
	uint64_t words[HTTP2_MATCH_BYTES / 8] = { 0 };

	memcpy(words, bytes.data, MIN(bytes.length, sizeof(words)));
	switch (http2_match(words[0], words[1], (__u32)MIN(bytes.length, UINT32_MAX))) {
	case HTTP2_MATCH_CLIENT:
		return side == DIALOGUE_CLIENT;
	case HTTP2_MATCH_GREETING:
	case HTTP2_MATCH_SERVER:
		return side == DIALOGUE_SERVER;
	default:
		return false;
	}
}
