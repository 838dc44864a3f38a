/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memcached's text and meta protocols (its doc/protocol.txt). A request is a line, and for those
 * that store as many bytes of data as the line says; answers come in the order of the requests, but
 * for those that asked to be answered only when something is to be told.
 */
#include "base/str.h"
#include "protocols/dialogue.h"
#include "protocols/key_pattern.h"
#include "protocols/memcached_match.h"
#include "protocols/memcached_wait.h"
#include "protocols/text.h"

/* A line: a get may name many keys. */
#define PIECE_BYTES   (16 * 1024)
#define WORDS_MAXIMUM 16
#define DATA_MAXIMUM  (1ULL << 32)

struct command {
	const char *name;
	enum memcached_kind kind;
	uint8_t key;	    /* the word that is one, 0: none */
	uint8_t data;	    /* the word that says how many bytes follow, 0: none */
	uint8_t words;	    /* at least */
	bool can_be_silent; /* "noreply" may be its last word */
	bool has_keys;	    /* all words from the key on are keys */
};

static const struct command commands[] = {
	{ "get", MEMCACHED_GET, 1, 0, 2, false, true },
	{ "gets", MEMCACHED_GET, 1, 0, 2, false, true },
	{ "gat", MEMCACHED_GET, 2, 0, 3, false, true },
	{ "gats", MEMCACHED_GET, 2, 0, 3, false, true },
	{ "set", MEMCACHED_LINE, 1, 4, 5, true },
	{ "add", MEMCACHED_LINE, 1, 4, 5, true },
	{ "replace", MEMCACHED_LINE, 1, 4, 5, true },
	{ "append", MEMCACHED_LINE, 1, 4, 5, true },
	{ "prepend", MEMCACHED_LINE, 1, 4, 5, true },
	{ "cas", MEMCACHED_LINE, 1, 4, 6, true },
	{ "delete", MEMCACHED_LINE, 1, 0, 2, true },
	{ "incr", MEMCACHED_LINE, 1, 0, 3, true },
	{ "decr", MEMCACHED_LINE, 1, 0, 3, true },
	{ "touch", MEMCACHED_LINE, 1, 0, 3, true },
	{ "mg", MEMCACHED_META_GET, 1, 0, 2 },
	{ "ms", MEMCACHED_META_SET, 1, 2, 3 },
	{ "md", MEMCACHED_META_DELETE, 1, 0, 2 },
	{ "ma", MEMCACHED_META_DELETE, 1, 0, 2 },
	{ "me", MEMCACHED_LINE, 1, 0, 2 },
	{ "mn", MEMCACHED_META_NOOP, 0, 0, 1 },
	{ "stats", MEMCACHED_STATS, 0, 0, 1 },
	{ "version", MEMCACHED_LINE, 0, 0, 1 },
	{ "verbosity", MEMCACHED_LINE, 0, 0, 1, true },
	{ "flush_all", MEMCACHED_LINE, 0, 0, 1, true },
	{ "cache_memlimit", MEMCACHED_LINE, 0, 0, 2, true },
	{ "quit", MEMCACHED_LINE, 0, 0, 1 },
	{ "shutdown", MEMCACHED_LINE, 0, 0, 1 },
};

struct memcached {
	bool is_known;	/* a request was read */
	bool has_value; /* of the oldest get */
	struct memcached_wait wait;
};

struct line {
	struct slice words[WORDS_MAXIMUM]; /* the first of them */
	size_t count;			   /* all of them */
	size_t length;			   /* with its end */
	struct slice last;
};

static bool is_word(struct slice word, const char *text)
{
	return word.length == strlen(text) && memcmp(word.data, text, word.length) == 0;
}

/* Takes the first line apart. 1, 0 while its end is missing, or -EBADMSG. is_lenient: what a client
 * says that is wrong, such as the rest of data longer than told, is answered line by line. */
static int read_line(struct slice bytes, unsigned int flags, bool is_lenient, struct line *ret_line)
{
	const uint8_t *end = memchr(bytes.data, '\n', bytes.length);
	struct line line = { 0 };
	size_t at = 0, length;

	if (!end)
		return flags & MESSAGE_CUT ? -EBADMSG : 0;
	length = (size_t)(end - bytes.data);
	line.length = length + 1;
	if (length > 0 && bytes.data[length - 1] == '\r')
		length--;
	else if (!is_lenient)
		return -EBADMSG;
	while (at < length) {
		size_t from = at;

		while (at < length && bytes.data[at] != ' ')
			at++;
		if (at > from) {
			line.last = (struct slice){ bytes.data + from, at - from };
			if (line.count < WORDS_MAXIMUM)
				line.words[line.count] = line.last;
			line.count++;
		}
		at++;
	}
	*ret_line = line;
	return line.count > 0 || is_lenient ? 1 : -EBADMSG;
}

