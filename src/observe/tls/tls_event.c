/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The field table of `tls`, and the event that a connection becomes.
 */
#include "observe/tls/tls_event.h"

#include "base/str.h"
#include "event/request.h"

static const char *const role_words[] = { "unknown", "server", "client", NULL };
/* By enum stream_outcome. */
static const char *const content_words[] = { "read", "no secret", "older", "cipher", "protocol",
	"early data", "failed", "lost", "limit", "none", NULL };

_Static_assert(ARRAY_LENGTH(content_words) == STREAM_OUTCOMES + 1, "a word for each");

#define KEY	FIELD_IS_KEY
#define LINE	FIELD_IN_COMPACT
#define WIDE	FIELD_IN_WIDE
#define INDEXED FIELD_IS_INDEXED

/* T(type, unit, member, flags, convention, help); W(member, words, flags, help) */
#define T(type, unit, member, flags, convention, help)                                             \
	FIELD_(FIELD_##type, UNIT_##unit, tls_event, member, flags, convention, help)
#define W(member, words_, flags_, help_)                                                           \
	{                                                                                          \
		.name = #member, .type = FIELD_WORD, .offset = offsetof(struct tls_event, member), \
		.size = MEMBER_SIZE(struct tls_event, member), .flags = (flags_),                  \
		.words = (words_), .help = (help_),                                                \
	}

static const struct field tls_fields[] = {
	FIELD_TIME(tls_event),
	W(role, role_words, LINE | WIDE | KEY,
		"the end that was watched: it accepted the connection, or opened it"),
	T(TEXT, NONE, version, LINE | WIDE | KEY, "tls.protocol.version",
		"what the server chose: 1.2, 1.3 …; empty when it did not answer"),
	T(TEXT, NONE, cipher, LINE | WIDE | KEY, "tls.cipher",
		"cipher suite, as IANA names it; empty for one that is not known here"),
	T(TEXT, NONE, server_name, LINE | WIDE | KEY, "tls.client.server_name",
		"host that the client asked for (SNI)"),
	T(TEXT, NONE, alpn, LINE | WIDE | KEY, "tls.next_protocol",
		"protocol that the server chose for what is inside (ALPN), where that was seen"),
	T(BOOL, NONE, is_resumed, WIDE | KEY, "tls.resumed",
		"keys of an earlier connection shortened the handshake"),
	W(content, content_words, LINE | WIDE | KEY,
		"what became of the exchanges inside: read; or no secret (no probe saw its "
		"handshake, "
		"as with a library that derives keys elsewhere), older (than the agent), cipher (a "
		"suite or version that cannot be opened), protocol (it carries something else), "
		"early "
		"data, failed (the handshake did), lost (bytes are missing), limit"),
	T(BOOL, NONE, is_error, KEY | INDEXED, NULL, "the handshake did not come to its end"),
	T(TEXT, NONE, alert, LINE, NULL, "the alert that ended the handshake: unknown_ca …"),
	T(U64, NANOSECONDS, duration_ns, LINE | WIDE, NULL,
		"first byte to the end of the handshake, 0 when that was not seen"),
	PROCESS_FIELDS(tls_event),
	T(ADDRESS, NONE, local_address, 0, "network.local.address", "address of the watched end"),
	T(U16, NONE, local_port, 0, "network.local.port", "port of the watched end"),
	T(ADDRESS, NONE, peer_address, LINE | WIDE, "network.peer.address",
		"address of the other end"),
	T(U16, NONE, peer_port, LINE | WIDE, "network.peer.port", "port of the other end"),
	T(TEXT, NONE, peer_service, LINE | KEY, "peer.service", "who is at the other end"),
	T(U64, NONE, connection, 0, NULL,
		"socket cookie: the same for all requests of the connection"),
};

const struct event_kind tls_kind = {
	.name = "tls",
	.summary = "a TLS connection: its handshake, and whether what it carries is read",
	.fields = tls_fields,
	.field_count = ARRAY_LENGTH(tls_fields),
	.size = sizeof(struct tls_event),
	.process_offset = offsetof(struct tls_event, process),
	.ends = EVENT_ENDS(tls_event),
	.compact = "{time_ns} {service|comm} {role=·,←,→} {peer_service|peer_address}"
		   "<:{peer_port}>  {server_name} {version} {cipher} {alpn} {duration_ns} "
		   "{content}< {alert}>",
};

static void fill_ends(struct tls_event *event, const struct packet_common *origin)
{
	event->process.pid = origin->owner.pid;
	event->process.start_ns = origin->owner.start_ns;
	event->process.network_namespace = origin->ends.network_namespace;
	event->role = origin->role;
	memcpy(&event->local_address, origin->ends.local_address, sizeof(event->local_address));
	memcpy(&event->peer_address, origin->ends.peer_address, sizeof(event->peer_address));
	event->local_port = origin->ends.local_port;
	event->peer_port = origin->ends.peer_port;
	event->connection = origin->cookie;
}

void tls_event_fill(struct tls_event *event, const struct stream_session *session)
{
	memset(event, 0, sizeof(*event));
	event->header.kind = &tls_kind;
	event->header.time_ns = session->hello_ns;
	fill_ends(event, session->origin);
	event->content = (uint8_t)session->outcome;
	event->is_error = session->outcome == STREAM_FAILED;
	event->is_resumed = session->server.is_resumed;
	if (session->done_ns)
		event->duration_ns = session->done_ns - session->hello_ns;
	str_set(event->version, tls_version_word(session->server.version));
	str_set(event->cipher, session->suite ? session->suite : "");
	str_set(event->server_name, session->client.server_name);
	str_set(event->alpn, session->server.alpn);
	str_set(event->alert, session->alert ? tls_alert_word(session->alert) : "");
}
