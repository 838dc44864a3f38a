/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of connections that are inside an exchange, and the short way for
 * the most common record: a plain request and an answer that is whole, which needs no table.
 */
#include "doors/stream.h"
#include "base/str.h"
#include "doors/key_store.h"
#include "doors/stream_clients.h"
#include "doors/stream_connection.h"
#include "doors/stream_dialogue.h"
#include "doors/stream_tls.h"

static void connection_removed(void *context, const void *key, void *value)
{
	struct stream *stream = context;
	struct connection *connection = value;

	/* Evicted while exchanges are open: what was seen is told. */
	while (connection->first && connection->first->answer_ns)
		stream_finish(stream, connection, true);
	for (struct exchange *exchange = connection->first; exchange; exchange = exchange->next)
		stream_lose(stream, connection->origin.protocol, COUNT_LOST_LIMIT);
	stream_dialogue_close(connection, COUNT_LOST_LIMIT);
	if (connection->tls)
		stream_tls_end(stream, connection, STREAM_ENDED);
	stream_tls_free(stream, TAKE(connection->tls));
	stream_dialogue_free(connection);
	connection_done(connection);
}

int stream_new(const struct stream_options *options, struct stream **ret_stream)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	stream->options = *options;
	stream->connections =
		map_new(sizeof(uint64_t), sizeof(struct connection), options->maximum_connections);
	stream->clients = stream_clients_new();
	if (!stream->connections || !stream->clients) {
		map_free(stream->connections);
		map_free(stream->clients);
		free(stream);
		return -ENOMEM;
	}
	map_on_remove(stream->connections, connection_removed, stream);
	*ret_stream = stream;
	return 0;
}

void stream_free(struct stream *stream)
{
	if (!stream)
		return;
	for (struct connection *connection = map_first(stream->connections); connection;
		connection = map_next(stream->connections, connection)) {
		stream_tls_free(stream, TAKE(connection->tls));
		stream_dialogue_free(connection);
		connection_done(connection);
	}
	map_free(stream->connections);
	map_free(stream->clients);
	tls_opener_free(stream->opener);
	free(stream);
}

void stream_lose(struct stream *stream, uint8_t protocol, enum count reason)
{
	stream->counts[protocol].seen++;
	stream->counts[protocol].lost[reason]++;
}

void stream_pass_on(struct stream *stream, const struct connection *connection, enum side_name name,
	const struct side_input *head, const struct message *message)
{
	stream->options.message(stream->options.context,
		&(const struct stream_message){
			.origin = &connection->origin,
			.bytes = { head->bytes.data, message->head_bytes },
			.length = message->head_bytes + message->body_bytes,
			.time_ns = head->time_ns,
			.is_answer = name == SIDE_ANSWER,
		});
}

void stream_note_client(
	struct stream *stream, const struct connection *connection, const struct message *message)
{
	stream_clients_note(stream->clients, connection->origin.cookie, &message->client_address);
}

unsigned int stream_message_flags(const struct stream *stream)
{
	return stream->options.message_flags;
}

/* Of what TLS carries only HTTP is read, so that it is taken for that until it shows. */
static uint8_t protocol_index(const struct packet_common *common)
{
	return common->protocol == PROTOCOL_tls ? PROTOCOL_http : common->protocol;
}

static const struct protocol *protocol_of(const struct packet_common *common)
{
	size_t count;
	const struct protocol *const *protocols = protocols_all(&count);
	uint8_t index = protocol_index(common);

	return index < count ? protocols[index] : NULL;
}

static int connection_begin(
	struct stream *stream, struct connection *connection, const struct packet_common *common)
{
	connection_init(connection, common, protocol_of(common));
	if (common->protocol != PROTOCOL_tls)
		return 0;
	connection->origin.protocol = protocol_index(common);
	connection->tls = stream->keys ? stream_tls_new() : NULL;
	return connection->tls ? 0 : -ENOMEM;
}

