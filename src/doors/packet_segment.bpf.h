/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The packet door's segments: bytes of a packet, or only how many, as records in the ring. What
 * finds no room is noted in the next record of the connection.
 */
#ifndef SKEP_PACKET_SEGMENT_BPF_H
#define SKEP_PACKET_SEGMENT_BPF_H

#include "doors/packet_match.bpf.h"
#include "doors/packet_socket.bpf.h"

/* clang copies byte by byte unless it is told that both ends are aligned. */
static __always_inline void copy_aligned(void *to, const void *from, const __u32 size)
{
	__builtin_memcpy(__builtin_assume_aligned(to, 8), __builtin_assume_aligned(from, 8), size);
}

/*
 * When the packet passed. TCP notes on its way out when it sent the packet, on the clock that skep
 * uses (skb_mstamp_ns, since 4.20), so that only packets on their way in ask for the time.
 */
static __always_inline __u64 packet_time_ns(const struct __sk_buff *skb, __u8 direction)
{
	__u64 time_ns = direction == PACKET_EGRESS ? skb->tstamp : 0;

	return time_ns ? time_ns : bpf_ktime_get_ns();
}

/* header.time_ns is the caller's. */
static __always_inline void fill_common(
	struct packet_common *common, struct packet_socket *socket, __u16 type, __u32 size)
{
	copy_aligned(common, &socket->common, sizeof(*common));
	common->header.type = type;
	common->header.size = size;
	common->role = socket->state.role;
	common->turn = socket->state.turn;
}

/* Of a packet with as many bytes at least. */
static __always_inline void read_tail(struct __sk_buff *skb, __u8 *tail)
{
	bpf_skb_load_bytes(skb, skb->len - PACKET_TAIL_BYTES, tail, PACKET_TAIL_BYTES);
}

/* Where in skb the bytes of a record stand: the payload from seq on. */
struct packet_bytes {
	__u64 time_ns; /* of the packet */
	__u32 offset;
	__u32 length;
	__u32 seq;
};

static __always_inline int is_ordered(const struct packet_socket *socket)
{
	return socket->state.mode == PACKET_ORDERED;
}

static __always_inline __u32 segment_start(const struct packet_socket *socket, __u16 flags)
{
	int is_egress = (socket->state.role == PACKET_SERVER) == !!(flags & PACKET_IS_ANSWER);

	return is_egress ? socket->state.message_seq[1] : socket->state.message_seq[0];
}

static __always_inline void fill_segment(struct packet_segment *segment,
	struct packet_socket *socket, const struct packet_bytes *bytes, __u32 captured, __u16 flags)
{
	fill_common(&segment->common, socket, PACKET_SEGMENT, sizeof(*segment) + captured);
	segment->common.header.time_ns = bytes->time_ns;
	segment->common.flags = flags | (socket->state.lost_before ? PACKET_LOST_BEFORE : 0);
	segment->seq = bytes->seq;
	segment->length = bytes->length;
	segment->captured = captured;
	segment->reserved = 0;
	segment->start_seq = segment_start(socket, flags);
	*(__u64 *)segment->tail = 0;
	socket->state.lost_before = 0;
}

/* One piece: all of bytes when length <= room. */
static __always_inline int write_piece(struct __sk_buff *skb, struct packet_socket *socket,
	const struct packet_bytes *bytes, __u16 flags, const __u32 room)
{
	struct packet_segment *segment;

	segment = bpf_ringbuf_reserve(&telemetry, sizeof(*segment) + room, 0);
	if (!segment) {
		socket->state.lost_before = 1;
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
		socket->state.lost_before = 1;
		return -1;
	}
	fill_segment(segment, socket, bytes, 0, flags);
	read_tail(skb, segment->tail);
	record_submit(segment);
	return 0;
}

#endif
