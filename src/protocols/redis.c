/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis, and all that speaks its protocol (Valkey, KeyDB, Dragonfly): RESP 2 and 3, inline
 * commands, pipelines, what is pushed to subscribers, replies that are turned off. Answers come in
 * the order of the commands; each command gets a number, so that an answer of which the end came
 * after other commands had begun is still its own. A replica's stream and the lines of MONITOR are
 * passed over.
 */
#include "protocols/dialogue.h"
#include "protocols/key_pattern.h"
#include "protocols/redis_command.h"
#include "protocols/redis_match.h"

#include "base/str.h"
#include "protocols/text.h"
#include <ctype.h>

/* Commands with other than one answer that wait at one time; of more, the answers are not read. */
#define WAITING_MAXIMUM 8
/* The rest of a connection. */
#define FOR_GOOD	(1LL << 62)

struct waiting {
	uint64_t number;
	uint64_t answers; /* that are still to come */
};

struct redis_state {
	struct resp_side sides[2];
	/* Numbers begin with 1. */
	uint64_t begun, answered; /* the last one that began, and that was answered */
	struct waiting waiting[WAITING_MAXIMUM];
	uint64_t command; /* whose next piece comes, 0: nobody's */
	uint64_t answer;
	bool has_begun;		   /* a command that Redis has was seen */
	bool ends_answer;	   /* the command is over with the answer that is being read */
	bool is_subscriber;	   /* arrays may be pushes */
	bool is_silent, skips_one; /* CLIENT REPLY OFF, SKIP */
	bool is_replica;
	/* Bytes were lost, and what is on its way is not known: commands are told without their
	 * answers, until all seem to be answered when the next one comes. */
	bool is_unsure;
	uint64_t unsure_commands, unsure_answers;
	bool has_abandoned; /* commands before the loss are still open */
};

static int64_t redis_read(void *state, enum dialogue_side side, struct slice bytes,
	unsigned int flags, struct dialogue_sink *sink);
static bool redis_resume(void *state, enum dialogue_side side, struct slice bytes);
static bool redis_matches(enum dialogue_side side, struct slice bytes);
static unsigned int redis_requests(struct slice bytes, bool is_start);

static const struct dialogue redis_dialogue = {
	.state_bytes = sizeof(struct redis_state),
	.piece_bytes = RESP_PIECE_BYTES,
	.read = redis_read,
	.resume = redis_resume,
	.match = redis_matches,
};

const struct protocol redis_protocol = {
	.name = "redis",
	.summary = "Redis (RESP 2 and 3): command, key pattern, status of each command",
	.requests = redis_requests,
	.dialogue = &redis_dialogue,
};

/* ---- commands ---- */

/* Those that were open when bytes were lost will not be answered any more. */
static void end_abandoned(struct redis_state *state, struct dialogue_sink *sink)
{
	while (state->answered < state->begun)
		sink->end(sink, ++state->answered, true);
	memset(state->waiting, 0, sizeof(state->waiting));
	state->has_abandoned = false;
}

static struct waiting *find_waiting(struct redis_state *state, uint64_t number)
{
	for (size_t index = 0; index < WAITING_MAXIMUM; index++)
		if (state->waiting[index].number == number)
			return &state->waiting[index];
	return NULL;
}

/* Whether the command is answered at all, as its connection is set. */
static bool is_answered(struct redis_state *state, enum redis_kind kind)
{
	bool is_skipped = state->skips_one;

	state->skips_one = kind == REDIS_REPLY_SKIP && !state->is_silent;
	if (kind == REDIS_REPLY_OFF)
		state->is_silent = true;
	if (kind == REDIS_REPLY_ON)
		state->is_silent = false;
	return !state->is_silent && !is_skipped && kind != REDIS_REPLY_SKIP;
}

/* Begins the exchange; its number, 0 when it is over already but for its bytes. */
static uint64_t begin_command(struct redis_state *state, const struct redis_command *command,
	const struct message *request, struct dialogue_sink *sink)
{
	bool answered = is_answered(state, command->kind);
	uint64_t number = state->begun + 1;
	struct waiting *waiting = NULL;

	if (answered && command->kind == REDIS_SUBSCRIBES && !state->is_unsure) {
		waiting = find_waiting(state, 0);
		state->is_unsure = !waiting;
	}
	if (state->is_unsure && answered)
		state->unsure_commands++;
	if (state->is_unsure || !answered) {
		/* A number that no answer finds. */
		sink->begin(sink, UINT64_MAX, request);
		sink->end(sink, UINT64_MAX, state->is_unsure);
		return 0;
	}
	sink->begin(sink, number, request);
	state->begun = number;
	if (waiting)
		*waiting = (struct waiting){ number, MAX(command->arguments, 2U) - 1 };
	return number;
}

