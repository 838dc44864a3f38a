/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What goes up of TLS: the packet door follows the heads of records (RFC 8446, 5.1), so that of
 * long ones only the beginning is copied. docs/decisions/key-door.md says how much.
 */
#ifndef SKEP_PACKET_TLS_BPF_H
#define SKEP_PACKET_TLS_BPF_H

#include "doors/packet_segment.bpf.h"

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

#endif
