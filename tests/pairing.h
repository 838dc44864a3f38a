/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packet door as a whole, without a kernel: its kernel half, compiled natively, sees the
 * packets of a conversation, its records go to the stream body, and what comes out is held against
 * what the conversation is. Each exchange is reported once with the right fields, or counted as
 * lost once, or marked incomplete; seen = reported + lost.
 */
#ifndef SKEP_TESTS_PAIRING_H
#define SKEP_TESTS_PAIRING_H

#include "doors/stream.h"

#include "conversation.h"
#include "kernel_half.h"

#include "doors/packet.bpf.c"

#define HEADERS_BYTES 40
#define SEQ_START     0xffff8000U /* wraps soon */

struct pairing {
	struct conversation talk;
	struct native_socket socket;
	struct stream *stream;
	struct choices faults;
	uint32_t loss; /* one record in that many finds no room; 0: none */
	bool is_loud;  /* prints what happens */
	uint8_t role;
	unsigned int reported;
	size_t received[2]; /* without a hole, by talk_side */
	uint8_t packet[HEADERS_BYTES + 66000] __attribute__((aligned(8)));
	char problem[256]; /* the first */
};

static struct pairing *pairing_now;

#define PAIRING_EXPECT(pairing, condition, ...)                                                    \
	do {                                                                                       \
		if (!(condition) && !(pairing)->problem[0])                                        \
			snprintf((pairing)->problem, sizeof((pairing)->problem), __VA_ARGS__);     \
	} while (0)

static bool native_has_room(void)
{
	return !pairing_now->loss || draw(&pairing_now->faults, pairing_now->loss) != 0;
}

static void print_record(const struct packet_common *common)
{
	const struct packet_turn *turn = (const void *)common;
	const struct packet_segment *segment = (const void *)common;

	printf("# record%s%s%s%s, turn %u: ", common->flags & PACKET_IS_ORDERED ? " ordered" : "",
		common->flags & PACKET_IS_ANSWER ? " answer" : "",
		common->flags & PACKET_IS_HEAD ? " head" : "",
		common->flags & PACKET_LOST_BEFORE ? " lost before" : "", common->turn);
	if (common->header.type == PACKET_TURN)
		printf("turn of %u, answer at %u, %u\n", turn->request_bytes,
			turn->answer_seq - SEQ_START, turn->answer_bytes);
	else if (common->header.type == PACKET_SEGMENT)
		printf("%u, captured %u, of %u, from %u\n", segment->seq - SEQ_START,
			segment->captured, segment->length, segment->start_seq - SEQ_START);
	else
		printf("close\n");
}

static void native_record(const struct record_header *record)
{
	struct stream *stream = pairing_now->stream;
	const void *bytes = record;

	if (pairing_now->is_loud)
		print_record(bytes);
	if (record->type == PACKET_TURN)
		stream_turn(stream, bytes);
	else if (record->type == PACKET_SEGMENT)
		stream_segment(stream, bytes);
	else
		stream_close(stream, bytes);
}

static void native_late(const void *value)
{
	const struct packet_late_close *late = value;
	const struct packet_close close = {
		.common = { .cookie = late->cookie, .turn = late->turn, .flags = late->flags },
		.answer_end_seq = late->answer_end_seq,
		.is_reset = late->is_reset,
	};

	stream_close(pairing_now->stream, &close);
}

/* What is whole must be right in every field, what is incomplete must not say too much. */
static void pairing_check_event(struct pairing *pairing, const struct request_event *event)
{
	unsigned long number = strtoul(event->detail + 1, NULL, 10);
	struct exchange_plan *plan = &pairing->talk.exchanges[number];
	size_t request_bytes, answer_bytes;

	if (strcmp(event->detail, "/") == 0 && (pairing->talk.may_hide || pairing->loss))
		return; /* its head was cut */
	PAIRING_EXPECT(
		pairing, number < pairing->talk.exchange_count, "a report of '%s'", event->detail);
	if (number >= pairing->talk.exchange_count)
		return;
	request_bytes = plan->request_end - plan->request_start;
	answer_bytes = plan->answer_end - plan->answer_start;
	plan->reported++;
	PAIRING_EXPECT(pairing, plan->reported == 1, "%lu: reported twice", number);
	PAIRING_EXPECT(pairing, strcmp(event->operation, plan->method) == 0, "%lu: method %s",
		number, event->operation);
	PAIRING_EXPECT(pairing, event->request_bytes <= request_bytes || pairing->talk.may_hide,
		"%lu: request of %lu", number, (unsigned long)event->request_bytes);
	PAIRING_EXPECT(pairing,
		event->response_bytes <= answer_bytes || pairing->talk.may_hide || pairing->loss,
		"%lu: answer of %lu instead of %zu", number, (unsigned long)event->response_bytes,
		answer_bytes);
	PAIRING_EXPECT(pairing,
		!event->status[0] || strtoul(event->status, NULL, 10) == plan->status ||
			(pairing->loss && pairing->talk.may_hide),
		"%lu: status %s instead of %u", number, event->status, plan->status);
	PAIRING_EXPECT(
		pairing, event->status[0] || event->is_incomplete, "%lu: whole, no status", number);
	if (event->is_incomplete || pairing->loss || pairing->talk.may_hide)
		return;
	PAIRING_EXPECT(pairing,
		address_is_empty(&event->client_address) == !pairing->talk.proxy_bytes,
		"%lu: client", number);
	/* Where its head is longer than what was taken of it, only the next answer tells its end.
	 */
	if (plan->answer_head - plan->answer_start > PACKET_ANSWER_BYTES &&
		pairing->received[TALK_ANSWER] < plan->answer_end)
		return;
	if (plan->is_endless)
		answer_bytes =
			MIN(answer_bytes, pairing->received[TALK_ANSWER] - plan->answer_start);
	PAIRING_EXPECT(pairing, event->response_bytes == answer_bytes,
		"%lu: answer of %lu instead of %zu", number, (unsigned long)event->response_bytes,
		answer_bytes);
	PAIRING_EXPECT(pairing, event->request_bytes == request_bytes || plan->is_early,
		"%lu: request of %lu instead of %zu", number, (unsigned long)event->request_bytes,
		request_bytes);
}

