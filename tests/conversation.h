/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random HTTP conversations whose outcome is known: requests with and without bodies, pipelined,
 * answered early, in chunks, without a body, endless, with interim answers and upgrades, with
 * methods that no registry lists, behind a proxy's header; cut into packets, sent again, out of
 * order. From a number or from a fuzzer's bytes. Out: packets in the order in which the door sees
 * them, and what each exchange is.
 */
#ifndef SKEP_TESTS_CONVERSATION_H
#define SKEP_TESTS_CONVERSATION_H

#include "base/buf.h"

#define EXCHANGES_MAXIMUM 24
#define PACKETS_MAXIMUM	  8192
#define WRITES_MAXIMUM	  512
#define STREAM_MAXIMUM	  (8U << 20)

/* Where choices come from: bytes while there are any, then a generator (xorshift, Marsaglia 2003).
 */
struct choices {
	const uint8_t *bytes;
	size_t length;
	uint64_t state; /* not 0 */
};

/* 0 to below - 1. */
static uint32_t draw(struct choices *choices, uint32_t below)
{
	uint32_t drawn;

	if (choices->length >= 2) {
		drawn = (uint32_t)(choices->bytes[0] | choices->bytes[1] << 8);
		choices->bytes += 2;
		choices->length -= 2;
		return below > 0xffff ? drawn * 131U % below : drawn % below;
	}
	choices->state ^= choices->state << 13;
	choices->state ^= choices->state >> 7;
	choices->state ^= choices->state << 17;
	return (uint32_t)((choices->state >> 16) % below);
}

static bool one_in(struct choices *choices, uint32_t number)
{
	return draw(choices, number) == 0;
}

enum talk_side { TALK_REQUEST, TALK_ANSWER };
enum talk_end { TALK_STAYS, TALK_CLIENT_CLOSES, TALK_SERVER_CLOSES, TALK_RESETS };

struct exchange_plan {
	const char *method;
	unsigned int status; /* no two are the same */
	size_t request_start, request_head, request_end;
	size_t answer_start, answer_head, answer_end; /* without interim answers */
	bool is_early;				      /* answered before its body is over */
	bool is_endless;			      /* up to the end of the connection */
	bool is_tunnel;
	bool is_chunked; /* the answer */
	bool is_chunked_request;
	unsigned int reported;
};

struct write_plan {
	enum talk_side side;
	size_t start, end;
};

struct packet_plan {
	enum talk_side side;
	size_t start, end;
	bool is_push;
};

struct conversation {
	struct choices choices;
	struct buf streams[2]; /* by talk_side */
	struct exchange_plan exchanges[EXCHANGES_MAXIMUM];
	struct write_plan writes[WRITES_MAXIMUM];
	struct packet_plan packets[PACKETS_MAXIMUM];
	size_t exchange_count, write_count, packet_count;
	size_t first;	    /* packet that the door sees first: before it there was no agent */
	size_t end;	    /* packet that does not come any more */
	unsigned int depth; /* requests that may wait for an answer */
	enum talk_end ending;
	bool may_hide;	   /* a request may begin where only its predecessor's length tells */
	bool is_countable; /* each request begins where it is found when bytes around it are lost */
	bool is_tricky;	   /* bodies hold what looks like heads */
	size_t proxy_bytes;	 /* of the header before the first request, which names a client */
	enum talk_side arriving; /* the side whose packets the door sees before TCP orders them */
};

static void say(struct conversation *talk, enum talk_side side, const char *text)
{
	if (buf_append(&talk->streams[side], text, strlen(text)) < 0)
		abort();
}

static void say_number(struct conversation *talk, enum talk_side side, unsigned long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", number);
	say(talk, side, text);
}

static void say_length(struct conversation *talk, enum talk_side side, unsigned long length)
{
	say(talk, side, "Content-Length: ");
	say_number(talk, side, length);
	say(talk, side, "\r\n");
}

static size_t said(const struct conversation *talk, enum talk_side side)
{
	return talk->streams[side].length;
}