static struct connection *connection_find(struct stream *stream, const struct packet_common *common)
{
	if (map_count(stream->connections) == 0)
		return NULL;
	return map_find(stream->connections, &common->cookie);
}

static struct connection *connection_open(struct stream *stream, const struct packet_common *common)
{
	bool is_new;
	struct connection *connection =
		map_add_evict(stream->connections, &common->cookie, &is_new);

	if (!connection) {
		stream_lose(stream, protocol_index(common), COUNT_LOST_LIMIT);
		return NULL;
	}
	if (is_new && connection_begin(stream, connection, common) < 0) {
		map_remove(stream->connections, &common->cookie);
		return NULL;
	}
	if (!is_new && common->owner.pid)
		connection->origin.owner = common->owner;
	return connection;
}

/* Answer bytes up to seq went by unseen, as a plain continuation. */
static void connection_step_to(struct stream *stream, struct connection *connection, uint32_t seq)
{
	struct side *side = &connection->sides[SIDE_ANSWER];
	uint32_t unseen = seq - side->seq;

	if (!connection->first || !connection->first->answer_ns || !side->has_seq || unseen == 0 ||
		unseen > INT32_MAX || connection->is_ordered)
		return;
	side_read(stream, connection, SIDE_ANSWER,
		(struct side_input){
			.unseen_bytes = unseen, .time_ns = connection->first->last_ns });
	side->seq = seq;
}

static void side_restart(struct side *side)
{
	side_reset(side);
	side->has_seq = false;
}

/* The answer to an earlier request is over, since another begins at seq. */
static void connection_settle(struct stream *stream, struct connection *connection, uint32_t seq)
{
	struct side *side = &connection->sides[SIDE_ANSWER];

	connection_step_to(stream, connection, seq);
	/* A chunked or endless answer whose end went by unseen ended before this one began; when
	 * nothing is known of a turn between them, nobody knows where. */
	if (connection->first && connection->first->answer_ns)
		stream_finish(stream, connection,
			side->state == SIDE_LENGTH ||
				connection->turn - connection->first->turn > 1);
	side_restart(side);
}

static void connection_forget_if_idle(struct stream *stream, struct connection *connection)
{
	if (connection_is_idle(connection))
		map_remove(stream->connections, map_key(connection));
}

void stream_lose_requests(struct stream *stream, const struct connection *connection,
	const struct packet_segment *segment)
{
	const struct protocol *protocol = connection->protocol;
	bool is_start = segment->common.flags & PACKET_IS_START;
	struct slice bytes = { (const uint8_t *)(segment + 1), segment->captured };
	unsigned int count = is_start;

	/* How many requests are in what cannot be read nobody can tell. */
	if (segment->common.flags & PACKET_IS_ANSWER || connection->tls ||
		protocol->is_paired_by_feature)
		return;
	if (protocol->requests)
		count = protocol->requests(bytes, is_start);
	while (count-- > 0)
		stream_lose(stream, connection->origin.protocol, COUNT_LOST_ORDER);
}

void connection_lose_order(struct stream *stream, struct connection *connection)
{
	struct side *side = &connection->sides[SIDE_REQUEST];

	if (connection->protocol->is_paired_by_feature)
		stream->options.message(stream->options.context,
			&(const struct stream_message){ .origin = &connection->origin });
	if (connection->dialogue)
		dialogue_lose(&connection->dialogue->reader, COUNT_LOST_ORDER);
	for (struct exchange *exchange = connection->first; exchange; exchange = exchange->next)
		stream_lose(stream, connection->origin.protocol, COUNT_LOST_ORDER);
	if (side->state == SIDE_HEAD && side->head.length > 0)
		stream_lose(stream, connection->origin.protocol, COUNT_LOST_ORDER);
	for (struct held *held = side->held; held; held = held->next)
		stream_lose_requests(stream, connection, &held->segment);
	connection_done(connection);
	if (connection->tls)
		stream_tls_end(stream, connection, STREAM_LOST);
	connection->is_lost = true;
	connection->sides[SIDE_REQUEST].state = SIDE_LOST;
	connection->sides[SIDE_ANSWER].state = SIDE_LOST;
}

