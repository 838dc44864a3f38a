// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The life of unix stream and seqpacket connections. In: what the kernel frees when it hands over a
 * connection or the last byte of a buffer (tracepoint, on every kernel), and connect, listen and
 * close through the best door that this kernel allows: trampolines, probes, or tracepoints with a
 * cgroup hook, where closes are found by the user half. Out: records in the telemetry ring.
 * docs/decisions/005-unix-door.md says why.
 */
#include <asm/ptrace.h> /* the registers that probes are given */

#include "observe/unix/unix_bytes.bpf.h"

#define ALLOW		1
#define RESTART_SYSCALL 512 /* include/linux/errno.h: the same call comes again */

static __always_inline struct unix_record *record_reserve(
	const struct unix_end_state *end, __u16 type)
{
	struct unix_record *record = bpf_ringbuf_reserve(&telemetry, sizeof(*record), 0);

	if (!record)
		return NULL;
	record->header.source = SOURCE_unix_feature;
	record->header.type = type;
	record->header.size = sizeof(*record);
	record->header.time_ns = bpf_ktime_get_ns();
	record->peer_socket = end->peer;
	record->inode = end->inode;
	record->connection = end->connection;
	record->owner = end->owner;
	__builtin_memcpy(record->comm, end->comm, sizeof(record->comm));
	record->since_ns = end->since_ns;
	record->bytes_sent = end->bytes_read;
	record->bytes_received = record->bytes_unread = 0;
	record->role = end->role;
	record->error = 0;
	record->end = 0;
	record->reserved[0] = record->reserved[1] = 0;
	return record;
}

static __always_inline struct unix_record *record_new(
	const struct sock *sk, const struct unix_end_state *end, __u16 type)
{
	struct unix_record *record;

	count_one(COUNT_SEEN);
	record = record_reserve(end, type);
	if (!record) {
		count_loss(RING_FULL);
		return NULL;
	}
	record->socket = (__u64)sk;
	record->network_namespace = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	record->peer_pid = socket_peer_pid(sk);
	record->socket_type = BPF_CORE_READ(sk, sk_type);
	return record;
}

static __always_inline const struct sock *named_end(
	const struct sock *sk, const struct sock *peer, __u8 role)
{
	if (role == ROLE_CLIENT_SIDE)
		return peer;
	return role == ROLE_SERVER_SIDE || socket_has_name(sk) ? sk : peer;
}

/* The address had another socket, whose close went by untold: its bytes would be lost with the
 * entry.
 */
static __always_inline void end_replace(__u64 socket, __u64 connection)
{
	struct unix_end_state *old = bpf_map_lookup_elem(&end_by_socket, &socket);
	struct unix_record *record;

	if (!old || old->connection == connection)
		return;
	if (!old->is_closed) {
		record = record_reserve(old, UNIX_REPLACED);
		if (record) {
			record->socket = socket;
			record->network_namespace = record->peer_pid = 0;
			record->socket_type = record->name_length = 0;
			record_submit(record);
		}
	}
	bpf_map_delete_elem(&end_by_socket, &socket);
}

static __always_inline void end_keep(const struct sock *sk, const struct unix_end_state *end)
{
	__u64 key = (__u64)sk;

	end_replace(key, end->connection);
	/* Without an entry the end is as one that is older than the agent. */
	bpf_map_update_elem(&end_by_socket, &key, end, BPF_ANY);
}

/* ---- beginnings ---- */

/* In connect(2), by the current task. */
static __always_inline void on_connected(struct sock *sk)
{
	struct sock *peer = socket_peer(sk);
	struct unix_end_state end = {
		.peer = (__u64)peer,
		.connection = socket_inode(sk),
		.inode = socket_inode(sk),
		.since_ns = bpf_ktime_get_ns(),
		.role = ROLE_CLIENT_SIDE,
	};
	struct unix_record *record;

	if (!peer)
		return;
	end_own(&end, sk);
	end_keep(sk, &end);
	if (!end.is_in_scope)
		return;
	record = record_new(sk, &end, UNIX_CONNECTED);
	if (!record)
		return;
	fill_name(record, peer);
	record_submit(record);
}

