/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The packet door's way for UDP: counts each datagram for its flow, and sends up the first bytes of
 * those that look like DNS. In: datagrams; what processes do with their sockets, for the owners.
 * Out: records, and two tables of flows that user space empties in turn.
 *
 * Who owns a socket: docs/decisions/006-udp-owners.md.
 */
#ifndef SKEP_PACKET_UDP_BPF_H
#define SKEP_PACKET_UDP_BPF_H

#include "bpf/emit.h"
#include "doors/packet_match.bpf.h"
#include "doors/packet_socket.bpf.h"
#include "protocols/dns_match.h"

#define UDP_HEADER_BYTES 8
#define FLOWS_MAXIMUM	 32768
#define PORT_DNS	 53
/*
 * Protocols that look like DNS and are not asked like it: a question goes to everybody, and who
 * does not know the answer is silent. NetBIOS names (RFC 1002), mDNS (RFC 6762), LLMNR (RFC 4795).
 */
#define PORT_NETBIOS	 137
#define PORT_MDNS	 5353
#define PORT_LLMNR	 5355

/* What user space wants of UDP; it changes while the door is open. */
volatile __u8 wants_datagrams;
volatile __u8 wants_flows;
/* Which of the two tables is written. User space empties the other, which nobody writes then. */
volatile __u32 flow_generation;

/* What is kept of each UDP socket; lives and dies with it. */
struct udp_socket {
	struct task_identity owner; /* zero while unknown */
	__u64 owner_task;	    /* address of the task, compared only */
	__u64 cookie;
	__u32 network_namespace;
	__u8 is_ignored; /* the agent's own, or outside the scope */
	__u8 is_named;	 /* the owner acted on the socket in a hook, which proves it */
	__u8 reserved[2];
};

/* Written and read by the programs here. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct udp_socket);
} udp_sockets SEC(".maps");

/*
 * Written here, emptied by user space each second: as many flows as talk in a second. Allocated
 * as they come, so that the size is only a bound.
 */
struct flow_table {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FLOWS_MAXIMUM);
	__type(key, struct packet_flow_key);
	__type(value, struct packet_flow);
} flows_even SEC(".maps"), flows_odd SEC(".maps");

/* Written here, read by doors/packet_udp.c. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PACKET_UDP_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} udp_counts SEC(".maps");

static __always_inline void udp_count(enum packet_udp_count count, __u64 number)
{
	__u32 key = count;
	__u64 *value = bpf_map_lookup_elem(&udp_counts, &key);

	if (value)
		__sync_fetch_and_add(value, number);
}

/* ---- who owns a socket ---- */

/* The current task acts on the socket: it is its owner from here on. */
static __always_inline void udp_own(struct udp_socket *socket)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	if ((__u64)task == socket->owner_task)
		return;
	socket->owner_task = (__u64)task;
	socket->owner.pid = BPF_CORE_READ(task, tgid);
	socket->owner.thread = BPF_CORE_READ(task, pid);
	socket->owner.start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	socket->is_ignored =
		socket->owner.pid == self_pid || (scope_pid && socket->owner.pid != scope_pid);
}

/* ctx->sk of a hook where a process does something with its socket. */
static __always_inline void udp_name(struct bpf_sock *sk)
{
	struct udp_socket *socket;

	if (!sk)
		return;
	socket = bpf_sk_storage_get(&udp_sockets, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!socket)
		return;
	socket->is_named = 1;
	udp_own(socket);
}

/* ---- where things stand in a datagram ---- */

struct udp_place {
	struct packet_flow_key key; /* all but the cookie */
	__u8 local_address[16];
	__u16 local_port;
	__u16 is_answer; /* where the payload looks like DNS */
	__u32 role;	 /* the same: enum packet_role of this end */
	__u32 protocol;	 /* as in struct packet_flow */
	__u32 offset;	 /* of the payload */
	__u32 length;
};

static __always_inline void copy_ipv4(__u8 *to, const __u8 *from)
{
	__u32 *words = (__u32 *)to;

	words[0] = words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = *(__u32 *)from;
}

static __always_inline void copy_ipv6(__u8 *to, const __u8 *from)
{
	for (int i = 0; i < 4; i++)
		((__u32 *)to)[i] = ((__u32 *)from)[i];
}

