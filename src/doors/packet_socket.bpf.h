/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the packet door keeps of each socket, and how it learns who owns it.
 *
 * Ownership needs no hook on accept or connect and no guess: TCP sends under the socket's
 * lock, either as a softirq that found it free or as the process that holds it. So a packet on its
 * way out of a socket whose lock is owned by a process is sent by the current task.
 */
#ifndef SKEP_PACKET_SOCKET_BPF_H
#define SKEP_PACKET_SOCKET_BPF_H

#include "bpf/emit.h"
#include "doors/packet_turn.h"

/* Room behind the request for eight-byte reads at any place in it. */
#define PACKET_REQUEST_ROOM (PACKET_REQUEST_BYTES + 16)

/* Where the records of a TLS connection stand in one direction; sequence numbers. */
struct packet_records {
	__u32 first;	  /* of the direction's first record */
	__u32 start;	  /* of the one that the bytes belong to */
	__u32 next;	  /* of the one after it */
	__u32 end;	  /* of the bytes that were looked at */
	__u32 head_bytes; /* of the record's head, where it lies in two packets and is not whole */
	__u64 head;	  /* these, the last one lowest */
	__u32 is_known;
};

struct packet_socket {
	struct bpf_spin_lock lock; /* of state */
	struct packet_state state;
	__u16 request_bytes;
	__u16 reserved;
	__u32 zero; /* always: what is added to it the verifier knows nothing of, and walks once */
	__u64 owner_task; /* address of the task, compared only */
	__u64 request_ns;
	struct packet_records records[2]; /* by enum packet_direction */
	__u32 is_whole; /* where its records begin is not known any more: all bytes go up */
	struct packet_common common; /* what every record of this socket begins with */
	__u8 request[PACKET_REQUEST_ROOM] __attribute__((aligned(8)));
};

/* Written and read by the programs here; lives and dies with the socket. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct packet_socket);
} socket_state SEC(".maps");

const volatile __u32 self_pid;	  /* the agent: its own sockets are left out */
const volatile __u32 scope_pid;	  /* 0: every process */
const volatile __u32 scope_netns; /* 0: every network namespace */

/*
 * Volatile and the barrier: clang would otherwise compute addresses inside *sk, which the
 * verifier refuses.
 */
static __always_inline void read_ends(struct packet_ends *ends, const volatile struct bpf_sock *sk)
{
	__u32 *local = (__u32 *)ends->local_address;
	__u32 *peer = (__u32 *)ends->peer_address;

	if (sk->family == FAMILY_IPV6) {
		local[0] = sk->src_ip6[0];
		local[1] = sk->src_ip6[1];
		local[2] = sk->src_ip6[2];
		local[3] = sk->src_ip6[3];
		peer[0] = sk->dst_ip6[0];
		peer[1] = sk->dst_ip6[1];
		peer[2] = sk->dst_ip6[2];
		peer[3] = sk->dst_ip6[3];
		barrier();
	} else {
		local[2] = bpf_htonl(0xffff);
		local[3] = sk->src_ip4;
		peer[2] = bpf_htonl(0xffff);
		peer[3] = sk->dst_ip4;
	}
	ends->local_port = sk->src_port;
	ends->peer_port = bpf_ntohs(sk->dst_port);
}

/*
 * The state of a socket of which this is the first packet with payload. NULL without memory, and
 * for a listener: data on the last segment of a handshake, whose own socket is not there yet. The
 * answer to it tells.
 */
static __noinline struct packet_socket *socket_new(struct __sk_buff *skb)
{
	struct packet_socket *socket;
	struct bpf_sock *sk = skb->sk;
	struct tcp_sock *tcp;

	if (!sk)
		return NULL;
	tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp)
		return NULL;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return NULL;
	if (sk->state == BPF_TCP_LISTEN)
		return NULL;
	socket = bpf_sk_storage_get(&socket_state, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!socket) {
		lose(STATE_FULL);
		return NULL;
	}
	read_ends(&socket->common.ends, sk);
	socket->common.ends.network_namespace =
		tcp->inet_conn.icsk_inet.sk.__sk_common.skc_net.net->ns.inum;
	socket->common.header.source = SOURCE_packet;
	socket->common.protocol = PROTOCOL_http;
	socket->common.cookie = bpf_get_socket_cookie(skb);
	if (scope_netns && socket->common.ends.network_namespace != scope_netns)
		socket->state.mode = PACKET_IGNORED;
	return socket;
}

/* On the way out only: notes the sender. */
static __always_inline void socket_own(struct packet_socket *socket, struct bpf_sock *sk)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	struct task_struct *task;

	if (!tcp || !tcp->inet_conn.icsk_inet.sk.sk_lock.owned)
		return;
	task = (struct task_struct *)bpf_get_current_task();
	if ((__u64)task == socket->owner_task)
		return;
	socket->owner_task = (__u64)task;
	socket->common.owner.pid = BPF_CORE_READ(task, tgid);
	socket->common.owner.thread = BPF_CORE_READ(task, pid);
	socket->common.owner.start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	if (socket->common.owner.pid == self_pid ||
		(scope_pid && socket->common.owner.pid != scope_pid))
		socket->state.mode = PACKET_IGNORED;
}

#endif