/*
 * Turns before this one are over, since another begins only after an answer; where none was seen
 * its records were lost. The kernel half did not see that a hidden request began, so that its turns
 * are not the exchanges any more.
 */
static void connection_pass_unanswered(struct stream *stream, struct connection *connection)
{
	while (connection->first && connection->first->turn != connection->turn &&
		!connection->first->answer_ns) {
		if (connection->first->is_hidden) {
			connection_lose_order(stream, connection);
			return;
		}
		stream_lose(stream, connection->origin.protocol, COUNT_LOST_RING_FULL);
		connection_drop_first(connection);
	}
}

/* A record of a turn comes. */
static void connection_pass_to(struct stream *stream, struct connection *connection, uint32_t turn)
{
	struct side *answer = &connection->sides[SIDE_ANSWER];

	if (connection->is_ordered || connection->turn == turn) {
		connection->turn = turn;
		return;
	}
	connection->turn = turn;
	connection->is_head_lost = false;
	if (connection->sides[SIDE_REQUEST].head.length > 0) {
		/* The rest of its head was lost, or there is none. */
		stream_lose(stream, connection->origin.protocol, COUNT_LOST_RING_FULL);
		side_restart(&connection->sides[SIDE_REQUEST]);
	}
	connection_pass_unanswered(stream, connection);
	if (!connection->first) {
		side_restart(answer);
		answer->state = SIDE_LOST;
	}
}

/*
 * What is left of the exchange before, when another begins without a table. -EBADMSG when nothing
 * of this connection can be paired any more.
 */
static int connection_end_before(struct stream *stream, const struct packet_turn *turn)
{
	struct connection *connection = connection_find(stream, &turn->common);

	if (!connection)
		return 0;
	connection_pass_to(stream, connection, turn->common.turn);
	if (turn->answer_bytes > 0)
		connection_settle(stream, connection, turn->answer_seq);
	connection_pass_unanswered(stream, connection);
	if (connection->is_lost) {
		stream_lose(stream, connection->origin.protocol, COUNT_LOST_ORDER);
		return -EBADMSG;
	}
	while (connection->first)
		stream_finish(stream, connection, true);
	map_remove(stream->connections, &turn->common.cookie);
	return 0;
}

/* The plain request of a turn. NULL when it is none after all. */
static struct exchange *turn_request(
	struct stream *stream, struct connection *connection, const struct packet_turn *turn)
{
	struct slice bytes = { (const uint8_t *)turn + turn->request_offset, turn->request_bytes };
	struct exchange *exchange = NULL;
	struct message message;

	if (connection->protocol->request(bytes, stream->options.message_flags, &message) == 1)
		exchange =
			connection_add_exchange(connection, &message, turn->common.header.time_ns);
	if (!exchange) {
		stream_lose(stream, turn->common.protocol, COUNT_LOST_PARSE);
		return NULL;
	}
	exchange->request_ns = turn->request_ns;
	exchange->last_ns = turn->request_ns;
	exchange->request_bytes = turn->request_bytes;
	return exchange;
}

/* The answer goes on in later records: the connection moves into the table. */
static void connection_keep(struct stream *stream, struct connection *connection)
{
	struct connection *kept =
		map_add_evict(stream->connections, &connection->origin.cookie, NULL);

	if (!kept) {
		while (connection->first)
			stream_finish(stream, connection, true);
		connection_done(connection);
		return;
	}
	*kept = *connection;
}

