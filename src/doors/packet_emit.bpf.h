/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Writes the packet door's records into the ring. A turn that finds the ring full is counted
 * as seen and lost; a segment that does marks its exchange, which is counted where it would have
 * been sent.
 */
#ifndef SKEP_PACKET_EMIT_BPF_H
#define SKEP_PACKET_EMIT_BPF_H

#include "doors/packet_match.bpf.h"
#include "doors/packet_socket.bpf.h"

/* Two sizes of turn record, so that small exchanges take little of the ring. */
#define TURN_SMALL_ANSWER  256
#define TURN_SMALL_REQUEST 128

/* clang copies byte by byte unless it is told that both ends are aligned. */
static __always_inline void copy_aligned(void *to, const void *from, const __u32 size)
{
	__builtin_memcpy(__builtin_assume_aligned(to, 8), __builtin_assume_aligned(from, 8), size);
}

static __always_inline void fill_common(
	struct packet_common *common, struct packet_socket *socket, __u16 type, __u32 size)
{
	copy_aligned(common, &socket->common, sizeof(*common));
	common->header.type = type;
	common->header.size = size;
	common->header.time_ns = bpf_ktime_get_ns();
	common->role = socket->state.role;
	common->turn = socket->state.turn;
}

static __always_inline void read_tail(struct __sk_buff *skb, __u32 length, __u8 *tail)
{
	*(__u64 *)tail = 0;
	if (length >= PACKET_TAIL_BYTES)
		bpf_skb_load_bytes(skb, skb->len - PACKET_TAIL_BYTES, tail, PACKET_TAIL_BYTES);
}

/* Where in skb the bytes of a record stand: the payload from seq on. */
struct packet_bytes {
	__u32 offset;
	__u32 length;
	__u32 seq;
};

/* The kept request with the answer's first packet; length 0 when no answer came. */
static __always_inline int write_turn(struct __sk_buff *skb, struct packet_socket *socket,
	const struct packet_bytes *answer, const __u32 answer_room, const __u32 request_room)
{
	__u32 size = sizeof(struct packet_turn) + answer_room + request_room;
	__u32 captured = answer->length < answer_room ? answer->length : answer_room;
	struct packet_turn *turn;
	__u8 *bytes;

	turn = bpf_ringbuf_reserve(&telemetry, size, 0);
	if (!turn) {
		count_loss(RING_FULL);
		return 0;
	}
	bytes = (__u8 *)(turn + 1);
	fill_common(&turn->common, socket, PACKET_TURN, size);
	turn->request_ns = socket->request_ns;
	turn->answer_seq = answer->seq;
	turn->answer_bytes = answer->length;
	turn->request_bytes = socket->request_bytes;
	turn->request_offset = sizeof(*turn) + answer_room;
	turn->answer_captured = captured;
	turn->reserved = 0;
	copy_aligned(bytes + answer_room, socket->request, request_room);
	*(__u64 *)turn->tail = 0;
	if (answer->length) {
		packet_read(skb, answer->offset, bytes, captured, answer_room);
		if (answer->length > captured)
			read_tail(skb, answer->length, turn->tail);
	}
	record_submit(turn);
	return 0;
}

static __noinline int emit_turn(
	struct __sk_buff *skb, struct packet_socket *socket, const struct packet_bytes *answer)
{
	if (!socket || !answer)
		return 0;
	count_one(COUNT_SEEN);
	if (answer->length <= TURN_SMALL_ANSWER && socket->request_bytes <= TURN_SMALL_REQUEST)
		return write_turn(skb, socket, answer, TURN_SMALL_ANSWER, TURN_SMALL_REQUEST);
	return write_turn(skb, socket, answer, PACKET_ANSWER_BYTES, PACKET_REQUEST_BYTES);
}

static __always_inline void mark_lost(struct packet_socket *socket)
{
	socket->state.is_lost = 1;
	socket->lost_before = 1;
}

static __always_inline void fill_segment(struct packet_segment *segment,
	struct packet_socket *socket, const struct packet_bytes *bytes, __u32 captured, __u16 flags)
{
	fill_common(&segment->common, socket, PACKET_SEGMENT, sizeof(*segment) + captured);
	segment->common.flags = flags | (socket->lost_before ? PACKET_LOST_BEFORE : 0);
	segment->seq = bytes->seq;
	segment->length = bytes->length;
	segment->captured = captured;
	*(__u64 *)segment->tail = 0;
	socket->lost_before = 0;
}

/* One piece: all of bytes when length <= room. */
static __always_inline int write_piece(struct __sk_buff *skb, struct packet_socket *socket,
	const struct packet_bytes *bytes, __u16 flags, const __u32 room)
{
	struct packet_segment *segment;

	segment = bpf_ringbuf_reserve(&telemetry, sizeof(*segment) + room, 0);
	if (!segment) {
		mark_lost(socket);
		return -1;
	}
	fill_segment(segment, socket, bytes, bytes->length, flags);
	segment->common.header.size = sizeof(*segment) + room;
	packet_read(skb, bytes->offset, segment + 1, bytes->length, room);
	record_submit(segment);
	return 0;
}

static __noinline int emit_piece(struct __sk_buff *skb, struct packet_socket *socket,
	const struct packet_bytes *bytes, __u16 flags)
{
	if (!socket || !bytes)
		return -1;
	if (bytes->length <= 256)
		return write_piece(skb, socket, bytes, flags, 256);
	if (bytes->length <= 1024)
		return write_piece(skb, socket, bytes, flags, 1024);
	return write_piece(skb, socket, bytes, flags, PACKET_SEGMENT_BYTES);
}

