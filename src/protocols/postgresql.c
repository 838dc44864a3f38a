/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL's protocol, version 3 (PostgreSQL's documentation, "Frontend/Backend Protocol"):
 * where messages begin and end, and whose they are.
 */
#include "protocols/postgresql_match.h"
#include "protocols/postgresql_state.h"

/* The server allows no longer message (PQ_LARGE_MESSAGE_LIMIT). */
#define MESSAGE_LONGEST 0x3fffffff
/* Messages whose heads say that something begins here, when that is asked for. */
#define CHAIN_MAXIMUM	64

static const char client_types[] = "BCDEFHPQSXcdfp";
static const char server_types[] = "123ACDEGHIKNRSTVWZcdnstv";

static bool is_type(enum dialogue_side side, uint8_t type)
{
	const char *types = side == DIALOGUE_CLIENT ? client_types : server_types;

	return type != '\0' && strchr(types, type);
}

/* The length of the message whose head begins there, -EBADMSG when none can. */
static int64_t message_length(enum dialogue_side side, const uint8_t *head)
{
	uint32_t length = postgresql_word(head + 1);

	if (!is_type(side, head[0]) || length < 4 || length > MESSAGE_LONGEST)
		return -EBADMSG;
	return 1 + (int64_t)length;
}

/* Rows follow each other: those that are there go by as one piece. */
static int64_t rows_length(enum dialogue_side side, struct slice bytes)
{
	int64_t at = 0;

	while (at + POSTGRESQL_HEAD_BYTES <= (int64_t)bytes.length &&
		bytes.data[at] == bytes.data[0]) {
		int64_t length = message_length(side, bytes.data + at);

		if (length < 0)
			break;
		at += length;
	}
	return at;
}

/* The answer to a request for encryption is one byte. */
static int64_t read_encryption(struct postgresql *state, uint8_t byte, struct dialogue_sink *sink)
{
	state->encryption_due--;
	if (byte == 'N')
		return 1;
	/* What follows a G is GSSAPI's. */
	if (byte != 'S')
		return -EBADMSG;
	sink->starts_tls(sink);
	return 1;
}

static int64_t read_untyped(struct postgresql_call *call, struct slice bytes, bool is_cut)
{
	uint32_t length;
	int r;

	if (bytes.length < 8)
		return is_cut ? -EBADMSG : 0;
	length = postgresql_word(bytes.data);
	if (call->state->is_started || length < 8 || length > POSTGRESQL_STARTUP_LONGEST)
		return -EBADMSG;
	if (bytes.length < MIN(length, (uint32_t)POSTGRESQL_PIECE_BYTES) && !is_cut)
		return 0;
	call->body = (struct slice){ bytes.data + 4, MIN(length, bytes.length) - 4 };
	r = postgresql_read_startup(call);
	return r < 0 ? -EBADMSG : (int64_t)length;
}

static int64_t read_message(
	struct postgresql_call *call, enum dialogue_side side, struct slice bytes, bool is_cut)
{
	int64_t length;
	int r;

	if (bytes.length < POSTGRESQL_HEAD_BYTES)
		return is_cut ? -EBADMSG : 0;
	length = message_length(side, bytes.data);
	if (length < 0)
		return length;
	call->type = bytes.data[0];
	if ((call->type == 'D' && side == DIALOGUE_SERVER) || call->type == 'd') {
		length = rows_length(side, bytes);
		call->body = (struct slice){ 0 };
	} else {
		size_t there = MIN((size_t)length, bytes.length);

		if (there < MIN((size_t)length, (size_t)POSTGRESQL_PIECE_BYTES) && !is_cut)
			return 0;
		call->body = (struct slice){ bytes.data + POSTGRESQL_HEAD_BYTES,
			there - POSTGRESQL_HEAD_BYTES };
	}
	r = side == DIALOGUE_CLIENT ? postgresql_read_client(call) : postgresql_read_server(call);
	if (side == DIALOGUE_CLIENT && (call->type == 'Q' || call->type == 'S') &&
		(int64_t)bytes.length > length && bytes.data[length] != 'X')
		call->state->is_pipelined = true;
	return r < 0 ? -EBADMSG : length;
}

