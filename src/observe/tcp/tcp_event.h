/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event `tcp`: one step in the life of a connection, seen from one end. Also the judgement of
 * why a connection ended, from what the kernel leaves on the socket.
 */
#ifndef SKEP_TCP_EVENT_H
#define SKEP_TCP_EVENT_H

#include "event/process.h"
#include "observe/tcp/tcp.h"

enum tcp_step {
	TCP_STEP_UNKNOWN,
	TCP_STEP_LISTEN,
	TCP_STEP_CONNECT,
	TCP_STEP_ACCEPT,
	TCP_STEP_EXISTING, /* once, for a connection that is older than the agent */
	TCP_STEP_CLOSE,
	TCP_STEP_FAILED,
};

/* Why it ended or did not begin. */
enum tcp_reason {
	TCP_REASON_NONE,
	TCP_REASON_LOCAL_CLOSE, /* this end sent its FIN first */
	TCP_REASON_PEER_CLOSE,
	TCP_REASON_LOCAL_RESET, /* closed with data unread, by SO_LINGER, or data came after */
	TCP_REASON_PEER_RESET,
	TCP_REASON_TIMED_OUT,
	TCP_REASON_UNREACHABLE,
	TCP_REASON_REFUSED,
	TCP_REASON_ABANDONED, /* the process closed it before an answer came */
	TCP_REASON_NO_PORT,   /* no local port was free */
	TCP_REASON_ABORTED,   /* an administrator ended it (SOCK_DESTROY) */
	TCP_REASON_OTHER,
};

/* How the process of an event is known. */
enum tcp_owner {
	TCP_OWNER_UNKNOWN,
	TCP_OWNER_SEEN,	    /* it acted on the socket */
	TCP_OWNER_SCAN,	    /* it had the socket open when the agent started */
	TCP_OWNER_LISTENER, /* it listens on the port; another may have accepted */
};

enum tcp_family {
	TCP_FAMILY_UNKNOWN,
	TCP_FAMILY_IPV4,
	TCP_FAMILY_IPV6,
	TCP_FAMILY_MAPPED, /* an IPv6 socket that speaks IPv4 */
};

struct tcp_event {
	struct event_header header;
	struct event_process process;
	uint8_t event;	/* enum tcp_step */
	uint8_t role;	/* enum request_role */
	uint8_t reason; /* enum tcp_reason */
	uint8_t owner;	/* enum tcp_owner */
	uint8_t family; /* enum tcp_family */
	bool is_start_unknown;
	uint16_t local_port;
	uint16_t peer_port;
	struct address local_address;
	struct address peer_address;
	uint64_t duration_ns;
	uint64_t bytes_sent;
	uint64_t bytes_received;
	uint64_t rtt_ns;
	uint64_t retransmits;
	uint64_t connection;
	char peer_service[EVENT_SERVICE_BYTES];
};

extern const struct event_kind tcp_kind;

/* Fills all but names and owner's source of a zeroed event; TCP_OWNED counts as accepted. */
void tcp_event_fill(struct tcp_event *event, const struct tcp_record *record);
/* Of a record TCP_CLOSED or TCP_FAILED. */
enum tcp_reason tcp_reason_of(const struct tcp_record *record);
enum tcp_family tcp_family_of(bool is_ipv6_socket, const struct address *local);

#endif
