/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the kernel half of unix tells its user half: one record for each step in the life of one end
 * of a connection. Each is complete by itself.
 */
#ifndef SKEP_UNIX_RECORD_H
#define SKEP_UNIX_RECORD_H

#include "bpf/event.h"

enum unix_record_type {
	UNIX_LISTENING, /* a socket began to listen */
	UNIX_CONNECTED, /* connect(2) succeeded; accept(2) may be still to come */
	UNIX_ACCEPTED,
	UNIX_CLOSED,
	UNIX_FAILED, /* connect(2) did not succeed */
	/* No event: another socket has the address now, so that this end, whose close nobody told,
	 * is closed; its bytes_sent are final. */
	UNIX_REPLACED,
	UNIX_BYTES, /* no event by itself: struct unix_bytes */
};

/* Why an end is closed, as far as the kernel half can tell. */
enum unix_end {
	UNIX_END_UNKNOWN,
	UNIX_END_FIRST,	       /* before the other end */
	UNIX_END_FIRST_UNREAD, /* the same with data unread: the other end gets ECONNRESET */
	UNIX_END_SECOND,       /* the other end was closed already */
	UNIX_END_SECOND_RESET, /* the same, with data of this end unread */
};

#define UNIX_NAME_BYTES 108 /* sun_path: unix(7) */

struct unix_record {
	struct record_header header;
	__u64 socket; /* its address: the same for all records of an end, then used again */
	__u64 peer_socket;
	__u64 inode; /* of the end's socket, 0 while it is not accepted */
	/* Inode of the end that connected, or the time where that was gone at accept(2). */
	__u64 connection;
	struct task_identity owner; /* zero while unknown */
	char comm[16];		    /* of its process */
	__u64 since_ns;		    /* of connect(2) or accept(2); 0: before the agent */
	__u64 bytes_sent;	    /* that the other end read */
	__u64 bytes_received;	    /* that this end read */
	__u64 bytes_unread;	    /* sent by the other end and never to be read */
	__u32 network_namespace;    /* inode */
	__u32 peer_pid;		    /* of who listens or connected, as the socket remembers it */
	__u16 error;		    /* of connect(2), 0 where the kernel does not tell */
	__u8 role;		    /* enum request_role of event/request.h */
	__u8 end;		    /* enum unix_end, of a close */
	__u8 socket_type;
	__u8 name_length; /* bytes of name */
	__u8 reserved[2];
	char name[UNIX_NAME_BYTES]; /* sun_path of the listener */
	__u8 padding[4];
};

_Static_assert(sizeof(struct unix_record) == 240, "layout");

/* Of one buffer that is read; the rest is stepped over, for heads stand at the front. */
#define UNIX_BYTES_MAXIMUM 4096
/* Most requests, and answers of services that say little. */
#define UNIX_BYTES_SMALL   512
#define UNIX_TAIL_BYTES	   8

/* A buffer that was read to its end, of a connection whose bytes look like a known protocol's;
 * followed by captured bytes. */
struct unix_bytes {
	struct record_header header; /* time_ns: when it was read */
	__u64 connection;
	struct task_identity owners[2]; /* server, client; zero while unknown */
	__u64 offset;			/* of the first byte in its direction */
	__u64 start;			/* where the records of this direction began */
	__u32 length;			/* bytes that this record stands for */
	__u32 captured;
	__u32 network_namespace;
	__u8 role;		    /* of the end that sent it */
	__u8 is_in_scope[2];	    /* server, client */
	__u8 is_lost_before;	    /* records of this direction were lost since the last one */
	__u8 tail[UNIX_TAIL_BYTES]; /* the last bytes of length where not captured, else zero */
};

_Static_assert(sizeof(struct unix_bytes) == 96, "layout");

enum unix_stream {
	UNIX_STREAM_UNKNOWN, /* nothing was read yet */
	UNIX_STREAM_HTTP,
	UNIX_STREAM_NONE, /* no protocol that is known */
};

/* What the kernel half keeps of an end, by its socket's address. */
struct unix_end_state {
	struct task_identity owner; /* zero while unknown */
	char comm[16];
	__u64 peer; /* address of the other end's socket */
	__u64 connection;
	__u64 inode; /* 0 while not known */
	__u64 since_ns;
	__u64 bytes_read; /* sent by this end, read by the other */
	__u8 role;
	__u8 is_closed;
	__u8 is_in_scope;
	__u8 is_judged; /* is_in_scope is known */
	__u8 stream;	/* enum unix_stream */
	__u8 tries;	/* buffers that were judged */
	__u8 is_streamed;
	__u8 is_lost_before;
	__u64 stream_start; /* bytes that were read before the first record */
};

#endif
