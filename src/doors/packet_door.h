/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packet door inside. Private to doors/packet*.c.
 */
#ifndef SKEP_PACKET_DOOR_H
#define SKEP_PACKET_DOOR_H

#include "doors/packet.h"
#include "packet.skel.h"

struct packet_door {
	struct agent *agent;
	struct packet_bpf *bpf;
	struct stream *stream;
	struct packet_listener listeners[PROTOCOL_COUNT];
	stream_tell_session *session; /* NULL while nobody takes TLS connections */
	void *session_context;
	unsigned int joined;
	struct packet_flow_batch *batch; /* NULL while nobody takes flows */
};

/* packet.c: opens the door, or goes in when it is open; the last one out closes it. */
int packet_door_enter(struct agent *agent, struct fail *fail);
void packet_door_exit(struct agent *agent);

/* packet_udp.c: what of UDP is wanted; the first wish attaches the hooks that name owners. */
enum packet_udp_wish { PACKET_UDP_DATAGRAMS, PACKET_UDP_FLOWS };
int packet_udp_watch(struct packet_door *door, enum packet_udp_wish wish, struct fail *fail);
void packet_udp_ignore(struct packet_door *door, enum packet_udp_wish wish);

#endif
