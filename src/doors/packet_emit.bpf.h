/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Writes the packet door's records into the ring. A turn, or the beginning of a request, that
 * finds the ring full is counted as seen and lost, and nothing more of that exchange goes up. What
 * is lost later is noted in the next record: user space knows the exchange and counts it.
 */
#ifndef SKEP_PACKET_EMIT_BPF_H
#define SKEP_PACKET_EMIT_BPF_H

#include "doors/packet_match.bpf.h"
#include "doors/packet_socket.bpf.h"

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
			if ((flags & (PACKET_IS_ORDERED | PACKET_IS_ANSWER)) == PACKET_IS_ORDERED &&
				socket->common.protocol == PROTOCOL_http)
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

/* A head of five bytes (RFC 8446, 5.1). Returns how long the record is, 0 when that is not there.
 */
static __always_inline __u32 record_bytes(struct __sk_buff *skb, __u32 offset)
{
	__u8 head[8] = {};

	if (bpf_skb_load_bytes(skb, offset, head, TLS_RECORD_HEAD))
		return 0;
	return TLS_RECORD_HEAD + ((__u32)head[3] << 8 | head[4]);
}

static __always_inline struct packet_records *records_of(struct packet_socket *socket, __u32 flags)
{
	int is_egress = (socket->state.role == PACKET_SERVER) == !!(flags & PACKET_IS_ANSWER);

	return is_egress ? &socket->records[PACKET_EGRESS] : &socket->records[PACKET_INGRESS];
}

/* Beside enum packet_flag: the bytes go up whatever records they are of. */
#define RECORD_IS_ANY (1U << 16)

/* A head that lies in two packets comes byte by byte; until it is whole the next byte is taken for
 * the next record. */
static __always_inline int add_to_head(
	struct __sk_buff *skb, struct packet_records *records, const struct packet_bytes *bytes)
{
	__u8 byte = 0;

	if (bpf_skb_load_bytes(skb, bytes->offset, &byte, 1))
		return -1;
	if (!records->head_bytes)
		records->start = bytes->seq;
	records->head = records->head << 8 | byte;
	records->head_bytes++;
	records->next = bytes->seq + 1;
	if (records->head_bytes == TLS_RECORD_HEAD) {
		records->next += records->head & 0xffff;
		records->head_bytes = 0;
	}
	return 0;
}

/*
 * Sends what is wanted of the record that the bytes from offset on begin with, or go on with.
 * Returns how many bytes that dealt with, 0 when it is not known where the record ends. Global and
 * of numbers only, so that the verifier walks it once, and not once for each record.
 */
__noinline __u32 emit_record(
	struct __sk_buff *skb, __u32 offset, __u32 length, __u32 seq, __u32 flags)
{
	struct packet_bytes bytes = { .offset = offset, .seq = seq };
	struct packet_records *records;
	struct packet_socket *socket;
	struct bpf_sock *sk = skb->sk;
	__u32 size, done, limit;

	if (!sk)
		return 0;
	socket = bpf_sk_storage_get(&socket_state, sk, NULL, 0);
	if (!socket)
		return 0;
	if (flags & RECORD_IS_ANY) {
		bytes.length = length < PACKET_SEGMENT_BYTES ? length : PACKET_SEGMENT_BYTES;
		bytes.time_ns =
			packet_time_ns(skb, records_of(socket, flags) == &socket->records[1]);
		return emit_piece(skb, socket, &bytes, flags) ? 0 : bytes.length;
	}
	records = records_of(socket, flags);
	if (records->next == seq && (length < TLS_RECORD_HEAD || records->head_bytes)) {
		bytes.length = 1;
		bytes.time_ns = packet_time_ns(skb, records == &socket->records[1]);
		if (add_to_head(skb, records, &bytes))
			return 0;
		emit_piece(skb, socket, &bytes, flags);
		return 1;
	}
	if (records->next == seq) {
		size = record_bytes(skb, offset);
		if (!size)
			return 0;
		records->start = seq;
		records->next = seq + size;
	}
	size = records->next - records->start;
	done = seq - records->start;
	if (done >= size)
		return 0;
	limit = size;
	if (size > PACKET_SEGMENT_BYTES && records->start - records->first >= PACKET_TLS_WHOLE)
		limit = PACKET_TLS_HEAD;
	bytes.length = length < size - done ? length : size - done;
	bytes.time_ns = packet_time_ns(skb, records == &socket->records[1]);
	if (done >= limit) {
		emit_length(skb, socket, &bytes, flags);
		return bytes.length;
	}
	if (bytes.length > limit - done)
		bytes.length = limit - done;
	if (bytes.length > PACKET_SEGMENT_BYTES)
		bytes.length = PACKET_SEGMENT_BYTES;
	emit_piece(skb, socket, &bytes, flags);
	return bytes.length;
}

/* Pieces of one packet, which may have some hundred KiB before it is cut for the wire. What is
 * behind them goes up whole. */
#define RECORDS_MAXIMUM 128

/* Returns the bytes that were dealt with. */
__noinline __u32 emit_records(
	struct __sk_buff *skb, __u32 offset, __u32 length, __u32 seq, __u32 flags)
{
	__u32 done = 0;

	for (int i = 0; i < RECORDS_MAXIMUM && done < length; i++) {
		__u32 size = emit_record(skb, offset + done, length - done, seq + done, flags);

		if (!size)
			break;
		done += size;
		flags &= ~PACKET_IS_START;
	}
	return done;
}

/*
 * Of the records of TLS the longest go up cut; all bytes do once it is not known any more where
 * records begin.
 */
static __always_inline void emit_tls(struct __sk_buff *skb, struct packet_socket *socket,
	const struct packet_bytes *bytes, __u32 flags)
{
	struct packet_records *records = records_of(socket, flags);
	__u32 done = 0;

	if (!records->is_known) {
		records->is_known = 1;
		records->first = bytes->seq;
		records->next = bytes->seq;
		records->end = bytes->seq;
	}
	/* The packet before it may be in the hands of another processor still. */
	if (socket->state.has_hole || records->end != bytes->seq)
		socket->is_whole = 1;
	if (!socket->is_whole) {
		done = emit_records(skb, bytes->offset, bytes->length, bytes->seq, flags);
		records->end = bytes->seq + done;
	}
	if (done == bytes->length)
		return;
	socket->is_whole = 1;
	emit_records(skb, bytes->offset + done, bytes->length - done, bytes->seq + done,
		flags | RECORD_IS_ANY);
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

/* Inside an exchange whose parts went up before. */
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
