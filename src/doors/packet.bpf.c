// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The packet door: reads the payload of TCP and UDP sockets where every packet passes, whatever
 * call or ring sent it, and pairs request and answer. In: packets at the cgroup's
 * ingress and egress, the birth and death of connections (sockops), and what processes do with UDP
 * sockets. Out: turns, segments, closes and datagrams in the telemetry ring. Every path allows.
 */
#include "bpf/emit.h"

#include "doors/packet_emit.bpf.h"
#include "doors/packet_match.bpf.h"
#include "doors/packet_socket.bpf.h"
#include "doors/packet_udp.bpf.h"

#define ALLOW 1

/* Where the payload of a TCP packet stands. */
struct tcp_place {
	__u32 offset;
	__u32 length;
	__u32 seq;
	__u32 flags;
};

/* The TCP header is 20 bytes at least (RFC 9293, 3.1): ports, seq at 4, offset at 12, flags at 13.
 */
static __always_inline int tcp_find(struct __sk_buff *skb, struct tcp_place *place)
{
	__u8 *data = (__u8 *)(long)skb->data;
	__u8 *end = (__u8 *)(long)skb->data_end;
	__u32 header;
	__u8 *tcp;

	if (data + 40 > end)
		return -1;
	if ((data[0] >> 4) == 4) {
		header = (data[0] & 0xf) * 4;
		if (data[9] != PROTOCOL_TCP)
			return -1;
	} else {
		header = 40;
		if (data[6] != PROTOCOL_TCP)
			return -1;
	}
	if (header < 20 || header > 60)
		return -1;
	tcp = data + header;
	if (tcp + 20 > end)
		return -1;
	place->seq = bpf_ntohl(*(__u32 *)(tcp + 4));
	place->flags = tcp[13];
	place->offset = header + (tcp[12] >> 4) * 4;
	if (place->offset > skb->len)
		return -1;
	place->length = skb->len - place->offset;
	return 0;
}

/*
 * Two answers want another look. One whose head is longer than what is taken of most: more of it
 * goes up, in segments, since its length and its end stand in there. And one before the answer that
 * has the answer in its packet.
 */
static __always_inline void look_again(struct __sk_buff *skb, struct packet_socket *socket,
	struct packet_verdict *verdict, const struct packet_bytes *bytes)
{
	__u32 length = verdict->is_interim ? bytes->length : PACKET_ANSWER_BYTES;

	if (!verdict->is_head || !verdict->is_answer || is_ordered(socket) ||
		(!verdict->is_interim && bytes->length <= PACKET_ANSWER_BYTES))
		return;
	if (http_head_end(skb, bytes->offset, length) < length) {
		if (!verdict->is_interim)
			return;
		bpf_spin_lock(&socket->lock);
		packet_found_answer(&socket->state, bytes->seq, verdict->action == PACKET_DO_FLUSH);
		bpf_spin_unlock(&socket->lock);
		return;
	}
	if (verdict->is_interim)
		return;
	verdict->capture = PACKET_SEGMENT_BYTES;
	if (verdict->action == PACKET_DO_TURN)
		verdict->action = PACKET_DO_FLUSH;
}

/*
 * An answer came on a connection of which no request was seen. Counts the request that went by
 * unseen, unless TCP knows of none: some proxies answer clients that leave without a word.
 */
static __noinline int lose_unseen(struct __sk_buff *skb, struct packet_socket *socket)
{
	/* Volatile: clang would else choose between addresses in it, which the verifier refuses. */
	const volatile struct bpf_tcp_sock *tcp;
	struct bpf_sock *sk = skb->sk;
	__u32 received, sent;

	if (!sk || !socket)
		return 0;
	tcp = bpf_tcp_sock(sk);
	if (!tcp)
		return 0;
	received = tcp->data_segs_in;
	sent = tcp->data_segs_out;
	if (socket->state.role == PACKET_SERVER ? received : sent)
		lose(HANDSHAKE);
	return 0;
}

/* What the verdict asks for. The bytes are those of the packet. */
static __always_inline void obey(struct __sk_buff *skb, struct packet_socket *socket,
	struct packet_verdict *verdict, struct packet_bytes *bytes)
{
	if (verdict->action == PACKET_DO_NOTHING)
		return;
	if (verdict->action == PACKET_DO_KEEP) {
		socket->request_ns = bytes->time_ns;
		socket->request_bytes = bytes->length;
		return;
	}
	verdict->action += socket->zero;
	verdict->is_answer += socket->zero;
	verdict->is_head += socket->zero;
	verdict->capture += socket->zero;
	bytes->offset += verdict->trim;
	bytes->length -= verdict->trim;
	bytes->seq += verdict->trim;
	look_again(skb, socket, verdict, bytes);
	if (verdict->action == PACKET_DO_TURN) {
		emit_turn(skb, socket, bytes);
		return;
	}
	if (verdict->action == PACKET_DO_FLUSH)
		emit_kept(socket, socket->state.message_seq[socket->state.role == PACKET_CLIENT]);
	emit_segments(skb, socket, verdict, bytes);
}

