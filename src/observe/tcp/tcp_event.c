/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The field table of `tcp`, and its events made from records.
 */
#include "observe/tcp/tcp_event.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "event/request.h"

static const char *const step_words[] = { "unknown", "listen", "connect", "accept", "existing",
	"close", "failed", NULL };
static const char *const role_words[] = { "unknown", "server", "client", NULL };
static const char *const reason_words[] = { "", "local_close", "peer_close", "local_reset",
	"peer_reset", "timed_out", "unreachable", "refused", "abandoned", "no_port", "aborted",
	"other", NULL };
static const char *const owner_words[] = { "unknown", "seen", "scan", "listener", NULL };
static const char *const family_words[] = { "unknown", "ipv4", "ipv6", "ipv4_in_ipv6", NULL };

#define KEY  FIELD_IS_KEY
#define LINE FIELD_IN_COMPACT
#define WIDE FIELD_IN_WIDE

/* T(type, unit, member, flags, convention, help); W(member, words, flags, convention, help) */
#define T(type, unit, member, flags, convention, help)                                             \
	FIELD_(FIELD_##type, UNIT_##unit, tcp_event, member, flags, convention, help)
#define W(member, words_, flags_, convention_, help_)                                              \
	{                                                                                          \
		.name = #member, .type = FIELD_WORD, .offset = offsetof(struct tcp_event, member), \
		.size = MEMBER_SIZE(struct tcp_event, member), .flags = (flags_),                  \
		.words = (words_), .convention = (convention_), .help = (help_),                   \
	}

static const struct field tcp_fields[] = {
	FIELD_TIME(tcp_event),
	W(event, step_words, LINE | WIDE | KEY, NULL,
		"what happened to the connection; existing: it is older than the agent"),
	W(role, role_words, LINE | WIDE | KEY, NULL,
		"the end that was watched: it was connected to, or connected"),
	W(reason, reason_words, LINE | WIDE | KEY, "error.type",
		"why it ended or failed: who closed first, who reset, what did not answer"),
	T(U64, NANOSECONDS, duration_ns, LINE | WIDE, NULL,
		"close: from established to closed, 0 when unknown; connect and failed: the "
		"handshake"),
	T(U64, BYTES, bytes_sent, LINE | WIDE, NULL,
		"payload sent until now, without retransmissions"),
	T(U64, BYTES, bytes_received, LINE | WIDE, NULL, "payload received in order until now"),
	T(U64, NANOSECONDS, rtt_ns, WIDE, NULL, "smoothed round-trip time, 0 without a sample"),
	T(U64, COUNT, retransmits, LINE | WIDE, NULL, "segments sent again until now"),
	T(BOOL, NONE, is_start_unknown, 0, NULL,
		"it is older than the agent, so that its duration is not known"),
	PROCESS_FIELDS(tcp_event),
	W(owner, owner_words, 0, NULL,
		"how the process is known: seen acting on the socket, found with the socket open, "
		"or guessed from who listens on the port"),
	T(ADDRESS, NONE, local_address, WIDE, "network.local.address",
		"address of the watched end"),
	T(U16, NONE, local_port, LINE | WIDE, "network.local.port", "port of the watched end"),
	T(ADDRESS, NONE, peer_address, LINE | WIDE, "network.peer.address",
		"address of the other end"),
	T(U16, NONE, peer_port, LINE | WIDE, "network.peer.port", "port of the other end"),
	T(TEXT, NONE, peer_service, LINE | KEY, "peer.service",
		"who listens at the other end, where that is on this node"),
	W(family, family_words, 0, "network.type",
		"what the socket speaks; ipv4_in_ipv6: IPv4 on an IPv6 socket"),
	T(U64, NONE, connection, 0, NULL, "socket cookie: the same for all events of a connection"),
};

const struct event_kind tcp_kind = {
	.name = "tcp",
	.summary = "a step in the life of a TCP connection, seen from one end",
	.fields = tcp_fields,
	.field_count = ARRAY_LENGTH(tcp_fields),
	.size = sizeof(struct tcp_event),
	.process_offset = offsetof(struct tcp_event, process),
	.ends = EVENT_ENDS(tcp_event),
	.compact = "{time_ns} {service|comm} {role=·,←,→} {peer_service|peer_address}"
		   "<:{peer_port|local_port}>  {event} {reason}< {duration_ns}><  sent "
		   "{bytes_sent}><  received {bytes_received}><  {retransmits} retransmitted>",
};

static enum tcp_step step_of(uint16_t type)
{
	switch (type) {
	case TCP_LISTENING:
		return TCP_STEP_LISTEN;
	case TCP_CONNECTED:
		return TCP_STEP_CONNECT;
	case TCP_ACCEPTED:
	case TCP_OWNED:
		return TCP_STEP_ACCEPT;
	case TCP_CLOSED:
		return TCP_STEP_CLOSE;
	case TCP_FAILED:
		return TCP_STEP_FAILED;
	}
	return TCP_STEP_UNKNOWN;
}

static enum tcp_reason reason_of_error(uint16_t error)
{
	switch (error) {
	case ECONNREFUSED:
		return TCP_REASON_REFUSED;
	case ECONNRESET:
	case EPIPE:
		return TCP_REASON_PEER_RESET;
	case ETIMEDOUT:
		return TCP_REASON_TIMED_OUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENOPROTOOPT:
	case EACCES:
		return TCP_REASON_UNREACHABLE;
	case ECONNABORTED:
		return TCP_REASON_ABORTED;
	}
	return TCP_REASON_OTHER;
}

enum tcp_reason tcp_reason_of(const struct tcp_record *record)
{
	if (record->error)
		return reason_of_error(record->error);
	if (record->header.type == TCP_FAILED)
		return record->local_port ? TCP_REASON_ABANDONED : TCP_REASON_NO_PORT;
	switch (record->old_state) {
	case TCP_STATE_FIN_WAIT2:
	case TCP_STATE_CLOSING:
	case TCP_STATE_TIME_WAIT:
		return TCP_REASON_LOCAL_CLOSE;
	case TCP_STATE_LAST_ACK:
		return TCP_REASON_PEER_CLOSE;
	}
	/* Without an error and without both FINs the kernel ends a connection only by a reset. */
	return TCP_REASON_LOCAL_RESET;
}

enum tcp_family tcp_family_of(bool is_ipv6_socket, const struct address *local)
{
	if (!is_ipv6_socket)
		return TCP_FAMILY_IPV4;
	return address_is_ipv4(local) ? TCP_FAMILY_MAPPED : TCP_FAMILY_IPV6;
}

static uint64_t duration_of(const struct tcp_record *record)
{
	bool has_duration = record->header.type == TCP_CONNECTED ||
			    record->header.type == TCP_CLOSED || record->header.type == TCP_FAILED;

	if (!has_duration || !record->since_ns || record->since_ns > record->header.time_ns)
		return 0;
	return record->header.time_ns - record->since_ns;
}

void tcp_event_fill(struct tcp_event *event, const struct tcp_record *record)
{
	bool is_end = record->header.type == TCP_CLOSED || record->header.type == TCP_FAILED;

	event->header.kind = &tcp_kind;
	event->header.time_ns = record->header.time_ns;
	event->event = step_of(record->header.type);
	event->role = record->role;
	event->reason = is_end ? tcp_reason_of(record) : TCP_REASON_NONE;
	event->owner = record->owner.pid ? TCP_OWNER_SEEN : TCP_OWNER_UNKNOWN;
	event->process.pid = record->owner.pid;
	event->process.start_ns = record->owner.start_ns;
	/* Stays where the process is gone before anybody could ask for more. */
	memcpy(event->process.comm, record->comm, sizeof(event->process.comm));
	event->process.comm[sizeof(event->process.comm) - 1] = '\0';
	event->process.network_namespace = record->network_namespace;
	event->is_start_unknown =
		!record->since_ns && (is_end || record->header.type == TCP_CONNECTED);
	event->duration_ns = duration_of(record);
	memcpy(event->local_address.bytes, record->local_address, 16);
	if (record->header.type != TCP_LISTENING)
		memcpy(event->peer_address.bytes, record->peer_address, 16);
	event->local_port = record->local_port;
	event->peer_port = record->peer_port;
	event->family = tcp_family_of(record->family == AF_INET6, &event->local_address);
	event->bytes_sent = record->bytes_sent;
	event->bytes_received = record->bytes_received;
	event->rtt_ns = record->rtt_us * NS_PER_US;
	event->retransmits = record->retransmits;
	event->connection = record->cookie;
}
