/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MongoDB (mongodb.com/docs/manual/reference/mongodb-wire-protocol): OP_MSG with answers that do
 * not end and requests that nobody answers, and the OP_QUERY that connections begin with. Answers
 * name their request. A message that is longer than a piece is read element by element; long
 * values, and what follows the command's document, are passed over. Compressed messages are
 * counted, not read.
 */
#include "protocols/dialogue.h"
#include "protocols/mongodb_bson.h"
#include "protocols/mongodb_match.h"

#include "base/str.h"
#include <stdio.h>

#define PIECE_BYTES	2048
/* Flags of OP_MSG. */
#define MORE_TO_COME	2
/* Answers that do not end, of one connection at one time (one, in all drivers). */
#define STREAMS_MAXIMUM 4

/* A direction between two pieces. */
struct mongodb_side {
	uint64_t message_left;	/* bytes of the message that is being read */
	uint64_t document_left; /* of them, of its document; 0: nothing more is looked at */
	uint32_t number;	/* of the request */
	bool ends;		/* the exchange is over with the message */
};

struct mongodb_state {
	struct mongodb_side sides[2];
	/* Of a command that is being read. */
	char collection[128];
	char database[64];
	/* Of an answer that is being read. */
	struct {
		bool is_failure, has_write_errors;
		int64_t code;
		char code_name[MEMBER_SIZE(struct message, status)];
	} answer;
	/* An answer that does not end is followed by one that answers it. */
	struct {
		uint32_t answer, number;
		bool is_used;
	} streams[STREAMS_MAXIMUM];
};

static int64_t mongodb_read(void *state, enum dialogue_side side, struct slice bytes,
	unsigned int flags, struct dialogue_sink *sink);
static bool mongodb_resume(void *state, enum dialogue_side side, struct slice bytes);
static bool mongodb_matches(enum dialogue_side side, struct slice bytes);

static const struct dialogue mongodb_dialogue = {
	.state_bytes = sizeof(struct mongodb_state),
	.piece_bytes = PIECE_BYTES,
	.read = mongodb_read,
	.resume = mongodb_resume,
	.match = mongodb_matches,
};

const struct protocol mongodb_protocol = {
	.name = "mongodb",
	.summary = "MongoDB (OP_MSG): command, collection, shape of the query, result",
	.dialogue = &mongodb_dialogue,
};

/* What read_document calls for each element. */
struct visit {
	struct mongodb_state *state;
	struct message *request; /* of a command's first piece, else NULL */
	struct text detail;
	unsigned int flags;
	bool is_answer;
	size_t count; /* elements of this piece */
};

/* ---- commands ---- */

/* Of sessions, transactions and routing: the same in each command. */
static bool is_general(const struct bson_element *element)
{
	static const char *const names[] = { "lsid", "txnNumber", "autocommit", "apiVersion" };

	if (element->name.length > 0 && element->name.data[0] == '$')
		return true;
	for (size_t index = 0; index < ARRAY_LENGTH(names); index++)
		if (bson_is_named(element, names[index]))
			return true;
	return false;
}

static void set_name(char *destination, size_t size, struct slice source)
{
	struct text text;

	text_init(&text, destination, size);
	text_bytes(&text, source);
}

/* The first element of a command is its name, with the collection or some number as its value. */
static void visit_name(struct visit *visit, const struct bson_element *element)
{
	struct message *request = visit->request;

	if (element->type == BSON_STRING)
		set_name(
			visit->state->collection, sizeof(visit->state->collection), element->value);
	set_name(request->operation, sizeof(request->operation), element->name);
	text_bytes(&visit->detail, element->name);
	if (element->type == BSON_DOCUMENT) {
		text_string(&visit->detail, " ");
		bson_write(&visit->detail, element, visit->flags);
	}
}