static int64_t read_command(struct redis_state *state, const struct resp_piece *piece,
	unsigned int flags, struct dialogue_sink *sink)
{
	struct redis_command command;
	struct message request;
	int r = redis_command_read(piece, flags, &request, &command);

	if (r < 0)
		return r;
	/* An answer's array looks like a command, where nobody knows yet who is the client. */
	if (r > 0 && !state->has_begun && !command.is_known)
		return -EBADMSG;
	state->has_begun |= r > 0;
	if (state->has_abandoned)
		end_abandoned(state, sink);
	state->command = 0;
	if (r > 0) {
		/* All that were seen since the loss are answered: nothing is on its way. */
		if (state->is_unsure && state->unsure_commands > 0 &&
			state->unsure_answers >= state->unsure_commands) {
			state->is_unsure = false;
			state->answered = state->begun;
		}
		state->command = begin_command(state, &command, &request, sink);
		state->is_subscriber |= command.kind == REDIS_SUBSCRIBES;
		state->is_replica |= command.kind == REDIS_SYNCS;
	}
	return (int64_t)piece->bytes;
}

/* ---- answers ---- */

/* Is the element that word, whatever its case? */
static bool is_word(const struct resp_element *element, const char *word)
{
	return element->text.length == strlen(word) &&
	       strncasecmp((const char *)element->text.data, word, element->text.length) == 0;
}

static bool is_one_of(const struct resp_element *element, const char *const *words)
{
	for (; *words; words++)
		if (is_word(element, *words))
			return true;
	return false;
}

static bool is_pushed_message(const struct resp_element *kind)
{
	static const char *const kinds[] = { "message", "pmessage", "smessage", NULL };

	return is_one_of(kind, kinds);
}

static bool is_confirmation(const struct resp_element *kind)
{
	static const char *const kinds[] = { "subscribe", "psubscribe", "ssubscribe", "unsubscribe",
		"punsubscribe", "sunsubscribe", NULL };

	return is_one_of(kind, kinds);
}

/* "+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"", to who asked for MONITOR. */
static bool is_monitored(const struct resp_element *first)
{
	return first->type == '+' && first->text.length > 20 && isdigit(first->text.data[0]) &&
	       first->text.data[10] == '.' && first->text.data[17] == ' ' &&
	       first->text.data[18] == '[';
}

/* What came of itself is an exchange that nobody asks for and nobody answers. */
static void tell_push(const struct resp_piece *piece, struct dialogue_sink *sink)
{
	const struct resp_element *kind = &piece->elements[1];
	bool is_pattern = is_word(kind, "pmessage");
	size_t channel = is_pattern ? 2 : 1;
	struct message push = { 0 };
	struct text text;

	for (size_t at = 0; at < kind->text.length && at < sizeof(push.operation) - 1; at++) {
		uint8_t byte = kind->text.data[at];

		if (!isalpha(byte) && byte != '-')
			return;
		push.operation[at] = (char)toupper(byte);
	}
	if (is_pushed_message(kind) && piece->count > channel + 1)
		key_pattern(piece->elements[2].text, piece->elements[2].is_cut, push.target,
			sizeof(push.target));
	text_init(&text, push.detail, sizeof(push.detail));
	text_string(&text, push.operation);
	sink->begin(sink, UINT64_MAX, &push);
	sink->end(sink, UINT64_MAX, false);
}

/* Does the message come unasked? confirmations are asked for, though they are pushes. */
static bool is_push(const struct redis_state *state, const struct resp_piece *piece)
{
	const struct resp_element *first = &piece->elements[0];

	if (first->type == '>')
		return piece->count < 2 || !is_confirmation(&piece->elements[1]);
	return first->type == '*' && piece->count > 2 &&
	       (state->is_subscriber || state->answered == state->begun) &&
	       is_pushed_message(&piece->elements[1]);
}

static void become_unsure(struct redis_state *state)
{
	state->is_unsure = state->has_abandoned = true;
	state->unsure_commands = state->unsure_answers = 0;
}

