/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event `unix`: one step in the life of a unix stream or seqpacket connection, seen from one
 * end, in the words of the event `tcp` where it is the same thing.
 */
#ifndef SKEP_UNIX_EVENT_H
#define SKEP_UNIX_EVENT_H

#include "event/process.h"
#include "node/unix_socket.h"
#include "observe/unix/unix_record.h"

enum unix_step {
	UNIX_STEP_UNKNOWN,
	UNIX_STEP_LISTEN,
	UNIX_STEP_CONNECT,
	UNIX_STEP_ACCEPT,
	UNIX_STEP_EXISTING, /* once, for a connection that is older than the agent */
	UNIX_STEP_CLOSE,
	UNIX_STEP_FAILED,
};

/* Why it ended or did not begin. */
enum unix_reason {
	UNIX_REASON_NONE, /* also where the door does not tell */
	UNIX_REASON_LOCAL_CLOSE,
	UNIX_REASON_PEER_CLOSE,
	UNIX_REASON_LOCAL_RESET, /* closed first, with data unread */
	UNIX_REASON_PEER_RESET,	 /* the other end was closed with data of this one unread */
	UNIX_REASON_MISSING,	 /* no such file */
	UNIX_REASON_REFUSED,	 /* nobody listens */
	UNIX_REASON_DENIED,
	UNIX_REASON_BUSY, /* the listener's queue is full */
	UNIX_REASON_WRONG_TYPE,
	UNIX_REASON_ABANDONED, /* a signal ended the wait */
	UNIX_REASON_OTHER,
};

/* How the process of an event is known. */
enum unix_owner {
	UNIX_OWNER_UNKNOWN,
	UNIX_OWNER_SEEN, /* it acted on the socket */
	UNIX_OWNER_SCAN, /* it had the socket open when the agent started */
};

struct unix_event {
	struct event_header header;
	struct event_process process;
	uint8_t event;	     /* enum unix_step */
	uint8_t role;	     /* enum request_role */
	uint8_t reason;	     /* enum unix_reason */
	uint8_t owner;	     /* enum unix_owner */
	uint8_t socket_type; /* 0 unknown, 1 stream, 2 seqpacket */
	bool is_start_unknown;
	uint32_t peer_pid;
	uint64_t duration_ns;
	uint64_t bytes_sent;
	uint64_t bytes_received;
	uint64_t connection;
	char path[UNIX_PATH_BYTES];
	char peer_service[EVENT_SERVICE_BYTES];
};

extern const struct event_kind unix_kind;

/* Fills all but the names of a zeroed event. */
void unix_event_fill(struct unix_event *event, const struct unix_record *record);
/* Of a record UNIX_CLOSED or UNIX_FAILED. */
enum unix_reason unix_reason_of(const struct unix_record *record);
/* The value of socket_type for SOCK_STREAM and SOCK_SEQPACKET. */
uint8_t unix_type_word(uint8_t socket_type);

#endif
