/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The field table of `unix`, and its events made from records.
 */
#include "observe/unix/unix_event.h"

#include <errno.h>
#include <sys/socket.h>

#include "event/request.h"

static const char *const step_words[] = { "unknown", "listen", "connect", "accept", "existing",
	"close", "failed", NULL };
static const char *const role_words[] = { "unknown", "server", "client", NULL };
static const char *const reason_words[] = { "", "local_close", "peer_close", "local_reset",
	"peer_reset", "missing", "refused", "denied", "busy", "wrong_type", "abandoned", "other",
	NULL };
static const char *const owner_words[] = { "unknown", "seen", "scan", NULL };
static const char *const type_words[] = { "unknown", "stream", "seqpacket", NULL };

#define KEY  FIELD_IS_KEY
#define LINE FIELD_IN_COMPACT
#define WIDE FIELD_IN_WIDE

/* T(type, unit, member, flags, convention, help); W(member, words, flags, convention, help) */
#define T(type, unit, member, flags, convention, help)                                             \
	FIELD_(FIELD_##type, UNIT_##unit, unix_event, member, flags, convention, help)
#define W(member, words_, flags_, convention_, help_)                                              \
	{                                                                                          \
		.name = #member, .type = FIELD_WORD,                                               \
		.offset = offsetof(struct unix_event, member),                                     \
		.size = MEMBER_SIZE(struct unix_event, member), .flags = (flags_),                 \
		.words = (words_), .convention = (convention_), .help = (help_),                   \
	}

static const struct field unix_fields[] = {
	FIELD_TIME(unix_event),
	W(event, step_words, LINE | WIDE | KEY, NULL,
		"what happened to the connection; existing: it is older than the agent"),
	W(role, role_words, LINE | WIDE | KEY, NULL,
		"the end that was watched: it was connected to, or connected"),
	W(reason, reason_words, LINE | WIDE | KEY, "error.type",
		"why it ended or failed: who closed first, no such file, nobody listens, not "
		"permitted; empty where this kernel does not tell"),
	T(U64, NANOSECONDS, duration_ns, LINE | WIDE, NULL,
		"close: from connected or accepted to closed, 0 when unknown"),
	T(U64, BYTES, bytes_sent, LINE | WIDE, NULL,
		"what the other end read until now, and at the close what it left unread"),
	T(U64, BYTES, bytes_received, LINE | WIDE, NULL, "what this end read until now"),
	T(BOOL, NONE, is_start_unknown, 0, NULL,
		"it is older than the agent, so that its duration is not known"),
	PROCESS_FIELDS(unix_event),
	W(owner, owner_words, 0, NULL,
		"how the process is known: seen acting on the socket, or found with it open"),
	T(TEXT, NONE, path, LINE | WIDE | KEY, "server.address",
		"where the server listens: a file, or an abstract name behind @"),
	T(U32, NONE, peer_pid, WIDE, NULL, "process id at the other end, 0 when unknown"),
	T(TEXT, NONE, peer_service, LINE | WIDE | KEY, "peer.service", "who is at the other end"),
	W(socket_type, type_words, 0, NULL, "stream, or seqpacket with its message boundaries"),
	T(U64, NONE, connection, 0, NULL,
		"the same for all events of both ends: the inode of the socket that connected"),
};

const struct event_kind unix_kind = {
	.name = "unix",
	.summary = "a step in the life of a unix socket's connection, seen from one end",
	.fields = unix_fields,
	.field_count = ARRAY_LENGTH(unix_fields),
	.size = sizeof(struct unix_event),
	.process_offset = offsetof(struct unix_event, process),
	.compact = "{time_ns} {service|comm} {role=·,←,→} {peer_service} {path}  {event} "
		   "{reason}< {duration_ns}><  sent {bytes_sent}><  received {bytes_received}>",
};

static enum unix_step step_of(uint16_t type)
{
	switch (type) {
	case UNIX_LISTENING:
		return UNIX_STEP_LISTEN;
	case UNIX_CONNECTED:
		return UNIX_STEP_CONNECT;
	case UNIX_ACCEPTED:
		return UNIX_STEP_ACCEPT;
	case UNIX_CLOSED:
		return UNIX_STEP_CLOSE;
	case UNIX_FAILED:
		return UNIX_STEP_FAILED;
	}
	return UNIX_STEP_UNKNOWN;
}

static enum unix_reason reason_of_error(uint16_t error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return UNIX_REASON_MISSING;
	case ECONNREFUSED:
		return UNIX_REASON_REFUSED;
	case EACCES:
	case EPERM:
		return UNIX_REASON_DENIED;
	case EAGAIN:
		return UNIX_REASON_BUSY;
	case EPROTOTYPE:
		return UNIX_REASON_WRONG_TYPE;
	case EINTR:
		return UNIX_REASON_ABANDONED;
	}
	return UNIX_REASON_OTHER;
}

enum unix_reason unix_reason_of(const struct unix_record *record)
{
	if (record->header.type == UNIX_FAILED)
		return reason_of_error(record->error);
	switch (record->end) {
	case UNIX_END_FIRST:
		return UNIX_REASON_LOCAL_CLOSE;
	case UNIX_END_FIRST_UNREAD:
		return UNIX_REASON_LOCAL_RESET;
	case UNIX_END_SECOND:
		return UNIX_REASON_PEER_CLOSE;
	case UNIX_END_SECOND_RESET:
		return UNIX_REASON_PEER_RESET;
	}
	return UNIX_REASON_NONE;
}

uint8_t unix_type_word(uint8_t socket_type)
{
	return socket_type == SOCK_STREAM ? 1 : socket_type == SOCK_SEQPACKET ? 2 : 0;
}

void unix_event_fill(struct unix_event *event, const struct unix_record *record)
{
	bool is_close = record->header.type == UNIX_CLOSED;

	event->header.kind = &unix_kind;
	event->header.time_ns = record->header.time_ns;
	event->event = step_of(record->header.type);
	event->role = record->role;
	if (is_close || record->header.type == UNIX_FAILED)
		event->reason = unix_reason_of(record);
	event->owner = record->owner.pid ? UNIX_OWNER_SEEN : UNIX_OWNER_UNKNOWN;
	event->process.pid = record->owner.pid;
	event->process.start_ns = record->owner.start_ns;
	/* Stays where the process is gone before anybody could ask for more. */
	memcpy(event->process.comm, record->comm, sizeof(event->process.comm));
	event->process.comm[sizeof(event->process.comm) - 1] = '\0';
	event->process.network_namespace = record->network_namespace;
	event->is_start_unknown = is_close && !record->since_ns;
	if (is_close && record->since_ns && record->since_ns <= record->header.time_ns)
		event->duration_ns = record->header.time_ns - record->since_ns;
	event->bytes_sent = record->bytes_sent;
	event->bytes_received = record->bytes_received;
	event->peer_pid = record->peer_pid;
	event->socket_type = unix_type_word(record->socket_type);
	event->connection = record->connection;
	unix_path_text(record->name, MIN((size_t)record->name_length, sizeof(record->name)),
		event->path, sizeof(event->path));
}