/* Small as a rule, large now and then. */
static size_t draw_size(struct choices *choices)
{
	switch (draw(choices, 8)) {
	case 0:
		return draw(choices, 20000);
	case 1:
		return one_in(choices, 8) ? draw(choices, 300000) : draw(choices, 6000);
	case 2:
		return 1 + draw(choices, 3);
	default:
		return 1 + draw(choices, 400);
	}
}

static void say_body(struct conversation *talk, enum talk_side side, size_t length)
{
	static const char *const tricky[] = { "GET /x HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
		"\r\n\r\n", "POST ", "G", "HTTP/1.1 100 Continue\r\n\r\n" };
	char block[256];
	size_t end = said(talk, side) + length;

	memset(block, 'b', sizeof(block));
	while (said(talk, side) < end) {
		size_t left = end - said(talk, side);
		const char *text = tricky[draw(&talk->choices, ARRAY_LENGTH(tricky))];

		if (talk->is_tricky && strlen(text) <= left)
			say(talk, side, text);
		left = end - said(talk, side);
		if (buf_append(&talk->streams[side], block, MIN(left, sizeof(block))) < 0)
			abort();
	}
}

static void say_chunks(struct conversation *talk, enum talk_side side)
{
	unsigned int count = draw(&talk->choices, 6);
	char size[24];

	for (unsigned int i = 0; i < count; i++) {
		size_t length = draw_size(&talk->choices) + 1;

		snprintf(size, sizeof(size), "%zx\r\n", length);
		say(talk, side, size);
		say_body(talk, side, length);
		say(talk, side, "\r\n");
	}
	say(talk, side, "0\r\n\r\n");
}

/* The side's bytes since start go out now, together with those of the write before or alone. */
static void write_out(struct conversation *talk, enum talk_side side, size_t start)
{
	struct write_plan *last = talk->write_count ? &talk->writes[talk->write_count - 1] : NULL;

	if (start == said(talk, side))
		return;
	if (last && last->side == side && last->end == start && one_in(&talk->choices, 2)) {
		last->end = said(talk, side);
		return;
	}
	if (talk->write_count >= WRITES_MAXIMUM)
		abort();
	talk->writes[talk->write_count++] = (struct write_plan){ side, start, said(talk, side) };
}

static void say_padding(struct conversation *talk, enum talk_side side)
{
	size_t length = one_in(&talk->choices, 3) ? draw(&talk->choices, 700) : 0;

	if (one_in(&talk->choices, 20))
		length = draw(&talk->choices, 3500);
	if (length == 0)
		return;
	say(talk, side, "X-Padding: ");
	for (size_t i = 0; i < length; i++)
		say(talk, side, "p");
	say(talk, side, "\r\n");
}

static void say_request(struct conversation *talk, size_t number)
{
	static const char *const methods[] = { "GET", "GET", "GET", "GET", "POST", "PUT", "HEAD",
		"DELETE", "OPTIONS", "FOOBAR", "Query.x" };
	unsigned int count = ARRAY_LENGTH(methods);
	struct choices *choices = &talk->choices;
	struct exchange_plan *plan = &talk->exchanges[number];
	bool is_last = number + 1 == talk->exchange_count;
	bool has_body, is_chunked = false;
	size_t length = 0;

	/* Small letters behind another head are not looked for: a body may begin with them. */
	plan->method = methods[draw(choices, talk->depth > 1 ? count - 1 : count)];
	plan->is_tunnel = is_last && one_in(choices, 6);
	plan->request_start = said(talk, TALK_REQUEST);
	has_body = plan->method[0] == 'P' || (plan->method[0] == 'D' && one_in(choices, 4));
	say(talk, TALK_REQUEST, plan->method);
	say(talk, TALK_REQUEST, " /");
	say_number(talk, TALK_REQUEST, number);
	say(talk, TALK_REQUEST, " HTTP/1.1\r\nHost: h\r\n");
	say_padding(talk, TALK_REQUEST);
	if (plan->is_tunnel)
		say(talk, TALK_REQUEST, "Connection: upgrade\r\nUpgrade: x\r\n");
	talk->may_hide |= has_body && talk->depth > 1;
	if (has_body)
		is_chunked = talk->depth == 1 && one_in(choices, 4);
	if (has_body && !is_chunked)
		length = draw_size(choices);
	if (is_chunked)
		say(talk, TALK_REQUEST, "Transfer-Encoding: chunked\r\n");
	else if (has_body)
		say_length(talk, TALK_REQUEST, length);
	say(talk, TALK_REQUEST, "\r\n");
	plan->request_head = said(talk, TALK_REQUEST);
	plan->is_chunked_request = is_chunked;
	if (is_chunked)
		say_chunks(talk, TALK_REQUEST);
	else
		say_body(talk, TALK_REQUEST, length);
	plan->request_end = said(talk, TALK_REQUEST);
}

