/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One direction of a connection: finds where messages begin and end. Bytes that
 * nobody saw are stepped over as long as a length says what they are; where they may hide a
 * boundary the side is lost, until the door says that a message begins.
 */
#include "doors/stream_connection.h"

void side_reset(struct side *side)
{
	side->state = SIDE_HEAD;
	side->is_cut = false;
	side->body_left = 0;
	memset(side->last, 0, sizeof(side->last));
	memset(&side->scan, 0, sizeof(side->scan));
	buf_clear(&side->head);
}

/* Accounts bytes of the message that the side is in. */
static void side_account(
	struct connection *connection, enum side_name name, uint64_t bytes, uint64_t time_ns)
{
	if (name == SIDE_REQUEST) {
		if (connection->last)
			connection->last->request_bytes += bytes;
		return;
	}
	if (!connection->first)
		return;
	connection->first->answer_bytes += bytes;
	connection->first->last_ns = time_ns;
}

static void side_message_ended(
	struct stream *stream, struct connection *connection, enum side_name name)
{
	side_reset(&connection->sides[name]);
	if (name == SIDE_ANSWER && connection->first && connection->first->answer_ns)
		stream_finish(stream, connection, false);
}

/* After a head: which bytes belong to the message still. */
static void side_enter_body(struct stream *stream, struct connection *connection,
	enum side_name name, const struct message *message)
{
	struct side *side = &connection->sides[name];

	side->body_left = message->body_bytes;
	memset(&side->scan, 0, sizeof(side->scan));
	switch (message->body) {
	case BODY_NONE:
		side_message_ended(stream, connection, name);
		break;
	case BODY_LENGTH:
		side->state = SIDE_LENGTH;
		if (message->body_bytes == 0)
			side_message_ended(stream, connection, name);
		break;
	case BODY_CHUNKED:
		side->state = SIDE_CHUNKED;
		break;
	case BODY_UNTIL_CLOSE:
		side->state = SIDE_UNTIL_CLOSE;
		break;
	case BODY_TUNNEL:
		connection->is_tunnel = connection->first && (connection->first->had_interim ||
								     connection->first->is_hidden);
		side_message_ended(stream, connection, name);
		connection->sides[SIDE_REQUEST].state = SIDE_LOST;
		connection->sides[SIDE_ANSWER].state = SIDE_LOST;
		break;
	}
}

/* An answer of which nobody saw the end is over when the next request comes in order. */
static void side_settle(struct stream *stream, struct connection *connection)
{
	struct side *side = &connection->sides[SIDE_ANSWER];

	if (!connection->is_ordered || !connection->first || !connection->first->answer_ns ||
		(side->state != SIDE_BLIND && !side->is_cut))
		return;
	side_reset(side);
	stream_finish(stream, connection, false);
}

static void side_got_request(struct stream *stream, struct connection *connection,
	const struct message *message, uint64_t time_ns)
{
	const struct exchange *before;
	struct exchange *exchange;

	side_settle(stream, connection);
	before = connection->last;
	exchange = connection_add_exchange(connection, message, time_ns);
	if (!exchange) {
		stream_lose(stream, connection->origin.protocol, COUNT_LOST_LIMIT);
		connection->sides[SIDE_REQUEST].state = SIDE_LOST;
		return;
	}
	exchange->is_cut = connection->sides[SIDE_REQUEST].is_cut;
	exchange->is_hidden = before && before->turn == exchange->turn;
	stream_note_client(stream, connection, message);
	side_account(
		connection, SIDE_REQUEST, message->head_bytes - message->prefix_bytes, time_ns);
	/* Where it ends and the next begins nobody can tell. */
	if (exchange->is_hidden && connection->sides[SIDE_REQUEST].is_cut) {
		connection_lose_order(stream, connection);
		return;
	}
	side_enter_body(stream, connection, SIDE_REQUEST, message);
}

static void side_got_answer(struct stream *stream, struct connection *connection,
	const struct message *message, uint64_t time_ns)
{
	struct exchange *exchange = connection->first;

	if (message->is_interim) {
		if (exchange)
			exchange->had_interim = true;
		side_reset(&connection->sides[SIDE_ANSWER]);
		return;
	}
	if (!exchange && connection->is_head_lost) {
		connection->is_head_lost = false;
	} else if (!exchange) {
		/* Its request was never seen. When it was lost the kernel half has counted it. */
		if (connection->may_miss[SIDE_REQUEST]) {
			connection_lose_order(stream, connection);
			return;
		}
		stream_lose(stream, connection->origin.protocol, COUNT_LOST_ORDER);
	} else {
		exchange->answer_ns = time_ns;
		exchange->is_error = message->is_error;
		exchange->is_client_error = message->is_client_error;
		memcpy(exchange->status, message->status, sizeof(exchange->status));
	}
	side_account(connection, SIDE_ANSWER, message->head_bytes, time_ns);
	/* Where this one ends and the next begins nobody can tell. */
	if (connection->sides[SIDE_ANSWER].is_cut && connection->count > 1)
		connection_lose_order(stream, connection);
	else
		side_enter_body(stream, connection, SIDE_ANSWER, message);
}

