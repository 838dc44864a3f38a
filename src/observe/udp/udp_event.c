/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The field table of `udp`, and its events made from flows.
 */
#include "observe/udp/udp_event.h"

#include "base/str.h"
#include "event/request.h"
#include "protocols/message.h"

static const char *const role_words[] = { "unknown", "server", "client", NULL };

#define KEY  FIELD_IS_KEY
#define LINE FIELD_IN_COMPACT
#define WIDE FIELD_IN_WIDE

/* U(type, unit, member, flags, convention, help) */
#define U(type, unit, member, flags, convention, help)                                             \
	FIELD_(FIELD_##type, UNIT_##unit, udp_event, member, flags, convention, help)

static const struct field udp_fields[] = {
	FIELD_TIME(udp_event),
	{
		.name = "role",
		.type = FIELD_WORD,
		.offset = offsetof(struct udp_event, role),
		.size = MEMBER_SIZE(struct udp_event, role),
		.flags = LINE | WIDE | KEY,
		.words = role_words,
		.help = "the end that was watched: client, when it sent first; unknown for a flow "
			"that may "
			"be older than the agent and whose ports do not tell",
	},
	U(TEXT, NONE, protocol, LINE | WIDE | KEY, "network.protocol.name",
		"what its datagrams look like: dns; empty when nothing is known"),
	U(BOOL, NONE, is_start, WIDE, NULL,
		"the first row of its flow: their number is the number of flows"),
	U(U64, NANOSECONDS, duration_ns, WIDE, NULL, "from the row's first packet to its last"),
	U(U64, BYTES, bytes_sent, LINE | WIDE, NULL, "payload sent in the row's time"),
	U(U64, BYTES, bytes_received, LINE | WIDE, NULL,
		"payload that arrived at the socket in the row's time, whether or not there was "
		"room"),
	U(U64, COUNT, packets_sent, LINE | WIDE, NULL,
		"datagrams sent in the row's time, each for itself where the kernel takes many at "
		"once"),
	U(U64, COUNT, packets_received, LINE | WIDE, NULL,
		"datagrams that arrived at the socket, whether or not there was room for them"),
	PROCESS_FIELDS(udp_event),
	U(ADDRESS, NONE, local_address, WIDE, "network.local.address",
		"address of the watched end; a group's, for what came by multicast"),
	U(U16, NONE, local_port, LINE | WIDE, "network.local.port", "port of the watched end"),
	U(ADDRESS, NONE, peer_address, LINE | WIDE, "network.peer.address",
		"address of the other end"),
	U(U16, NONE, peer_port, LINE | WIDE, "network.peer.port", "port of the other end"),
	U(TEXT, NONE, peer_service, LINE | KEY, "peer.service",
		"who is at the other end, where that is on this node"),
	U(U64, NONE, connection, 0, NULL, "socket cookie: the same for all flows of a socket"),
};

const struct event_kind udp_kind = {
	.name = "udp",
	.summary = "datagrams between a socket and a peer in a time, seen from one end",
	.fields = udp_fields,
	.field_count = ARRAY_LENGTH(udp_fields),
	.size = sizeof(struct udp_event),
	.process_offset = offsetof(struct udp_event, process),
	.ends = EVENT_ENDS(udp_event, .is_datagram = true),
	.compact = "{time_ns} {service|comm} {role=·,←,→} {peer_service|peer_address}"
		   "<:{peer_port|local_port}>  udp {protocol}<  sent {packets_sent}, "
		   "{bytes_sent}><  received {packets_received}, {bytes_received}>",
};

void udp_event_fill(struct udp_event *event, const struct udp_flow_report *report)
{
	const struct packet_flow *passed = report->passed;
	size_t protocol_count;
	const struct protocol *const *protocols = protocols_all(&protocol_count);

	*event = (struct udp_event){
		.header = { .kind = &udp_kind, .time_ns = passed->first_ns },
		.process = { .pid = passed->owner.pid,
			.start_ns = passed->owner.start_ns,
			.network_namespace = passed->network_namespace },
		.role = report->role,
		.is_start = report->is_start,
		.local_port = passed->local_port,
		.peer_port = report->key->peer_port,
		.duration_ns = passed->last_ns - passed->first_ns,
		.bytes_sent = passed->bytes[PACKET_EGRESS],
		.bytes_received = passed->bytes[PACKET_INGRESS],
		.packets_sent = passed->packets[PACKET_EGRESS],
		.packets_received = passed->packets[PACKET_INGRESS],
		.connection = report->key->cookie,
	};
	memcpy(event->local_address.bytes, passed->local_address, 16);
	memcpy(event->peer_address.bytes, report->key->peer_address, 16);
	if (passed->protocol > 0 && passed->protocol <= protocol_count)
		str_set(event->protocol, protocols[passed->protocol - 1]->name);
}