void stream_turn(struct stream *stream, const struct packet_turn *turn)
{
	const struct protocol *protocol = protocol_of(&turn->common);
	struct connection connection = { 0 };
	struct side *side = &connection.sides[SIDE_ANSWER];

	if (!protocol || stream_is_foreign(stream, &turn->common))
		return;
	if (connection_end_before(stream, turn) < 0)
		return;
	connection_init(&connection, &turn->common, protocol);
	if (!turn_request(stream, &connection, turn))
		return;
	if (turn->answer_bytes == 0) {
		stream_finish(stream, &connection, true);
		return;
	}
	side->has_seq = true;
	side->seq = turn->answer_seq + turn->answer_bytes;
	side_read(stream, &connection, SIDE_ANSWER,
		(struct side_input){
			.bytes = { (const uint8_t *)(turn + 1), turn->answer_captured },
			.unseen_bytes = turn->answer_bytes - turn->answer_captured,
			.time_ns = turn->common.header.time_ns,
			.tail = turn->tail,
		});
	if (connection.first)
		connection_keep(stream, &connection);
	else
		connection_done(&connection);
}

/* Brings the segment's bytes into line with what the side has read. */
void side_take(struct stream *stream, struct connection *connection, enum side_name name,
	const struct packet_segment *segment)
{
	struct side *side = &connection->sides[name];
	struct side_input input = {
		.bytes = { (const uint8_t *)(segment + 1), segment->captured },
		.unseen_bytes = segment->length - segment->captured,
		.time_ns = segment->common.header.time_ns,
		.tail = segment->tail,
	};
	int32_t ahead = side->has_seq ? (int32_t)(segment->seq - side->seq) : 0;

	if (ahead < 0) {
		uint32_t known = -(uint32_t)ahead;

		if (known >= segment->length)
			return;
		if (known > input.bytes.length)
			input.unseen_bytes -= known - input.bytes.length;
		known = MIN(known, input.bytes.length);
		input.bytes.data += known;
		input.bytes.length -= known;
	} else if (ahead > 0 && !side->is_ordered) {
		struct side_input gap = { .unseen_bytes = (uint32_t)ahead,
			.time_ns = input.time_ns };

		side_read(stream, connection, name, gap);
	}
	side->has_seq = true;
	side->seq = segment->seq + segment->length;
	if (connection->tls)
		stream_tls_read(stream, connection, name, input);
	else if (connection->protocol->dialogue)
		stream_dialogue_take(stream, connection, name, segment, &input);
	else
		side_read(stream, connection, name, input);
}

/* The connection of a segment, or NULL when it belongs to nothing that is open. */
static struct connection *segment_connection(
	struct stream *stream, const struct packet_segment *segment)
{
	uint16_t flags = segment->common.flags;
	struct connection *connection = connection_find(stream, &segment->common);
	bool begins = (flags & PACKET_IS_ORDERED) ||
		      ((flags & PACKET_IS_HEAD) && !(flags & PACKET_IS_ANSWER));

	if (!connection && begins)
		connection = connection_open(stream, &segment->common);
	if (connection && segment->common.owner.pid)
		connection->origin.owner = segment->common.owner;
	return connection;
}

/* The rest of a body that was answered early may look like a head, and is none. */
static bool side_is_in_body(const struct side *side, uint32_t seq)
{
	return side->has_seq && side->seq == seq &&
	       (side->state == SIDE_LENGTH || side->state == SIDE_CHUNKED);
}

/* A segment of a connection that takes turns. */
static void turns_take(struct stream *stream, struct connection *connection, enum side_name name,
	const struct packet_segment *segment)
{
	struct side *side = &connection->sides[name];
	bool is_head = segment->common.flags & PACKET_IS_HEAD;

	if (connection->is_lost) {
		if (is_head && name == SIDE_REQUEST)
			stream_lose(stream, connection->origin.protocol, COUNT_LOST_ORDER);
		return;
	}
	if (name == SIDE_ANSWER)
		side_end_head(stream, connection, segment->common.header.time_ns);
	if (is_head && name == SIDE_ANSWER) {
		connection_settle(stream, connection, segment->seq);
		connection_pass_unanswered(stream, connection);
		if (connection->is_lost)
			return;
	} else if (is_head && !side_is_in_body(side, segment->seq)) {
		side_restart(side);
	} else if (name == SIDE_ANSWER && connection->first && connection->first->is_cut &&
		   !connection->first->answer_ns && side->head.length == 0) {
		return; /* the rest of an answer whose head was lost */
	}
	side_take(stream, connection, name, segment);
}

