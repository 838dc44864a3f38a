/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Writes the packet door's records into the ring. A turn, or the beginning of a request, that
 * finds the ring full is counted as seen and lost, and nothing more of that exchange goes up. What
 * is lost later is noted in the next record: user space knows the exchange and counts it.
 */
#ifndef SKEP_PACKET_EMIT_BPF_H
#define SKEP_PACKET_EMIT_BPF_H

#include "doors/packet_tls.bpf.h"

/* Two sizes of turn record, so that small exchanges take little of the ring. */
#define TURN_SMALL_ANSWER  256
#define TURN_SMALL_REQUEST 96
#define TURN_SMALL_SIZE	   (sizeof(struct packet_turn) + TURN_SMALL_ANSWER + TURN_SMALL_REQUEST)

/*
 * Ends of connections that found no room in the ring. Written here, emptied by doors/packet.c ten
 * times a second: as many as close while the ring is full. In a fixed place, 100 KiB.
 */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4096);
	__type(value, struct packet_late_close);
} late_closes SEC(".maps");

/*
 * Requests of ordered connections that found no room in the ring, as far as they can be known: one
 * for each packet of theirs that was lost from its beginning on. Rows by enum packet_protocol.
 * Written here, read by doors/packet.c.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 32);
	__type(key, __u32);
	__type(value, __u64);
} requests_lost SEC(".maps");

/* A function of its own: its key would be on the deepest stack that there is. */
static __noinline int lose_request_of(__u32 protocol)
{
	__u64 *value = bpf_map_lookup_elem(&requests_lost, &protocol);

	if (value)
		__sync_fetch_and_add(value, 1);
	return 0;
}

/* All of a turn but the answer's bytes and its tail. */
static __always_inline void fill_turn(struct packet_turn *turn, struct packet_socket *socket,
	const struct packet_bytes *answer, const __u32 answer_room, const __u32 request_room)
{
	__u8 *request = (__u8 *)(turn + 1) + answer_room;

	fill_common(&turn->common, socket, PACKET_TURN,
		sizeof(struct packet_turn) + answer_room + request_room);
	turn->common.header.time_ns = answer->time_ns;
	turn->request_ns = socket->request_ns;
	turn->answer_seq = answer->seq;
	turn->answer_bytes = answer->length;
	turn->request_bytes = socket->request_bytes;
	turn->request_offset = sizeof(*turn) + answer_room;
	turn->answer_captured = answer->length < answer_room ? answer->length : answer_room;
	turn->reserved = 0;
	copy_aligned(request, socket->request, request_room);
}

/* The kept request with the answer's first packet. */
static __noinline int emit_turn(
	struct __sk_buff *skb, struct packet_socket *socket, const struct packet_bytes *answer)
{
	struct packet_turn *turn;

	if (!socket || !answer)
		return 0;
	turn = bpf_ringbuf_reserve(
		&telemetry, sizeof(*turn) + PACKET_ANSWER_BYTES + PACKET_REQUEST_BYTES, 0);
	if (!turn) {
		lose(RING_FULL);
		socket->state.is_busy = 0;
		return 0;
	}
	fill_turn(turn, socket, answer, PACKET_ANSWER_BYTES, PACKET_REQUEST_BYTES);
	packet_read(skb, answer->offset, turn + 1, turn->answer_captured, PACKET_ANSWER_BYTES);
	*(__u64 *)turn->tail = 0;
	if (answer->length > PACKET_ANSWER_BYTES)
		read_tail(skb, turn->tail);
	record_submit(turn);
	socket->state.is_busy = 0;
	return 0;
}

/*
 * Bytes of an ordered connection found no room: user space will know that some are missing, and
 * cannot know how many requests were in them.
 */
static __noinline int lose_requests(
	struct __sk_buff *skb, const struct packet_bytes *bytes, __u32 length, __u32 zero)
{
	__u64 head[2] = {};
	__u32 size = length < sizeof(head) ? length : sizeof(head);
	__u32 count;

