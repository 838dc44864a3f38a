/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The field table of `request`, the kind that all protocols share.
 */
#include "event/request.h"

static const char *const role_words[] = { "unknown", "server", "client", NULL };

#define KEY	FIELD_IS_KEY
#define LINE	FIELD_IN_COMPACT
#define WIDE	FIELD_IN_WIDE
#define INDEXED FIELD_IS_INDEXED

/* R(type, unit, member, flags, convention, help) */
#define R(type, unit, member, flags, convention, help)                                             \
	FIELD_(FIELD_##type, UNIT_##unit, request_event, member, flags, convention, help)

static const struct field request_fields[] = {
	FIELD_TIME(request_event),
	R(TEXT, NONE, protocol, WIDE | KEY, "network.protocol.name",
		"what is spoken: http, postgresql, redis …"),
	{ .name = "role",
		.type = FIELD_WORD,
		.offset = offsetof(struct request_event, role),
		.size = MEMBER_SIZE(struct request_event, role),
		.flags = LINE | WIDE | KEY,
		.words = role_words,
		.help = "the end that was watched: it served the request, or sent it" },
	R(TEXT, NONE, operation, LINE | WIDE | KEY, "http.request.method",
		"verb of the protocol: GET, SELECT, PRODUCE"),
	R(TEXT, NONE, target, LINE | WIDE | KEY, "http.route",
		"what it acts on: path template, table, topic, key pattern"),
	R(TEXT, NONE, detail, 0, "url.path", "path with query, or statement; secrets masked"),
	R(U64, NONE, fingerprint, 0, NULL,
		"the same number for all statements that differ only in their data, 0 for others"),
	R(CODE, NONE, status, LINE | WIDE | KEY, "http.response.status_code",
		"the protocol's own code, empty when no answer was seen"),
	R(BOOL, NONE, is_error, KEY | INDEXED, NULL, "the answer says that it failed"),
	R(U64, NANOSECONDS, duration_ns, LINE | WIDE, NULL,
		"first byte of the request to last byte of the answer"),
	R(U64, NANOSECONDS, first_byte_ns, 0, NULL,
		"first byte of the request to first byte of the answer"),
	R(U64, BYTES, request_bytes, 0, "http.request.size",
		"head and body of the request, without TCP"),
	R(U64, BYTES, response_bytes, LINE | WIDE, "http.response.size",
		"head and body of the answer, without TCP"),
	R(U32, COUNT, request_messages, 0, NULL,
		"messages that the client sent in this exchange, where the protocol has streams: "
		"gRPC"),
	R(U32, COUNT, response_messages, 0, NULL, "messages that the server sent in it"),
	R(TEXT, NONE, host, 0, "server.address", "host that the request names"),
	R(BOOL, NONE, is_encrypted, 0, NULL, "it went through TLS"),
	R(BOOL, NONE, is_incomplete, 0, NULL,
		"the answer ended before its announced length, or none came"),
	PROCESS_FIELDS(request_event),
	R(ADDRESS, NONE, local_address, WIDE, "network.local.address",
		"address of the watched end"),
	R(U16, NONE, local_port, WIDE, "network.local.port", "port of the watched end"),
	R(ADDRESS, NONE, peer_address, LINE | WIDE, "network.peer.address",
		"address of the other end"),
	R(U16, NONE, peer_port, LINE | WIDE, "network.peer.port", "port of the other end"),
	R(ADDRESS, NONE, client_address, 0, "client.address",
		"the client behind a proxy, as the PROXY header of the connection names it"),
	R(TEXT, NONE, peer_service, LINE | KEY, "peer.service", "who is at the other end"),
	R(U64, NONE, connection, 0, NULL, "socket cookie: the same for all requests of a socket"),
	R(U64, NONE, parent_id, 0, NULL,
		"id of the served request that caused this one, 0 where not certain"),
	R(U32, COUNT, weight, 0, NULL, "how many requests this row stands for"),
};

const struct event_kind request_kind = {
	.name = "request",
	.summary = "an exchange of any protocol: a request and its answer, seen from one end",
	.fields = request_fields,
	.field_count = ARRAY_LENGTH(request_fields),
	.size = sizeof(struct request_event),
	.process_offset = offsetof(struct request_event, process),
	.ends = EVENT_ENDS(request_event),
	.compact = "{time_ns} {service|comm} {role=·,←,→} {peer_service|peer_address}"
		   "<:{peer_port}>  {operation^detail} {detail|target} {status} {duration_ns} "
		   "{response_bytes}{is_incomplete=, incomplete}",
};

void request_event_init(struct request_event *event)
{
	memset(event, 0, sizeof(*event));
	event->header.kind = &request_kind;
	event->weight = 1;
}