/* name: sun_path, in the kernel. */
static __always_inline void on_failed(struct sock *sk, const void *name, int length, int error)
{
	struct unix_end_state end = {
		.connection = socket_inode(sk),
		.inode = socket_inode(sk),
		.role = ROLE_CLIENT_SIDE,
	};
	struct unix_record *record;

	end_own(&end, sk);
	if (!end.is_in_scope)
		return;
	record = record_new(sk, &end, UNIX_FAILED);
	if (!record)
		return;
	record->error = error;
	record->peer_pid = 0;
	fill_name_from(record, name, length);
	record_submit(record);
}

static __always_inline void on_connect_end(
	struct socket *socket, const void *address, int length, int result)
{
	struct sock *sk = BPF_CORE_READ(socket, sk);

	if (!result)
		on_connected(sk);
	else if (result != -RESTART_SYSCALL)
		on_failed(sk, (const char *)address + 2, length - 2, -result);
}

static __always_inline void on_listen_end(struct socket *socket, int result)
{
	struct sock *sk = BPF_CORE_READ(socket, sk);
	struct unix_end_state end = { .role = ROLE_SERVER_SIDE };
	struct unix_record *record;

	if (result)
		return;
	end.inode = socket_inode(sk);
	end_own(&end, sk);
	if (!end.is_in_scope)
		return;
	record = record_new(sk, &end, UNIX_LISTENING);
	if (!record)
		return;
	record->peer_pid = 0;
	fill_name(record, sk);
	record_submit(record);
}

/* The end that connected, when its connect(2) was not seen: its owner is told by the other. */
static __always_inline void keep_client(
	struct sock *sk, struct sock *server, __u64 connection, __u64 now_ns)
{
	struct unix_end_state end = {
		.peer = (__u64)server,
		.connection = connection,
		.inode = socket_inode(sk),
		.since_ns = now_ns,
		.role = ROLE_CLIENT_SIDE,
	};
	__u64 key = (__u64)sk;

	end.is_closed = !end.inode;
	end_replace(key, connection);
	bpf_map_update_elem(&end_by_socket, &key, &end, BPF_NOEXIST);
}

/* In accept(2): sk is not the accepted file's yet. */
static __always_inline void on_accepted(struct sock *sk, struct sock *client)
{
	struct unix_end_state end = {
		.peer = (__u64)client,
		.since_ns = bpf_ktime_get_ns(),
		.role = ROLE_SERVER_SIDE,
	};
	__u64 key = (__u64)client;
	struct unix_end_state *other = bpf_map_lookup_elem(&end_by_socket, &key);
	struct unix_record *record;

	end.connection = socket_inode(client);
	/* Its owner closed it meanwhile, or an entry of an earlier socket stands there. */
	if (!end.connection && other && other->peer == (__u64)sk)
		end.connection = other->connection;
	if (!end.connection)
		end.connection = end.since_ns;
	keep_client(client, sk, end.connection, end.since_ns);
	end_own(&end, sk);
	end_keep(sk, &end);
	if (!end.is_in_scope)
		return;
	record = record_new(sk, &end, UNIX_ACCEPTED);
	if (!record)
		return;
	fill_name(record, sk);
	record_submit(record);
}

/* ---- connections that are older than the agent ---- */

/* Who has the name was connected to; not known when both have one. */
static __always_inline void keep_old(const struct sock *sk, const struct sock *peer)
{
	struct unix_end_state end = { .inode = socket_inode(sk), .peer = (__u64)peer };
	bool has_name = socket_has_name(sk), peer_has_name = socket_has_name(peer);

	if (has_name != peer_has_name)
		end.role = has_name ? ROLE_SERVER_SIDE : ROLE_CLIENT_SIDE;
	end.connection = end.role == ROLE_CLIENT_SIDE ? end.inode : socket_inode(peer);
	end_keep(sk, &end);
}

/* A pair that socketpair(2) made has no name and is none of ours. */
static __always_inline bool adopt(const struct sock *sk, const struct sock *peer)
{
	if (!peer || (!socket_has_name(sk) && !socket_has_name(peer)))
		return false;
	keep_old(sk, peer);
	keep_old(peer, sk);
	return true;
}

static __always_inline struct unix_end_state *end_get(
	const struct sock *sk, const struct socket *socket)
{
	struct unix_end_state *end = end_find(sk, socket);

	if (end || !adopt(sk, socket_peer(sk)))
		return end;
	return end_find(sk, socket);
}

/* ---- buffers ---- */

/* A connection waits in the listener's queue as a buffer without data, whose socket nobody has. */
static __always_inline bool is_handshake(const struct sock *sk, __u32 length)
{
	return !length && !BPF_CORE_READ(sk, sk_socket) && !socket_is_dead(sk);
}