/* After a gap in the answers those that were open before it get none any more. */
static void drop_gone(struct postgresql_call *call)
{
	struct postgresql *state = call->state;

	state->is_resumed = false;
	while (state->waiting.count && !call->sink->request(call->sink, state->waiting.number))
		postgresql_pop(call, true);
}

static int64_t postgresql_read(void *context, enum dialogue_side side, struct slice bytes,
	unsigned int flags, struct dialogue_sink *sink)
{
	struct postgresql *state = context;
	struct postgresql_call call = { .state = state, .sink = sink, .flags = flags };
	bool is_cut = flags & MESSAGE_CUT;

	if (bytes.length == 0)
		return is_cut ? -EBADMSG : 0;
	if (state->is_resumed)
		drop_gone(&call);
	if (side == DIALOGUE_SERVER && state->encryption_due && bytes.data[0] != 'E')
		return read_encryption(state, bytes.data[0], sink);
	if (side == DIALOGUE_CLIENT && bytes.data[0] == '\0')
		return read_untyped(&call, bytes, is_cut);
	return read_message(&call, side, bytes, is_cut);
}

/* Is there one message behind the other, as far as the bytes go? */
static bool is_chain(enum dialogue_side side, struct slice bytes)
{
	int64_t at = 0;
	size_t count = 0;

	while (at + POSTGRESQL_HEAD_BYTES <= (int64_t)bytes.length && count < CHAIN_MAXIMUM) {
		int64_t length = message_length(side, bytes.data + at);

		if (length < 0)
			return false;
		count++;
		at += length;
	}
	return count > 0;
}

/* Who waits for ReadyForQuery has no request on its way while an answer is: what comes next belongs
 * together. Of who does not it is not known. */
static bool postgresql_resume(void *context, enum dialogue_side side, struct slice bytes)
{
	struct postgresql *state = context;

	if (state->is_pipelined || !is_chain(side, bytes))
		return false;
	state->is_started = true;
	state->encryption_due = 0;
	state->is_unit_open = false;
	if (side == DIALOGUE_SERVER) {
		state->is_resumed = true;
		state->is_failed = false;
		state->is_copying = false;
	}
	return true;
}

static bool postgresql_begins(enum dialogue_side side, struct slice bytes)
{
	uint8_t head[POSTGRESQL_MATCH_BYTES] = { 0 };
	enum postgresql_match match;

	memcpy(head, bytes.data, MIN(bytes.length, sizeof(head)));
	match = postgresql_match(head, (uint32_t)bytes.length);
	if (match != (side == DIALOGUE_CLIENT ? POSTGRESQL_MATCH_REQUEST : POSTGRESQL_MATCH_ANSWER))
		return false;
	return head[0] == '\0' || is_chain(side, bytes);
}

static void postgresql_done(void *context)
{
	struct postgresql *state = context;

	statement_cache_done(&state->statements);
	sql_waiting_done(&state->waiting);
}

/* How many exchanges seem to begin there: queries, Executes, and statements that are prepared. */
static unsigned int postgresql_requests(struct slice bytes, bool is_start)
{
	unsigned int count = 0;
	int64_t at = 0;

	while (is_start && at + POSTGRESQL_HEAD_BYTES <= (int64_t)bytes.length) {
		uint8_t type = bytes.data[at];
		int64_t length = message_length(DIALOGUE_CLIENT, bytes.data + at);

		if (length < 0)
			return at == 0 && type == '\0' ? 1 : count;
		count += type == 'Q' || type == 'E' || type == 'F';
		at += length;
	}
	return count;
}

static const struct dialogue postgresql_dialogue = {
	.state_bytes = sizeof(struct postgresql),
	.state_limit = STATEMENT_CACHE_LIMIT + POSTGRESQL_WAITING,
	.done = postgresql_done,
	.piece_bytes = POSTGRESQL_PIECE_BYTES,
	.read = postgresql_read,
	.resume = postgresql_resume,
	.match = postgresql_begins,
};

const struct protocol postgresql_protocol = {
	.name = "postgresql",
	.summary = "PostgreSQL: queries and prepared statements with table, SQLSTATE and latency",
	.requests = postgresql_requests,
	.dialogue = &postgresql_dialogue,
};
