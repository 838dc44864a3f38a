/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names, keys and arguments of Redis commands: see redis_command.h.
 */
#include "protocols/redis_command.h"

#include "base/str.h"
#include "protocols/key_pattern.h"
#include "protocols/text.h"
#include <ctype.h>

#define WORD_BYTES 24

/* Words that say what to do and hide nothing: shown, wherever they stand. */
static const char *const keywords[] = { "AFTER", "AGGREGATE", "ALPHA", "ASC", "ASYNC", "BEFORE",
	"BLOCK", "BY", "BYLEX", "BYSCORE", "CH", "COPY", "COUNT", "DESC", "EX", "EXAT", "FIELDS",
	"GET", "GROUP", "GT", "KEEPTTL", "LEFT", "LIMIT", "LT", "MATCH", "MAX", "MAXLEN", "MIN",
	"MINID", "NOACK", "NOMKSTREAM", "NX", "PX", "PXAT", "REPLACE", "REV", "RIGHT", "STORE",
	"STREAMS", "SYNC", "TYPE", "WEIGHTS", "WITHSCORES", "WITHVALUES", "XX" };

/* Errors of a server that cannot do its work; of all others, who asked is to blame. */
static const char *const server_errors[] = { "BUSY", "CLUSTERDOWN", "LOADING", "MASTERDOWN",
	"MISCONF", "NOGOODSLAVE", "NOMASTERLINK", "NOREPLICAS", "OOM", "READONLY", "TRYAGAIN",
	"UNKILLABLE" };

struct arguments {
	struct slice list[RESP_ELEMENTS];
	size_t count;
	uint64_t total;
	bool is_last_cut;
};

static bool is_among(const char *const *words, size_t count, const char *word)
{
	for (size_t index = 0; index < count; index++)
		if (str_equal(words[index], word))
			return true;
	return false;
}

/* In capitals; false when it is no word of at most WORD_BYTES - 1 letters, digits and ".-_". */
static bool read_word(struct slice text, char word[WORD_BYTES])
{
	if (text.length == 0 || text.length >= WORD_BYTES || !isalpha(text.data[0]))
		return false;
	for (size_t at = 0; at < text.length; at++) {
		uint8_t byte = text.data[at];

		if (byte >= 0x80 || (!isalnum(byte) && strchr(".-_", byte) == NULL))
			return false;
		word[at] = (char)toupper(byte);
	}
	word[text.length] = '\0';
	return true;
}

/* Without the quotes around it. */
static struct slice unquote(struct slice word)
{
	if (word.length < 2 || (word.data[0] != '"' && word.data[0] != '\'') ||
		word.data[word.length - 1] != word.data[0])
		return word;
	return (struct slice){ word.data + 1, word.length - 2 };
}

/* The words of an inline command; what stands in quotes is one of them (sdssplitargs). */
static void split_line(struct slice line, struct arguments *arguments)
{
	size_t at = 0;

	for (;;) {
		size_t start;
		uint8_t quote = 0;

		while (at < line.length && isblank(line.data[at]))
			at++;
		if (at == line.length)
			return;
		start = at;
		for (; at < line.length && (quote || !isblank(line.data[at])); at++) {
			if (quote && line.data[at] == '\\' && at + 1 < line.length)
				at++;
			else if (line.data[at] == quote)
				quote = 0;
			else if (!quote && (line.data[at] == '"' || line.data[at] == '\''))
				quote = line.data[at];
		}
		if (arguments->count < RESP_ELEMENTS)
			arguments->list[arguments->count++] =
				unquote((struct slice){ line.data + start, at - start });
		arguments->total++;
	}
}

static void find_arguments(const struct resp_piece *piece, struct arguments *arguments)
{
	const struct resp_element *first = &piece->elements[0];

	memset(arguments, 0, sizeof(*arguments));
	if (first->type == RESP_INLINE) {
		split_line(first->text, arguments);
		arguments->is_last_cut = first->is_cut;
		return;
	}
	arguments->total = first->elements;
	for (size_t index = 1; index < piece->count; index++) {
		const struct resp_element *element = &piece->elements[index];

		arguments->list[arguments->count++] = element->text;
		arguments->is_last_cut = element->is_cut;
	}
}

static void write_argument(struct text *text, struct slice argument, unsigned int flags)
{
	char word[WORD_BYTES];

	text_string(text, " ");
	if (flags & MESSAGE_UNMASKED)
		text_bytes(text, argument);
	else if (read_word(argument, word) && is_among(keywords, ARRAY_LENGTH(keywords), word))
		text_string(text, word);
	else
		text_string(text, "?");
}

static void write_detail(const struct arguments *arguments, size_t first, unsigned int flags,
	struct message *message)
{
	struct text text;

