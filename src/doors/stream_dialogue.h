/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection of stream.c whose protocol has a memory: its bytes go to a dialogue_reader in place
 * of the sides. Private to doors/stream*.c.
 */
#ifndef SKEP_STREAM_DIALOGUE_H
#define SKEP_STREAM_DIALOGUE_H

#include "doors/dialogue_reader.h"

struct stream_dialogue {
	struct dialogue_reader reader;
	struct stream *stream;
	struct connection *connection;
};

/* What a side of such a connection gets in place of side_read. */
void stream_dialogue_read(struct stream *stream, struct connection *connection, enum side_name name,
	struct side_input input);
/* The same for what a segment brings in clear: a side whose boundaries are lost begins again with
 * it, or its requests are counted as lost. */
void stream_dialogue_take(struct stream *stream, struct connection *connection, enum side_name name,
	const struct packet_segment *segment, const struct side_input *input);
/* Bytes of the side that went by and will not come. */
void stream_dialogue_miss(struct stream *stream, struct connection *connection, enum side_name name,
	uint64_t bytes, uint64_t time_ns);
/* Inside TLS: which protocol begins like this. Returns whether one does that is wanted; the
 * connection is its from here on. */
bool stream_dialogue_match(struct stream *stream, struct connection *connection,
	enum side_name name, struct slice bytes);
/* No more records of the connection come. */
void stream_dialogue_end(struct stream *stream, struct connection *connection);
/* Takes it out; without_answer: what became of those that nobody answered, COUNT_SEEN:
 * they are told so. */
void stream_dialogue_close(struct connection *connection, enum count without_answer);
void stream_dialogue_free(struct connection *connection);

#endif
