/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS, as client and as server, over UDP and TCP. In: messages from the packet door; out: for each
 * exchange an event `request` and an event `dns`.
 *
 * What is left out: mDNS, LLMNR and NetBIOS names, where a question goes to everybody and silence
 * is an answer; DNS inside TLS, QUIC or HTTP. Over TCP a client that sends the two bytes of length
 * in a packet of their own is not recognised, and of a zone transfer the first message counts.
 */
#include "observe/dns/dns_event.h"

#include "doors/packet.h"
#include "engine/pipeline.h"

/* Questions that wait for their answers: 500 bytes each while they do. */
#define OPEN_MAXIMUM 16384
/* In front of each message over TCP (RFC 1035, 4.2.2). */
#define FRAME_BYTES  2

struct dns_options {
	uint64_t timeout_ns;
};

struct dns {
	struct agent *agent;
	struct dns_pair *pair;
	uint64_t answers_lost;	      /* as last read from the kernel half */
	struct request_event request; /* the ones being reported: too large for the stack */
	struct dns_event event;
};

static const struct option_row dns_rows[] = {
	OPTION(dns_options, timeout_ns, "dns-timeout", 0, OPTION_DURATION, .value_name = "TIME",
		.initial = "10s", .minimum = NS_PER_MS, .maximum = 600 * NS_PER_S,
		.help = "a question that was not answered for so long failed"),
};

static const struct event_kind *const dns_kinds[] = { &dns_kind, &request_kind, NULL };

static void dns_report(void *context, const struct dns_exchange *exchange)
{
	struct dns *dns = context;

	dns_request_fill(&dns->request, exchange);
	pipeline_emit(dns->agent->pipeline, &dns->request.header);
	dns_event_fill(&dns->event, exchange);
	pipeline_emit(dns->agent->pipeline, &dns->event.header);
}

/* The server's end may be told of before the client's: it shall find who asked. */
static void note_client(struct dns *dns, const struct packet_common *origin)
{
	dns_event_begin(&dns->event, origin);
	pipeline_note(dns->agent->pipeline, &dns->event.header);
}

static void dns_message(void *context, const struct stream_message *message)
{
	struct dns *dns = context;
	struct slice bytes = message->bytes;
	struct dns_message parsed;
	const struct dns_arrival arrival = {
		.origin = message->origin,
		.message = &parsed,
		.time_ns = message->time_ns,
		.bytes = message->length,
		.is_datagram = message->is_datagram,
	};

	if (bytes.length == 0) {
		dns_pair_lost_connection(dns->pair, message->origin->cookie);
		return;
	}
	if (!message->is_datagram) {
		bytes.data += MIN(bytes.length, FRAME_BYTES);
		bytes.length -= MIN(bytes.length, FRAME_BYTES);
	}
	/* It only looked like one; or it is one on the way in the other direction. */
	if (dns_parse(bytes, &parsed) < 0 || parsed.is_answer != message->is_answer)
		return;
	if (message->origin->role == ROLE_CLIENT && !parsed.is_answer)
		note_client(dns, message->origin);
	dns_pair_take(dns->pair, &arrival);
}

static void dns_tick(void *state, uint64_t now_ns)
{
	uint64_t counts[PACKET_UDP_COUNT];
	struct dns *dns = state;

	packet_door_tick(dns->agent->packet_door);
	if (packet_door_udp_counts(dns->agent->packet_door, counts) == 0 &&
		counts[PACKET_UDP_ANSWERS_LOST] != dns->answers_lost) {
		dns->answers_lost = counts[PACKET_UDP_ANSWERS_LOST];
		dns_pair_lost_answers(dns->pair, now_ns);
	}
	dns_pair_sweep(dns->pair, now_ns);
}

static void dns_close(void *state)
{
	struct dns *dns = state;

	if (!dns)
		return;
	packet_door_leave(dns->agent, PROTOCOL_dns);
	dns_pair_free(dns->pair);
	free(dns);
}

static int dns_open(struct agent *agent, const void *options, void **ret_state, struct fail *fail)
{
	const struct dns_options *chosen = options;
	struct dns *dns = calloc(1, sizeof(*dns));
	const struct packet_listener listener = { .message = dns_message, .context = dns };
	const struct dns_pair_options pair = {
		.maximum = OPEN_MAXIMUM,
		.timeout_ns = chosen->timeout_ns,
		.scope_pid = agent->scope.kind == SCOPE_PID ? agent->scope.pid : 0,
		.report = dns_report,
		.context = dns,
	};
	int r;

	if (!dns || dns_pair_new(&pair, &dns->pair) < 0) {
		free(dns);
		return fail_set(fail, -ENOMEM, "out of memory");
	}
	dns->agent = agent;
	r = packet_door_join(agent, PROTOCOL_dns, &listener, fail);
	if (r < 0) {
		dns_pair_free(dns->pair);
		free(dns);
		return r;
	}
	*ret_state = dns;
	return 0;
}

static void dns_counts(void *state, struct feature_counts *ret_counts)
{
	struct dns *dns = state;
	struct feature_counts counts = { 0 };
	uint64_t udp[PACKET_UDP_COUNT];

	packet_door_counts(dns->agent->packet_door, PROTOCOL_dns, &counts);
	if (packet_door_udp_counts(dns->agent->packet_door, udp) < 0)
		return;
	counts.seen += udp[PACKET_UDP_QUESTIONS_LOST];
	counts.lost[COUNT_LOST_RING_FULL] += udp[PACKET_UDP_QUESTIONS_LOST];
	dns_pair_add_counts(dns->pair, &counts);
	*ret_counts = counts;
}

static const char *dns_door(void *state)
{
	return "cgroup_skb";
}

const struct feature dns_feature = {
	.name = "dns",
	.summary = "DNS over UDP and TCP: question, answers, code, latency, time-outs",
	.kinds = dns_kinds,
	.options = dns_rows,
	.option_count = ARRAY_LENGTH(dns_rows),
	.options_bytes = sizeof(struct dns_options),
	.open = dns_open,
	.tick = dns_tick,
	.counts = dns_counts,
	.door = dns_door,
	.close = dns_close,
};
