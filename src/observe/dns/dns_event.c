/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The field table of `dns`, and the two events that an exchange becomes.
 *
 * Whether it failed: SERVFAIL, REFUSED and the like, and no answer in time, are errors at both
 * ends; NXDOMAIN is one for the client only, as 404 is in HTTP: who asked has nothing, the server
 * did its work.
 */
#include "observe/dns/dns_event.h"

#include "base/str.h"

static const char *const role_words[] = { "unknown", "server", "client", NULL };
static const char *const transport_words[] = { "udp", "tcp", NULL };

#define KEY	FIELD_IS_KEY
#define LINE	FIELD_IN_COMPACT
#define WIDE	FIELD_IN_WIDE
#define INDEXED FIELD_IS_INDEXED

/* D(type, unit, member, flags, convention, help); W(member, words, flags, convention, help) */
#define D(type, unit, member, flags, convention, help)                                             \
	FIELD_(FIELD_##type, UNIT_##unit, dns_event, member, flags, convention, help)
#define W(member, words_, flags_, convention_, help_)                                              \
	{                                                                                          \
		.name = #member, .type = FIELD_WORD, .offset = offsetof(struct dns_event, member), \
		.size = MEMBER_SIZE(struct dns_event, member), .flags = (flags_),                  \
		.words = (words_), .convention = (convention_), .help = (help_),                   \
	}

static const struct field dns_fields[] = {
	FIELD_TIME(dns_event),
	W(role, role_words, LINE | WIDE | KEY, NULL,
		"the end that was watched: it served the question, or asked it"),
	D(TEXT, NONE, type, LINE | WIDE | KEY, NULL,
		"what was asked for: A, AAAA, PTR …; NOTIFY or UPDATE where it was no query"),
	D(TEXT, NONE, name, LINE | WIDE, "dns.question.name",
		"the name that was asked about, in lower case"),
	D(TEXT, NONE, class, 0, NULL, "class of the question: IN, CH …"),
	D(TEXT, NONE, code, LINE | WIDE | KEY, NULL,
		"code of the answer: NOERROR, NXDOMAIN …; empty when none came in time"),
	D(BOOL, NONE, is_error, KEY | INDEXED, NULL,
		"it failed: no answer in time, SERVFAIL, REFUSED …; NXDOMAIN at the client's end"),
	D(BOOL, NONE, is_incomplete, 0, NULL, "no answer came in time"),
	D(U64, NANOSECONDS, duration_ns, LINE | WIDE, NULL,
		"first sending of the question to the answer"),
	D(TEXT, NONE, answers, LINE | WIDE, "dns.answers",
		"addresses, and other records by type, as many as there is room for"),
	D(U16, COUNT, answer_count, 0, NULL, "answer records"),
	D(U32, COUNT, ttl_s, 0, NULL, "the shortest time to live of the answers, in seconds"),
	D(BOOL, NONE, is_truncated, 0, NULL,
		"the answer says that it is cut, so that the client asks again over TCP"),
	D(BOOL, NONE, is_authoritative, 0, NULL, "the answer comes from who is in charge"),
	W(transport, transport_words, WIDE | KEY, "network.transport",
		"what carried it: udp or tcp"),
	D(U32, COUNT, retries, WIDE, NULL, "how often the question was sent again"),
	D(U16, BYTES, edns_bytes, 0, NULL,
		"largest datagram that the client takes (EDNS), 0 when it does not say"),
	D(U64, BYTES, request_bytes, 0, NULL, "size of the question"),
	D(U64, BYTES, response_bytes, 0, NULL, "size of the answer"),
	D(ADDRESS, NONE, server_address, WIDE, "server.address", "who was asked"),
	PROCESS_FIELDS(dns_event),
	D(ADDRESS, NONE, local_address, 0, "network.local.address", "address of the watched end"),
	D(U16, NONE, local_port, 0, "network.local.port", "port of the watched end"),
	D(ADDRESS, NONE, peer_address, LINE, "network.peer.address", "address of the other end"),
	D(U16, NONE, peer_port, LINE, "network.peer.port", "port of the other end"),
	D(TEXT, NONE, peer_service, LINE | KEY, "peer.service", "who is at the other end"),
	D(U64, NONE, connection, 0, NULL, "socket cookie: the same for all that a socket asks"),
};

const struct event_kind dns_kind = {
	.name = "dns",
	.summary = "a question to the domain name system and its answer, seen from one end",
	.fields = dns_fields,
	.field_count = ARRAY_LENGTH(dns_fields),
	.size = sizeof(struct dns_event),
	.process_offset = offsetof(struct dns_event, process),
	.ends = EVENT_ENDS(dns_event),
	.compact = "{time_ns} {service|comm} {role=·,←,→} {peer_service|peer_address}"
		   "<:{peer_port}>  {type} {name} {code} {duration_ns} {answers}"
		   "{is_truncated=, truncated}{is_incomplete=, no answer}",
};

static void copy_ends(
	struct address *ret_local, struct address *ret_peer, const struct packet_ends *ends)
{
	memcpy(ret_local, ends->local_address, sizeof(*ret_local));
	memcpy(ret_peer, ends->peer_address, sizeof(*ret_peer));
}

static void fill_process(struct event_process *process, const struct packet_common *origin)
{
	process->pid = origin->owner.pid;
	process->start_ns = origin->owner.start_ns;
	process->network_namespace = origin->ends.network_namespace;
}

static bool is_error(const struct dns_exchange *exchange)
{
	if (!exchange->answer)
		return true;
	return dns_code_is_error(exchange->answer->code) ||
	       (exchange->question->origin.role == ROLE_CLIENT &&
		       dns_code_is_client_error(exchange->answer->code));
}

static char *operation_of(const struct dns_question *question, char *destination, size_t size)
{
	const struct dns_message message = { .operation = question->operation,
		.type = question->type };

	return dns_operation_word(&message, destination, size);
}

static void fill_answer(struct dns_event *event, const struct dns_exchange *exchange)
{
	const struct dns_message *answer = exchange->answer;

	event->is_incomplete = !answer;
	if (!answer)
		return;
	event->is_truncated = answer->is_truncated;
	event->is_authoritative = answer->is_authoritative;
	event->answer_count = answer->answer_count;
	event->ttl_s = answer->ttl_s;
	event->response_bytes = exchange->answer_bytes;
	dns_code_word(answer->code, event->code, sizeof(event->code));
	str_set(event->answers, answer->answers);
}

void dns_event_begin(struct dns_event *event, const struct packet_common *origin)
{
	memset(event, 0, sizeof(*event));
	event->header.kind = &dns_kind;
	fill_process(&event->process, origin);
	event->role = origin->role;
	copy_ends(&event->local_address, &event->peer_address, &origin->ends);
	event->local_port = origin->ends.local_port;
	event->peer_port = origin->ends.peer_port;
	event->connection = origin->cookie;
}

void dns_event_fill(struct dns_event *event, const struct dns_exchange *exchange)
{
	const struct dns_question *question = exchange->question;
	const struct packet_common *origin = &question->origin;

	dns_event_begin(event, origin);
	event->header.time_ns = question->first_ns;
	event->transport = !question->is_datagram;
	event->is_error = is_error(exchange);
	event->retries = question->retries;
	event->edns_bytes = question->edns_bytes;
	event->request_bytes = question->bytes;
	event->duration_ns = exchange->end_ns - question->first_ns;
	event->server_address =
		origin->role == ROLE_SERVER ? event->local_address : event->peer_address;
	operation_of(question, event->type, sizeof(event->type));
	dns_class_word(question->class, event->class, sizeof(event->class));
	str_set(event->name, question->name);
	fill_answer(event, exchange);
}

void dns_request_fill(struct request_event *event, const struct dns_exchange *exchange)
{
	const struct dns_question *question = exchange->question;
	const struct packet_common *origin = &question->origin;

	request_event_init(event);
	event->header.time_ns = question->first_ns;
	fill_process(&event->process, origin);
	event->role = origin->role;
	event->is_error = is_error(exchange);
	event->is_incomplete = !exchange->answer;
	event->request_bytes = question->bytes;
	event->response_bytes = exchange->answer_bytes;
	event->duration_ns = exchange->end_ns - question->first_ns;
	event->first_byte_ns = exchange->answer ? event->duration_ns : 0;
	copy_ends(&event->local_address, &event->peer_address, &origin->ends);
	event->local_port = origin->ends.local_port;
	event->peer_port = origin->ends.peer_port;
	event->connection = origin->cookie;
	str_set(event->protocol, "dns");
	operation_of(question, event->operation, sizeof(event->operation));
	if (exchange->answer)
		dns_code_word(exchange->answer->code, event->status, sizeof(event->status));
	dns_target(question->name, event->target, sizeof(event->target));
	if (!str_equal(event->target, question->name))
		str_set(event->detail, question->name);
}