static void visit_command(struct visit *visit, const struct bson_element *element)
{
	struct mongodb_state *state = visit->state;

	if (bson_is_named(element, "$db"))
		set_name(state->database, sizeof(state->database), element->value);
	/* getMore's own name stands for a cursor. */
	if (bson_is_named(element, "collection") && element->type == BSON_STRING)
		set_name(state->collection, sizeof(state->collection), element->value);
	if (!visit->request)
		return;
	if (visit->count == 0) {
		visit_name(visit, element);
	} else if (!is_general(element)) {
		text_string(&visit->detail, visit->count == 1 ? " " : ", ");
		bson_write(&visit->detail, element, visit->flags);
	}
}

static void set_target(const struct mongodb_state *state, struct message *request)
{
	struct text text;

	text_init(&text, request->target, sizeof(request->target));
	text_string(&text, state->database);
	if (state->collection[0] != '\0') {
		text_string(&text, state->database[0] ? "." : "");
		text_string(&text, state->collection);
	}
}

/* ---- answers ---- */

static void visit_answer(struct visit *visit, const struct bson_element *element)
{
	struct mongodb_state *state = visit->state;

	if (bson_is_named(element, "ok"))
		state->answer.is_failure = bson_number(element, 1) == 0;
	else if (bson_is_named(element, "code"))
		state->answer.code = bson_number(element, 0);
	else if (bson_is_named(element, "codeName") && element->type == BSON_STRING)
		set_name(state->answer.code_name, sizeof(state->answer.code_name), element->value);
	else if (bson_is_named(element, "writeErrors"))
		state->answer.has_write_errors = true;
}

/* Codes of servers that cannot do their work (error_codes.yml of the server); for all others, who
 * asked is to blame. */
static bool is_server_error(int64_t code)
{
	static const uint16_t codes[] = { 1, 6, 7, 8, 24, 50, 64, 74, 89, 91, 112, 133, 134, 136,
		189, 202, 226, 246, 262, 9001, 10107, 11600, 11602, 13435, 13436 };

	for (size_t index = 0; index < ARRAY_LENGTH(codes); index++)
		if (code == codes[index])
			return true;
	return false;
}

static void set_answer(const struct mongodb_state *state, struct message *answer)
{
	memset(answer, 0, sizeof(*answer));
	if (!state->answer.is_failure) {
		answer->is_client_error = state->answer.has_write_errors;
		str_set(answer->status, state->answer.has_write_errors ? "WriteError" : "OK");
		return;
	}
	answer->is_error = is_server_error(state->answer.code);
	answer->is_client_error = !answer->is_error;
	if (state->answer.code_name[0] != '\0')
		str_set(answer->status, state->answer.code_name);
	else if (state->answer.code != 0)
		snprintf(answer->status, sizeof(answer->status), "%lld",
			(long long)state->answer.code);
	else
		str_set(answer->status, "failed");
}

/* The request whose answer this is: named by it, or by the answer that this one goes on with. */
static uint32_t find_number(
	struct mongodb_state *state, uint32_t answer, uint32_t answers_to, bool goes_on)
{
	size_t place = 0;
	uint32_t number = answers_to;

	for (size_t index = 0; index < STREAMS_MAXIMUM; index++) {
		if (!state->streams[index].is_used) {
			place = index;
			continue;
		}
		if (state->streams[index].answer != answers_to)
			continue;
		number = state->streams[index].number;
		state->streams[index].is_used = false;
		place = index;
		break;
	}
	if (goes_on) {
		state->streams[place].is_used = true;
		state->streams[place].answer = answer;
		state->streams[place].number = number;
	}
	return number;
}

/* ---- messages ---- */

/*
 * Visits the elements from a place in head on, as many as it holds; returns the bytes of the piece.
 * Whatever is wrong with a document, the message has its length: the rest is passed over.
 */
static uint64_t read_document(
	struct mongodb_side *side, struct slice head, size_t at, struct visit *visit)
{
	uint64_t place = at;

