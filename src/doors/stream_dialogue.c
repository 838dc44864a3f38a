/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the records of a door and the reader of a dialogue: see stream_dialogue.h.
 */
#include "doors/stream_dialogue.h"

#include "doors/stream_tls.h"

static enum dialogue_side side_of(enum side_name name)
{
	return name == SIDE_REQUEST ? DIALOGUE_CLIENT : DIALOGUE_SERVER;
}

static void on_finish(void *context, const struct exchange *exchange, bool is_incomplete)
{
	struct stream_dialogue *dialogue = context;

	stream_report(dialogue->stream, dialogue->connection, exchange, is_incomplete);
}

static void on_lose(void *context, enum count reason, unsigned int count)
{
	struct stream_dialogue *dialogue = context;

	while (count-- > 0)
		stream_lose(dialogue->stream, dialogue->connection->origin.protocol, reason);
}

/* NULL without memory. */
static struct stream_dialogue *dialogue_of(struct stream *stream, struct connection *connection)
{
	struct stream_dialogue *dialogue = connection->dialogue;
	struct dialogue_handler handler = {
		.finish = on_finish, .lose = on_lose, .total = &stream->open_dialogue_exchanges
	};

	if (dialogue)
		return dialogue;
	dialogue = calloc(1, sizeof(*dialogue));
	if (!dialogue)
		return NULL;
	dialogue->stream = stream;
	dialogue->connection = connection;
	handler.context = dialogue;
	if (dialogue_reader_init(&dialogue->reader, connection->protocol, &handler,
		    stream_message_flags(stream)) < 0) {
		free(dialogue);
		return NULL;
	}
	connection->dialogue = dialogue;
	return dialogue;
}

/* Nothing of the connection is read any more; its requests do not count. */
static void ignore(struct stream *stream, struct connection *connection)
{
	connection->is_tunnel = true;
	if (connection->tls)
		stream_tls_end(stream, connection, STREAM_NOT_HTTP);
}

/* What both say from here on are records of TLS; without keys they are not read. */
static void go_on_as_tls(struct stream *stream, struct connection *connection, enum side_name name,
	struct side_input rest)
{
	if (!connection->tls && stream->keys)
		connection->tls = stream_tls_new();
	if (!connection->tls || connection->tls->is_known) {
		ignore(stream, connection);
		return;
	}
	stream_tls_read(stream, connection, name, rest);
}

void stream_dialogue_read(struct stream *stream, struct connection *connection, enum side_name name,
	struct side_input input)
{
	struct stream_dialogue *dialogue = dialogue_of(stream, connection);

	if (!dialogue) {
		ignore(stream, connection);
		return;
	}
	switch (dialogue_feed(&dialogue->reader, side_of(name), &input)) {
	case DIALOGUE_FOREIGN:
		ignore(stream, connection);
		break;
	case DIALOGUE_TLS:
		dialogue->reader.starts_tls = false;
		go_on_as_tls(stream, connection, name, input);
		break;
	case DIALOGUE_LOST:
	case DIALOGUE_GOES_ON:
		break;
	}
}

void stream_dialogue_take(struct stream *stream, struct connection *connection, enum side_name name,
	const struct packet_segment *segment, const struct side_input *input)
{
	struct stream_dialogue *dialogue = dialogue_of(stream, connection);
	struct dialogue_half *half = dialogue ? &dialogue->reader.halves[side_of(name)] : NULL;

	if (half && half->is_lost) {
		bool may_begin = segment->common.flags & PACKET_IS_START &&
				 input->bytes.length == segment->captured;

		if (!may_begin ||
			!dialogue_resume(&dialogue->reader, side_of(name), input->bytes)) {
			stream_lose_requests(stream, connection, segment);
			return;
		}
	}
	stream_dialogue_read(stream, connection, name, *input);
}

void stream_dialogue_miss(struct stream *stream, struct connection *connection, enum side_name name,
	uint64_t bytes, uint64_t time_ns)
{
	stream_dialogue_read(stream, connection, name,
		(struct side_input){ .unseen_bytes = bytes, .time_ns = time_ns, .is_loss = true });
}

bool stream_dialogue_match(struct stream *stream, struct connection *connection,
	enum side_name name, struct slice bytes)
{
	size_t count;
	const struct protocol *const *protocols = protocols_all(&count);

	if (connection->dialogue)
		return true; /* it has begun in clear */
	for (size_t i = 0; i < count; i++) {
		const struct dialogue *dialogue = protocols[i]->dialogue;

		if (!dialogue || !(stream->wanted_protocols >> i & 1) ||
			!dialogue->match(side_of(name), bytes))
			continue;
		connection->protocol = protocols[i];
		connection->origin.protocol = (uint8_t)i;
		return true;
	}
	return false;
}

void stream_dialogue_end(struct stream *stream, struct connection *connection)
{
	bool may_miss = connection->may_miss[SIDE_REQUEST] || connection->may_miss[SIDE_ANSWER];

	if (!connection->dialogue)
		return;
	if (!connection->tls) {
		order_drain(stream, connection, SIDE_REQUEST);
		order_drain(stream, connection, SIDE_ANSWER);
	}
	stream_dialogue_close(connection, may_miss ? COUNT_LOST_RING_FULL : COUNT_SEEN);
}

void stream_dialogue_close(struct connection *connection, enum count without_answer)
{
	if (connection->dialogue)
		dialogue_close(&connection->dialogue->reader, without_answer);
}

void stream_dialogue_free(struct connection *connection)
{
	if (!connection->dialogue)
		return;
	dialogue_reader_done(&connection->dialogue->reader);
	free(connection->dialogue);
	connection->dialogue = NULL;
}