/* The bytes are only counted: seen by the door, not wanted by user space. */
static __noinline int emit_length(struct __sk_buff *skb, struct packet_socket *socket,
	const struct packet_bytes *bytes, __u16 flags)
{
	struct packet_segment *segment;

	if (!socket || !bytes)
		return -1;
	segment = bpf_ringbuf_reserve(&telemetry, sizeof(*segment), 0);
	if (!segment) {
		mark_lost(socket);
		return -1;
	}
	fill_segment(segment, socket, bytes, 0, flags);
	read_tail(skb, bytes->length, segment->tail);
	record_submit(segment);
	return 0;
}

/* The beginning of bytes, up to capture, in pieces; what is left as a length. */
static __always_inline int emit_pieces(struct __sk_buff *skb, struct packet_socket *socket,
	struct packet_bytes *bytes, __u32 capture, __u16 flags)
{
	__u32 total = bytes->length;
	__u32 captured = total < capture ? total : capture;

	for (int i = 0; i < PACKET_PIECES && captured; i++) {
		bytes->length = captured < PACKET_SEGMENT_BYTES ? captured : PACKET_SEGMENT_BYTES;
		if (emit_piece(skb, socket, bytes, flags))
			return -1;
		flags &= ~PACKET_IS_HEAD;
		bytes->offset += bytes->length;
		bytes->seq += bytes->length;
		captured -= bytes->length;
		total -= bytes->length;
	}
	bytes->length = total;
	return total ? emit_length(skb, socket, bytes, flags) : 0;
}

/* bytes: of the packet, after the trim. */
static __noinline int emit_segments(struct __sk_buff *skb, struct packet_socket *socket,
	const struct packet_verdict *verdict, struct packet_bytes *bytes)
{
	__u16 flags;
	int is_answer_head;

	if (!socket || !verdict || !bytes)
		return 0;
	flags = (socket->state.mode == PACKET_ORDERED ? PACKET_IS_ORDERED : 0) |
		(verdict->is_answer ? PACKET_IS_ANSWER : 0) |
		(verdict->is_head ? PACKET_IS_HEAD : 0);
	is_answer_head = verdict->is_head && verdict->is_answer;
	if (is_answer_head && socket->state.is_lost) {
		count_one(COUNT_SEEN);
		count_loss(RING_FULL);
		return 0;
	}
	if (!verdict->capture) {
		bytes->length += bytes->seq - verdict->from_seq;
		bytes->seq = verdict->from_seq;
	}
	if (emit_pieces(skb, socket, bytes, verdict->capture, flags) && is_answer_head) {
		count_one(COUNT_SEEN);
		count_loss(RING_FULL);
	}
	return 0;
}

/* A plain request that was kept for its turn goes up alone, since the connection is ordered now. */
static __noinline int emit_kept(struct packet_socket *socket, __u32 seq)
{
	struct packet_segment *segment;
	struct packet_bytes bytes = { .seq = seq };

	if (!socket)
		return 0;
	segment = bpf_ringbuf_reserve(&telemetry, sizeof(*segment) + PACKET_REQUEST_BYTES, 0);
	if (!segment) {
		mark_lost(socket);
		return 0;
	}
	bytes.length = socket->request_bytes;
	fill_segment(
		segment, socket, &bytes, socket->request_bytes, PACKET_IS_ORDERED | PACKET_IS_HEAD);
	segment->common.header.size = sizeof(*segment) + PACKET_REQUEST_BYTES;
	segment->common.header.time_ns = socket->request_ns;
	copy_aligned(segment + 1, socket->request, PACKET_REQUEST_BYTES);
	record_submit(segment);
	return 0;
}

/* The connection ended before an answer to the kept request began. */
static __noinline int emit_unanswered(struct packet_socket *socket)
{
	struct packet_turn *turn;
	__u32 size = sizeof(*turn) + PACKET_REQUEST_BYTES;

	if (!socket)
		return 0;
	count_one(COUNT_SEEN);
	turn = bpf_ringbuf_reserve(&telemetry, size, 0);
	if (!turn) {
		count_loss(RING_FULL);
		return 0;
	}
	fill_common(&turn->common, socket, PACKET_TURN, size);
	turn->request_ns = socket->request_ns;
	turn->answer_seq = 0;
	turn->answer_bytes = 0;
	turn->request_bytes = socket->request_bytes;
	turn->request_offset = sizeof(*turn);
	turn->answer_captured = 0;
	turn->reserved = 0;
	*(__u64 *)turn->tail = 0;
	copy_aligned(turn + 1, socket->request, PACKET_REQUEST_BYTES);
	record_submit(turn);
	return 0;
}

/* Inside an exchange whose parts went up before; is_unanswered: of which only the request did. */
static __noinline int emit_close(struct packet_socket *socket, int is_unanswered)
{
	struct packet_close *close;

	if (!socket)
		return 0;
	if (is_unanswered && socket->state.is_lost) {
		count_one(COUNT_SEEN);
		count_loss(RING_FULL);
	}
	close = bpf_ringbuf_reserve(&telemetry, sizeof(*close), 0);
	if (!close)
		return 0;
	fill_common(&close->common, socket, PACKET_CLOSE, sizeof(*close));
	close->common.flags = (socket->lost_before ? PACKET_LOST_BEFORE : 0) |
			      (socket->state.mode == PACKET_ORDERED ? PACKET_IS_ORDERED : 0);
	close->answer_end_seq = socket->state.next[socket->state.role == PACKET_SERVER];
	close->reserved = 0;
	record_submit(close);
	return 0;
}

#endif
