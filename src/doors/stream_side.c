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
	side->body_left = 0;
	memset(&side->scan, 0, sizeof(side->scan));
	buf_clear(&side->head);
}

struct exchange *connection_add_exchange(
	struct connection *connection, const struct message *message, uint64_t time_ns)
{
	struct exchange *exchange;

	if (connection->count >= STREAM_PIPELINE_MAXIMUM)
		return NULL;
	exchange = calloc(1, sizeof(*exchange));
	if (!exchange)
		return NULL;
	exchange->request = *message;
	exchange->request_ns = time_ns;
	exchange->last_ns = time_ns;
	exchange->turn = connection->turn;
	if (connection->last)
		connection->last->next = exchange;
	else
		connection->first = exchange;
	connection->last = exchange;
	connection->count++;
	return exchange;
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
		side_message_ended(stream, connection, name);
		connection->sides[SIDE_REQUEST].state = SIDE_LOST;
		connection->sides[SIDE_ANSWER].state = SIDE_LOST;
		break;
	}
}

static void side_got_request(struct stream *stream, struct connection *connection,
	const struct message *message, uint64_t time_ns)
{
	if (!connection_add_exchange(connection, message, time_ns)) {
		stream_lose(stream, connection->origin.protocol, COUNT_LOST_LIMIT);
		connection->sides[SIDE_REQUEST].state = SIDE_LOST;
		return;
	}
	side_account(connection, SIDE_REQUEST, message->head_bytes, time_ns);
	side_enter_body(stream, connection, SIDE_REQUEST, message);
}

static void side_got_answer(struct stream *stream, struct connection *connection,
	const struct message *message, uint64_t time_ns)
{
	struct exchange *exchange = connection->first;

	if (message->is_interim) {
		side_reset(&connection->sides[SIDE_ANSWER]);
		return;
	}
	if (!exchange) {
		/* Its request was never seen: it was lost, or went by before the agent came. */
		stream_lose(stream, connection->origin.protocol, COUNT_LOST_ORDER);
	} else {
		exchange->answer_ns = time_ns;
		exchange->is_error = message->is_error;
		exchange->is_client_error = message->is_client_error;
		memcpy(exchange->status, message->status, sizeof(exchange->status));
	}
	side_account(connection, SIDE_ANSWER, message->head_bytes, time_ns);
	side_enter_body(stream, connection, SIDE_ANSWER, message);
}

/*
 * Lets the protocol read the head that begins head->bytes; it is cut there when unseen bytes
 * follow. Returns the bytes used, 0 when more are needed, or -errno when it is none.
 */
static int side_parse(struct stream *stream, struct connection *connection, enum side_name name,
	const struct side_input *head)
{
	static const struct message no_request;
	const struct protocol *protocol = connection->protocol;
	unsigned int flags = stream_message_flags(stream);
	struct message message;
	int result;

	if (head->unseen_bytes > 0)
		flags |= MESSAGE_CUT;
	if (name == SIDE_REQUEST)
		result = protocol->request(head->bytes, flags, &message);
	else
		result = protocol->response(head->bytes, flags,
			connection->first ? &connection->first->request : &no_request, &message);
	if (result <= 0)
		return result;
	if (protocol->is_paired_by_feature) {
		stream_pass_on(stream, connection, name, head, &message);
		buf_clear(&connection->sides[name].head);
		side_enter_body(stream, connection, name, &message);
		return (int)message.head_bytes;
	}
	buf_clear(&connection->sides[name].head);
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

static bool ends_chunked(const uint8_t *last, size_t length)
{
	static const char end[] = "0\r\n\r\n";
	size_t bytes = sizeof(end) - 1;

	return length >= bytes && memcmp(last + length - bytes, end, bytes) == 0;
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
	} else {
		used = bytes.length;
		*ret_is_over = side->state == SIDE_BLIND && ends_chunked(bytes.data, bytes.length);
	}
	return used;
}

/* The bytes that nobody saw, behind all that were. */
static void side_step_over(struct stream *stream, struct connection *connection,
	enum side_name name, const struct side_input *input)
{
	struct side *side = &connection->sides[name];
	uint64_t unseen = input->unseen_bytes;

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
		if (input->tail && ends_chunked(input->tail, PACKET_TAIL_BYTES))
			side_message_ended(stream, connection, name);
		return;
	}
	if (side->state == SIDE_UNTIL_CLOSE) {
		side_account(connection, name, unseen, input->time_ns);
		return;
	}
	if (side->state == SIDE_LENGTH) {
		side_account(connection, name, side->body_left, input->time_ns);
		side_message_ended(stream, connection, name);
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
			if (is_over)
				side_message_ended(stream, connection, name);
		}
		input.bytes.data += used;
		input.bytes.length -= used;
	}
	if (input.unseen_bytes > 0)
		side_step_over(stream, connection, name, &input);
}

void side_close(struct stream *stream, struct connection *connection)
{
	enum side_state state = connection->sides[SIDE_ANSWER].state;
	bool is_whole = state == SIDE_UNTIL_CLOSE;

	while (connection->first) {
		stream_finish(stream, connection, !is_whole);
		is_whole = false;
	}
}
