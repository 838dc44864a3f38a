/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The streams of one HTTP/2 connection (RFC 9113, 5 and 8): what their fields say, and when they
 * are over. Private to protocols/http2*.c; frames come from http2.c.
 */
#ifndef SKEP_HTTP2_STREAM_H
#define SKEP_HTTP2_STREAM_H

#include "base/map.h"
#include "protocols/dialogue.h"
#include "protocols/grpc.h"
#include "protocols/http2_fields.h"

/* Open at one time; servers allow some hundred. More are told as incomplete. */
#define HTTP2_STREAMS_MAXIMUM 4096

/* Stands for what only an entry of before the agent's time tells. */
#define HTTP2_UNKNOWN "{unknown}"

struct http2_stream {
	bool is_grpc;
	bool is_answered;		  /* by a final answer */
	bool has_code;			  /* of gRPC */
	bool is_failed;			  /* a call that HTTP refused: there is no code of gRPC */
	bool has_unknown_end;		  /* the code may be in what is not known */
	struct grpc_messages messages[2]; /* by dialogue_side */
};

struct http2_side {
	struct http2_fields fields;
	uint32_t data_left;    /* of the DATA that is being read */
	uint32_t padding_left; /* behind it */
	uint32_t stream;       /* whose it is */
	bool ends_stream;
	bool is_block_open; /* CONTINUATION follows, of a block that was cut */
};

/* Zeroed at first. */
struct http2 {
	struct http2_side sides[2]; /* by dialogue_side */
	struct map *streams;	    /* number → struct http2_stream */
	uint32_t highest;	    /* of the client's streams */
};

/* A frame, or a part of one, with whom to tell. */
struct http2_piece {
	struct http2 *http2;
	struct dialogue_sink *sink;
	enum dialogue_side side;
	uint32_t stream;
	unsigned int flags; /* enum message_flag */
	bool ends_stream;
};

/* NULL: it is not open, or began before the agent came. */
struct http2_stream *http2_stream_find(struct http2 *http2, uint32_t number);
/* A whole block of fields for the stream; with is_whole false its beginning. */
void http2_stream_fields(const struct http2_piece *piece, struct slice block, bool is_whole);
/* The server makes a request up (RFC 9113, 8.4): the block is that of the stream promised. */
void http2_stream_promise(const struct http2_piece *piece, struct slice block, bool is_whole);
/* The last of its side went by. */
void http2_stream_end(const struct http2_piece *piece);
void http2_stream_reset(const struct http2_piece *piece, uint32_t code);

#endif
