/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Hands over the bytes of a buffer that is being freed, where they are a known protocol's: what the
 * end that connected sends first decides. Kernels read buffers for tracing programs since 6.12
 * (bpf_dynptr_from_skb); user space pairs requests and answers.
 */
#ifndef SKEP_UNIX_BYTES_BPF_H
#define SKEP_UNIX_BYTES_BPF_H

#include "observe/unix/unix_socket.bpf.h"
#include "protocols/http_match.h"

/* Buffers of the end that connected that may be none before it is given up: a connection that is
 * older than the agent may be inside a body. */
#define TRIES_MAXIMUM 4
#define SERVER	      0
#define CLIENT	      1

extern int bpf_dynptr_from_skb(
	struct sk_buff *skb, __u64 flags, struct bpf_dynptr *ret_dynptr) __ksym __weak;

/* Of the end that connected, which speaks first. */
static __always_inline void stream_judge(struct unix_end_state *end, struct unix_end_state *other,
	struct bpf_dynptr *bytes, __u32 length)
{
	__u64 head[2] = {};

	if (end->role != ROLE_CLIENT_SIDE || end->stream != UNIX_STREAM_UNKNOWN)
		return;
	if (bpf_dynptr_read(head, length < sizeof(head) ? length : sizeof(head), bytes, 0, 0))
		return;
	if (http_match_request((const __u8 *)head, length) != HTTP_REQUEST_NO)
		end->stream = other->stream = UNIX_STREAM_HTTP;
	else if (++end->tries >= TRIES_MAXIMUM)
		end->stream = other->stream = UNIX_STREAM_NONE;
}

struct stream_ends {
	const struct sock *sk; /* of the end that sent */
	struct unix_end_state *end;
	const struct unix_end_state *other;
};

static __always_inline void fill_bytes(
	struct unix_bytes *record, const struct stream_ends *ends, __u32 length, __u32 room)
{
	const struct unix_end_state *end = ends->end;
	const struct sock *sk = ends->sk; /* or the kernel's types would be searched for ends */
	bool is_client = end->role == ROLE_CLIENT_SIDE;

	record->header.source = SOURCE_unix_feature;
	record->header.type = UNIX_BYTES;
	record->header.size = sizeof(*record) + room;
	record->header.time_ns = bpf_ktime_get_ns();
	record->connection = end->connection;
	record->owners[SERVER] = is_client ? ends->other->owner : end->owner;
	record->owners[CLIENT] = is_client ? end->owner : ends->other->owner;
	record->offset = end->bytes_read;
	record->start = end->stream_start;
	record->length = length;
	record->captured = length < room ? length : room;
	record->network_namespace = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	record->role = end->role;
	record->is_in_scope[SERVER] = is_client ? ends->other->is_in_scope : end->is_in_scope;
	record->is_in_scope[CLIENT] = is_client ? end->is_in_scope : ends->other->is_in_scope;
	record->is_lost_before = end->is_lost_before;
	*(__u64 *)record->tail = 0;
}

static __always_inline int emit_bytes(
	const struct stream_ends *ends, struct bpf_dynptr *bytes, __u32 length, __u32 room)
{
	struct unix_bytes *record = bpf_ringbuf_reserve(&telemetry, sizeof(*record) + room, 0);

	if (!record)
		return -1;
	fill_bytes(record, ends, length, room);
	if (bpf_dynptr_read(record + 1, length < room ? length : room, bytes, 0, 0) ||
		(length > room && bpf_dynptr_read(record->tail, UNIX_TAIL_BYTES, bytes,
					  length - UNIX_TAIL_BYTES, 0))) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return -1;
	}
	record_submit(record);
	return 0;
}

/* Before the bytes are added to end->bytes_read. */
static __always_inline void stream_read(
	struct sk_buff *skb, const struct sock *sk, struct unix_end_state *end, __u32 length)
{
	__u64 peer = end->peer;
	struct unix_end_state *other;
	struct stream_ends ends;
	struct bpf_dynptr bytes;

	if (end->stream == UNIX_STREAM_NONE ||
		(end->stream == UNIX_STREAM_UNKNOWN && end->role != ROLE_CLIENT_SIDE))
		return;
	other = bpf_map_lookup_elem(&end_by_socket, &peer);
	if (!other || other->connection != end->connection)
		return;
	if (bpf_dynptr_from_skb(skb, 0, &bytes))
		return;
	stream_judge(end, other, &bytes, length);
	if (end->stream != UNIX_STREAM_HTTP || !(end->is_in_scope || other->is_in_scope))
		return;
	ends = (struct stream_ends){ sk, end, other };
	if (!end->is_streamed)
		end->stream_start = end->bytes_read;
	end->is_streamed = 1;
	if (length <= UNIX_BYTES_SMALL)
		end->is_lost_before = emit_bytes(&ends, &bytes, length, UNIX_BYTES_SMALL) < 0;
	else
		end->is_lost_before = emit_bytes(&ends, &bytes, length, UNIX_BYTES_MAXIMUM) < 0;
	if (end->is_lost_before)
		lose(RING_FULL);
}

#endif