	if (!bytes)
		return 0;
	count = http_requests(skb, bytes->offset, length, zero);
	if (!packet_read(skb, bytes->offset, head, size, sizeof(head)) &&
		request_kind(head[0], head[1], size) > HTTP_REQUEST_MAYBE)
		count++;
	count_by(COUNT_SEEN, count);
	count_by(COUNT_LOST_RING_FULL, count);
	return 0;
}

/*
 * The beginning of bytes, up to capture, in pieces; what is left as a length. bytes->seq is then
 * after the last piece that went up.
 */
static __always_inline void emit_pieces(struct __sk_buff *skb, struct packet_socket *socket,
	struct packet_bytes *bytes, __u32 capture, __u16 flags)
{
	__u32 total = bytes->length;
	__u32 captured = total < capture ? total : capture;

	for (int i = 0; i < PACKET_PIECES && captured; i++) {
		bytes->length = captured < PACKET_SEGMENT_BYTES ? captured : PACKET_SEGMENT_BYTES;
		if (emit_piece(skb, socket, bytes, flags)) {
			if ((flags & (PACKET_IS_ORDERED | PACKET_IS_ANSWER)) != PACKET_IS_ORDERED)
				return;
			lose_requests(skb, bytes, total, socket->zero);
			return;
		}
		flags &= flags & PACKET_IS_ORDERED ? ~PACKET_IS_START
						   : ~(PACKET_IS_START | PACKET_IS_HEAD);
		bytes->offset += bytes->length;
		bytes->seq += bytes->length;
		captured -= bytes->length;
		total -= bytes->length;
	}
	bytes->length = total;
	if (total)
		emit_length(skb, socket, bytes, flags);
}

/*
 * An ordered packet of a protocol with a memory goes up whole, however long it is before it is cut
 * for the wire: where its pieces end user space alone knows.
 */
static __always_inline void emit_whole(struct __sk_buff *skb, struct packet_socket *socket,
	struct packet_bytes *bytes, __u32 flags)
{
	__u32 done =
		emit_records(skb, bytes->offset, bytes->length, bytes->seq, flags | RECORD_IS_ANY);

	if (done >= bytes->length)
		return;
	if (!done) {
		/* Of DNS the feature counts, which pairs it. */
		if (!(flags & PACKET_IS_ANSWER) && socket->common.protocol != PROTOCOL_dns)
			lose_request_of(socket->common.protocol);
		return;
	}
	bytes->seq += done;
	bytes->length -= done;
	emit_length(skb, socket, bytes, flags & ~PACKET_IS_START);
}

/* Of the exchange that the ring had no room for, nothing more is told. */
static __always_inline void lose_exchange(struct packet_socket *socket)
{
	socket->state.is_lost = 1;
	lose(RING_FULL);
}

/* bytes: of the packet, after the trim. */
static __noinline int emit_segments(struct __sk_buff *skb, struct packet_socket *socket,
	const struct packet_verdict *verdict, struct packet_bytes *bytes)
{
	__u32 capture, start, prefix = 0;
	__u16 flags;

	if (!socket || !verdict || !bytes)
		return 0;
	capture = verdict->capture;
	flags = (is_ordered(socket) ? PACKET_IS_ORDERED : 0) |
		(verdict->is_answer ? PACKET_IS_ANSWER : 0) |
		(verdict->is_head ? PACKET_IS_HEAD : 0);
	flags += socket->zero;
	if (!verdict->capture) {
		bytes->length += bytes->seq - verdict->from_seq;
		bytes->seq = verdict->from_seq;
	}
	if (socket->state.turn == 1)
		prefix = http_proxy_bytes(skb, bytes->offset, bytes->length);
	if (prefix > bytes->length)
		prefix = bytes->length;
	if (verdict->capture && !verdict->is_answer && !is_ordered(socket) &&
		http_holds_several(skb, bytes->offset + prefix, bytes->length - prefix)) {
		bpf_spin_lock(&socket->lock);
		packet_found_several(&socket->state, bytes->seq, verdict->is_head);
		bpf_spin_unlock(&socket->lock);
		flags |= PACKET_IS_ORDERED;
		capture = PACKET_SEGMENT_BYTES * PACKET_PIECES;
	}
	/* Whether it holds several had to be known all the same: they would be answered one by one.
	 */
	if (socket->state.is_lost && !(flags & PACKET_IS_ORDERED))
		return 0;
	flags += socket->zero;
	capture += socket->zero;
	start = bytes->seq;
	if (is_ordered(socket) && socket->common.protocol == PROTOCOL_tls) {
		emit_tls(skb, socket, bytes, flags | PACKET_IS_START);
		return 0;
	}
	if (is_ordered(socket) && socket->common.protocol != PROTOCOL_http) {
		emit_whole(skb, socket, bytes, flags | PACKET_IS_START);
		return 0;
	}
	emit_pieces(skb, socket, bytes, capture, flags | PACKET_IS_START);
	if (bytes->seq == start && flags == PACKET_IS_HEAD)
		lose_exchange(socket);
	return 0;
}