/*
 * The most frequent packet but the request: the small answer to a small kept request. Its
 * bytes are read once, to where they stay. Returns 0 when it is none of that, and nothing is
 * decided.
 */
static __always_inline int take_small_answer(struct __sk_buff *skb, struct packet_socket *socket,
	struct packet_view *view, const struct packet_bytes *bytes)
{
	struct packet_verdict verdict = {};
	struct packet_turn *turn;
	int is_even = 0;

	if (socket->state.phase != PACKET_REQUEST || socket->state.is_streamed ||
		view->length > TURN_SMALL_ANSWER || view->length < 16 ||
		socket->request_bytes > TURN_SMALL_REQUEST)
		return 0;
	turn = bpf_ringbuf_reserve(&telemetry, TURN_SMALL_SIZE, 0);
	if (!turn)
		return 0;
	if (!packet_read(skb, bytes->offset, turn + 1, view->length, TURN_SMALL_ANSWER)) {
		match_answer_bytes((__u8 *)(turn + 1), view->length, view);
		bpf_spin_lock(&socket->lock);
		is_even = packet_judge_even(&socket->state, view, &verdict);
		bpf_spin_unlock(&socket->lock);
	}
	if (!is_even) {
		bpf_ringbuf_discard(turn, BPF_RB_NO_WAKEUP);
		return 0;
	}
	fill_turn(turn, socket, bytes, TURN_SMALL_ANSWER, TURN_SMALL_REQUEST);
	*(__u64 *)turn->tail = 0;
	/* To look how full the ring is costs: one turn in eight does. */
	bpf_ringbuf_submit(turn, (socket->state.turn & 7) <= 1 ? ring_flags() : BPF_RB_NO_WAKEUP);
	socket->state.is_busy = 0;
	return 1;
}

/*
 * Before bytes that seem to be missing: when TCP has received them they went by where the door does
 * not see, as data of a handshake does, and will not come.
 */
static __noinline int pass_unseen(struct __sk_buff *skb, struct packet_socket *socket)
{
	struct bpf_tcp_sock *tcp;
	struct bpf_sock *sk = skb->sk;

	if (!sk || !socket)
		return 0;
	tcp = bpf_tcp_sock(sk);
	if (!tcp || packet_distance(socket->state.next[PACKET_INGRESS], tcp->rcv_nxt) <= 0)
		return 0;
	socket->state.next[PACKET_INGRESS] = tcp->rcv_nxt;
	socket->state.lost_before = 1;
	return 0;
}

static __always_inline void judge_payload(struct __sk_buff *skb, struct packet_socket *socket,
	const struct tcp_place *place, __u8 direction)
{
	struct packet_view view = {
		.seq = place->seq,
		.length = place->length,
		.direction = direction,
		.is_push = !!(place->flags & TCP_FLAG_PSH_BIT),
	};
	struct packet_bytes bytes = {
		.offset = place->offset,
		.length = place->length,
		.seq = place->seq,
		.time_ns = packet_time_ns(skb, direction),
	};
	__u8 role = socket->state.role;
	int is_request = (role == PACKET_SERVER) == (direction == PACKET_INGRESS);
	struct packet_verdict verdict = {};

	if (direction == PACKET_INGRESS && socket->state.has_next[PACKET_INGRESS] &&
		packet_distance(socket->state.next[PACKET_INGRESS], view.seq) > 0)
		pass_unseen(skb, socket);
	if (role != PACKET_ROLE_UNKNOWN && !is_request &&
		take_small_answer(skb, socket, &view, &bytes))
		return;
	if (match_packet(skb, bytes.offset, &view, socket)) {
		lose(READ);
		return;
	}
	bpf_spin_lock(&socket->lock);
	packet_judge(&socket->state, &view, &verdict);
	bpf_spin_unlock(&socket->lock);
	obey(skb, socket, &verdict, &bytes);
	if (verdict.is_unseen)
		lose_unseen(skb, socket);
}

static __always_inline void judge_end(struct packet_socket *socket, __u8 direction, int is_reset)
{
	enum packet_action action;

	bpf_spin_lock(&socket->lock);
	action = packet_judge_end(&socket->state, direction, is_reset);
	bpf_spin_unlock(&socket->lock);
	if (action == PACKET_DO_TURN)
		emit_unanswered(socket);
	else if (action != PACKET_DO_NOTHING)
		emit_close(socket, is_reset);
}

