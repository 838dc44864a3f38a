/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kernel half of the packet door stands on, in user space: include this, then the .bpf.c
 * file, and its programs are functions that a test calls with packets of its own. In: packets of a
 * struct native_socket. Out: records, handed to native_record one by one, and native_counts.
 */
#ifndef SKEP_TESTS_KERNEL_HALF_H
#define SKEP_TESTS_KERNEL_HALF_H

#define SKEP_BPF_KERNEL_H
#include <arpa/inet.h>
#include <linux/bpf.h>

#include "base/base.h"
#include "bpf/event.h"

/* Programs are no prototypes, and what clang for BPF lets pass is not what natives ask for. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* Matchers have a variant for the kernel half; this is what is tried. */
#define __bpf__				       1
#define counts				       native_count_map
#define request_kind			       native_request_kind
#define SEC(name)			       __attribute__((unused))
#define __noinline			       __attribute__((noinline))
#define __uint(name, value)		       int(*name)[value]
#define __type(name, value)		       typeof(value) *name
#define barrier()			       __asm__ volatile("" ::: "memory")
#define hide_mask(value, mask)		       ((value) &= (mask))
#define bpf_htonl			       htonl
#define bpf_ntohl			       ntohl
#define bpf_ntohs			       ntohs
#define BPF_CORE_READ_2(a, b)		       ((a)->b)
#define BPF_CORE_READ_3(a, b, c)	       ((a)->b->c)
#define BPF_CORE_READ_N(_1, _2, _3, name, ...) name
#define BPF_CORE_READ(...)                                                                         \
	BPF_CORE_READ_N(__VA_ARGS__, BPF_CORE_READ_3, BPF_CORE_READ_2, 0)(__VA_ARGS__)

#define PROTOCOL_TCP	 6
#define FAMILY_IPV4	 2
#define FAMILY_IPV6	 10
#define TCP_FLAG_FIN_BIT 0x01
#define TCP_FLAG_SYN_BIT 0x02
#define TCP_FLAG_RST_BIT 0x04
#define TCP_FLAG_PSH_BIT 0x08

struct native_net {
	struct {
		unsigned int inum;
	} ns;
};

struct task_struct {
	int pid;
	int tgid;
	__u64 start_boottime;
	struct task_struct *group_leader;
};

struct tcp_sock {
	struct {
		struct {
			struct {
				struct {
					struct {
						struct native_net *net;
					} skc_net;
				} __sk_common;
				struct {
					int owned;
				} sk_lock;
			} sk;
		} icsk_inet;
	} inet_conn;
};

/* sk is what programs see; the rest is the kernel's. */
struct native_socket {
	struct bpf_sock sk;
	struct tcp_sock tcp;
	struct bpf_tcp_sock tcp_view;
	struct native_net net;
	struct task_struct task; /* that sends */
	__u64 cookie;
	void *storage;
};

/* A pointer does not fit into the real one's data. */
struct native_skb {
	unsigned long data;
	unsigned long data_end;
	__u32 len;
	__u64 tstamp;
	struct bpf_sock *sk;
};
#define __sk_buff native_skb

/* Datagrams are another file's, and not tried here. */
#define SKEP_PACKET_UDP_BPF_H
#define SOCKET_DATAGRAM		    2
#define on_datagram(skb, direction) ((void)(direction))
#define udp_name(sk)		    ((void)(sk))

static __u64 native_counts[COUNT_MAXIMUM];
static __u64 native_now_ns;
static struct task_struct *native_task;
/* The test's: a record is there, and valid during the call. */
static void native_record(const struct record_header *record);
/* The test's: whether the ring has room now. */
static bool native_has_room(void);

static struct native_socket *native_socket_of(struct bpf_sock *sk)
{
	return (struct native_socket *)sk;
}

static void *native_storage(struct bpf_sock *sk, size_t size, __u64 flags)
{
	struct native_socket *socket = native_socket_of(sk);

	if (!socket->storage && (flags & BPF_SK_STORAGE_GET_F_CREATE))
		socket->storage = calloc(1, size);
	return socket->storage;
}
#define bpf_sk_storage_get(map, sk, value_or_null, flags)                                          \
	native_storage(sk, sizeof(*(map)->value), flags)

static long bpf_skb_load_bytes(const struct native_skb *skb, __u32 offset, void *to, __u32 length)
{
	if (length == 0 || offset > skb->len || length > skb->len - offset)
		return -EFAULT;
	memcpy(to, (const void *)(skb->data + offset), length);
	return 0;
}

/* One record at a time is being made; eight bytes before it are its length. */
static void *native_reserve(size_t size)
{
	return native_has_room() ? calloc(1, size) : NULL;
}
#define bpf_ringbuf_reserve(map, size, flags) native_reserve(size)
/* The test's: what found no room takes the way beside the ring. */
static void native_late(const void *value);
#define bpf_map_push_elem(map, value, flags) (native_late(value), 0)

static void native_submit(void *record)
{
	native_record(record);
	free(record);
}
#define bpf_ringbuf_submit(record, flags)  native_submit(record)
#define bpf_ringbuf_discard(record, flags) free(record)
#define bpf_ringbuf_query(map, what)	   ((__u64)0)

#define bpf_map_lookup_elem(map, key)	      (&native_counts[*(key)])
#define bpf_skc_to_tcp_sock(sock)	      (&native_socket_of((struct bpf_sock *)(sock))->tcp)
#define bpf_tcp_sock(sock)		      (&native_socket_of(sock)->tcp_view)
#define bpf_sk_fullsock(sock)		      (sock)
#define bpf_get_socket_cookie(skb)	      (native_socket_of((skb)->sk)->cookie)
#define bpf_get_current_task()		      ((__u64)native_task)
#define bpf_ktime_get_ns()		      (native_now_ns)
#define bpf_spin_lock(lock)		      ((void)(lock))
#define bpf_spin_unlock(lock)		      ((void)(lock))
#define bpf_sock_ops_cb_flags_set(ops, flags) ((void)(flags))

#endif
