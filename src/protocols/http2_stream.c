/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams of HTTP/2: see http2_stream.h. An exchange is over with the last byte of its answer, as
 * in HTTP/1; what comes of its request afterwards belongs to nothing.
 */
#include "protocols/http2_stream.h"

#include "base/str.h"
#include "protocols/http_target.h"
#include "protocols/text.h"

/* Of a longer path the beginning is shown. */
#define PATH_BYTES 1024

/* What a block of fields says. */
struct reading {
	const struct http2_piece *piece;
	struct message message;
	struct message *request; /* that it answers, NULL when there is none */
	char path[PATH_BYTES];
	size_t path_bytes;
	bool is_path_cut;
	bool has_pseudo;
	bool has_unknown;
	bool is_grpc;
	bool has_code;
	bool has_protocol; /* RFC 8441 */
};

struct http2_stream *http2_stream_find(struct http2 *http2, uint32_t number)
{
	return http2->streams ? map_find(http2->streams, &number) : NULL;
}

static struct http2_stream *add_stream(struct http2 *http2, uint32_t number)
{
	if (!http2->streams)
		http2->streams =
			map_new(sizeof(number), sizeof(struct http2_stream), HTTP2_STREAMS_MAXIMUM);
	return http2->streams ? map_add(http2->streams, &number, NULL) : NULL;
}

/* ---- fields ---- */

static bool is_name(const struct http2_field *field, const char *name)
{
	return memcmp(field->name.data, name, field->name.length) == 0;
}

static void set_word(char *word, size_t size, struct slice value)
{
	struct text text;

	text_init(&text, word, size);
	text_bytes(&text, value);
}

static void got_pseudo(struct reading *reading, const struct http2_field *field)
{
	struct message *message = &reading->message;

	reading->has_pseudo = true;
	switch (field->name.length) {
	case 5:
		if (is_name(field, ":path")) {
			reading->path_bytes = MIN(field->value.length, PATH_BYTES);
			reading->is_path_cut = field->value.length > PATH_BYTES;
			memcpy(reading->path, field->value.data, reading->path_bytes);
		}
		break;
	case 7:
		if (is_name(field, ":method"))
			set_word(message->operation, sizeof(message->operation), field->value);
		else if (is_name(field, ":status"))
			set_word(message->status, sizeof(message->status), field->value);
		break;
	case 9:
		if (is_name(field, ":protocol"))
			reading->has_protocol = true;
		break;
	case 10:
		if (is_name(field, ":authority"))
			http_set_host(message, field->value);
		break;
	default:
		break;
	}
}

static void got_ordinary(struct reading *reading, const struct http2_field *field)
{
	struct message *message = &reading->message;

	switch (field->name.length) {
	case 4:
		if (is_name(field, "host") && message->host[0] == '\0')
			http_set_host(message, field->value);
		break;
	case 11:
		if (is_name(field, "grpc-status")) {
			reading->has_code = true;
			grpc_set_status(message, field->value);
		}
		break;
	case 12:
		if (is_name(field, "content-type"))
			reading->is_grpc = grpc_is_content_type(field->value);
		else if (is_name(field, "grpc-message") && reading->request)
			grpc_add_reason(reading->request, field->value, reading->piece->flags);
		break;
	default:
		break;
	}
}

static void got_field(void *context, const struct http2_field *field)
{
	struct reading *reading = context;

	if (field->name.data == NULL)
		reading->has_unknown = true;
	else if (field->name.length > 0 && field->name.data[0] == ':')
		got_pseudo(reading, field);
	else
		got_ordinary(reading, field);
}

/* Fields that did not come to their end leave unknown what they might have said. */
static void read_fields(struct reading *reading, struct slice block, bool is_whole)
{
	struct http2_side *side = &reading->piece->http2->sides[reading->piece->side];

	if (http2_fields_read(&side->fields, block, is_whole, got_field, reading) < 0 || !is_whole)
		reading->has_unknown = true;
}

/* ---- requests ---- */

static void set_target(struct reading *reading)
{
	struct message *message = &reading->message;
	struct slice path = { (const uint8_t *)reading->path, reading->path_bytes };

	if (reading->is_grpc) {
		set_word(message->target, sizeof(message->target), path);
		set_word(message->detail, sizeof(message->detail), path);
		return;
	}
	if (message->is_connect_request) {
		str_set(reading->path, message->host);
		path.length = strlen(message->host);
	}
	http_set_target(message, path, reading->is_path_cut, reading->piece->flags);
}

static void set_request(struct reading *reading)
{
	struct message *message = &reading->message;

	message->protocol = reading->is_grpc ? "grpc" : "http";
	message->is_head_request = str_equal(message->operation, "HEAD");
	message->is_connect_request =
		str_equal(message->operation, "CONNECT") && !reading->has_protocol;
	if (message->operation[0] == '\0')
		str_set(message->operation, HTTP2_UNKNOWN);
	if (reading->path_bytes > 0 || (message->is_connect_request && message->host[0] != '\0'))
		set_target(reading);
	else
		str_set(message->target, HTTP2_UNKNOWN);
}