/* A plain request that was kept for its turn goes up alone, since the answer is not that simple. */
static __noinline int emit_kept(struct packet_socket *socket, __u32 seq)
{
	struct packet_segment *segment;
	struct packet_bytes bytes = { .seq = seq };

	if (!socket)
		return 0;
	segment = bpf_ringbuf_reserve(&telemetry, sizeof(*segment) + PACKET_REQUEST_BYTES, 0);
	if (!segment) {
		socket->state.lost_before = 1;
		socket->state.is_busy = 0;
		lose_exchange(socket);
		return 0;
	}
	bytes.length = socket->request_bytes;
	bytes.time_ns = socket->request_ns;
	fill_segment(segment, socket, &bytes, socket->request_bytes,
		PACKET_IS_HEAD | PACKET_IS_START | (is_ordered(socket) ? PACKET_IS_ORDERED : 0));
	segment->common.header.size = sizeof(*segment) + PACKET_REQUEST_BYTES;
	copy_aligned(segment + 1, socket->request, PACKET_REQUEST_BYTES);
	record_submit(segment);
	socket->state.is_busy = 0;
	return 0;
}

/* The connection ended before an answer to the kept request began. */
static __noinline int emit_unanswered(struct packet_socket *socket)
{
	struct packet_bytes none = {};
	struct packet_turn *turn;

	if (!socket)
		return 0;
	none.time_ns = bpf_ktime_get_ns();
	turn = bpf_ringbuf_reserve(&telemetry, sizeof(*turn) + PACKET_REQUEST_BYTES, 0);
	if (!turn) {
		lose(RING_FULL);
		return 0;
	}
	fill_turn(turn, socket, &none, 0, PACKET_REQUEST_BYTES);
	*(__u64 *)turn->tail = 0;
	record_submit(turn);
	return 0;
}

static __always_inline __u16 close_flags(const struct packet_socket *socket)
{
	return (socket->state.lost_before ? PACKET_LOST_BEFORE : 0) |
	       (is_ordered(socket) ? PACKET_IS_ORDERED : 0);
}

/* No later record tells of it. */
static __always_inline void close_late(struct packet_socket *socket, int is_reset)
{
	struct packet_late_close close = {
		.cookie = socket->common.cookie,
		.turn = socket->state.turn,
		.answer_end_seq = socket->state.next[socket->state.role == PACKET_SERVER],
		.flags = close_flags(socket),
		.is_reset = is_reset,
	};

	if (bpf_map_push_elem(&late_closes, &close, 0) && socket->state.lost_before)
		lose(RING_FULL);
}

/* Inside an exchange whose parts went up before. */
static __noinline int emit_close(struct packet_socket *socket, int is_reset)
{
	struct packet_close *close;

	if (!socket || (socket->state.is_lost && !is_ordered(socket)))
		return 0;
	close = bpf_ringbuf_reserve(&telemetry, sizeof(*close), 0);
	if (!close) {
		close_late(socket, is_reset);
		return 0;
	}
	fill_common(&close->common, socket, PACKET_CLOSE, sizeof(*close));
	close->common.header.time_ns = bpf_ktime_get_ns();
	close->common.flags = close_flags(socket);
	close->answer_end_seq = socket->state.next[socket->state.role == PACKET_SERVER];
	close->is_reset = is_reset;
	record_submit(close);
	return 0;
}

#endif
