/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that are older than the agent: found once, by a scan of the node's sockets, and
 * kept until they close, because the kernel half knows neither their owner nor their role.
 * Loop thread only.
 */
#ifndef SKEP_TCP_EXISTING_H
#define SKEP_TCP_EXISTING_H

#include "engine/agent.h"
#include "observe/tcp/tcp_event.h"

/* Of those in scope; further ones are counted, their close is reported without an owner. */
#define TCP_EXISTING_MAXIMUM 65536

struct tcp_existing;

struct tcp_existing_connection {
	uint64_t start_ns; /* of the owner */
	uint32_t pid;	   /* 0: none was found */
	uint8_t role;	   /* enum request_role */
};

struct tcp_existing *tcp_existing_new(void);
void tcp_existing_free(struct tcp_existing *existing);

/* Reads the node's sockets; milliseconds, more on nodes with very many descriptors. What the scan
 * found is to be taken with tcp_existing_report. 0 or -errno. */
int tcp_existing_scan(struct tcp_existing *existing, const struct agent *agent);
/* A connection that the kernel half told of is none of those, whether it lives or is gone by now.
 * Before tcp_existing_report. */
void tcp_existing_forget(struct tcp_existing *existing, uint64_t cookie);
/* Calls report with an event for each that was found and not forgotten. Returns how many were left
 * out because of the maximum. */
typedef void tcp_existing_event(void *context, struct tcp_event *event);
uint64_t tcp_existing_report(
	struct tcp_existing *existing, tcp_existing_event *report, void *context);
/* Fills owner and role of an event whose connection is one of those; false when it is not. */
bool tcp_existing_complete(struct tcp_existing *existing, struct tcp_event *event);

#endif
