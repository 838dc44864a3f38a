/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NATS (the client protocol as documented by NATS), JetStream included, which is requests to
 * subjects. Control lines with their payloads come in; an exchange for each operation goes out:
 *
 *   PUB HPUB   one that nobody answers; a request, when its reply comes to an inbox that this
 *              connection has subscribed to, lasts until the first message there
 *   MSG HMSG   a delivery, unless it is such a reply
 *   SUB UNSUB  as PUB without a reply
 *   CONNECT    lasts to the first PONG, +OK or -ERR
 *   PING       of either side, to its PONG
 *
 * A client that is verbose has each operation answered by +OK or -ERR; else -ERR stands alone. Not
 * read: what servers speak among themselves (routes, gateways, leaf nodes). Payloads and headers
 * are never shown.
 */
#include "base/str.h"
#include "protocols/dialogue.h"
#include "protocols/nats_line.h"
#include "protocols/nats_match.h"
#include "protocols/topic_template.h"

/* Of headers and payload, to find a status in. */
#define STATUS_BYTES	256
#define INBOXES_MAXIMUM 16
/* Requests that wait for a reply; more are told without one. */
#define REPLIES_MAXIMUM 256
#define INBOX		"_INBOX."
#define JETSTREAM	"$JS."

/* By what exchanges are found; a request by the hash of its reply's subject, its highest bit set.
 */
enum nats_number {
	NUMBER_VERBOSE, /* whatever +OK and -ERR answer, in order */
	NUMBER_CONNECT,
	NUMBER_CLIENT_PING,
	NUMBER_SERVER_PING,
	NUMBER_ALONE, /* begun and ended in one piece */
};

struct nats_state {
	bool is_verbose;
	uint8_t next_inbox;
	uint16_t replies_open;
	uint32_t inboxes[INBOXES_MAXIMUM]; /* hashes of what this connection listens to */
};

struct nats_piece {
	struct nats_state *state;
	struct dialogue_sink *sink;
	struct nats_line line;
	struct slice payload; /* what is there of headers and payload */
	unsigned int flags;
	enum dialogue_side side;
};

/* FNV-1a. */
static uint64_t hash(struct slice text)
{
	uint64_t value = 0xcbf29ce484222325;

	for (size_t at = 0; at < text.length; at++)
		value = (value ^ text.data[at]) * 0x100000001b3;
	return value;
}

static bool starts_with(struct slice text, const char *start)
{
	return text.length >= strlen(start) && memcmp(text.data, start, strlen(start)) == 0;
}

/* The first two levels of an inbox, which one client has for itself; empty for other subjects. */
static struct slice inbox_of(struct slice subject)
{
	const size_t start = strlen(INBOX);
	size_t length = start;

	if (!starts_with(subject, INBOX))
		return (struct slice){ 0 };
	while (length < subject.length && subject.data[length] != '.')
		length++;
	return (struct slice){ subject.data, length };
}

static void append_subject(struct text *text, struct slice subject)
{
	if (starts_with(subject, INBOX))
		text_string(text, INBOX "{id}");
	else
		topic_template(text, subject, '.', false);
}

static void append_named(struct text *text, const char *name, struct slice value)
{
	if (value.length == 0)
		return;
	if (text->length > 0)
		text_string(text, " ");
	text_string(text, name);
	text_bytes(text, value);
}

static void describe_connect(const struct nats_piece *piece, struct text *text)
{
	struct slice object = piece->line.argument;

	append_named(text, "name=", nats_json_value(object, "name"));
	append_named(text, "lang=", nats_json_value(object, "lang"));
	append_named(text, "version=", nats_json_value(object, "version"));
	if (piece->flags & MESSAGE_UNMASKED)
		append_named(text, "user=", nats_json_value(object, "user"));
}

static void describe(const struct nats_piece *piece, struct message *message)
{
	const struct nats_line *line = &piece->line;
	struct text target;
	struct text detail;

	memset(message, 0, sizeof(*message));
	str_set(message->operation, nats_verb_word(line->verb));
	text_init(&target, message->target, sizeof(message->target));
	text_init(&detail, message->detail, sizeof(message->detail));
	if (line->verb == NATS_CONNECT) {
		describe_connect(piece, &detail);
		return;
	}
	append_subject(&target, line->subject);
	text_bytes(&detail, line->subject);
	append_named(&detail, "reply=", line->reply);
	append_named(&detail, "sid=", line->sid);
}

static void begin(const struct nats_piece *piece, uint64_t number)
{
	struct message message;

	describe(piece, &message);
	piece->sink->begin(piece->sink, number, &message);
}

