/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The kernel types and fields that skep uses, and no others: each is relocated against the
 * running kernel's BTF when an object is loaded, so offsets here mean nothing. A test
 * resolves every one of them against each kernel of the matrix. Constants are user ABI
 * (include/uapi) and never change.
 */
#ifndef SKEP_BPF_KERNEL_H
#define SKEP_BPF_KERNEL_H

#include <linux/types.h>

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define NULL ((void *)0)
typedef _Bool bool;
#define true 1
#define false 0

/* value &= mask, where clang must not see that it changes nothing: the verifier asks for it. */
#define hide_mask(value, mask) asm volatile("%0 &= %1" : "+r"(value) : "i"(mask))

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

typedef struct {
	__s64 counter;
} atomic64_t;

struct in6_addr {
	union {
		__u32 u6_addr32[4];
	} in6_u;
};

struct sock_common {
	__u32 skc_daddr;
	__u32 skc_rcv_saddr;
	__u16 skc_dport; /* network order */
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr; /* an IPv4 address is mapped */
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;	 /* 0: nobody asked yet */
	unsigned long skc_flags; /* of enum sock_flags */
};

/* include/net/sock.h */
enum sock_flags { SOCK_DEAD, SOCK_DONE };

struct kernfs_node {
	__u64 id;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
};

struct sock_cgroup_data {
	struct cgroup *cgroup; /* since 5.15; until then its address is in val, with flags */
};

typedef struct {
	int owned; /* a process holds the socket's lock: include/net/sock.h, sock_owned_by_user */
} socket_lock_t;

struct upid {
	int nr;
};

struct pid {
	struct upid numbers[1]; /* of the initial namespace first */
};

struct sk_buff {
	struct sk_buff *next;
	struct sock *sk;
	unsigned int len;
	char cb[48]; /* of the protocol that has it */
};

struct sk_buff_head {
	struct sk_buff *next;
};

struct inode {
	unsigned long i_ino;
};

struct socket {
	struct sock *sk;
};

/* include/net/sock.h: what a socket's file leads to; the socket comes first. */
struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
};

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	int sk_err;
	__u16 sk_type;
	struct socket *sk_socket; /* NULL before accept(2) and after close(2) */
	struct pid *sk_peer_pid;
	struct sk_buff_head sk_receive_queue;
	struct sock_cgroup_data sk_cgrp_data;
};

struct sockaddr_un {
	char sun_path[108];
};

struct unix_address {
	int len; /* of the whole sockaddr_un */
	struct sockaddr_un name[1];
};

struct unix_sock {
	struct sock sk;
	struct unix_address *addr; /* NULL without a name; an accepted socket has the listener's */
	struct sock *peer;
};

/* In sk_buff.cb. */
struct unix_skb_parms {
	__u32 consumed; /* bytes that were read */
};

struct sockaddr;

struct bpf_sock_addr_kern {
	struct sockaddr *uaddr;
};

struct inet_sock {
	struct sock sk;
	__u16 inet_sport; /* network order; stays after the port was given back */
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u64 bytes_sent;     /* payload, each retransmission counts again */
	__u64 bytes_retrans;  /* payload that was sent again */
	__u64 bytes_received; /* in order, the FIN counts as one */
	__u32 srtt_us;	      /* eight times the smoothed round trip */
	__u32 total_retrans;
};

typedef struct {
	int counter;
} atomic_t;

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
};

struct fs_struct {
	struct path pwd;
};

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
	struct file *exe_file;
};

/* The value is the kernel's: bpf_core_enum_value(). */
enum cgroup_subsys_id { memory_cgrp_id };

struct css_set {
	struct cgroup_subsys_state *subsys[1]; /* by enum cgroup_subsys_id */
	struct cgroup *dfl_cgrp;
};

struct nsproxy {
	struct net *net_ns;
};

struct signal_struct {
	atomic_t live; /* threads that have not begun to exit */
	int nr_threads;
	unsigned int flags;
	int group_exit_code;
	unsigned long long sum_sched_runtime; /* of threads that are gone */
};

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	int exit_code;
	__u64 start_boottime; /* since 5.5 */
	char comm[16];
	unsigned long nvcsw; /* how often it gave up its CPU by itself, and was made to */
	unsigned long nivcsw;
	void *stack; /* the kernel's, its lowest address */
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct css_set *cgroups;
};

#pragma clang attribute pop

/* include/uapi/linux/in.h, if_ether.h, tcp.h, socket.h; include/linux/net.h */
#define PROTOCOL_TCP	 6
#define PROTOCOL_UDP	 17
#define FAMILY_UNIX	 1
#define FAMILY_IPV4	 2
#define FAMILY_IPV6	 10
#define SOCKET_STREAM	 1
#define SOCKET_DATAGRAM	 2
#define SOCKET_SEQPACKET 5
#define TCP_FLAG_FIN_BIT 0x01
#define TCP_FLAG_SYN_BIT 0x02
#define TCP_FLAG_RST_BIT 0x04
#define TCP_FLAG_PSH_BIT 0x08

/* include/linux/sched/signal.h: group_exit_code is the process's own */
#define SIGNAL_GROUP_EXIT 0x04
/* include/linux/sched.h: a thread of the kernel itself */
#define TASK_FLAG_KERNEL  0x00200000

#endif