/* Whose the answer is, 0: nobody's; and whether its command is over with it. */
static uint64_t take_answer(struct redis_state *state, const struct resp_piece *piece)
{
	uint64_t number = state->answered + 1;
	struct waiting *waiting = find_waiting(state, number);
	bool confirms = piece->count > 1 && is_confirmation(&piece->elements[1]);

	state->ends_answer = true;
	if (state->is_unsure) {
		state->unsure_answers += state->unsure_commands > 0;
		return 0;
	}
	if (confirms && !waiting)
		return 0;
	if (number > state->begun) {
		/* More answers than commands: some went by unseen, and pairs may have shifted. */
		if (state->begun > 0)
			become_unsure(state);
		return 0;
	}
	if (waiting && confirms && --waiting->answers > 0) {
		state->ends_answer = false;
		return number;
	}
	if (waiting)
		*waiting = (struct waiting){ 0 };
	state->answered = number;
	return number;
}

static void begin_answer(
	struct redis_state *state, const struct resp_piece *piece, struct dialogue_sink *sink)
{
	const struct resp_element *first = &piece->elements[0];
	struct message answer;

	state->answer = 0;
	if (is_monitored(first))
		return;
	if (is_push(state, piece)) {
		if (piece->count > 1)
			tell_push(piece, sink);
		return;
	}
	state->answer = take_answer(state, piece);
	if (state->answer == 0)
		return;
	redis_answer_read(first, &answer);
	sink->answer(sink, state->answer, &answer);
}

static void read_answer(struct redis_state *state, const struct resp_side *before,
	struct resp_piece *piece, struct dialogue_sink *sink)
{
	if (before->left == 0) {
		resp_drop_attributes(piece);
		begin_answer(state, piece, sink);
	}
	if (before->left > 0 && state->answer != 0)
		sink->add(sink, state->answer);
	if (piece->next.left == 0 && state->answer != 0) {
		if (state->ends_answer)
			sink->end(sink, state->answer, false);
		state->answer = 0;
	}
}

/* ---- the connection ---- */

static int64_t redis_read(void *context, enum dialogue_side side, struct slice bytes,
	unsigned int flags, struct dialogue_sink *sink)
{
	struct redis_state *state = context;
	struct resp_side before = state->sides[side];
	struct resp_piece piece;
	int64_t r;

	if (bytes.length == 0)
		return 0;
	/* A primary keeps the connection alive by empty lines until it has its answer. */
	if (state->is_replica && side == DIALOGUE_SERVER && bytes.data[0] == '\n')
		return 1;
	if (state->is_replica && before.left == 0 && state->answered == state->begun)
		return FOR_GOOD;
	r = resp_read(&before, side == DIALOGUE_CLIENT, bytes, flags, &piece);
	if (r <= 0)
		return r;
	if (state->has_abandoned && side == DIALOGUE_SERVER)
		end_abandoned(state, sink);
	if (side == DIALOGUE_SERVER) {
		read_answer(state, &before, &piece, sink);
	} else if (before.left == 0) {
		r = read_command(state, &piece, flags, sink);
		if (r < 0)
			return r;
	} else if (state->command != 0) {
		sink->add(sink, state->command);
	}
	state->sides[side] = piece.next;
	return (int64_t)piece.bytes;
}

/* A command that is whole in its head, or an element that can begin an answer. */
static bool redis_matches(enum dialogue_side side, struct slice bytes)
{
	struct resp_side side_state = { 0 };
	struct resp_piece piece;
	uint8_t start[REDIS_MATCH_BYTES] = { 0 };

	if (bytes.length == 0)
		return false;
	memcpy(start, bytes.data, MIN(bytes.length, sizeof(start)));
	if (side == DIALOGUE_CLIENT)
		return redis_match(start, (uint32_t)MIN(bytes.length, 4096U));
	return resp_read(&side_state, false, bytes, MESSAGE_CUT, &piece) == 1;
}

static bool redis_resume(void *context, enum dialogue_side side, struct slice bytes)
{
	struct redis_state *state = context;

	if (!redis_matches(side, bytes))
		return false;
	state->sides[side] = (struct resp_side){ 0 };
	state->command = state->answer = 0;
	become_unsure(state);
	return true;
}

/* Where an array of bulk strings begins behind a line's end. */
static unsigned int redis_requests(struct slice bytes, bool is_start)
{
	unsigned int count = 0;

	for (size_t at = 0; at + REDIS_MATCH_BYTES / 2 < bytes.length; at++) {
		uint8_t start[REDIS_MATCH_BYTES] = { 0 };
		bool may_begin =
			at == 0 ? is_start : at > 1 && memcmp(bytes.data + at - 2, "\r\n", 2) == 0;

		if (!may_begin || bytes.data[at] != '*')
			continue;
		memcpy(start, bytes.data + at, MIN(bytes.length - at, sizeof(start)));
		count += (unsigned int)redis_match(start, (uint32_t)(bytes.length - at));
	}
	return count;
}