static void pairing_exchange(void *context, struct request_event *event)
{
	struct pairing *pairing = context;

	pairing->reported++;
	if (pairing->is_loud)
		printf("# report of %s: '%s', %lu and %lu bytes%s\n", event->detail, event->status,
			(unsigned long)event->request_bytes, (unsigned long)event->response_bytes,
			event->is_incomplete ? ", incomplete" : "");
	pairing_check_event(pairing, event);
}

/* ---- packets ---- */

static void pairing_send(struct pairing *pairing, const struct packet_plan *plan, uint8_t flags)
{
	bool is_ingress = (plan->side == TALK_REQUEST) == (pairing->role == PACKET_SERVER);
	size_t length = plan->end - plan->start;
	__u32 seq = htonl(SEQ_START + (uint32_t)plan->start);
	struct native_skb skb = { .data = (unsigned long)pairing->packet,
		.data_end = (unsigned long)pairing->packet + HEADERS_BYTES,
		.len = (uint32_t)(HEADERS_BYTES + length),
		.sk = &pairing->socket.sk };

	memset(pairing->packet, 0, HEADERS_BYTES);
	pairing->packet[0] = 0x45;
	pairing->packet[9] = PROTOCOL_TCP;
	memcpy(pairing->packet + 24, &seq, sizeof(seq));
	pairing->packet[32] = 5 << 4;
	pairing->packet[33] = flags | (plan->is_push ? TCP_FLAG_PSH_BIT : 0);
	if (length > 0)
		memcpy(pairing->packet + HEADERS_BYTES,
			pairing->talk.streams[plan->side].data + plan->start, length);
	native_now_ns += 1000;
	if (is_ingress)
		pairing->socket.tcp_view.rcv_nxt =
			SEQ_START + (uint32_t)pairing->received[plan->side];
	if (is_ingress)
		on_ingress(&skb);
	else
		on_egress(&skb);
}

/* TCP gets the packet. Those that came too early are near. */
static void pairing_receive(struct pairing *pairing, size_t number)
{
	const struct packet_plan *packets = pairing->talk.packets;
	enum talk_side side = packets[number].side;
	size_t *received = &pairing->received[side];
	size_t before;

	do {
		before = *received;
		for (size_t i = number > 64 ? number - 64 : 0; i <= number; i++)
			if (packets[i].side == side && packets[i].start <= *received)
				*received = MAX(*received, packets[i].end);
	} while (*received > before);
}

static void pairing_establish(struct pairing *pairing)
{
	struct bpf_sock_ops ops = { .sk = &pairing->socket.sk,
		.rcv_nxt = SEQ_START,
		.snd_nxt = SEQ_START,
		.op = pairing->role == PACKET_SERVER ? BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB
						     : BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB };

	on_connection(&ops);
}

static void pairing_end(struct pairing *pairing)
{
	struct conversation *talk = &pairing->talk;
	struct bpf_sock_ops ops = {
		.sk = &pairing->socket.sk, .op = BPF_SOCK_OPS_STATE_CB, .args = { 0, BPF_TCP_CLOSE }
	};
	struct packet_plan ends[2];

	for (size_t side = 0; side < 2; side++) {
		size_t came = conversation_came(talk, side, talk->end);

		ends[side] = (struct packet_plan){ (enum talk_side)side, came, came, false };
	}
	if (talk->ending == TALK_STAYS)
		return;
	if (talk->ending == TALK_RESETS) {
		pairing_send(pairing, &ends[draw(&talk->choices, 2)], TCP_FLAG_RST_BIT);
	} else {
		size_t first = talk->ending == TALK_CLIENT_CLOSES ? TALK_REQUEST : TALK_ANSWER;

		pairing_send(pairing, &ends[first], TCP_FLAG_FIN_BIT);
		pairing_send(pairing, &ends[!first], TCP_FLAG_FIN_BIT);
	}
	on_connection(&ops);
}