static void begin(struct reading *reading, uint32_t number)
{
	const struct http2_piece *piece = reading->piece;
	struct http2_stream *stream = add_stream(piece->http2, number);

	set_request(reading);
	piece->sink->begin(piece->sink, number, &reading->message);
	if (stream)
		*stream = (struct http2_stream){ .is_grpc = reading->is_grpc };
	else
		piece->sink->end(piece->sink, number, true);
}

/* ---- answers ---- */

static void answer(struct reading *reading, struct http2_stream *stream)
{
	const struct http2_piece *piece = reading->piece;
	struct message *message = &reading->message;
	bool is_trailer = stream->is_answered;

	if (message->status[0] == '1' && !reading->has_code) {
		message->is_interim = true;
		piece->sink->answer(piece->sink, piece->stream, message);
		return;
	}
	stream->is_answered = true;
	stream->has_code |= reading->has_code;
	if (reading->has_code && !stream->is_grpc && reading->request) {
		/* The request did not say so, or it was in what is unknown. */
		reading->request->protocol = "grpc";
		stream->is_grpc = true;
	} else if (!reading->has_code && is_trailer) {
		stream->has_unknown_end |= reading->has_unknown;
		piece->sink->add(piece->sink, piece->stream);
		return;
	} else if (!reading->has_code) {
		if (message->status[0] == '\0')
			str_set(message->status, HTTP2_UNKNOWN);
		message->is_error = message->status[0] == '5';
		message->is_client_error = message->status[0] == '4';
	}
	/* Of a call that goes well the code comes at its end. */
	if (stream->is_grpc && !reading->has_code) {
		stream->is_failed = !str_equal(message->status, "200");
		if (!stream->is_failed)
			message->status[0] = '\0';
	}
	piece->sink->answer(piece->sink, piece->stream, message);
}

/* ---- frames ---- */

/* A block of the client's: it begins a stream, or is the trailers of one. */
static void client_fields(struct reading *reading)
{
	const struct http2_piece *piece = reading->piece;
	struct http2 *http2 = piece->http2;
	bool is_new = piece->stream > http2->highest;

	if (http2_stream_find(http2, piece->stream)) {
		piece->sink->add(piece->sink, piece->stream);
		return;
	}
	http2->highest = MAX(http2->highest, piece->stream);
	/* Trailers have no pseudo-fields (RFC 9113, 8.1). */
	if (is_new && (piece->stream & 1) && (reading->has_pseudo || reading->has_unknown))
		begin(reading, piece->stream);
}

void http2_stream_fields(const struct http2_piece *piece, struct slice block, bool is_whole)
{
	struct reading reading = { .piece = piece };
	struct http2_stream *stream = http2_stream_find(piece->http2, piece->stream);

	if (stream && piece->side == DIALOGUE_SERVER)
		reading.request = piece->sink->request(piece->sink, piece->stream);
	read_fields(&reading, block, is_whole);
	if (piece->side == DIALOGUE_CLIENT)
		client_fields(&reading);
	else if (stream)
		answer(&reading, stream);
}

void http2_stream_promise(const struct http2_piece *piece, struct slice block, bool is_whole)
{
	struct reading reading = { .piece = piece };

	read_fields(&reading, block, is_whole);
	if (!http2_stream_find(piece->http2, piece->stream) && !(piece->stream & 1))
		begin(&reading, piece->stream);
}

static void over(
	const struct http2_piece *piece, const struct http2_stream *stream, bool is_incomplete)
{
	struct message *request = piece->sink->request(piece->sink, piece->stream);
	const struct grpc_messages *messages = stream->messages;

	if (request && stream->is_grpc) {
		request->request_messages = messages[DIALOGUE_CLIENT].count;
		request->response_messages = messages[DIALOGUE_SERVER].count;
	}
	piece->sink->end(piece->sink, piece->stream, is_incomplete);
	map_remove(piece->http2->streams, &piece->stream);
}

void http2_stream_end(const struct http2_piece *piece)
{
	struct http2_stream *stream = http2_stream_find(piece->http2, piece->stream);
	struct message message = { 0 };

	if (!stream || piece->side == DIALOGUE_CLIENT)
		return;
	if (stream->is_grpc && !stream->has_code && !stream->is_failed) {
		if (stream->has_unknown_end)
			str_set(message.status, HTTP2_UNKNOWN);
		else
			grpc_set_status(&message, (struct slice){ 0 });
		piece->sink->answer(piece->sink, piece->stream, &message);
	}
	over(piece, stream, false);
}

void http2_stream_reset(const struct http2_piece *piece, uint32_t code)
{
	struct http2_stream *stream = http2_stream_find(piece->http2, piece->stream);
	struct message message = { 0 };

	if (!stream)
		return;
	piece->sink->add(piece->sink, piece->stream);
	if (stream->is_grpc && !stream->has_code && !stream->is_failed) {
		grpc_set_reset(&message, code, piece->side == DIALOGUE_CLIENT);
		piece->sink->answer(piece->sink, piece->stream, &message);
	}
	over(piece, stream, true);
}
