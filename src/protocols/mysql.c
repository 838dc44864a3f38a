/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol of MySQL and MariaDB, version 10 (MySQL's source documentation, "Client/Server
 * Protocol"): where packets begin and end, and whose they are. A connection that compresses is read
 * up to where it begins to.
 */
#include "protocols/mysql_match.h"
#include "protocols/mysql_state.h"

/* A packet goes by: is it continued? Returns its length with its head. */
static int64_t pass(struct mysql *state, enum dialogue_side side, size_t length)
{
	state->continues[side] = length == MYSQL_LONGEST;
	return MYSQL_HEAD_BYTES + (int64_t)length;
}

/* The length of the rows, or columns, that are there one behind the other, 0 when there are none
 * yet. The last one may go on. */
static int64_t bulk_length(const struct mysql *state, struct slice bytes, uint32_t *ret_packets)
{
	uint32_t most = mysql_bulk(state);
	uint32_t packets = 0;
	size_t at = 0;

	while (packets < most && at + MYSQL_HEAD_BYTES < bytes.length) {
		size_t length = mysql_length(bytes.data + at);
		uint8_t head = bytes.data[at + MYSQL_HEAD_BYTES];

		/* The end, an error, or what is continued, is looked at by itself. */
		if (head >= 0xfe || length == 0 || length == MYSQL_LONGEST)
			break;
		packets++;
		at += MYSQL_HEAD_BYTES + length;
	}
	*ret_packets = packets;
	return (int64_t)at;
}

static int64_t read_packet(
	struct mysql_call *call, enum dialogue_side side, struct slice bytes, bool is_cut)
{
	size_t length = mysql_length(bytes.data);
	size_t there = MIN(bytes.length - MYSQL_HEAD_BYTES, length);
	int r;

	if (there < MIN(length, (size_t)MYSQL_PIECE_BYTES - MYSQL_HEAD_BYTES) && !is_cut)
		return 0;
	call->number = bytes.data[3];
	call->length = length;
	call->body = (struct slice){ bytes.data + MYSQL_HEAD_BYTES, there };
	r = side == DIALOGUE_CLIENT ? mysql_read_client(call) : mysql_read_server(call);
	if (side == DIALOGUE_CLIENT && call->state->is_started &&
		bytes.length > MYSQL_HEAD_BYTES + length && call->state->waiting.count > 0)
		call->state->is_pipelined = true;
	return r < 0 ? -EBADMSG : pass(call->state, side, length);
}

/* What goes on with the packet before belongs to the same command. */
static int64_t read_continued(
	const struct mysql_call *call, enum dialogue_side side, struct slice bytes)
{
	struct sql_waiting *waiting = &call->state->waiting;

	if (waiting->count)
		call->sink->add(call->sink, side == DIALOGUE_CLIENT
						    ? sql_waiting_last_number(waiting)
						    : waiting->number);
	return pass(call->state, side, mysql_length(bytes.data));
}

/* After a gap in the answers those that were open before it get none any more. */
static void drop_gone(struct mysql *state, struct dialogue_sink *sink)
{
	state->is_resumed = false;
	while (state->waiting.count && !sink->request(sink, state->waiting.number))
		sql_waiting_pop(&state->waiting);
}

static int64_t mysql_read(void *context, enum dialogue_side side, struct slice bytes,
	unsigned int flags, struct dialogue_sink *sink)
{
	struct mysql *state = context;
	struct mysql_call call = { .state = state, .sink = sink, .flags = flags };
	bool is_cut = flags & MESSAGE_CUT;
	uint32_t packets = 0;
	int64_t length = 0;

	if (state->is_compressed)
		return -EBADMSG;
	if (bytes.length < MYSQL_HEAD_BYTES)
		return is_cut ? -EBADMSG : 0;
	if (state->is_resumed)
		drop_gone(state, sink);
	if (state->is_streaming)
		return pass(state, side, mysql_length(bytes.data));
	if (state->continues[side])
		return read_continued(&call, side, bytes);
	if (side == DIALOGUE_SERVER)
		length = bulk_length(state, bytes, &packets);
	if (length == 0)
		return read_packet(&call, side, bytes, is_cut);
	mysql_read_bulk(&call, packets);
	return length;
}

static bool is_command(const uint8_t *packet)
{
	return packet[3] == 0 && mysql_length(packet) > 0 &&
	       ((packet[4] > 0 && packet[4] < MYSQL_LAST) || packet[4] == MYSQL_STMT_BULK_EXECUTE);
}

/* How many commands stand there one behind the other; 0 when there is something else. */
static unsigned int count_commands(struct slice bytes)
{
	unsigned int count = 0;
	size_t at = 0;

	while (at + MYSQL_HEAD_BYTES < bytes.length) {
		if (!is_command(bytes.data + at))
			return 0;
		count += bytes.data[at + MYSQL_HEAD_BYTES] != MYSQL_QUIT;
		at += MYSQL_HEAD_BYTES + mysql_length(bytes.data + at);
	}
	return count;
}

/* The first packet of an answer: the second of a pair, and as long as what is there or followed
 * by the next one. */
static bool is_answer(struct slice bytes)
{
	size_t next;

	if (bytes.length <= MYSQL_HEAD_BYTES || bytes.data[3] != 1)
		return false;
	next = MYSQL_HEAD_BYTES + mysql_length(bytes.data);
	return next == bytes.length ||
	       (next + MYSQL_HEAD_BYTES <= bytes.length && bytes.data[next + 3] == 2);
}

/* Who waits for its answer has no other command on its way: what comes next belongs together. Of
 * who does not it is not known. */
static bool mysql_resume(void *context, enum dialogue_side side, struct slice bytes)
{
	struct mysql *state = context;

	if (state->is_compressed || state->is_streaming || state->is_pipelined ||
		!(side == DIALOGUE_CLIENT ? count_commands(bytes) > 0 : is_answer(bytes)))
		return false;
	state->is_started = true;
	state->is_greeted = true;
	state->continues[side] = false;
	if (side == DIALOGUE_SERVER) {
		state->is_resumed = true;
		state->is_answered = false;
		state->answer = MYSQL_ANSWER_FIRST;
	}
	state->is_file_sent = false;
	return true;
}

/* The answer to a greeting that went by before TLS began. */
static bool is_response(struct slice bytes)
{
	return bytes.length >= MYSQL_HEAD_BYTES + 32 && mysql_length(bytes.data) > 32 &&
	       mysql_length(bytes.data) < 4096 && bytes.data[3] == 2 &&
	       bytes.data[5] & MYSQL_CAN_PROTOCOL_41 >> 8 && bytes.data[5] & MYSQL_CAN_TLS >> 8;
}

static bool mysql_begins(enum dialogue_side side, struct slice bytes)
{
	uint8_t head[MYSQL_MATCH_BYTES] = { 0 };
	enum mysql_match match;

	memcpy(head, bytes.data, MIN(bytes.length, sizeof(head)));
	match = mysql_match(head, (uint32_t)bytes.length);
	if (side == DIALOGUE_SERVER)
		return match == MYSQL_MATCH_GREETING || match == MYSQL_MATCH_ANSWER;
	return match == MYSQL_MATCH_REQUEST || is_response(bytes);
}

static void mysql_done(void *context)
{
	struct mysql *state = context;

	statement_cache_done(&state->statements);
	sql_waiting_done(&state->waiting);
}

static unsigned int mysql_requests(struct slice bytes, bool is_start)
{
	return is_start ? count_commands(bytes) : 0;
}

static const struct dialogue mysql_dialogue = {
	.state_bytes = sizeof(struct mysql),
	.state_limit = STATEMENT_CACHE_LIMIT + MYSQL_WAITING,
	.done = mysql_done,
	.piece_bytes = MYSQL_PIECE_BYTES,
	.read = mysql_read,
	.resume = mysql_resume,
	.match = mysql_begins,
};

const struct protocol mysql_protocol = {
	.name = "mysql",
	.summary =
		"MySQL and MariaDB: queries and prepared statements with table, error and latency",
	.requests = mysql_requests,
	.dialogue = &mysql_dialogue,
};
