/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts the bytes of ordered connections into order: the door stands before TCP's own ordering,
 * and two processors write their records at one time. What comes before bytes that are missing is
 * held, within bounds, until they come; a record that the ring had no room for never comes.
 */
#include "doors/stream_dialogue.h"

/* As many bytes of one side as a sender may have on their way through a fast network. */
#define HELD_BYTES_MAXIMUM (4U << 20)

static int32_t distance(uint32_t from, uint32_t to)
{
	return (int32_t)(to - from);
}

void order_done(struct side *side)
{
	while (side->held) {
		struct held *held = side->held;

		side->held = held->next;
		free(held);
	}
	side->held_bytes = 0;
}

/* Returns 0, or -errno when it cannot be held. */
static int side_hold(struct side *side, const struct packet_segment *segment)
{
	struct held **place = &side->held;
	size_t size = sizeof(*segment) + segment->captured;
	struct held *held;

	if (side->held_bytes + size > HELD_BYTES_MAXIMUM)
		return -ENOBUFS;
	held = malloc(offsetof(struct held, segment) + size);
	if (!held)
		return -ENOMEM;
	memcpy(&held->segment, segment, size);
	while (*place && distance((*place)->segment.seq, segment->seq) >= 0)
		place = &(*place)->next;
	held->next = *place;
	*place = held;
	side->held_bytes += size;
	return 0;
}

static void side_release(struct stream *stream, struct connection *connection, enum side_name name)
{
	struct side *side = &connection->sides[name];

	while (side->held && distance(side->seq, side->held->segment.seq) <= 0) {
		struct held *held = side->held;

		side->held = held->next;
		side->held_bytes -= sizeof(held->segment) + held->segment.captured;
		side_take(stream, connection, name, &held->segment);
		free(held);
	}
}

void order_drain(struct stream *stream, struct connection *connection, enum side_name name)
{
	struct side *side = &connection->sides[name];

	while (side->held) {
		const struct packet_segment *segment = &side->held->segment;
		int32_t missing = distance(side->seq, segment->seq);

		if (missing > 0) {
			stream_dialogue_miss(stream, connection, name, (uint32_t)missing,
				segment->common.header.time_ns);
			side->seq = segment->seq;
		}
		side_release(stream, connection, name);
	}
}

/* A protocol with a memory may know that what is missing is no loss. Returns whether the segment
 * was dealt with. */
static bool order_pass_hole(struct stream *stream, struct connection *connection,
	enum side_name name, const struct packet_segment *segment)
{
	struct side *side = &connection->sides[name];

	if (!connection->protocol->dialogue || connection->tls)
		return false;
	if (side_hold(side, segment) < 0) {
		order_drain(stream, connection, name);
		if (distance(side->seq, segment->seq) > 0)
			stream_dialogue_miss(stream, connection, name,
				(uint32_t)distance(side->seq, segment->seq),
				segment->common.header.time_ns);
		side->seq = segment->seq;
		side_take(stream, connection, name, segment);
		return true;
	}
	order_drain(stream, connection, name);
	connection->may_miss[name] = false;
	return true;
}

/* From here on every byte of the side comes up. What went by before was stepped over by then. */
static void side_begin(struct stream *stream, struct connection *connection, enum side_name name,
	const struct packet_segment *segment)
{
	struct side *side = &connection->sides[name];
	int32_t unseen = side->has_seq ? distance(side->seq, segment->start_seq) : 0;

	if (unseen > 0)
		side_read(stream, connection, name,
			(struct side_input){ .unseen_bytes = (uint32_t)unseen,
				.time_ns = segment->common.header.time_ns });
	if (segment->common.flags & PACKET_IS_HEAD) {
		if (name == SIDE_ANSWER && connection->first && connection->first->answer_ns)
			stream_finish(stream, connection,
				side->state == SIDE_LENGTH ||
					connection->turn - connection->first->turn > 1);
		side_reset(side);
		if (name == SIDE_ANSWER && connection->first &&
			connection->first->turn != connection->turn) {
			connection_lose_order(stream, connection);
			return;
		}
	}
	if (unseen >= 0)
		side->seq = segment->start_seq;
	side->has_seq = true;
	side->is_ordered = true;
}

/* A request of which nobody saw the end is over when it is answered and another one begins. */
void order_settle_request(
	const struct stream *stream, struct connection *connection, struct slice bytes)
{
	struct side *side = &connection->sides[SIDE_REQUEST];
	struct message message;

	if (connection->protocol->dialogue)
		return;
	if ((side->is_cut || side->state == SIDE_BLIND) &&
		(!connection->last || connection->last->answer_ns) &&
		connection->protocol->request(bytes, stream_message_flags(stream), &message) >= 0)
		side_reset(side);
}

void order_take(struct stream *stream, struct connection *connection, enum side_name name,
	const struct packet_segment *segment)
{
	struct side *side = &connection->sides[name];
	bool is_cut = (segment->common.flags & PACKET_LOST_BEFORE) ||
		      (connection->last && connection->last->is_cut &&
			      connection->last->turn == connection->turn);

	/* What the kernel half has counted as lost may still be answered. */
	if (!connection->is_lost && is_cut && !connection->protocol->dialogue &&
		!connection->sides[SIDE_REQUEST].is_ordered &&
		!connection->sides[SIDE_ANSWER].is_ordered)
		connection_lose_order(stream, connection);
	if (!connection->is_lost && !side->is_ordered)
		side_begin(stream, connection, name, segment);
	if (connection->is_lost) {
		stream_lose_requests(stream, connection, segment);
		return;
	}
	if (distance(side->seq, segment->seq) > 0) {
		if (!connection->may_miss[name] && side_hold(side, segment) == 0)
			return;
		if (order_pass_hole(stream, connection, name, segment))
			return;
		connection_lose_order(stream, connection);
		stream_lose_requests(stream, connection, segment);
		return;
	}
	if (name == SIDE_REQUEST && !connection->tls && side->seq == segment->seq)
		order_settle_request(stream, connection,
			(struct slice){ (const uint8_t *)(segment + 1), segment->captured });
	side_take(stream, connection, name, segment);
	side_release(stream, connection, name);
}
