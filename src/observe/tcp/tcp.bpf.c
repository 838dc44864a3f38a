// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The life of TCP connections. In: each change of a socket's state (tracepoint), old
 * connections and all cgroups included; sockops for the two things that it does not tell: a
 * cookie for each connection, and the first send of an accepted one. Out: records in the telemetry
 * ring. docs/decisions/004-tcp-door.md says why.
 */
#include "observe/tcp/tcp_socket.bpf.h"

#define ALLOW 1

static __always_inline void emit(
	const struct tcp_sock *tcp, const struct connection *connection, __u16 type, __u8 old_state)
{
	const struct sock *sk = &tcp->inet_conn.icsk_inet.sk;
	struct tcp_record *record;

	if (type != TCP_OWNED)
		count_one(COUNT_SEEN);
	record = bpf_ringbuf_reserve(&telemetry, sizeof(*record), 0);
	if (!record) {
		if (type != TCP_OWNED)
			count_loss(RING_FULL);
		return;
	}
	record->header.source = SOURCE_tcp_feature;
	record->header.type = type;
	record->header.size = sizeof(*record);
	record->header.time_ns = bpf_ktime_get_ns();
	record->socket = (__u64)tcp;
	record->cookie = sk->__sk_common.skc_cookie.counter;
	record->owner = connection->owner;
	__builtin_memcpy(record->comm, connection->comm, sizeof(record->comm));
	record->since_ns = connection->since_ns;
	record->network_namespace = socket_network_namespace(sk);
	record->role = connection->role;
	record->old_state = old_state;
	record->reserved[0] = record->reserved[1] = 0;
	fill_ends(record, tcp);
	fill_totals(record, tcp);
	record_submit(record);
}

static __always_inline void on_listen(const struct tcp_sock *tcp)
{
	const struct sock *sk = &tcp->inet_conn.icsk_inet.sk;
	struct connection connection = { .role = ROLE_SERVER_SIDE };

	if (!socket_is_in_scope(sk))
		return;
	connection_own(&connection, sk);
	if (!connection.is_ignored)
		emit(tcp, &connection, TCP_LISTENING, TCP_STATE_CLOSE);
}

static __always_inline void on_begin(const struct tcp_sock *tcp)
{
	const struct sock *sk = &tcp->inet_conn.icsk_inet.sk;
	struct connection connection = {
		.role = ROLE_CLIENT_SIDE,
		.since_ns = bpf_ktime_get_ns(),
	};
	__u64 key = (__u64)tcp;

	if (!socket_is_in_scope(sk))
		return;
	connection_own(&connection, sk);
	bpf_map_update_elem(&by_socket, &key, &connection, BPF_ANY);
}

/* The peer began: an accepted connection, or one whose begin nobody saw. */
static __always_inline void on_new(const struct tcp_sock *tcp, __u8 old_state)
{
	const struct sock *sk = &tcp->inet_conn.icsk_inet.sk;
	bool is_accepted = old_state == TCP_STATE_SYN_RECV;
	struct connection connection = {
		.role = is_accepted ? ROLE_SERVER_SIDE : ROLE_CLIENT_SIDE,
		.is_established = 1,
	};
	__u64 key = (__u64)tcp;

	if (!socket_is_in_scope(sk))
		return;
	connection_own(&connection, sk);
	if (!connection.is_ignored)
		emit(tcp, &connection, is_accepted ? TCP_ACCEPTED : TCP_CONNECTED, old_state);
	connection.since_ns = bpf_ktime_get_ns();
	bpf_map_update_elem(&by_socket, &key, &connection, BPF_ANY);
}

static __always_inline void on_established(
	const struct tcp_sock *tcp, struct connection *connection, __u8 old_state)
{
	if (!connection) {
		on_new(tcp, old_state);
		return;
	}
	if (connection->is_established)
		return;
	if (!connection->is_ignored)
		emit(tcp, connection, TCP_CONNECTED, old_state);
	connection->since_ns = bpf_ktime_get_ns();
	connection->is_established = 1;
}

/* One end sends its FIN, mostly in close(2). */
static __always_inline void on_finish(
	const struct tcp_sock *tcp, struct connection *connection, __u8 old_state)
{
	const struct sock *sk = &tcp->inet_conn.icsk_inet.sk;
	struct connection unknown = { .is_established = 1 };
	__u64 key = (__u64)tcp;

	/* With fast open a connection may be used and closed before its handshake is over. */
	if (!connection && old_state == TCP_STATE_SYN_RECV) {
		on_new(tcp, old_state);
		return;
	}
	if (connection) {
		connection_own(connection, sk);
		return;
	}
	if (socket_is_in_scope(sk) && connection_own(&unknown, sk))
		bpf_map_update_elem(&by_socket, &key, &unknown, BPF_ANY);
}