	while (side->document_left > 1 && place < head.length && head.data[place] != 0) {
		struct bson_element element;
		struct slice rest = { head.data + place, head.length - place };
		int r = bson_element(rest, &element);

		if (r == 0 && visit->count > 0 && head.length == PIECE_BYTES)
			return place;
		if (r <= 0 || element.bytes >= side->document_left)
			break;
		if (visit->is_answer)
			visit_answer(visit, &element);
		else
			visit_command(visit, &element);
		visit->count++;
		place += element.bytes;
		side->document_left -= element.bytes;
	}
	if (side->document_left > 1 && place >= PIECE_BYTES && place < side->message_left)
		return place;
	side->document_left = 0;
	return side->message_left;
}

/* Where the message's document begins, 0: none is looked at. */
static size_t find_document(uint32_t operation, struct slice head)
{
	const uint8_t *end;

	switch (operation) {
	case MONGODB_MESSAGE:
		/* Flags, and a section of kind 0: drivers send the command first. */
		return head.length > 20 && head.data[20] == 0 ? 21 : 0;
	case MONGODB_QUERY:
		/* Flags, the collection's name, two numbers. */
		end = head.length > 20 ? memchr(head.data + 20, '\0', head.length - 20) : NULL;
		return end ? (size_t)(end - head.data) + 9 : 0;
	case MONGODB_REPLY:
		return 36;
	default:
		return 0;
	}
}

/* The document's length stands in front of it. Returns where its elements begin, 0: nowhere. */
static size_t enter_document(struct mongodb_side *side, size_t at, struct slice head)
{
	uint32_t length;

	side->document_left = 0;
	if (at == 0 || head.length < at + 4)
		return 0;
	length = mongodb_match_word(head.data + at);
	if (length < 5 || length > side->message_left - at)
		return 0;
	side->document_left = length - 4;
	return at + 4;
}

/* "shop.$cmd" of an OP_QUERY: the database of a command, or the collection of a query of old. */
static void set_collection_of_query(struct mongodb_state *state, struct slice head)
{
	const char *name = (const char *)head.data + 20;
	const char *dot = strchr(name, '.');
	size_t length = dot ? (size_t)(dot - name) : strlen(name);

	set_name(state->database, sizeof(state->database),
		(struct slice){ (const uint8_t *)name, length });
	if (dot && !str_equal(dot, ".$cmd"))
		set_name(state->collection, sizeof(state->collection),
			(struct slice){ (const uint8_t *)dot + 1, strlen(dot + 1) });
}

static uint64_t begin_command(struct mongodb_state *state, struct slice head, unsigned int flags,
	struct dialogue_sink *sink)
{
	struct mongodb_side *side = &state->sides[DIALOGUE_CLIENT];
	uint32_t operation = mongodb_match_word(head.data + 12);
	size_t at = find_document(operation, head);
	struct message request = { 0 };
	struct visit visit = { .state = state, .request = &request, .flags = flags };
	uint64_t bytes;

	state->collection[0] = state->database[0] = '\0';
	side->number = mongodb_match_word(head.data + 4);
	side->ends = operation == MONGODB_MESSAGE && head.length > 16 &&
		     (head.data[16] & MORE_TO_COME) != 0;
	text_init(&visit.detail, request.detail, sizeof(request.detail));
	if (operation == MONGODB_QUERY && at > 0)
		set_collection_of_query(state, head);
	at = enter_document(side, at, head);
	bytes = at ? read_document(side, head, at, &visit) : side->message_left;
	if (operation == MONGODB_QUERY && state->collection[0] != '\0' &&
		state->database[0] != '\0' && request.operation[0] == '\0')
		str_set(request.operation, "query");
	if (request.operation[0] == '\0')
		str_set(request.operation,
			operation == MONGODB_COMPRESSED ? "compressed" : "unknown");
	set_target(state, &request);
	sink->begin(sink, side->number, &request);
	return bytes;
}