static void answer(const struct nats_piece *piece, uint64_t number, struct message *found)
{
	piece->sink->answer(piece->sink, number, found);
	piece->sink->end(piece->sink, number, false);
}

static void alone(const struct nats_piece *piece)
{
	begin(piece, NUMBER_ALONE);
	piece->sink->end(piece->sink, NUMBER_ALONE, false);
}

static void set_status(struct message *message, struct slice status)
{
	str_copy_slice(message->status, sizeof(message->status), status);
	message->is_error = message->status[0] == '5';
	message->is_client_error = message->status[0] == '4';
}

/* No responders, no messages and the like stand in headers, JetStream's errors in the payload. */
static void read_status(const struct nats_piece *piece, bool is_jetstream, struct message *message)
{
	static const char error[] = "\"error\":{\"code\":";
	struct slice payload = piece->payload;
	const uint8_t *found;
	size_t left;

	if (piece->line.header_bytes > 0) {
		set_status(message, nats_header_status(payload));
		return;
	}
	found = is_jetstream && payload.length > 0
			? memmem(payload.data, payload.length, error, strlen(error))
			: NULL;
	if (!found)
		return;
	found += strlen(error);
	left = payload.length - (size_t)(found - payload.data);
	if (left > 3 && found[3] == ',' && found[0] >= '4' && found[0] <= '5')
		set_status(message, (struct slice){ found, 3 });
}

static uint64_t number_of_reply(struct slice reply)
{
	return hash(reply) | (uint64_t)1 << 63;
}

static bool is_listening(const struct nats_state *state, struct slice reply)
{
	struct slice inbox = inbox_of(reply);
	uint32_t wanted = (uint32_t)hash(inbox);

	for (size_t index = 0; inbox.length > 0 && index < INBOXES_MAXIMUM; index++) {
		if (state->inboxes[index] == wanted)
			return true;
	}
	return false;
}

static void note_inbox(struct nats_state *state, struct slice subject)
{
	if (inbox_of(subject).length == 0 || is_listening(state, subject))
		return;
	state->inboxes[state->next_inbox] = (uint32_t)hash(inbox_of(subject));
	state->next_inbox = (state->next_inbox + 1) % INBOXES_MAXIMUM;
}

static void take_operation(const struct nats_piece *piece)
{
	const struct nats_line *line = &piece->line;
	struct nats_state *state = piece->state;

	if (line->verb == NATS_SUB)
		note_inbox(state, line->subject);
	if (state->is_verbose) {
		begin(piece, NUMBER_VERBOSE);
	} else if (state->replies_open < REPLIES_MAXIMUM && is_listening(state, line->reply)) {
		state->replies_open++;
		begin(piece, number_of_reply(line->reply));
	} else {
		alone(piece);
	}
}

static void take_connect(const struct nats_piece *piece)
{
	struct slice verbose = nats_json_value(piece->line.argument, "verbose");

	piece->state->is_verbose = starts_with(verbose, "true");
	begin(piece, piece->state->is_verbose ? NUMBER_VERBOSE : NUMBER_CONNECT);
}

/* A message that the server hands on: a reply, or a delivery. */
static void take_message(const struct nats_piece *piece)
{
	uint64_t number = number_of_reply(piece->line.subject);
	const struct message *request = NULL;
	struct message message = { 0 };

	if (piece->state->replies_open > 0)
		request = piece->sink->request(piece->sink, number);
	if (request) {
		piece->state->replies_open--;
		read_status(piece, str_starts_with(request->detail, JETSTREAM), &message);
		answer(piece, number, &message);
		return;
	}
	describe(piece, &message);
	read_status(piece, false, &message);
	piece->sink->begin(piece->sink, NUMBER_ALONE, &message);
	if (message.status[0] != '\0')
		piece->sink->answer(piece->sink, NUMBER_ALONE, &message);
	piece->sink->end(piece->sink, NUMBER_ALONE, false);
}

/* +OK and -ERR. */
static void take_verdict(const struct nats_piece *piece)
{
	uint64_t number = piece->state->is_verbose ? NUMBER_VERBOSE : NUMBER_CONNECT;
	struct message *request = piece->sink->request(piece->sink, number);
	bool is_error = piece->line.verb == NATS_ERROR;
	struct message message = { .is_client_error = is_error };
	struct text text;

	str_set(message.status, nats_verb_word(piece->line.verb));
	if (!request && !is_error)
		return;
	if (!request) {
		number = NUMBER_ALONE;
		begin(piece, number);
		request = piece->sink->request(piece->sink, number);
	}
	if (request && is_error) {
		text_resume(&text, request->detail, sizeof(request->detail));
		text_string(&text, text.length > 0 ? " error=" : "error=");
		text_words(&text, piece->line.argument);
	}
	answer(piece, number, &message);
}

