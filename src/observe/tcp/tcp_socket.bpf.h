/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the kernel half of tcp keeps of each connection, whether a socket is to be watched, and
 * how a record is filled from one.
 *
 * The owner needs no hook on system calls: where sk_lock.owned is set, a process holds the
 * socket's lock, and what happens to the socket is done by the current task.
 */
#ifndef SKEP_TCP_SOCKET_BPF_H
#define SKEP_TCP_SOCKET_BPF_H

#include "bpf/emit.h"
#include "bpf/task.h"
#include "observe/tcp/tcp.h"

#define PF_KTHREAD	 0x00200000 /* include/linux/sched.h */
#define CGROUP_DEPTH	 32
#define ROLE_SERVER_SIDE 1 /* enum request_role */
#define ROLE_CLIENT_SIDE 2

struct connection {
	struct task_identity owner;
	char comm[16];
	__u64 since_ns; /* see struct tcp_record */
	__u8 role;
	__u8 is_established;
	__u8 is_ignored; /* the agent's own, or of a process outside the scope */
	__u8 reserved[5];
};

/*
 * Key: the socket's address. Written and read by all programs here, one entry from the begin of a
 * handshake until its socket is closed; allocated as they come, so that the size is only
 * a bound. A connection without an entry is reported with owner and start unknown.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 131072);
	__type(key, __u64);
	__type(value, struct connection);
} by_socket SEC(".maps");

const volatile __u32 scope_pid; /* 0: every process */

static __always_inline __u32 socket_network_namespace(const struct sock *sk)
{
	return sk->__sk_common.skc_net.net->ns.inum;
}

/* Before 5.15 the socket holds its cgroup's address as a number, which needs a helper's calls. */
static __always_inline bool number_is_in_scope(const struct sock *sk)
{
	struct cgroup *cgroup;
	__u64 value;

	bpf_probe_read_kernel(&value, sizeof(value),
		(const char *)sk + bpf_core_field_offset(struct sock, sk_cgrp_data));
	/* Bit 0: a class of the v1 tree stands there, and the socket counts for the root. */
	cgroup = value & 1 ? NULL : (struct cgroup *)(value & ~3ULL);
	for (int i = 0; i < CGROUP_DEPTH && cgroup; i++) {
		if (BPF_CORE_READ(cgroup, kn, id) == scope_cgroup_id)
			return true;
		cgroup = BPF_CORE_READ(cgroup, self.parent, cgroup);
	}
	return false;
}

/* Whether the socket's cgroup is the scope's or below it: asked at each change of each socket, so
 * that it follows the pointers itself, where the verifier knows them. */
static __always_inline bool cgroup_is_in_scope(const struct sock *sk)
{
	struct cgroup *cgroup;

	if (!bpf_core_field_exists(struct sock, sk_cgrp_data.cgroup))
		return number_is_in_scope(sk);
	cgroup = sk->sk_cgrp_data.cgroup;
	for (int i = 0; i < CGROUP_DEPTH && cgroup; i++) {
		if (cgroup->kn->id == scope_cgroup_id)
			return true;
		if (!cgroup->self.parent)
			return false;
		cgroup = cgroup->self.parent->cgroup;
	}
	return false;
}

static __always_inline bool socket_is_in_scope(const struct sock *sk)
{
	if (scope_netns && socket_network_namespace(sk) != scope_netns)
		return false;
	return !scope_cgroup_id || cgroup_is_in_scope(sk);
}

/* Notes the current task where it is the one that acts on the socket and none is noted. */
static __always_inline bool connection_own(struct connection *connection, const struct sock *sk)
{
	struct task_struct *task;

	if (connection->owner.pid || !sk->sk_lock.owned)
		return false;
	task = (struct task_struct *)bpf_get_current_task();
	/* The kernel's threads close files for others, and have connections that nobody owns. */
	if (BPF_CORE_READ(task, flags) & PF_KTHREAD)
		return false;
	connection->owner.pid = BPF_CORE_READ(task, tgid);
	connection->owner.thread = BPF_CORE_READ(task, pid);
	connection->owner.start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	BPF_CORE_READ_INTO(&connection->comm, task, group_leader, comm);
	connection->is_ignored = connection->owner.pid == self_pid ||
				 (scope_pid && connection->owner.pid != scope_pid);
	return true;
}

static __always_inline void fill_ends(struct tcp_record *record, const struct tcp_sock *tcp)
{
	const struct inet_sock *inet = &tcp->inet_conn.icsk_inet;
	const struct sock_common *common = &inet->sk.__sk_common;
	__u32 *local = (__u32 *)record->local_address;
	__u32 *peer = (__u32 *)record->peer_address;

	record->family = common->skc_family;
	record->local_port = bpf_ntohs(inet->inet_sport);
	record->peer_port = bpf_ntohs(common->skc_dport);
	if (record->family == FAMILY_IPV6 &&
		bpf_core_field_exists(struct sock_common, skc_v6_daddr)) {
		bpf_core_read(local, 16, &common->skc_v6_rcv_saddr);
		bpf_core_read(peer, 16, &common->skc_v6_daddr);
		return;
	}
	local[0] = local[1] = peer[0] = peer[1] = 0;
	local[2] = peer[2] = bpf_htonl(0xffff);
	local[3] = common->skc_rcv_saddr;
	peer[3] = common->skc_daddr;
}

static __always_inline void fill_totals(struct tcp_record *record, const struct tcp_sock *tcp)
{
	const struct sock *sk = &tcp->inet_conn.icsk_inet.sk;
	bool has_fin = sk->__sk_common.skc_flags & (1 << SOCK_DONE);
	__u64 received = tcp->bytes_received;

	record->bytes_sent = tcp->bytes_sent - tcp->bytes_retrans;
	record->bytes_received = has_fin && received ? received - 1 : received;
	record->rtt_us = tcp->srtt_us >> 3;
	record->retransmits = tcp->total_retrans;
	record->error = sk->sk_err;
}

#endif