/*
 * What the current task took to its end: a connection, or bytes whose sender is sk, which may be
 * closed by now.
 */
static __always_inline void on_taken(struct sk_buff *skb, struct sock *sk, bool reads_bytes)
{
	__u32 length = skb->len;
	struct unix_end_state *end;
	struct sock *peer;

	if (is_handshake(sk, length)) {
		peer = socket_peer(sk);
		if (peer)
			on_accepted(sk, peer);
		return;
	}
	end = length ? end_get(sk, sk->sk_socket) : NULL;
	if (!end)
		return;
	if (reads_bytes)
		stream_read(skb, sk, end, length);
	__sync_fetch_and_add(&end->bytes_read, length);
}

static __always_inline void on_freed(struct sk_buff *skb, bool reads_bytes)
{
	struct sock *sk = skb->sk;

	if (sk && sk->__sk_common.skc_family == FAMILY_UNIX &&
		(sk->sk_type == SOCKET_STREAM || sk->sk_type == SOCKET_SEQPACKET))
		on_taken(skb, sk, reads_bytes);
}

SEC("tp_btf/consume_skb")
int BPF_PROG(on_consume, struct sk_buff *skb)
{
	on_freed(skb, false);
	return 0;
}

SEC("tp_btf/consume_skb")
int BPF_PROG(on_consume_read, struct sk_buff *skb)
{
	on_freed(skb, true);
	return 0;
}

/* ---- closes ---- */

static __always_inline void emit_close(
	const struct sock *sk, const struct unix_end_state *end, const struct unix_end_state *other)
{
	const struct sock *peer = (const struct sock *)end->peer;
	bool is_second = socket_is_dead(peer);
	struct unix_record *record = record_new(sk, end, UNIX_CLOSED);

	if (!record)
		return;
	record->bytes_received = other ? other->bytes_read : 0;
	record->bytes_unread = socket_unread(sk);
	record->bytes_sent += socket_unread(peer);
	record->end = is_second ? UNIX_END_SECOND : UNIX_END_FIRST;
	if (!is_second && record->bytes_unread)
		record->end = UNIX_END_FIRST_UNREAD;
	if (is_second && BPF_CORE_READ(sk, sk_err))
		record->end = UNIX_END_SECOND_RESET;
	fill_name(record, named_end(sk, peer, end->role));
	record_submit(record);
}

static __always_inline void on_closing(struct socket *socket)
{
	struct sock *sk = BPF_CORE_READ(socket, sk);
	struct unix_end_state *end, *other;
	__u64 key = (__u64)sk;
	__u64 peer;

	if (!sk || !socket_has_connections(sk) ||
		BPF_CORE_READ(sk, __sk_common.skc_state) == STATE_LISTEN)
		return;
	end = end_get(sk, socket);
	if (!end)
		return;
	if (!end->is_judged)
		end_own(end, sk);
	peer = end->peer;
	other = bpf_map_lookup_elem(&end_by_socket, &peer);
	if (other && other->connection != end->connection)
		other = NULL;
	if (end->is_in_scope)
		emit_close(sk, end, other);
	end->is_closed = 1;
	if (other && !other->is_closed)
		return;
	bpf_map_delete_elem(&end_by_socket, &key);
	if (other)
		bpf_map_delete_elem(&end_by_socket, &peer);
}

/* ---- the door of trampolines ---- */

SEC("fexit/unix_stream_connect")
int BPF_PROG(
	on_connect, struct socket *socket, const void *address, int length, int flags, int result)
{
	on_connect_end(socket, address, length, result);
	return 0;
}

SEC("fexit/unix_listen")
int BPF_PROG(on_listen, struct socket *socket, int backlog, int result)
{
	on_listen_end(socket, result);
	return 0;
}

SEC("fentry/unix_release")
int BPF_PROG(on_release, struct socket *socket)
{
	on_closing(socket);
	return 0;
}

/* ---- the door of probes ---- */

/* What a call was asked, until it returns. */
struct unix_call {
	__u64 socket;
	__u64 address;
	__u32 length;
	__u32 reserved;
};

/* Key: thread. Written where connect(2) and listen(2) begin, read and removed where they end; as
 * many as threads that wait in connect(2). */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct unix_call);
} call_by_thread SEC(".maps");