static void say_interims(struct conversation *talk)
{
	size_t start = said(talk, TALK_ANSWER);

	for (unsigned int i = draw(&talk->choices, 3); i > 0; i--)
		say(talk, TALK_ANSWER,
			one_in(&talk->choices, 2) ? "HTTP/1.1 100 Continue\r\n\r\n"
						  : "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n");
	write_out(talk, TALK_ANSWER, start);
}

/* What follows the head of an answer; the head is not over yet. */
static void say_answer_body(struct conversation *talk, struct exchange_plan *plan, bool is_last)
{
	size_t length = draw_size(&talk->choices);
	bool is_head = strcmp(plan->method, "HEAD") == 0;

	plan->is_chunked = !is_head && one_in(&talk->choices, 3);
	plan->is_endless = !is_head && !plan->is_chunked && is_last && one_in(&talk->choices, 4);
	if (plan->is_chunked)
		say(talk, TALK_ANSWER, "Transfer-Encoding: chunked\r\n\r\n");
	else if (plan->is_endless)
		say(talk, TALK_ANSWER, "\r\n");
	else
		say_length(talk, TALK_ANSWER, length);
	if (!plan->is_chunked && !plan->is_endless)
		say(talk, TALK_ANSWER, "\r\n");
	plan->answer_head = said(talk, TALK_ANSWER);
	if (plan->is_chunked)
		say_chunks(talk, TALK_ANSWER);
	else if (!is_head)
		say_body(talk, TALK_ANSWER, length);
}

static void say_answer(struct conversation *talk, size_t number)
{
	struct exchange_plan *plan = &talk->exchanges[number];
	bool is_last = number + 1 == talk->exchange_count;

	plan->status = plan->is_tunnel ? 101 : 400 + (unsigned int)number;
	if (!plan->is_tunnel && one_in(&talk->choices, 8))
		plan->status = one_in(&talk->choices, 2) ? 204 : 304;
	plan->answer_start = said(talk, TALK_ANSWER);
	say(talk, TALK_ANSWER, "HTTP/1.1 ");
	say_number(talk, TALK_ANSWER, plan->status);
	say(talk, TALK_ANSWER, " Reason\r\nServer: s\r\n");
	if (!plan->is_tunnel)
		say_padding(talk, TALK_ANSWER);
	if (plan->status < 400) {
		say(talk, TALK_ANSWER, "\r\n");
		plan->answer_head = said(talk, TALK_ANSWER);
	} else {
		say_answer_body(talk, plan, is_last);
	}
	plan->answer_end = said(talk, TALK_ANSWER);
	if (plan->is_tunnel)
		say_body(talk, TALK_ANSWER, draw(&talk->choices, 3000));
}

/* The request goes out in one write or in several; the middle one may come after the answer. */
static void send_request(struct conversation *talk, size_t number)
{
	struct exchange_plan *plan = &talk->exchanges[number];
	struct buf *stream = &talk->streams[TALK_REQUEST];
	size_t all, cut;

	say_request(talk, number);
	all = plan->request_end - plan->request_start;
	cut = one_in(&talk->choices, 2)
		      ? plan->request_head
		      : plan->request_start + draw(&talk->choices, (uint32_t)all + 1);
	if (one_in(&talk->choices, 2))
		cut = plan->request_end;
	plan->is_early = talk->depth == 1 && !plan->is_chunked_request &&
			 cut > plan->request_head && cut < plan->request_end &&
			 one_in(&talk->choices, 2);
	stream->length = cut;
	write_out(talk, TALK_REQUEST, plan->request_start);
	stream->length = plan->request_end;
	if (plan->is_early)
		return;
	if (talk->depth == 1 && cut < plan->request_end && cut >= plan->request_head)
		say_interims(talk);
	write_out(talk, TALK_REQUEST, cut);
}

