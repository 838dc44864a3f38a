/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the kernel half of tcp tells its user half: one record for each step in the life of a
 * connection that is an event, complete by itself, and one when the owner of an
 * accepted connection shows itself later than its event.
 */
#ifndef SKEP_TCP_H
#define SKEP_TCP_H

#include "bpf/event.h"

enum tcp_record_type {
	TCP_LISTENING, /* a socket began to listen */
	TCP_CONNECTED, /* the handshake that this end began is over */
	TCP_ACCEPTED,  /* the handshake that the peer began is over: before accept(2) */
	TCP_OWNED,     /* no event: the owner of an accepted connection is known now */
	TCP_CLOSED,
	TCP_FAILED, /* the handshake that this end began did not succeed */
};

/* include/net/tcp_states.h; never changed. */
enum tcp_socket_state {
	TCP_STATE_ESTABLISHED = 1,
	TCP_STATE_SYN_SENT,
	TCP_STATE_SYN_RECV,
	TCP_STATE_FIN_WAIT1,
	TCP_STATE_FIN_WAIT2,
	TCP_STATE_TIME_WAIT,
	TCP_STATE_CLOSE,
	TCP_STATE_CLOSE_WAIT,
	TCP_STATE_LAST_ACK,
	TCP_STATE_LISTEN,
	TCP_STATE_CLOSING,
};

struct tcp_record {
	struct record_header header;
	__u64 socket; /* its address: the same for all records of a connection, then used again */
	__u64 cookie; /* never used again; 0 where the kernel was not asked for one yet */
	struct task_identity owner; /* zero while unknown */
	char comm[16];		    /* of its process */
	/* Of the handshake's begin (connected, failed) or its end (closed); 0: before the agent. */
	__u64 since_ns;
	__u64 bytes_sent; /* payload without repetitions */
	__u64 bytes_received;
	__u32 rtt_us; /* smoothed, 0 without a sample */
	__u32 retransmits;
	__u32 network_namespace; /* inode */
	__u16 error;		 /* errno that the kernel left on the socket */
	__u16 family;		 /* AF_INET, AF_INET6 */
	__u8 local_address[16];	 /* IPv4 as ::ffff:a.b.c.d */
	__u8 peer_address[16];
	__u16 local_port;
	__u16 peer_port;
	__u8 role; /* enum request_role of event/request.h */
	__u8 old_state;
	__u8 reserved[2];
};

_Static_assert(sizeof(struct tcp_record) == 144, "layout");

#endif