static int read_number(struct slice word, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (word.length == 0 || word.length > 10)
		return -EBADMSG;
	for (size_t i = 0; i < word.length; i++) {
		if (word.data[i] < '0' || word.data[i] > '9')
			return -EBADMSG;
		number = number * 10 + (word.data[i] - '0');
	}
	*ret_number = number;
	return number < DATA_MAXIMUM ? 0 : -EBADMSG;
}

static const struct command *find_command(const struct line *line)
{
	for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
		if (is_word(line->words[0], commands[i].name) && line->count >= commands[i].words)
			return &commands[i];
	return NULL;
}

/* What a flag of a meta command or its answer says, "" without its value; NULL: it is not there. */
static const struct slice *find_flag(const struct line *line, size_t from, char flag)
{
	for (size_t i = from; i < MIN(line->count, WORDS_MAXIMUM); i++)
		if (line->words[i].data[0] == flag)
			return &line->words[i];
	return NULL;
}

static void fill_request(const struct command *command, const struct line *line, unsigned int flags,
	struct message *message)
{
	struct slice key = command->key ? line->words[command->key] : (struct slice){ 0 };
	struct text detail;

	str_set(message->operation, command->name);
	if (key.length > 0)
		key_pattern(key, false, message->target, sizeof(message->target));
	text_init(&detail, message->detail, sizeof(message->detail));
	if (key.length > 0 && flags & MESSAGE_UNMASKED)
		text_bytes(&detail, key);
	if (command->has_keys && line->count > command->words) {
		char more[32];

		snprintf(more, sizeof(more), "%s%zu keys", detail.length > 0 ? " of " : "",
			line->count - command->key);
		text_string(&detail, more);
	}
}

static bool is_silent(const struct command *command, const struct line *line)
{
	return (command->can_be_silent && is_word(line->last, "noreply")) ||
	       is_word(line->words[0], "quit") || is_word(line->words[0], "shutdown");
}

static struct memcached_waiting waiting_of(const struct command *command, const struct line *line)
{
	bool is_meta = command->kind >= MEMCACHED_META_GET;

	return (struct memcached_waiting){
		.kind = command->kind,
		.is_quiet = is_meta && find_flag(line, 2, 'q'),
		.may_be_absent = command->kind == MEMCACHED_META_DELETE ||
				 (command->kind == MEMCACHED_META_SET && find_flag(line, 3, 'C')),
		.key = is_meta && command->key ? memcached_hash(line->words[1]) : 0,
		.opaque = is_meta && find_flag(line, 2, 'O')
				  ? memcached_hash(*find_flag(line, 2, 'O'))
				  : 0,
	};
}

/* What the server does not know it answers with ERROR. */
static const struct command unknown_command = { "?", MEMCACHED_LINE, 0, 0, 1 };

static int64_t read_request(
	struct memcached *state, struct slice bytes, unsigned int flags, struct dialogue_sink *sink)
{
	struct message message = { 0 };
	const struct command *command;
	struct memcached_waiting waiting;
	struct line line;
	uint64_t data = 0;
	int r = read_line(bytes, flags, state->is_known, &line);

	if (r <= 0)
		return r;
	command = find_command(&line);
	if (!command && !state->is_known)
		return -EBADMSG;
	if (!command)
		command = &unknown_command;
	if (command->data && read_number(line.words[command->data], &data) < 0)
		return -EBADMSG;
	waiting = waiting_of(command, &line);
	if (!is_silent(command, &line) && memcached_wait_add(&state->wait, &waiting) < 0)
		return -EBADMSG;
	state->is_known = true;
	fill_request(command, &line, flags, &message);
	if (is_silent(command, &line)) {
		sink->begin(sink, MEMCACHED_SILENT, &message);
		sink->end(sink, MEMCACHED_SILENT, false);
	} else {
		sink->begin(sink, state->wait.next - 1, &message);
	}
	return (int64_t)(line.length + (command->data ? data + 2 : 0));
}

/* The end of a list of values, or of figures, tells whether there were any. */
static void fill_answer(
	const struct line *line, bool had_some, bool is_get, struct message *message)
{
	struct slice word = line->words[0];

	if (is_word(word, "VALUE") || (is_word(word, "END") && had_some && is_get))
		str_set(message->status, "HIT");
	else if ((is_word(word, "END") && is_get) || is_word(word, "EN"))
		str_set(message->status, "MISS");
	else if (is_word(word, "VERSION") || is_word(word, "STAT") || is_word(word, "END") ||
		 (word.data[0] >= '0' && word.data[0] <= '9'))
		str_set(message->status, "OK");
	else
		str_copy_slice(message->status, sizeof(message->status), word);
	message->is_client_error = is_word(word, "ERROR") || is_word(word, "CLIENT_ERROR");
	message->is_error = is_word(word, "SERVER_ERROR");
}