/* 0, or -1 when it is no UDP, or not all of its headers are there. */
static __always_inline int udp_find(struct __sk_buff *skb, __u8 direction, struct udp_place *place)
{
	__u8 *data = (__u8 *)(long)skb->data;
	__u8 *end = (__u8 *)(long)skb->data_end;
	__u8 *local = direction == PACKET_EGRESS ? place->local_address : place->key.peer_address;
	__u8 *peer = direction == PACKET_EGRESS ? place->key.peer_address : place->local_address;
	__u32 header;
	__u8 *udp;

	if (data + 28 > end)
		return -1;
	/* local and peer: those of the sender, then of the receiver. */
	if ((data[0] >> 4) == 4) {
		header = (data[0] & 0xf) * 4;
		if (data[9] != PROTOCOL_UDP)
			return -1;
		copy_ipv4(local, data + 12);
		copy_ipv4(peer, data + 16);
	} else {
		header = 40;
		if (data[6] != PROTOCOL_UDP || data + 40 > end)
			return -1;
		copy_ipv6(local, data + 8);
		copy_ipv6(peer, data + 24);
	}
	if (header < 20 || header > 60)
		return -1;
	udp = data + header;
	if (udp + UDP_HEADER_BYTES > end)
		return -1;
	place->local_port = bpf_ntohs(*(__u16 *)(direction == PACKET_EGRESS ? udp : udp + 2));
	place->key.peer_port = bpf_ntohs(*(__u16 *)(direction == PACKET_EGRESS ? udp + 2 : udp));
	place->offset = header + UDP_HEADER_BYTES;
	place->length = skb->len - place->offset;
	return place->offset > skb->len ? -1 : 0;
}

/* ---- the socket ---- */

#define SOCK_COMMON_BYTES 128

/* The network namespace, which no helper tells: the socket's first bytes are copied. */
static __always_inline __u32 udp_network_namespace(struct bpf_sock *sk)
{
	__u8 common[SOCK_COMMON_BYTES] __attribute__((aligned(8)));
	struct net *net;

	if (bpf_probe_read_kernel(common, sizeof(common), sk))
		return 0;
	net = *(struct net **)(common + bpf_core_field_offset(struct sock_common, skc_net));
	return BPF_CORE_READ(net, ns.inum);
}

/* The state of the packet's socket, NULL without memory. */
static __always_inline struct udp_socket *udp_socket_of(struct __sk_buff *skb, struct bpf_sock *sk)
{
	struct udp_socket *socket =
		bpf_sk_storage_get(&udp_sockets, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);

	if (!socket || socket->cookie)
		return socket;
	socket->network_namespace = udp_network_namespace(sk);
	if (scope_netns && socket->network_namespace != scope_netns)
		socket->is_ignored = 1;
	socket->cookie = bpf_get_socket_cookie(skb);
	return socket;
}

/* ---- flows ---- */

static __always_inline struct packet_flow *flow_add(
	void *table, struct udp_place *place, const struct udp_socket *socket, __u8 direction)
{
	struct packet_flow flow = {
		.owner = socket->owner,
		.local_port = place->local_port,
		.first_direction = direction,
		.network_namespace = socket->network_namespace,
	};

	flow.first_ns = bpf_ktime_get_ns();
	__builtin_memcpy(flow.local_address, place->local_address, sizeof(flow.local_address));
	/* Another CPU may have added it meanwhile: then that one counts. */
	bpf_map_update_elem(table, &place->key, &flow, BPF_NOEXIST);
	return bpf_map_lookup_elem(table, &place->key);
}

static __always_inline void flow_count(struct __sk_buff *skb, void *table, struct udp_place *place,
	const struct udp_socket *socket, __u8 direction)
{
	struct packet_flow *flow = bpf_map_lookup_elem(table, &place->key);
	/* What is cut into datagrams later, or was put together before, is one packet here. */
	__u32 packets = skb->gso_segs > 1 ? skb->gso_segs : 1;
	__u32 side = direction & 1;

	udp_count(PACKET_UDP_SEEN, packets);
	if (!flow)
		flow = flow_add(table, place, socket, direction);
	if (!flow) {
		udp_count(PACKET_UDP_LOST, packets);
		return;
	}
	/* A socket that was handed on is that of who uses it. */
	if (flow->owner.pid != socket->owner.pid)
		flow->owner = socket->owner;
	__sync_fetch_and_add(&flow->packets[side], packets);
	__sync_fetch_and_add(&flow->bytes[side], place->length);
	flow->last_ns = bpf_ktime_get_ns();
	if (place->protocol)
		flow->protocol = place->protocol;
}

/* ---- DNS ---- */