static void take_pong(const struct nats_piece *piece)
{
	bool is_server = piece->side == DIALOGUE_SERVER;
	struct message message = { 0 };

	if (is_server && piece->sink->request(piece->sink, NUMBER_CONNECT))
		answer(piece, NUMBER_CONNECT, &message);
	answer(piece, is_server ? NUMBER_CLIENT_PING : NUMBER_SERVER_PING, &message);
}

static void take_info(const struct nats_piece *piece)
{
	struct slice required = nats_json_value(piece->line.argument, "tls_required");

	if (starts_with(required, "true"))
		piece->sink->starts_tls(piece->sink);
}

static void take(const struct nats_piece *piece)
{
	switch (piece->line.verb) {
	case NATS_INFO:
		take_info(piece);
		break;
	case NATS_CONNECT:
		take_connect(piece);
		break;
	case NATS_PING:
		begin(piece,
			piece->side == DIALOGUE_SERVER ? NUMBER_SERVER_PING : NUMBER_CLIENT_PING);
		break;
	case NATS_PONG:
		take_pong(piece);
		break;
	case NATS_OK:
	case NATS_ERROR:
		take_verdict(piece);
		break;
	case NATS_MSG:
	case NATS_HMSG:
		take_message(piece);
		break;
	default:
		take_operation(piece);
		break;
	}
}

/* Which side says this verb; either says PING and PONG. */
static bool is_said_by(enum nats_verb verb, enum dialogue_side side)
{
	if (verb == NATS_PING || verb == NATS_PONG)
		return true;
	return (verb == NATS_CONNECT || (verb >= NATS_SUB && verb <= NATS_HPUB)) ==
	       (side == DIALOGUE_CLIENT);
}

static int64_t nats_read(void *state, enum dialogue_side side, struct slice bytes,
	unsigned int flags, struct dialogue_sink *sink)
{
	struct nats_piece piece = { .state = state, .sink = sink, .side = side, .flags = flags };
	int result = nats_line_read(bytes, &piece.line);
	bool is_cut = flags & MESSAGE_CUT;
	size_t there;

	if (result <= 0)
		return result < 0 || is_cut ? -EBADMSG : 0;
	if (!is_said_by(piece.line.verb, side))
		return -EBADMSG;
	there = bytes.length - piece.line.length;
	if (side == DIALOGUE_SERVER && !is_cut &&
		there < MIN(piece.line.total_bytes, (uint32_t)STATUS_BYTES))
		return 0;
	piece.payload = (struct slice){ bytes.data + piece.line.length,
		MIN(there, piece.line.total_bytes) };
	take(&piece);
	if (!nats_has_payload(piece.line.verb))
		return (int64_t)piece.line.length;
	return (int64_t)(piece.line.length + piece.line.total_bytes + strlen("\r\n"));
}

/* A payload could look like a line, but hardly begin a packet as one that fits its side. */
static bool nats_resume(void *state, enum dialogue_side side, struct slice bytes)
{
	struct nats_state *nats = state;
	struct nats_line line;

	nats->replies_open = 0;
	return nats_line_read(bytes, &line) == 1 && is_said_by(line.verb, side);
}

static bool nats_begins(enum dialogue_side side, struct slice bytes)
{
	uint8_t head[NATS_MATCH_BYTES] = { 0 };
	size_t length = MIN(bytes.length, sizeof(head));
	enum nats_match match;

	if (length > 0)
		memcpy(head, bytes.data, length);
	match = nats_match(head, (uint32_t)length);
	if (side == DIALOGUE_CLIENT)
		return match == NATS_MATCH_CLIENT;
	return match == NATS_MATCH_GREETING || match == NATS_MATCH_SERVER;
}

static const struct dialogue nats_dialogue = {
	.state_bytes = sizeof(struct nats_state),
	.state_limit = 0,
	.piece_bytes = NATS_LINE_BYTES + STATUS_BYTES,
	.read = nats_read,
	.resume = nats_resume,
	.match = nats_begins,
};

const struct protocol nats_protocol = {
	.name = "nats",
	.summary = "NATS: messages published and delivered, requests to their replies, JetStream",
	.dialogue = &nats_dialogue,
};