static int side_ask(const struct connection *connection, enum side_name name, struct slice head,
	unsigned int flags, struct message *ret_message)
{
	static const struct message no_request;
	const struct protocol *protocol = connection->protocol;

	if (name == SIDE_REQUEST)
		return protocol->request(head, flags, ret_message);
	return protocol->response(head, flags,
		connection->first ? &connection->first->request : &no_request, ret_message);
}

/*
 * Lets the protocol read the head that begins head->bytes; it is cut there when unseen bytes
 * follow: then the message ends where the door says that another begins. Returns the bytes used, 0
 * when more are needed, or -errno when it is none.
 */
static int side_parse(struct stream *stream, struct connection *connection, enum side_name name,
	const struct side_input *head)
{
	unsigned int flags = stream_message_flags(stream);
	struct message message;
	bool is_cut = false;
	int result = side_ask(connection, name, head->bytes, flags, &message);

	if ((result == 0 || result == -E2BIG) && head->unseen_bytes > 0) {
		result = side_ask(connection, name, head->bytes, flags | MESSAGE_CUT, &message);
		is_cut = result == 1 && message.body != BODY_TUNNEL;
	}
	if (is_cut)
		message.body = BODY_UNTIL_CLOSE;
	if (result <= 0)
		return result;
	if (connection->protocol->is_paired_by_feature) {
		stream_pass_on(stream, connection, name, head, &message);
		buf_clear(&connection->sides[name].head);
		side_enter_body(stream, connection, name, &message);
		return (int)message.head_bytes;
	}
	buf_clear(&connection->sides[name].head);
	connection->sides[name].is_cut = is_cut;
	if (name == SIDE_REQUEST)
		side_got_request(stream, connection, &message, head->time_ns);
	else
		side_got_answer(stream, connection, &message, head->time_ns);
	return (int)message.head_bytes;
}

static void side_fail(struct stream *stream, struct connection *connection, enum side_name name)
{
	struct side *side = &connection->sides[name];

	side_reset(side);
	side->state = SIDE_LOST;
	/* A request that is none never was an exchange; an answer that is none leaves one without.
	 */
	if (name == SIDE_ANSWER && connection->first && !connection->is_ordered) {
		stream_lose(stream, connection->origin.protocol, COUNT_LOST_PARSE);
		connection_done(connection);
	}
}

/* In the head state: uses bytes from the front of the input. Returns how many. */
static size_t side_read_head(struct stream *stream, struct connection *connection,
	enum side_name name, const struct side_input *input)
{
	struct side *side = &connection->sides[name];
	size_t before = side->head.length;
	struct side_input head = *input;
	int used;

	if (before > 0) {
		if (buf_append(&side->head, input->bytes.data, input->bytes.length) < 0)
			head.unseen_bytes = 1;
		head.bytes.data = (const uint8_t *)side->head.data;
		head.bytes.length = side->head.length;
	}
	used = side_parse(stream, connection, name, &head);
	if (used < 0) {
		side_fail(stream, connection, name);
		return input->bytes.length;
	}
	if (used > 0)
		return (size_t)used > before ? MIN((size_t)used - before, input->bytes.length) : 0;
	if (before == 0 && buf_append(&side->head, input->bytes.data, input->bytes.length) < 0)
		side_fail(stream, connection, name);
	return input->bytes.length;
}

/* Notes the last bytes of a body of which others are missing; they may come one by one. */
static void side_note_last(struct side *side, const uint8_t *bytes, size_t length)
{
	size_t room = sizeof(side->last);

	if (length >= room) {
		memcpy(side->last, bytes + length - room, room);
		return;
	}
	memmove(side->last, side->last + length, room - length);
	memcpy(side->last + room - length, bytes, length);
}

static bool side_ends_chunked(const struct side *side)
{
	static const char end[] = "\r\n0\r\n\r\n";
	size_t length = sizeof(end) - 1;

	return memcmp(side->last + sizeof(side->last) - length, end, length) == 0;
}

/* Uses bytes from the front of the input; returns how many. Sets *ret_is_over when the message ends
 * there. */
static size_t side_read_body(
	struct connection *connection, enum side_name name, struct slice bytes, bool *ret_is_over)
{
	struct side *side = &connection->sides[name];
	size_t used = 0;