static __always_inline void fill_datagram(struct packet_datagram *record,
	const struct udp_place *place, const struct udp_socket *socket)
{
	struct packet_common *common = &record->common;

	common->header.source = SOURCE_packet;
	common->header.type = PACKET_DATAGRAM;
	common->header.time_ns = bpf_ktime_get_ns();
	common->cookie = socket->cookie;
	common->owner = socket->owner;
	__builtin_memcpy(common->ends.local_address, place->local_address, 16);
	__builtin_memcpy(common->ends.peer_address, place->key.peer_address, 16);
	common->ends.local_port = place->local_port;
	common->ends.peer_port = place->key.peer_port;
	common->ends.network_namespace = socket->network_namespace;
	common->role = place->role;
	common->protocol = PROTOCOL_dns;
	common->flags = place->is_answer ? PACKET_IS_ANSWER : 0;
	common->turn = 0;
	record->length = place->length;
	record->reserved = 0;
}

static __always_inline int write_datagram(struct __sk_buff *skb, const struct udp_place *place,
	const struct udp_socket *socket, const __u32 room)
{
	__u32 captured = place->length < room ? place->length : room;
	struct packet_datagram *record;

	record = bpf_ringbuf_reserve(&telemetry, sizeof(*record) + room, 0);
	if (!record)
		return -1;
	fill_datagram(record, place, socket);
	record->common.header.size = sizeof(*record) + room;
	record->captured = captured;
	if (packet_read(skb, place->offset, record + 1, captured, room))
		record->captured = 0;
	record_submit(record);
	return 0;
}

static __noinline int emit_datagram(
	struct __sk_buff *skb, const struct udp_place *place, const struct udp_socket *socket)
{
	int r;

	if (!place || !socket)
		return 0;
	if (place->length <= 128)
		r = write_datagram(skb, place, socket, 128);
	else if (place->length <= 512)
		r = write_datagram(skb, place, socket, 512);
	else
		r = write_datagram(skb, place, socket, PACKET_DATAGRAM_BYTES);
	if (r)
		udp_count(
			place->is_answer ? PACKET_UDP_ANSWERS_LOST : PACKET_UDP_QUESTIONS_LOST, 1);
	return 0;
}

static __always_inline int port_is_other(__u16 port)
{
	return port == PORT_NETBIOS || port == PORT_MDNS || port == PORT_LLMNR;
}

static __always_inline void look_for_dns(struct __sk_buff *skb, struct udp_place *place,
	const struct udp_socket *socket, __u8 direction)
{
	int is_expected = place->local_port == PORT_DNS || place->key.peer_port == PORT_DNS;
	__u8 header[DNS_MATCH_BYTES] __attribute__((aligned(8)));
	enum dns_match match;

	if (place->length < DNS_MATCH_BYTES || (!is_expected && place->length < DNS_MATCH_LEAST) ||
		port_is_other(place->local_port) || port_is_other(place->key.peer_port) ||
		bpf_skb_load_bytes(skb, place->offset, header, sizeof(header)))
		return;
	match = dns_match(header, is_expected);
	if (match == DNS_MATCH_NO)
		return;
	place->protocol = PROTOCOL_dns + 1;
	place->is_answer = match == DNS_MATCH_ANSWER;
	place->role =
		place->is_answer == (direction == PACKET_INGRESS) ? PACKET_CLIENT : PACKET_SERVER;
	emit_datagram(skb, place, socket);
}

/* A packet that is not TCP. */
__noinline int on_datagram(struct __sk_buff *skb, __u32 direction)
{
	struct udp_place place = {};
	struct udp_socket *socket;
	struct bpf_sock *sk;

	if ((!wants_flows && !wants_datagrams) || udp_find(skb, direction, &place))
		return 0;
	sk = skb->sk;
	if (!sk)
		return 0;
	socket = udp_socket_of(skb, sk);
	if (!socket) {
		if (wants_flows) {
			udp_count(PACKET_UDP_SEEN, 1);
			udp_count(PACKET_UDP_LOST, 1);
		}
		return 0;
	}
	/* Only a socket that is older than the agent and connected: no hook names it any more. */
	if (direction == PACKET_EGRESS && !socket->is_named)
		udp_own(socket);
	if (socket->is_ignored)
		return 0;
	place.key.cookie = socket->cookie;
	if (wants_datagrams)
		look_for_dns(skb, &place, socket, direction);
	if (wants_flows && (flow_generation & 1))
		flow_count(skb, &flows_odd, &place, socket, direction);
	else if (wants_flows)
		flow_count(skb, &flows_even, &place, socket, direction);
	return 0;
}

#endif
