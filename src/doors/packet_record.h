/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the packet door's kernel half tells its user half. Two forms: a *turn*,
 * which holds one plain request and the first bytes of its answer, and a
 * *segment*, which holds bytes of one direction for everything that is not that
 * simple. Both carry the ends and the owner, so that neither half needs the other's tables.
 */
#ifndef SKEP_PACKET_RECORD_H
#define SKEP_PACKET_RECORD_H

#include "bpf/event.h"

enum packet_record_type {
	PACKET_TURN,	 /* a whole request and the first packet of its answer */
	PACKET_SEGMENT,	 /* bytes of one direction, in the order in which the door saw them */
	PACKET_CLOSE,	 /* no more answer bytes will come; sent only inside an exchange */
	PACKET_DATAGRAM, /* the first bytes of a datagram that looks like a protocol's */
};

/* Indexes in protocols.def. */
enum packet_protocol {
#define PROTOCOL(name) PROTOCOL_##name,
#include "protocols/protocols.def"
#undef PROTOCOL
	PROTOCOL_COUNT,
	PROTOCOL_tls = PROTOCOL_COUNT, /* carries one of the others, which shows inside only */
	PACKET_PROTOCOLS
};

enum packet_direction { PACKET_INGRESS, PACKET_EGRESS };

enum packet_flag {
	PACKET_IS_ORDERED = 1 << 0, /* every byte is in segments from here on: user space pairs */
	PACKET_IS_ANSWER = 1 << 1,  /* of the direction that answers */
	/* The first segment of a message, as far as the kernel half knows. Of an ordered one: the
	 * ordered bytes of its direction began between two messages. */
	PACKET_IS_HEAD = 1 << 2,
	PACKET_LOST_BEFORE = 1 << 3, /* records of this connection were lost since the last one */
	PACKET_IS_START = 1 << 4,    /* of a segment: its first byte is a packet's first byte */
};

/*
 * Bytes of a plain request kept in the socket's storage until the answer comes: those
 * of clients without cookies fit; longer ones go up at once as segments. Both are powers of two.
 */
#define PACKET_REQUEST_BYTES 256
/* Of an answer's first packet: most heads fit, and all that judge an exchange stand early. */
#define PACKET_ANSWER_BYTES  512
/* Of one packet, when a message's beginning or an ordered connection goes up as segments. */
#define PACKET_SEGMENT_BYTES 4096
/* Segments are cut into pieces of that many bytes; a packet has at most PACKET_PIECES of them. */
#define PACKET_PIECES	     16
/* In front, each direction of a TLS connection goes up whole: that is its handshake, as a rule. */
#define PACKET_TLS_WHOLE     (32 * 1024)
/* Of a longer TLS record than PACKET_SEGMENT_BYTES that many bytes go up after that. */
#define PACKET_TLS_HEAD	     1024
/* The last bytes of a packet that is not copied whole: shows the end of a chunked body. */
#define PACKET_TAIL_BYTES    8

struct packet_ends {
	__u8 local_address[16]; /* IPv4 as ::ffff:a.b.c.d */
	__u8 peer_address[16];
	__u16 local_port;
	__u16 peer_port;
	__u32 network_namespace; /* inode */
};

struct packet_common {
	struct record_header header; /* time_ns: of the packet that caused the record */
	__u64 cookie;		     /* of the socket, never used again */
	struct task_identity owner;  /* zero while no send was seen in process context */
	struct packet_ends ends;
	__u8 role;     /* enum request_role */
	__u8 protocol; /* enum packet_protocol */
	__u16 flags;   /* enum packet_flag */
	__u32 turn;    /* number of the exchange on this connection, from 1 */
};

/*
 * Followed by answer_captured bytes of the answer, and at request_offset from the
 * record's start by the whole request. answer_bytes is 0 when the connection ended without an
 * answer.
 */
struct packet_turn {
	struct packet_common common;
	__u64 request_ns;   /* first byte */
	__u32 answer_seq;   /* TCP sequence number of the answer's first byte */
	__u32 answer_bytes; /* in the first packet */
	__u16 request_bytes;
	__u16 request_offset;
	__u16 answer_captured;
	__u16 reserved;
	__u8 tail[PACKET_TAIL_BYTES]; /* of the answer's packet, zero when shorter */
};

/*
 * Followed by captured bytes from seq on. Outside PACKET_IS_ORDERED a jump in seq
 * means bytes that the door saw and did not send; inside it means bytes that were lost.
 */
struct packet_segment {
	struct packet_common common;
	__u32 seq;    /* TCP sequence number of the first byte */
	__u32 length; /* bytes that this record stands for, at least captured */
	__u16 captured;
	__u16 reserved;
	__u32 start_seq; /* where the bytes of this direction began to be ordered, if they did */
	__u8 tail[PACKET_TAIL_BYTES]; /* the last bytes of length where not captured, else zero */
};

struct packet_close {
	struct packet_common common;
	__u32 answer_end_seq; /* after the last byte of the answering direction */
	__u32 is_reset;	      /* the connection was torn down rather than ended */
};

/* What a packet_close says, for the way beside the ring: little, since it is made on the stack. */
struct packet_late_close {
	__u64 cookie;
	__u32 turn;
	__u32 answer_end_seq;
	__u16 flags; /* enum packet_flag */
	__u16 is_reset;
	__u32 reserved;
};

/*
 * Followed by captured bytes of the datagram. Its role and PACKET_IS_ANSWER are what the bytes say:
 * who sends a question is the client.
 */
struct packet_datagram {
	struct packet_common common;
	__u16 length; /* of the payload */
	__u16 captured;
	__u32 reserved;
};

/* Of a datagram; messages of DNS that are longer come over TCP as a rule. A power of two. */
#define PACKET_DATAGRAM_BYTES 2048

/* One socket with one peer, in UDP. */
struct packet_flow_key {
	__u64 cookie;
	__u8 peer_address[16];
	__u16 peer_port;
	__u16 reserved[3];
};

/* What passed of it in one generation. Indexes by enum packet_direction. */
struct packet_flow {
	__u64 packets[2];
	__u64 bytes[2]; /* payload */
	__u64 first_ns;
	__u64 last_ns;
	struct task_identity owner; /* zero while unknown */
	__u8 local_address[16];
	__u16 local_port;
	__u8 first_direction;
	__u8 protocol; /* what its datagrams look like: enum packet_protocol + 1, 0: nothing known
			*/
	__u32 network_namespace;
};

/* Rows of the counters of UDP; each is a per-CPU number. */
enum packet_udp_count {
	PACKET_UDP_SEEN,	   /* datagrams that belong to a flow */
	PACKET_UDP_LOST,	   /* of these, for want of room in the table */
	PACKET_UDP_QUESTIONS_LOST, /* exchanges whose question did not fit into the ring */
	PACKET_UDP_ANSWERS_LOST,   /* answers that did not: their questions stay open */
	PACKET_UDP_COUNT
};

_Static_assert(sizeof(struct packet_common) == 88, "layout");
_Static_assert(sizeof(struct packet_turn) == 120, "layout");
_Static_assert(sizeof(struct packet_segment) == 112, "layout");
_Static_assert(sizeof(struct packet_close) == 96, "layout");
_Static_assert(sizeof(struct packet_datagram) == 96, "layout");
_Static_assert(sizeof(struct packet_flow_key) == 32, "layout");
_Static_assert(sizeof(struct packet_flow) == 88, "layout");

#endif