static void send_answer(struct conversation *talk, size_t number)
{
	struct exchange_plan *plan = &talk->exchanges[number];
	size_t start, rest = 0;

	if (one_in(&talk->choices, 6))
		say_interims(talk);
	start = said(talk, TALK_ANSWER);
	say_answer(talk, number);
	write_out(talk, TALK_ANSWER, start);
	if (plan->is_early || plan->is_tunnel) {
		for (size_t i = 0; i < talk->write_count; i++)
			if (talk->writes[i].side == TALK_REQUEST)
				rest = talk->writes[i].end;
		if (plan->is_tunnel)
			say_body(talk, TALK_REQUEST, draw(&talk->choices, 3000));
		write_out(talk, TALK_REQUEST, rest);
	}
}

/* In packets of one size or another, those of one write maybe out of order. */
static void cut_write(struct conversation *talk, const struct write_plan *plan, bool is_shuffled)
{
	static const uint32_t sizes[] = { 1448, 1448, 65000, 536, 40 };
	uint32_t size = sizes[draw(&talk->choices, ARRAY_LENGTH(sizes))];
	size_t first = talk->packet_count;
	size_t at = plan->start;

	if (plan->end - plan->start > 20000 && size < 1448)
		size = 1448;
	while (at < plan->end && talk->packet_count + 64 < PACKETS_MAXIMUM) {
		size_t wanted = one_in(&talk->choices, 4) ? 1 + draw(&talk->choices, size) : size;
		size_t length = MIN(plan->end - at, wanted);

		/* Proxies send their header at once, which is shorter than any segment. */
		if (plan->side == TALK_REQUEST && at < talk->proxy_bytes)
			length = MAX(length, talk->proxy_bytes - at);

		talk->packets[talk->packet_count++] = (struct packet_plan){ plan->side, at,
			at + length, at + length == plan->end };
		at += length;
	}
	for (size_t i = first; is_shuffled && i + 1 < talk->packet_count; i++)
		if (one_in(&talk->choices, 4)) {
			struct packet_plan packet = talk->packets[i];

			talk->packets[i] = talk->packets[i + 1];
			talk->packets[i + 1] = packet;
		}
}

/* Some packets come again, later, maybe with what was around them. */
static void repeat_packets(struct conversation *talk)
{
	struct packet_plan *packets = talk->packets;

	for (unsigned int i = draw(&talk->choices, 8); i > 0 && talk->packet_count > 1; i--) {
		size_t which = draw(&talk->choices, (uint32_t)talk->packet_count - 1);
		size_t later =
			which + 1 + draw(&talk->choices, (uint32_t)(talk->packet_count - which));
		struct packet_plan again = packets[which];
		size_t more = draw(&talk->choices, 200);

		again.start -= MIN(more, again.start);
		later = MIN(later, talk->packet_count);
		memmove(&packets[later + 1], &packets[later],
			(talk->packet_count - later) * sizeof(*packets));
		packets[later] = again;
		talk->packet_count++;
	}
}

/* A request that begins in the same packet as the last bytes of an empty line is not found, nor is
 * one of whose first 16 bytes only some are in the packet that it begins. */
static bool hides_a_request(const struct conversation *talk)
{
	for (size_t i = 0; i < talk->packet_count; i++)
		for (size_t j = 0; j < talk->exchange_count; j++) {
			size_t end = talk->exchanges[j].request_head;

			if (talk->packets[i].side == TALK_REQUEST && talk->packets[i].start < end &&
				talk->packets[i].start + 4 > end)
				return true;
			if (talk->packets[i].side == TALK_REQUEST &&
				talk->packets[i].start <= end && talk->packets[i].end > end &&
				talk->packets[i].end < end + 16)
				return true;
		}
	return false;
}

/* Its head is in one packet, and begins it or follows an empty line. */
static bool is_request_start(
	const struct conversation *talk, const struct packet_plan *packet, size_t number)
{
	size_t start = talk->exchanges[number].request_start;
	bool follows_head = number > 0 && talk->exchanges[number - 1].request_head == start;

	return packet->side == TALK_REQUEST &&
	       packet->end >= talk->exchanges[number].request_head &&
	       (packet->start == start || (follows_head && packet->start + 4 <= start));
}

