/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows of UDP over time. In: what passed of each in the last second, from the packet door; out:
 * reports, whose sums are what came in. Bounded: the flow that was silent for longest makes room,
 * and what was not told of it is told first. Pure but for the clock that it is given; loop thread
 * only.
 */
#ifndef SKEP_UDP_FLOW_H
#define SKEP_UDP_FLOW_H

#include "base/base.h"
#include "doors/packet_record.h"

/* What passed of a flow since it was last told of. All is borrowed. */
struct udp_flow_report {
	const struct packet_flow_key *key;
	const struct packet_flow *passed;
	uint8_t role; /* enum request_role */
	bool is_start;
};

typedef void udp_flow_tell(void *context, const struct udp_flow_report *report);

struct udp_flow_options {
	size_t maximum;	      /* flows that are remembered: 250 bytes each */
	uint64_t interval_ns; /* a flow that goes on is told of that often (an active timeout) */
	uint64_t idle_ns;     /* one that is silent for so long is over (an inactive timeout) */
	udp_flow_tell *tell;
	void *context;
};

struct udp_flows;

/* 0 or -ENOMEM. */
int udp_flows_new(const struct udp_flow_options *options, struct udp_flows **ret_flows);
void udp_flows_free(struct udp_flows *flows); /* accepts NULL; what was not told is forgotten */
/*
 * Adds what passed. may_be_older: it may have begun before the agent looked, so that who sent first
 * says nothing about the roles. A flow without memory for it is told of at once.
 */
void udp_flows_take(struct udp_flows *flows, const struct packet_flow_key *key,
	const struct packet_flow *passed, bool may_be_older);
/* Visits those that are to be told of for the first time by the next udp_flows_tell. */
void udp_flows_each_start(struct udp_flows *flows, udp_flow_tell *visit, void *context);
/* Tells of flows that began, that are due, and that are over, which it forgets. */
void udp_flows_tell(struct udp_flows *flows, uint64_t now_ns);
/* Tells of all that is left. */
void udp_flows_end(struct udp_flows *flows);
/* Datagrams that were taken and not told of yet. */
uint64_t udp_flows_waiting(const struct udp_flows *flows);

#endif