static __always_inline void call_begin(struct socket *socket, const void *address, __u32 length)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct unix_call call = { (__u64)socket, (__u64)address, length };

	bpf_map_update_elem(&call_by_thread, &thread, &call, BPF_ANY);
}

static __always_inline bool call_end(struct unix_call *ret_call)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct unix_call *call = bpf_map_lookup_elem(&call_by_thread, &thread);

	if (!call)
		return false;
	*ret_call = *call;
	bpf_map_delete_elem(&call_by_thread, &thread);
	return true;
}

SEC("kprobe/unix_stream_connect")
int BPF_KPROBE(probe_connect, struct socket *socket, const void *address, int length)
{
	call_begin(socket, address, length);
	return 0;
}

SEC("kretprobe/unix_stream_connect")
int BPF_KRETPROBE(probe_connected, int result)
{
	struct unix_call call;

	if (call_end(&call))
		on_connect_end((struct socket *)call.socket, (const void *)call.address,
			call.length, result);
	return 0;
}

SEC("kprobe/unix_listen")
int BPF_KPROBE(probe_listen, struct socket *socket)
{
	call_begin(socket, NULL, 0);
	return 0;
}

SEC("kretprobe/unix_listen")
int BPF_KRETPROBE(probe_listening, int result)
{
	struct unix_call call;

	if (call_end(&call))
		on_listen_end((struct socket *)call.socket, result);
	return 0;
}

SEC("kprobe/unix_release")
int BPF_KPROBE(probe_release, struct socket *socket)
{
	on_closing(socket);
	return 0;
}

/* ---- the door of tracepoints ---- */

struct unix_attempt {
	__u64 socket;
	__u32 name_length;
	__u32 reserved;
	char name[UNIX_NAME_BYTES + 4];
};

/* Key: thread. Written where connect(2) begins, read and removed where it succeeds or fails. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct unix_attempt);
} attempt_by_thread SEC(".maps");

extern void *bpf_cast_to_kern_ctx(void *) __ksym __weak;

SEC("cgroup/connect_unix")
int on_attempt(struct bpf_sock_addr *context)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct bpf_sock_addr_kern *kernel = bpf_cast_to_kern_ctx(context);
	struct unix_attempt attempt = { .socket = (__u64)context->sk };

	if (context->type != SOCKET_STREAM && context->type != SOCKET_SEQPACKET)
		return ALLOW;
	bpf_probe_read_kernel(
		attempt.name, UNIX_NAME_BYTES, (const char *)BPF_CORE_READ(kernel, uaddr) + 2);
	attempt.name_length = UNIX_NAME_BYTES;
	bpf_map_update_elem(&attempt_by_thread, &thread, &attempt, BPF_ANY);
	return ALLOW;
}

/* The listener is told of a connection by the task that makes it. */
SEC("tp_btf/sk_data_ready")
int BPF_PROG(on_ready, const struct sock *listener)
{
	__u64 thread;
	struct unix_attempt *attempt;

	if (listener->__sk_common.skc_family != FAMILY_UNIX ||
		listener->__sk_common.skc_state != STATE_LISTEN)
		return 0;
	thread = bpf_get_current_pid_tgid();
	attempt = bpf_map_lookup_elem(&attempt_by_thread, &thread);
	if (!attempt)
		return 0;
	on_connected((struct sock *)attempt->socket);
	bpf_map_delete_elem(&attempt_by_thread, &thread);
	return 0;
}

/* The buffer of a connection that was not made is freed: a socket without a peer, and of no type
 * yet. */
static __always_inline void on_unmade(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;
	struct unix_attempt *attempt;
	__u64 thread;

	if (skb->len || !sk || sk->__sk_common.skc_family != FAMILY_UNIX || !is_handshake(sk, 0) ||
		socket_peer(sk))
		return;
	thread = bpf_get_current_pid_tgid();
	attempt = bpf_map_lookup_elem(&attempt_by_thread, &thread);
	if (!attempt)
		return;
	on_failed((struct sock *)attempt->socket, attempt->name, attempt->name_length, 0);
	bpf_map_delete_elem(&attempt_by_thread, &thread);
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(on_unmade_drop, struct sk_buff *skb)
{
	on_unmade(skb);
	return 0;
}

SEC("tp_btf/consume_skb")
int BPF_PROG(on_unmade_free, struct sk_buff *skb)
{
	on_unmade(skb);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
