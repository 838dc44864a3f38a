/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the kernel half of unix keeps of each end of a connection, and how it reads a socket. All
 * reads are checked ones: the same bodies run behind probes, which get plain pointers.
 */
#ifndef SKEP_UNIX_SOCKET_BPF_H
#define SKEP_UNIX_SOCKET_BPF_H

#include "bpf/emit.h"
#include "bpf/task.h"
#include "observe/unix/unix_record.h"

#define ROLE_SERVER_SIDE  1 /* enum request_role */
#define ROLE_CLIENT_SIDE  2
/* include/net/tcp_states.h, which unix sockets borrow */
#define STATE_ESTABLISHED 1
#define STATE_LISTEN	  10

/*
 * Key: the socket's address. Written by all programs here, two entries a connection from connect(2)
 * or accept(2) until both ends are closed; read by the user half where it has to find closes
 * itself. Allocated as they come, so that the size is only a bound.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 131072);
	__type(key, __u64);
	__type(value, struct unix_end_state);
} end_by_socket SEC(".maps");

const volatile __u32 scope_pid; /* 0: every process */

static __always_inline bool socket_has_connections(const struct sock *sk)
{
	__u16 type = BPF_CORE_READ(sk, sk_type);

	return type == SOCKET_STREAM || type == SOCKET_SEQPACKET;
}

static __always_inline __u64 file_inode(const struct socket *socket)
{
	const struct socket_alloc *alloc = (const struct socket_alloc *)socket;

	return alloc ? BPF_CORE_READ(alloc, vfs_inode.i_ino) : 0;
}

static __always_inline __u64 socket_inode(const struct sock *sk)
{
	return file_inode(BPF_CORE_READ(sk, sk_socket));
}

static __always_inline bool socket_is_dead(const struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_flags) & (1 << SOCK_DEAD);
}

static __always_inline struct sock *socket_peer(const struct sock *sk)
{
	return BPF_CORE_READ((const struct unix_sock *)sk, peer);
}

static __always_inline bool socket_has_name(const struct sock *sk)
{
	return BPF_CORE_READ((const struct unix_sock *)sk, addr) != NULL;
}

static __always_inline __u32 socket_peer_pid(const struct sock *sk)
{
	struct pid *pid = BPF_CORE_READ(sk, sk_peer_pid);

	return pid ? BPF_CORE_READ(pid, numbers[0].nr) : 0;
}

/* Of what waits to be read: bytes, without those that were read of the first part. */
static __always_inline __u64 socket_unread(const struct sock *sk)
{
	const struct sk_buff *end =
		(const struct sk_buff *)((const char *)sk +
					 bpf_core_field_offset(struct sock, sk_receive_queue));
	const struct sk_buff *skb = BPF_CORE_READ(sk, sk_receive_queue.next);
	__u64 bytes = 0;

	for (int i = 0; i < 64 && skb && skb != end; i++) {
		__u32 consumed = 0;

		bpf_core_read(&consumed, sizeof(consumed),
			(const char *)skb + bpf_core_field_offset(struct sk_buff, cb) +
				bpf_core_field_offset(struct unix_skb_parms, consumed));
		bytes += BPF_CORE_READ(skb, len) - consumed;
		skb = BPF_CORE_READ(skb, next);
	}
	return bytes;
}

/* The current task acts on this end: notes it, and whether it is to be watched. Who talks to the
 * agent is not. */
static __always_inline void end_own(struct unix_end_state *end, const struct sock *sk)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	end->is_judged = 1;
	end->is_in_scope = !task_is_kernel(task) && scope_has_current() &&
			   (!scope_pid || bpf_get_current_pid_tgid() >> 32 == scope_pid) &&
			   socket_peer_pid(sk) != self_pid;
	end->owner.pid = BPF_CORE_READ(task, tgid);
	end->owner.thread = BPF_CORE_READ(task, pid);
	end->owner.start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	BPF_CORE_READ_INTO(&end->comm, task, group_leader, comm);
}

/* The end's entry, unless it is that of an earlier socket at the same address. socket:
 * sk->sk_socket.
 */
static __always_inline struct unix_end_state *end_find(
	const struct sock *sk, const struct socket *socket)
{
	__u64 key = (__u64)sk;
	struct unix_end_state *end = bpf_map_lookup_elem(&end_by_socket, &key);
	__u64 inode;

	if (!end)
		return NULL;
	inode = file_inode(socket);
	if (!inode)
		return end;
	if (!end->inode)
		end->inode = inode;
	return end->is_closed || end->inode != inode ? NULL : end;
}

static __always_inline void fill_name_from(struct unix_record *record, const void *name, int length)
{
	record->name_length = 0;
	if (length <= 0)
		return;
	if (length > UNIX_NAME_BYTES)
		length = UNIX_NAME_BYTES;
	if (bpf_probe_read_kernel(record->name, length, name) == 0)
		record->name_length = length;
}

/* sk: the end that has the listener's name. */
static __always_inline void fill_name(struct unix_record *record, const struct sock *sk)
{
	struct unix_address *address = BPF_CORE_READ((const struct unix_sock *)sk, addr);
	int length;

	record->name_length = 0;
	if (!address)
		return;
	/* The length counts the two bytes of the family before the name. */
	length = BPF_CORE_READ(address, len) - 2;
	fill_name_from(record,
		(const char *)address + bpf_core_field_offset(struct unix_address, name) +
			bpf_core_field_offset(struct sockaddr_un, sun_path),
		length);
}

#endif
