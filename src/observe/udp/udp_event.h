/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event `udp`: what passed of a flow in a time, seen from one end. A flow is a socket and a
 * peer of it, as in NetFlow; it has a row when it begins, one each interval while it goes on, and a
 * last one when it is over, so that the sums over its rows are what passed.
 */
#ifndef SKEP_UDP_EVENT_H
#define SKEP_UDP_EVENT_H

#include "event/process.h"
#include "observe/udp/udp_flow.h"

struct udp_event {
	struct event_header header; /* time_ns: of the first packet that the row tells of */
	struct event_process process;
	uint8_t role; /* enum request_role */
	bool is_start;
	uint16_t local_port;
	uint16_t peer_port;
	struct address local_address;
	struct address peer_address;
	uint64_t duration_ns; /* to the last packet that the row tells of */
	uint64_t bytes_sent;
	uint64_t bytes_received;
	uint64_t packets_sent;
	uint64_t packets_received;
	uint64_t connection;
	char protocol[16];
	char peer_service[EVENT_SERVICE_BYTES];
};

extern const struct event_kind udp_kind;

/* Fills all but names of processes and services. */
void udp_event_fill(struct udp_event *event, const struct udp_flow_report *report);

#endif