static uint64_t begin_answer(
	struct mongodb_state *state, struct slice head, struct dialogue_sink *sink)
{
	struct mongodb_side *side = &state->sides[DIALOGUE_SERVER];
	uint32_t operation = mongodb_match_word(head.data + 12);
	size_t at = enter_document(side, find_document(operation, head), head);
	struct visit visit = { .state = state, .is_answer = true };
	bool goes_on = operation == MONGODB_MESSAGE && head.length > 16 &&
		       (head.data[16] & MORE_TO_COME) != 0;
	struct message answer;
	uint64_t bytes;

	memset(&state->answer, 0, sizeof(state->answer));
	side->ends = !goes_on;
	side->number = find_number(state, mongodb_match_word(head.data + 4),
		mongodb_match_word(head.data + 8), goes_on);
	bytes = at ? read_document(side, head, at, &visit) : side->message_left;
	set_answer(state, &answer);
	sink->answer(sink, side->number, &answer);
	return bytes;
}

/* More of a message whose first piece was read. */
static uint64_t go_on(struct mongodb_state *state, enum dialogue_side name, struct slice head,
	struct dialogue_sink *sink)
{
	struct mongodb_side *side = &state->sides[name];
	struct visit visit = { .state = state, .is_answer = name == DIALOGUE_SERVER };
	uint64_t bytes = side->message_left;

	if (side->document_left > 0)
		bytes = read_document(side, head, 0, &visit);
	if (name == DIALOGUE_SERVER) {
		struct message answer;

		set_answer(state, &answer);
		sink->answer(sink, side->number, &answer);
	} else {
		struct message *request = sink->request(sink, side->number);

		sink->add(sink, side->number);
		if (request)
			set_target(state, request);
	}
	return bytes;
}

static enum mongodb_match match_bytes(struct slice bytes)
{
	uint8_t header[MONGODB_HEADER_BYTES] = { 0 };

	if (bytes.length > 0)
		memcpy(header, bytes.data, MIN(bytes.length, sizeof(header)));
	return mongodb_match(header, (uint32_t)MIN(bytes.length, sizeof(header)));
}

static bool mongodb_matches(enum dialogue_side side, struct slice bytes)
{
	return match_bytes(bytes) ==
	       (side == DIALOGUE_CLIENT ? MONGODB_MATCH_REQUEST : MONGODB_MATCH_ANSWER);
}

static int64_t mongodb_read(void *context, enum dialogue_side name, struct slice bytes,
	unsigned int flags, struct dialogue_sink *sink)
{
	struct mongodb_state *state = context;
	struct mongodb_side *side = &state->sides[name];
	uint64_t left = side->message_left;
	bool is_new = left == 0;
	struct slice head;

	if (is_new && bytes.length < MONGODB_HEADER_BYTES)
		return flags & MESSAGE_CUT ? -EBADMSG : 0;
	if (is_new && !mongodb_matches(name, bytes))
		return -EBADMSG;
	if (is_new)
		left = mongodb_match_word(bytes.data);
	head = (struct slice){ bytes.data, MIN(bytes.length, MIN(left, (uint64_t)PIECE_BYTES)) };
	if (head.length < MIN(left, (uint64_t)PIECE_BYTES) && !(flags & MESSAGE_CUT))
		return 0;
	side->message_left = left;
	if (!is_new)
		left = go_on(state, name, head, sink);
	else if (name == DIALOGUE_CLIENT)
		left = begin_command(state, head, flags, sink);
	else
		left = begin_answer(state, head, sink);
	side->message_left -= left;
	if (side->message_left == 0 && side->ends)
		sink->end(sink, side->number, false);
	return (int64_t)left;
}

static bool mongodb_resume(void *context, enum dialogue_side side, struct slice bytes)
{
	struct mongodb_state *state = context;

	if (!mongodb_matches(side, bytes))
		return false;
	memset(&state->sides[side], 0, sizeof(state->sides[side]));
	return true;
}