	*ret_is_over = false;
	if (side->state == SIDE_LENGTH) {
		used = MIN(side->body_left, bytes.length);
		side->body_left -= used;
		*ret_is_over = side->body_left == 0;
	} else if (side->state == SIDE_CHUNKED) {
		int result = connection->protocol->body(&side->scan, bytes, &used);

		*ret_is_over = result == 1;
		if (result == 0)
			used = bytes.length;
		else if (result < 0)
			side->state = SIDE_BLIND;
		side_note_last(side, bytes.data, used);
	} else {
		used = bytes.length;
		side_note_last(side, bytes.data, used);
		*ret_is_over = side->state == SIDE_BLIND && side_ends_chunked(side);
	}
	return used;
}

/* The head that came so far goes on in bytes that nobody saw. */
static void side_cut_head(struct stream *stream, struct connection *connection, enum side_name name,
	const struct side_input *input)
{
	const struct buf *head = &connection->sides[name].head;
	struct side_input cut = { .bytes = { (const uint8_t *)head->data, head->length },
		.unseen_bytes = input->unseen_bytes,
		.time_ns = input->time_ns };

	/* Half a first line would be read as another one. */
	if (memchr(head->data, '\n', head->length) &&
		side_parse(stream, connection, name, &cut) > 0)
		return;
	side_fail(stream, connection, name);
	if (name == SIDE_REQUEST && !connection->is_ordered) {
		connection->is_head_lost = true;
		stream_lose(stream, connection->origin.protocol, COUNT_LOST_RING_FULL);
	}
}

void side_end_head(struct stream *stream, struct connection *connection, uint64_t time_ns)
{
	const struct side_input cut = { .unseen_bytes = 1, .time_ns = time_ns };

	if (connection->sides[SIDE_REQUEST].head.length > 0)
		side_cut_head(stream, connection, SIDE_REQUEST, &cut);
}

/* A chunked body ends, of which bytes are missing: with another request open, its answer may lie in
 * there as well. */
static void side_blindly_ended(
	struct stream *stream, struct connection *connection, enum side_name name)
{
	if (name == SIDE_ANSWER && connection->count > 1)
		connection_lose_order(stream, connection);
	else
		side_message_ended(stream, connection, name);
}

/* The bytes that nobody saw, behind all that were. */
static void side_step_over(struct stream *stream, struct connection *connection,
	enum side_name name, const struct side_input *input)
{
	struct side *side = &connection->sides[name];
	uint64_t unseen = input->unseen_bytes;

	if (side->state == SIDE_HEAD && side->head.length > 0)
		side_cut_head(stream, connection, name, input);
	if (side->state == SIDE_LENGTH && unseen <= side->body_left) {
		side->body_left -= unseen;
		side_account(connection, name, unseen, input->time_ns);
		if (side->body_left == 0)
			side_message_ended(stream, connection, name);
		return;
	}
	if (side->state == SIDE_CHUNKED || side->state == SIDE_BLIND) {
		side->state = SIDE_BLIND;
		side_account(connection, name, unseen, input->time_ns);
		if (input->tail)
			memcpy(side->last, input->tail, sizeof(side->last));
		else
			memset(side->last, 0, sizeof(side->last));
		if (side_ends_chunked(side))
			side_blindly_ended(stream, connection, name);
		return;
	}
	if (side->state == SIDE_UNTIL_CLOSE) {
		side_account(connection, name, unseen, input->time_ns);
		return;
	}
	if (side->state == SIDE_LENGTH) {
		side_account(connection, name, side->body_left, input->time_ns);
		side_message_ended(stream, connection, name);
		/* Another message begins in there: from now on nobody can tell what answers what.
		 */
		if (name == SIDE_REQUEST)
			stream_lose(stream, connection->origin.protocol, COUNT_LOST_ORDER);
		connection_lose_order(stream, connection);
	}
	/* A boundary may lie in there: until the door says that a message begins, nothing is known.
	 */
	side->state = SIDE_LOST;
}

void side_read(struct stream *stream, struct connection *connection, enum side_name name,
	struct side_input input)
{
	struct side *side = &connection->sides[name];

	while (input.bytes.length > 0) {
		size_t used;
		bool is_over = false;

		if (side->state == SIDE_LOST)
			break;
		if (side->state == SIDE_HEAD) {
			used = side_read_head(stream, connection, name, &input);
		} else {
			used = side_read_body(connection, name, input.bytes, &is_over);
			side_account(connection, name, used, input.time_ns);
			if (is_over && side->state == SIDE_BLIND)
				side_blindly_ended(stream, connection, name);
			else if (is_over)
				side_message_ended(stream, connection, name);
		}
		input.bytes.data += used;
		input.bytes.length -= used;
	}
	if (input.unseen_bytes > 0)
		side_step_over(stream, connection, name, &input);
}

void side_close(struct stream *stream, struct connection *connection, bool is_reset)
{
	enum side_state state = connection->sides[SIDE_ANSWER].state;
	bool is_whole = state == SIDE_UNTIL_CLOSE && !is_reset;

	while (connection->first) {
		stream_finish(stream, connection, !is_whole);
		is_whole = false;
	}
}