static __always_inline void on_close(
	const struct tcp_sock *tcp, struct connection *connection, __u8 old_state)
{
	const struct sock *sk = &tcp->inet_conn.icsk_inet.sk;
	struct connection unknown = { .is_established = old_state != TCP_STATE_SYN_SENT };
	__u64 key = (__u64)tcp;
	__u16 type;

	/* Neither a listener nor what a handshake leaves behind that never was a connection. */
	if (!connection && (old_state == TCP_STATE_LISTEN || old_state == TCP_STATE_CLOSE ||
				   old_state == TCP_STATE_SYN_RECV || !socket_is_in_scope(sk)))
		return;
	if (!connection)
		connection = &unknown;
	connection_own(connection, sk);
	type = connection->is_established ? TCP_CLOSED : TCP_FAILED;
	/* Then its accept may have gone up before it showed that it is to be ignored. */
	if (connection->is_ignored)
		type = TCP_OWNED;
	if (!connection->is_ignored || connection->role == ROLE_SERVER_SIDE)
		emit(tcp, connection, type, old_state);
	if (connection != &unknown)
		bpf_map_delete_elem(&by_socket, &key);
}

static __always_inline void on_change(const struct sock *sk, __u8 old_state, __u8 new_state)
{
	const struct tcp_sock *tcp = bpf_skc_to_tcp_sock((void *)sk);
	struct connection *connection;
	__u64 key = (__u64)tcp;

	if (!tcp)
		return;
	if (new_state == TCP_STATE_LISTEN) {
		on_listen(tcp);
		return;
	}
	if (new_state == TCP_STATE_SYN_SENT) {
		on_begin(tcp);
		return;
	}
	connection = bpf_map_lookup_elem(&by_socket, &key);
	if (new_state == TCP_STATE_ESTABLISHED)
		on_established(tcp, connection, old_state);
	else if (new_state == TCP_STATE_FIN_WAIT1 || new_state == TCP_STATE_LAST_ACK)
		on_finish(tcp, connection, old_state);
	else if (new_state == TCP_STATE_CLOSE)
		on_close(tcp, connection, old_state);
}

static __always_inline bool is_told(int new_state)
{
	return new_state != TCP_STATE_SYN_RECV && new_state != TCP_STATE_CLOSE_WAIT &&
	       new_state != TCP_STATE_FIN_WAIT2;
}

/*
 * Two programs, since newer kernels skip a program that would interrupt itself: a packet that ends
 * one connection may come while a process begins another. What is done by a process is on_state's;
 * what comes with packets and timers, which do not interrupt each other, is on_state_soft's.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, const struct sock *sk, int old_state, int new_state)
{
	if (is_told(new_state) && sk->sk_lock.owned)
		on_change(sk, old_state, new_state);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state_soft, const struct sock *sk, int old_state, int new_state)
{
	if (is_told(new_state) && !sk->sk_lock.owned)
		on_change(sk, old_state, new_state);
	return 0;
}

/* Something is about to be sent: by a process, when it holds the lock. */
static __always_inline void on_send(struct bpf_sock_ops *ops)
{
	struct connection *connection;
	struct tcp_sock *tcp;
	__u64 key;

	if (!ops->sk)
		return;
	tcp = bpf_skc_to_tcp_sock(ops->sk);
	if (!tcp || !tcp->inet_conn.icsk_inet.sk.sk_lock.owned)
		return;
	key = (__u64)tcp;
	connection = bpf_map_lookup_elem(&by_socket, &key);
	if (connection && connection_own(connection, &tcp->inet_conn.icsk_inet.sk))
		emit(tcp, connection, TCP_OWNED, TCP_STATE_ESTABLISHED);
	bpf_sock_ops_cb_flags_set(
		ops, ops->bpf_sock_ops_cb_flags & ~BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG);
}

/*
 * The kernel asks before each send for room in the header, under the socket's lock: none is
 * taken, and it is told not to ask again once the sender is known.
 */
SEC("sockops")
int on_connection(struct bpf_sock_ops *ops)
{
	switch (ops->op) {
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
		bpf_get_socket_cookie(ops);
		break;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		bpf_get_socket_cookie(ops);
		bpf_sock_ops_cb_flags_set(
			ops, ops->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG);
		break;
	case BPF_SOCK_OPS_HDR_OPT_LEN_CB:
		on_send(ops);
		break;
	}
	return ALLOW;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