/* ---- the outcome ---- */

/* From its first packet to its last byte the door was there, and the connection's end if it needs
 * one. */
static bool exchange_is_whole(const struct pairing *pairing, const struct exchange_plan *plan,
	size_t requests, size_t answers)
{
	const struct conversation *talk = &pairing->talk;

	if (requests < plan->request_end && !plan->is_early)
		return false;
	return answers >= plan->answer_end &&
	       (!plan->is_endless || talk->ending == TALK_CLIENT_CLOSES ||
		       talk->ending == TALK_SERVER_CLOSES);
}

static uint64_t pairing_lost(const struct feature_counts *sums)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < COUNT_MAXIMUM; i++)
		lost += sums->lost[i];
	return lost;
}

static void pairing_check(struct pairing *pairing)
{
	const struct conversation *talk = &pairing->talk;
	size_t requests = conversation_came(talk, TALK_REQUEST, talk->end);
	size_t answers = conversation_came(talk, TALK_ANSWER, talk->end);
	size_t in_flight = stream_in_flight(pairing->stream);
	size_t begun = 0, cut = 0;
	struct feature_counts sums = { .seen = native_counts[COUNT_SEEN] };
	uint64_t lost;

	memcpy(sums.lost, native_counts, sizeof(sums.lost));
	sums.lost[COUNT_SEEN] = 0;
	stream_add_counts(pairing->stream, PROTOCOL_http, &sums);
	lost = pairing_lost(&sums);
	PAIRING_EXPECT(pairing, sums.seen == sums.reported + lost,
		"%lu seen, %lu reported, %lu lost", (unsigned long)sums.seen,
		(unsigned long)sums.reported, (unsigned long)lost);
	for (size_t i = 0; i < talk->exchange_count; i++) {
		const struct exchange_plan *plan = &talk->exchanges[i];

		begun += requests >= plan->request_head;
		cut += requests > (i ? plan->request_start : 0) && requests < plan->request_head;
		if (!pairing->loss && !talk->may_hide &&
			exchange_is_whole(pairing, plan, requests, answers))
			PAIRING_EXPECT(pairing, plan->reported == 1 || talk->ending == TALK_STAYS,
				"%zu: not reported", i);
	}
	PAIRING_EXPECT(pairing, pairing->loss || talk->may_hide || lost == 0,
		"%lu lost without a loss", (unsigned long)lost);
	PAIRING_EXPECT(pairing,
		pairing->reported + lost + in_flight <= begun + cut || talk->may_hide ||
			(pairing->loss && !talk->is_countable),
		"%u reported, %lu lost, %zu in flight, of %zu + %zu", pairing->reported,
		(unsigned long)lost, in_flight, begun, cut);
	PAIRING_EXPECT(pairing,
		pairing->reported + lost + in_flight >= begun || talk->ending == TALK_STAYS ||
			talk->may_hide || (pairing->loss && !talk->is_countable),
		"%u reported, %lu lost, %zu in flight, of %zu", pairing->reported,
		(unsigned long)lost, in_flight, begun);
}

/* Runs one conversation. 0, or -1 with the problem in pairing->problem. */
static int pairing_run(struct pairing *pairing, struct choices choices)
{
	const struct stream_options options = {
		.maximum_connections = 16, .exchange = pairing_exchange, .context = pairing
	};

	bool is_loud = pairing->is_loud;

	memset(pairing, 0, sizeof(*pairing));
	pairing->is_loud = is_loud;
	memset(native_counts, 0, sizeof(native_counts));
	pairing_now = pairing;
	pairing->role = one_in(&choices, 2) ? PACKET_SERVER : PACKET_CLIENT;
	pairing->loss = one_in(&choices, 3) ? 2 + draw(&choices, 20) : 0;
	pairing->faults.state = 1 + draw(&choices, 0xffff);
	conversation_init(&pairing->talk, choices,
		pairing->role == PACKET_SERVER ? TALK_REQUEST : TALK_ANSWER);
	pairing->socket.sk.family = FAMILY_IPV4;
	pairing->socket.cookie = 42;
	pairing->socket.tcp.inet_conn.icsk_inet.sk.__sk_common.skc_net.net = &pairing->socket.net;
	if (stream_new(&options, &pairing->stream) < 0)
		abort();
	pairing_establish(pairing);
	for (size_t i = 0; i < pairing->talk.end; i++) {
		const struct packet_plan *packet = &pairing->talk.packets[i];

		if (pairing->is_loud)
			printf("# packet %zu: %s %zu to %zu%s\n", i,
				packet->side == TALK_REQUEST ? "request" : "answer", packet->start,
				packet->end, packet->is_push ? " push" : "");
		pairing_send(pairing, packet, 0);
		pairing_receive(pairing, i);
	}
	pairing_end(pairing);
	pairing_check(pairing);
	stream_free(pairing->stream);
	conversation_done(&pairing->talk);
	free(pairing->socket.storage);
	return pairing->problem[0] ? -1 : 0;
}

#endif
