/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packet door, user half: one set of programs on the cgroup tree for all features that
 * read what sockets carry. In: turns, segments and closes from the ring. Out: exchanges, to the
 * feature that speaks their protocol. Loop thread only.
 *
 * What it does not see, besides protocols that it does not know: data redirected by sockmap, SMC,
 * data that comes with a handshake (counted), IPv6 behind extension headers.
 */
#ifndef SKEP_PACKET_H
#define SKEP_PACKET_H

#include "doors/stream.h"
#include "engine/agent.h"

/*
 * Opens the agent's packet door, or joins it when it is open, and has exchanges of the protocol
 * (a name of protocols.def) reported. 0, or -errno with the reason. Each success wants one
 * packet_door_leave.
 */
int packet_door_join(struct agent *agent, const char *protocol, stream_exchange *exchange,
	void *context, struct fail *fail);
/* The last one out closes the door: nothing of it stays in the kernel. */
void packet_door_leave(struct agent *agent, const char *protocol);
/* What the door has seen, reported and lost. */
void packet_door_counts(struct packet_door *door, struct feature_counts *ret_counts);

#endif