/* Whether the words of an answer are any that the server says. */
static bool is_answer(const struct line *line)
{
	const struct slice word = line->words[0];

	for (size_t i = 0; i < word.length; i++)
		if (!(word.data[i] >= 'A' && word.data[i] <= 'Z') && word.data[i] != '_' &&
			!(word.data[i] >= '0' && word.data[i] <= '9'))
			return false;
	return true;
}

/* More of the answer follows. */
static bool goes_on(const struct memcached_waiting *waiting, struct slice word)
{
	if (waiting->kind == MEMCACHED_GET)
		return is_word(word, "VALUE");
	return waiting->kind == MEMCACHED_STATS && (is_word(word, "STAT") || is_word(word, "ITEM"));
}

static struct memcached_told told_of(const struct line *line)
{
	const struct slice *key = find_flag(line, 1, 'k');
	const struct slice *opaque = find_flag(line, 1, 'O');
	struct slice name =
		key ? (struct slice){ key->data + 1, key->length - 1 } : (struct slice){ 0 };

	return (struct memcached_told){
		.word = line->words[0],
		.key = key ? memcached_hash(name) : 0,
		.opaque = opaque ? memcached_hash(*opaque) : 0,
	};
}

/* Those that would have been answered by now, had there been something to tell, are over. */
static const struct memcached_waiting *find_waiting(
	struct memcached *state, const struct memcached_told *told, struct dialogue_sink *sink)
{
	const struct memcached_waiting *waiting;

	while ((waiting = memcached_wait_first(&state->wait)) != NULL &&
		!memcached_can_be_told(waiting, told)) {
		sink->end(sink, memcached_wait_number(&state->wait), false);
		memcached_wait_drop(&state->wait);
	}
	return waiting;
}

static int64_t read_answer(
	struct memcached *state, struct slice bytes, unsigned int flags, struct dialogue_sink *sink)
{
	const struct memcached_waiting *waiting;
	struct message message = { 0 };
	struct memcached_told told;
	uint64_t number, data = 0;
	struct line line;
	size_t word;
	int r = read_line(bytes, flags, false, &line);

	if (r <= 0)
		return r;
	if (!is_answer(&line))
		return -EBADMSG;
	word = is_word(line.words[0], "VALUE") ? 3 : is_word(line.words[0], "VA") ? 1 : 0;
	if (word && (line.count <= word || read_number(line.words[word], &data) < 0))
		return -EBADMSG;
	told = told_of(&line);
	waiting = find_waiting(state, &told, sink);
	if (!waiting)
		return (int64_t)(line.length + (word ? data + 2 : 0));
	number = memcached_wait_number(&state->wait);
	fill_answer(&line, state->has_value, waiting->kind == MEMCACHED_GET, &message);
	sink->answer(sink, number, &message);
	state->has_value = goes_on(waiting, line.words[0]);
	if (!state->has_value) {
		sink->end(sink, number, false);
		memcached_wait_drop(&state->wait);
	}
	return (int64_t)(line.length + (word ? data + 2 : 0));
}

static int64_t memcached_read(void *state, enum dialogue_side side, struct slice bytes,
	unsigned int flags, struct dialogue_sink *sink)
{
	return side == DIALOGUE_CLIENT ? read_request(state, bytes, flags, sink)
				       : read_answer(state, bytes, flags, sink);
}

static uint64_t first_word(struct slice bytes)
{
	uint64_t word = 0;

	memcpy(&word, bytes.data, MIN(bytes.length, sizeof(word)));
	return word;
}

static bool memcached_match(enum dialogue_side side, struct slice bytes)
{
	uint32_t length = (uint32_t)MIN(bytes.length, 1U << 20);

	return side == DIALOGUE_CLIENT ? memcached_match_request(first_word(bytes), length)
				       : memcached_match_answer(first_word(bytes), length);
}

/* Data may look like requests as well: it is counted with them. */
static unsigned int memcached_requests(struct slice bytes, bool is_start)
{
	unsigned int count = is_start && memcached_match(DIALOGUE_CLIENT, bytes);

	for (size_t i = 0; i + 1 < bytes.length; i++) {
		struct slice rest = { bytes.data + i + 1, bytes.length - i - 1 };

		if (bytes.data[i] == '\n' && memcached_match(DIALOGUE_CLIENT, rest))
			count++;
	}
	return count;
}

static void memcached_done(void *state)
{
	struct memcached *memcached = state;

	memcached_wait_done(&memcached->wait);
}

static const struct dialogue memcached_dialogue = {
	.state_bytes = sizeof(struct memcached),
	.state_limit = sizeof(struct memcached) + MEMCACHED_WAIT_BYTES,
	.done = memcached_done,
	.piece_bytes = PIECE_BYTES,
	.read = memcached_read,
	.match = memcached_match,
};

const struct protocol memcached_protocol = {
	.name = "memcached",
	.summary = "memcached: text and meta commands, keys, hits and misses",
	.requests = memcached_requests,
	.dialogue = &memcached_dialogue,
};