	text_init(&text, message->detail, sizeof(message->detail));
	text_string(&text, message->operation);
	for (size_t index = first; index < arguments->count && !text.is_full; index++)
		write_argument(&text, arguments->list[index], flags);
	if (arguments->count < arguments->total)
		text_string(&text, " ...");
}

/* Which argument is the key, 0: none. */
static size_t find_key(const struct arguments *arguments, const struct redis_row *row)
{
	char word[WORD_BYTES];

	if (row->key == REDIS_KEY_SUBCOMMAND)
		return 2;
	if (row->key != REDIS_KEY_OF_STREAMS)
		return row->key < REDIS_KEY_OF_STREAMS ? row->key : 0;
	for (size_t index = 1; index < arguments->count; index++)
		if (read_word(arguments->list[index], word) && str_equal(word, "STREAMS"))
			return index + 1;
	return 0;
}

/* CLIENT REPLY OFF and the like. */
static enum redis_kind find_kind(
	const struct arguments *arguments, const struct redis_row *row, const char *operation)
{
	char word[WORD_BYTES];

	if (!str_equal(operation, "CLIENT REPLY") || arguments->count < 3 ||
		!read_word(arguments->list[2], word))
		return row->kind;
	if (str_equal(word, "OFF"))
		return REDIS_REPLY_OFF;
	if (str_equal(word, "SKIP"))
		return REDIS_REPLY_SKIP;
	return str_equal(word, "ON") ? REDIS_REPLY_ON : REDIS_PLAIN;
}

/* EVAL and its kin have as many keys as their second argument says. */
static bool has_no_keys(const struct arguments *arguments, const struct redis_row *row)
{
	struct slice count = arguments->list[2];

	return row->key == 3 && (row->name[0] == 'E' || row->name[0] == 'F') &&
	       arguments->count > 2 && count.length == 1 && count.data[0] == '0';
}

int redis_command_read(const struct resp_piece *piece, unsigned int flags,
	struct message *ret_message, struct redis_command *ret_command)
{
	struct arguments arguments;
	const struct redis_row *row;
	char word[WORD_BYTES];
	size_t first = 1, key;
	bool is_cut;

	find_arguments(piece, &arguments);
	if (arguments.total == 0)
		return 0;
	if (arguments.count == 0 || !read_word(arguments.list[0], word))
		return -EBADMSG;
	row = redis_row_find(word);
	memset(ret_message, 0, sizeof(*ret_message));
	str_set(ret_message->operation, word);
	ret_command->is_known = redis_is_command(word);
	if (row->key >= REDIS_SUBCOMMAND && arguments.count > 1 &&
		read_word(arguments.list[1], word)) {
		size_t length = strlen(ret_message->operation);

		ret_message->operation[length++] = ' ';
		str_copy(ret_message->operation + length, sizeof(ret_message->operation) - length,
			word);
		first = 2;
	}
	write_detail(&arguments, first, flags, ret_message);
	key = has_no_keys(&arguments, row) ? 0 : find_key(&arguments, row);
	is_cut = key + 1 == arguments.count && arguments.is_last_cut;
	if (key > 0 && key < arguments.count)
		key_pattern(arguments.list[key], is_cut, ret_message->target,
			sizeof(ret_message->target));
	ret_command->kind = find_kind(&arguments, row, ret_message->operation);
	ret_command->arguments = arguments.total;
	return 1;
}

/* The code that an error begins with, as in "-WRONGTYPE Operation against …". */
static void read_error(struct slice text, struct message *message)
{
	size_t length = 0;

	while (length < text.length && length < sizeof(message->status) - 1 &&
		text.data[length] >= 'A' && text.data[length] <= 'Z')
		length++;
	str_copy_slice(
		message->status, sizeof(message->status), (struct slice){ text.data, length });
	if (length == 0)
		str_set(message->status, "ERR");
	/* Where a key has moved to is no failure. */
	if (str_equal(message->status, "MOVED") || str_equal(message->status, "ASK"))
		return;
	message->is_error = is_among(server_errors, ARRAY_LENGTH(server_errors), message->status);
	message->is_client_error = !message->is_error;
}

void redis_answer_read(const struct resp_element *element, struct message *ret_message)
{
	memset(ret_message, 0, sizeof(*ret_message));
	if (element->type == '-' || element->type == '!')
		read_error(element->text, ret_message);
	else if (element->is_null)
		str_set(ret_message->status, "NIL");
	else if (element->type == '+' && element->text.length == 6 &&
		 memcmp(element->text.data, "QUEUED", 6) == 0)
		str_set(ret_message->status, "QUEUED");
	else
		str_set(ret_message->status, "OK");
}