static void note_losses(struct connection *connection, const struct packet_common *common)
{
	if (!(common->flags & PACKET_LOST_BEFORE))
		return;
	connection->may_miss[SIDE_REQUEST] = connection->is_ordered;
	connection->may_miss[SIDE_ANSWER] = connection->is_ordered;
	if (connection->last)
		connection->last->is_cut = true;
}

void stream_segment(struct stream *stream, const struct packet_segment *segment)
{
	uint16_t flags = segment->common.flags;
	enum side_name name = flags & PACKET_IS_ANSWER ? SIDE_ANSWER : SIDE_REQUEST;
	struct connection *connection;

	if (!protocol_of(&segment->common))
		return;
	if (segment->common.protocol == PROTOCOL_tls && !(flags & PACKET_IS_ORDERED)) {
		if (flags & PACKET_IS_START)
			stream_tls_older(stream, &segment->common);
		return;
	}
	connection = segment_connection(stream, segment);
	if (!connection)
		return;
	if (connection->is_tunnel)
		return;
	if (flags & PACKET_IS_ORDERED && connection->is_head_lost &&
		connection->turn == segment->common.turn)
		connection_lose_order(stream, connection);
	connection_pass_to(stream, connection, segment->common.turn);
	if (flags & PACKET_IS_ORDERED)
		connection->is_ordered = true;
	note_losses(connection, &segment->common);
	if (connection->is_ordered)
		order_take(stream, connection, name, segment);
	else
		turns_take(stream, connection, name, segment);
	connection_forget_if_idle(stream, connection);
}

void stream_close(struct stream *stream, const struct packet_close *close)
{
	struct connection *connection = connection_find(stream, &close->common);

	if (!connection)
		return;
	connection_pass_to(stream, connection, close->common.turn);
	note_losses(connection, &close->common);
	if (close->common.flags & PACKET_LOST_BEFORE &&
		connection->sides[SIDE_REQUEST].head.length > 0 && !connection->is_ordered)
		stream_lose(stream, connection->origin.protocol, COUNT_LOST_RING_FULL);
	connection_step_to(stream, connection, close->answer_end_seq);
	stream_dialogue_end(stream, connection);
	side_close(stream, connection, close->is_reset);
	map_remove(stream->connections, &close->common.cookie);
}

void stream_want(struct stream *stream, enum packet_protocol protocol, bool is_wanted)
{
	uint32_t bit = 1U << protocol;

	stream->wanted_protocols = (stream->wanted_protocols & ~bit) | (is_wanted ? bit : 0);
}

enum packet_protocol stream_told_protocol(const struct stream *stream)
{
	return stream->told_protocol;
}

void stream_add_counts(
	const struct stream *stream, enum packet_protocol protocol, struct feature_counts *counts)
{
	const struct feature_counts *own = &stream->counts[protocol];

	counts->seen += own->seen;
	counts->reported += own->reported;
	for (size_t i = 0; i < COUNT_MAXIMUM; i++)
		counts->lost[i] += own->lost[i];
}

size_t stream_in_flight(const struct stream *stream)
{
	size_t in_flight = 0;

	for (struct connection *connection = map_first(stream->connections); connection;
		connection = map_next(stream->connections, connection))
		in_flight += connection->count +
			     (connection->dialogue ? connection->dialogue->reader.open_count : 0);
	return in_flight;
}
