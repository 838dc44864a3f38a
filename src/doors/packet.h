/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packet door, user half: one set of programs on the cgroup tree for all features that
 * read what sockets carry. In: turns, segments, closes and datagrams from the ring, and tables of
 * UDP flows. Out: exchanges or messages, to the feature that speaks their protocol; flows. Loop
 * thread only.
 *
 * What it does not see, besides protocols that it does not know: data redirected by sockmap, SMC,
 * a request that comes with a handshake (its answer tells: counted), IPv6 behind extension headers.
 */
#ifndef SKEP_PACKET_H
#define SKEP_PACKET_H

#include "doors/stream.h"
#include "engine/agent.h"

struct packet_listener {
	stream_exchange *exchange; /* NULL for a protocol that pairs its exchanges itself */
	stream_tell *message;	   /* for such a one: what comes over TCP and in datagrams */
	void *context;
};

/*
 * Opens the agent's packet door, or joins it when it is open, and has what is spoken of the
 * protocol reported. 0, or -errno with the reason. Each success wants one packet_door_leave.
 */
int packet_door_join(struct agent *agent, enum packet_protocol protocol,
	const struct packet_listener *listener, struct fail *fail);
/* The last one out closes the door: nothing of it stays in the kernel. */
void packet_door_leave(struct agent *agent, enum packet_protocol protocol);
/* About ten times a second, by any feature that has joined: what came beside the ring. */
void packet_door_tick(struct packet_door *door);
/* What the door has seen, reported and lost of a protocol's exchanges over TCP. */
void packet_door_counts(
	struct packet_door *door, enum packet_protocol protocol, struct feature_counts *ret_counts);

/*
 * The same for connections that begin with TLS: what they carry is reported to the listener of its
 * protocol, each connection once to session. keys stays the caller's.
 */
int packet_door_join_tls(struct agent *agent, struct key_store *keys, stream_tell_session *session,
	void *context, struct fail *fail);
void packet_door_leave_tls(struct agent *agent);
/* Connections of which bytes were lost after they had been reported as read. */
uint64_t packet_door_broken_sessions(const struct packet_door *door);

/* The same for the flows of UDP: counted from here on. */
int packet_door_join_flows(struct agent *agent, struct fail *fail);
void packet_door_leave_flows(struct agent *agent);

/* Called for each flow; both are borrowed. */
typedef void packet_flow_visit(
	void *context, const struct packet_flow_key *key, const struct packet_flow *flow);
/*
 * What passed since the last call of packet_door_turn_flows, which must be a tenth of a second ago
 * at least: nobody counts there any more. Each flow is told once and forgotten. 0 or -errno.
 */
int packet_door_take_flows(struct packet_door *door, packet_flow_visit *visit, void *context);
/* From now on flows are counted anew; what was counted is to be taken before the next turn. */
void packet_door_turn_flows(struct packet_door *door);
/* The counters of UDP. 0 or -errno. */
int packet_door_udp_counts(struct packet_door *door, uint64_t ret_counts[PACKET_UDP_COUNT]);

#endif