static __always_inline int on_packet(struct __sk_buff *skb, __u8 direction)
{
	struct packet_socket *socket;
	struct tcp_place place;
	struct bpf_sock *sk;
	__u32 end;

	if (tcp_find(skb, &place)) {
		on_datagram(skb, direction);
		return ALLOW;
	}
	end = place.flags & (TCP_FLAG_FIN_BIT | TCP_FLAG_RST_BIT);
	if ((!place.length && !end) || (place.flags & TCP_FLAG_SYN_BIT))
		return ALLOW;
	sk = skb->sk;
	if (!sk)
		return ALLOW;
	socket = bpf_sk_storage_get(&socket_state, sk, NULL, 0);
	if (place.length && (!socket || !socket->common.cookie))
		socket = socket_new(skb);
	if (!socket)
		return ALLOW;
	if (socket->state.mode == PACKET_IGNORED)
		return ALLOW;
	if (place.length) {
		if (direction == PACKET_EGRESS)
			socket_own(socket, sk);
		judge_payload(skb, socket, &place, direction);
	}
	if (end)
		judge_end(socket, direction, !!(end & TCP_FLAG_RST_BIT));
	return ALLOW;
}

SEC("cgroup_skb/ingress")
int on_ingress(struct __sk_buff *skb)
{
	return on_packet(skb, PACKET_INGRESS);
}

SEC("cgroup_skb/egress")
int on_egress(struct __sk_buff *skb)
{
	return on_packet(skb, PACKET_EGRESS);
}

static __always_inline void on_established(struct bpf_sock_ops *ops, __u8 role)
{
	struct packet_socket *socket;

	if (!ops->sk)
		return;
	socket = bpf_sk_storage_get(&socket_state, ops->sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!socket)
		return;
	socket->state.role = role;
	socket->state.has_next[PACKET_INGRESS] = 1;
	socket->state.has_next[PACKET_EGRESS] = 1;
	socket->state.next[PACKET_INGRESS] = ops->rcv_nxt;
	socket->state.next[PACKET_EGRESS] = ops->snd_nxt;
	bpf_sock_ops_cb_flags_set(ops, ops->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_RETRANS_CB_FLAG);
}

/*
 * Only a connection whose packets are lost ends without one that the door sees. So its changes of
 * state are asked for from its first retransmission on, and those of the others, which are
 * nearly all, cost nothing.
 */
static __always_inline void on_retransmission(struct bpf_sock_ops *ops)
{
	__u32 flags = ops->bpf_sock_ops_cb_flags & ~BPF_SOCK_OPS_RETRANS_CB_FLAG;

	bpf_sock_ops_cb_flags_set(ops, flags | BPF_SOCK_OPS_STATE_CB_FLAG);
}

SEC("sockops")
int on_connection(struct bpf_sock_ops *ops)
{
	struct packet_socket *socket;

	switch (ops->op) {
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		on_established(ops, PACKET_CLIENT);
		break;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		on_established(ops, PACKET_SERVER);
		break;
	case BPF_SOCK_OPS_RETRANS_CB:
		on_retransmission(ops);
		break;
	case BPF_SOCK_OPS_STATE_CB:
		if (ops->args[1] != BPF_TCP_CLOSE || !ops->sk)
			break;
		socket = bpf_sk_storage_get(&socket_state, ops->sk, NULL, 0);
		if (socket)
			judge_end(socket, PACKET_INGRESS, 1);
		break;
	}
	return ALLOW;
}

/* Where a process names the peer of its UDP socket, by sendto(2) and connect(2) … */
SEC("cgroup/sendmsg4")
int on_send_ipv4(struct bpf_sock_addr *ctx)
{
	udp_name(ctx->sk);
	return ALLOW;
}

SEC("cgroup/sendmsg6")
int on_send_ipv6(struct bpf_sock_addr *ctx)
{
	udp_name(ctx->sk);
	return ALLOW;
}

SEC("cgroup/connect4")
int on_connect_ipv4(struct bpf_sock_addr *ctx)
{
	if (ctx->type == SOCKET_DATAGRAM)
		udp_name(ctx->sk);
	return ALLOW;
}

SEC("cgroup/connect6")
int on_connect_ipv6(struct bpf_sock_addr *ctx)
{
	if (ctx->type == SOCKET_DATAGRAM)
		udp_name(ctx->sk);
	return ALLOW;
}

/* … and where it takes an address to be reached at: for those that only receive. */
SEC("cgroup/post_bind4")
int on_bind_ipv4(struct bpf_sock *ctx)
{
	if (ctx->type == SOCKET_DATAGRAM)
		udp_name(ctx);
	return ALLOW;
}

SEC("cgroup/post_bind6")
int on_bind_ipv6(struct bpf_sock *ctx)
{
	if (ctx->type == SOCKET_DATAGRAM)
		udp_name(ctx);
	return ALLOW;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