static bool is_countable(const struct conversation *talk)
{
	for (size_t number = 0; number < talk->exchange_count; number++) {
		size_t start = talk->exchanges[number].request_start;
		unsigned int found = 0, copies = 0;

		for (size_t i = 0; i < talk->packet_count; i++) {
			const struct packet_plan *packet = &talk->packets[i];

			found += is_request_start(talk, packet, number);
			copies += packet->side == TALK_REQUEST && packet->start <= start &&
				  packet->end > start;
		}
		if (found != 1 || copies != 1)
			return false;
	}
	/* A proxy's header alone in its packet counts as the first request when it is lost. */
	for (size_t i = 0; i < talk->packet_count; i++)
		if (talk->packets[i].side == TALK_REQUEST && talk->proxy_bytes &&
			talk->packets[i].end == talk->proxy_bytes)
			return false;
	return !talk->is_tricky && !talk->may_hide;
}

static void cut_packets(struct conversation *talk)
{
	bool is_shuffled = one_in(&talk->choices, 3);

	for (size_t i = 0; i < talk->write_count; i++)
		cut_write(talk, &talk->writes[i],
			is_shuffled && talk->writes[i].side == talk->arriving);
	if (one_in(&talk->choices, 3))
		repeat_packets(talk);
	talk->may_hide |= talk->depth > 1 && hides_a_request(talk);
	talk->is_countable = is_countable(talk);
	talk->end = talk->packet_count;
	talk->ending = draw(&talk->choices, 4);
	if (one_in(&talk->choices, 4))
		talk->end = draw(&talk->choices, (uint32_t)talk->packet_count + 1);
}

/* Of either version, alone or in one write with the request. */
static void say_proxy_header(struct conversation *talk)
{
	static const char binary[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07"
				     "\xc6\x33\x64\x01\xdc\x04\x01\xbb";

	if (one_in(&talk->choices, 2))
		say(talk, TALK_REQUEST, "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n");
	else if (buf_append(&talk->streams[TALK_REQUEST], binary, sizeof(binary) - 1) < 0)
		abort();
	talk->proxy_bytes = said(talk, TALK_REQUEST);
	write_out(talk, TALK_REQUEST, 0);
}

static void conversation_init(
	struct conversation *talk, struct choices choices, enum talk_side arriving)
{
	size_t asked = 0, answered = 0;

	memset(talk, 0, sizeof(*talk));
	talk->choices = choices;
	talk->arriving = arriving;
	buf_init(&talk->streams[TALK_REQUEST], STREAM_MAXIMUM);
	buf_init(&talk->streams[TALK_ANSWER], STREAM_MAXIMUM);
	talk->exchange_count = 1 + draw(&talk->choices, EXCHANGES_MAXIMUM - 1);
	if (one_in(&talk->choices, 2))
		talk->exchange_count = 1 + draw(&talk->choices, 3);
	talk->depth = one_in(&talk->choices, 3) ? 1 + draw(&talk->choices, 16) : 1;
	talk->is_tricky = one_in(&talk->choices, 4);
	if (one_in(&talk->choices, 5))
		say_proxy_header(talk);
	while (answered < talk->exchange_count) {
		bool may_ask = asked < talk->exchange_count && asked - answered < talk->depth;

		if (may_ask && (asked == answered || one_in(&talk->choices, 2)))
			send_request(talk, asked++);
		else
			send_answer(talk, answered++);
	}
	cut_packets(talk);
}

static void conversation_done(struct conversation *talk)
{
	buf_done(&talk->streams[TALK_REQUEST]);
	buf_done(&talk->streams[TALK_ANSWER]);
}

/* How many bytes of a side came without a hole, from the first one to the packet before end. */
static size_t conversation_came(const struct conversation *talk, enum talk_side side, size_t end)
{
	size_t came = 0, before;

	do {
		before = came;
		for (size_t i = 0; i < end; i++) {
			const struct packet_plan *packet = &talk->packets[i];

			if (packet->side == side && packet->start <= came)
				came = MAX(came, packet->end);
		}
	} while (came > before);
	return came;
}

#endif
