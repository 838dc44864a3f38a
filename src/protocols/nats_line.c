/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control lines of NATS: one pass over the words.
 */
#include "protocols/nats_line.h"

#include <strings.h>

#define WORDS_MAXIMUM	      6
/* Servers refuse payloads of more than 64 MiB at any setting. */
#define PAYLOAD_BYTES_MAXIMUM (64U << 20)

static const char *const verbs[NATS_VERB_COUNT] = {
	[NATS_INFO] = "INFO",
	[NATS_CONNECT] = "CONNECT",
	[NATS_PING] = "PING",
	[NATS_PONG] = "PONG",
	[NATS_SUB] = "SUB",
	[NATS_UNSUB] = "UNSUB",
	[NATS_PUB] = "PUB",
	[NATS_HPUB] = "HPUB",
	[NATS_MSG] = "MSG",
	[NATS_HMSG] = "HMSG",
	[NATS_OK] = "+OK",
	[NATS_ERROR] = "-ERR",
};

/* How many words a verb that names a subject has behind it, without and with a reply or queue. */
static const uint8_t fewest_words[NATS_VERB_COUNT] = {
	[NATS_SUB] = 2,
	[NATS_UNSUB] = 1,
	[NATS_PUB] = 2,
	[NATS_HPUB] = 3,
	[NATS_MSG] = 3,
	[NATS_HMSG] = 4,
};

const char *nats_verb_word(enum nats_verb verb)
{
	return verbs[verb];
}

bool nats_has_payload(enum nats_verb verb)
{
	return verb >= NATS_PUB && verb <= NATS_HMSG;
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

static struct slice trim(struct slice text)
{
	while (text.length > 0 && is_blank(text.data[0])) {
		text.data++;
		text.length--;
	}
	while (text.length > 0 && is_blank(text.data[text.length - 1]))
		text.length--;
	return text;
}

/* Takes the first word away from the text, empty when there is none. */
static struct slice take_word(struct slice *text)
{
	struct slice word = trim(*text);
	size_t length = 0;

	while (length < word.length && !is_blank(word.data[length]))
		length++;
	text->data = word.data + length;
	text->length = word.length - length;
	word.length = length;
	return word;
}

static bool is_word(struct slice word, const char *text)
{
	return word.length == strlen(text) &&
	       strncasecmp((const char *)word.data, text, word.length) == 0;
}

static int read_number(struct slice word, uint32_t *ret_number)
{
	uint64_t number = 0;

	if (word.length == 0 || word.length > 9)
		return -EBADMSG;
	for (size_t at = 0; at < word.length; at++) {
		if (word.data[at] < '0' || word.data[at] > '9')
			return -EBADMSG;
		number = number * 10 + word.data[at] - '0';
	}
	if (number > PAYLOAD_BYTES_MAXIMUM)
		return -EBADMSG;
	*ret_number = (uint32_t)number;
	return 0;
}

static int read_sizes(struct nats_line *line, const struct slice *words, size_t count)
{
	bool has_headers = line->verb == NATS_HPUB || line->verb == NATS_HMSG;

	if (read_number(words[count - 1], &line->total_bytes) < 0)
		return -EBADMSG;
	if (!has_headers)
		return 0;
	if (read_number(words[count - 2], &line->header_bytes) < 0)
		return -EBADMSG;
	return line->header_bytes <= line->total_bytes ? 0 : -EBADMSG;
}

static int read_words(struct nats_line *line)
{
	struct slice rest = line->argument;
	struct slice words[WORDS_MAXIMUM] = { 0 };
	size_t fewest = fewest_words[line->verb];
	bool is_delivery = line->verb == NATS_MSG || line->verb == NATS_HMSG;
	size_t count = 0;

	if (fewest == 0)
		return 0;
	while (count < WORDS_MAXIMUM && trim(rest).length > 0)
		words[count++] = take_word(&rest);
	if (count < fewest || count > fewest + 1)
		return -EBADMSG;
	if (line->verb == NATS_UNSUB) {
		line->sid = words[0];
		return 0;
	}
	line->subject = words[0];
	if (line->verb == NATS_SUB) {
		line->sid = words[count - 1];
		return 0;
	}
	if (is_delivery)
		line->sid = words[1];
	if (count > fewest)
		line->reply = words[is_delivery ? 2 : 1];
	return read_sizes(line, words, count);
}

int nats_line_read(struct slice bytes, struct nats_line *ret_line)
{
	struct nats_line line = { 0 };
	size_t length = MIN(bytes.length, (size_t)NATS_LINE_BYTES);
	const uint8_t *end = length > 0 ? memchr(bytes.data, '\n', length) : NULL;
	struct slice rest;
	struct slice word;

	if (!end)
		return bytes.length < NATS_LINE_BYTES ? 0 : -EBADMSG;
	line.length = (size_t)(end - bytes.data) + 1;
	rest = (struct slice){ bytes.data, line.length - 1 };
	if (rest.length == 0 || rest.data[--rest.length] != '\r')
		return -EBADMSG;
	word = take_word(&rest);
	while (line.verb < NATS_VERB_COUNT && !is_word(word, verbs[line.verb]))
		line.verb++;
	if (line.verb == NATS_VERB_COUNT)
		return -EBADMSG;
	line.argument = trim(rest);
	if (read_words(&line) < 0)
		return -EBADMSG;
	*ret_line = line;
	return 1;
}

struct slice nats_json_value(struct slice object, const char *key)
{
	const uint8_t *end = object.data + object.length;
	const uint8_t *place = object.data;
	struct slice value;
	size_t length = strlen(key);
	bool is_text;

	for (;; place++) {
		place = memmem(place, (size_t)(end - place), key, length);
		if (!place)
			return (struct slice){ 0 };
		if (place > object.data && place[-1] == '"' && end - place > (ssize_t)length + 2 &&
			place[length] == '"' && place[length + 1] == ':')
			break;
	}
	value = trim((struct slice){ place + length + 2, (size_t)(end - place) - length - 2 });
	is_text = value.length > 0 && value.data[0] == '"';
	value.data += is_text;
	value.length -= is_text;
	for (length = 0; length < value.length; length++) {
		if (is_text ? value.data[length] == '"'
			    : memchr(",} ", value.data[length], 3) != NULL)
			break;
	}
	value.length = length;
	return value;
}

struct slice nats_header_status(struct slice headers)
{
	static const char version[] = "NATS/1.0";
	const size_t start = strlen(version) + 1;

	if (headers.length < start + 3 || memcmp(headers.data, version, start - 1) != 0 ||
		headers.data[start - 1] != ' ')
		return (struct slice){ 0 };
	for (size_t at = start; at < start + 3; at++) {
		if (headers.data[at] < '0' || headers.data[at] > '9')
			return (struct slice){ 0 };
	}
	return (struct slice){ headers.data + start, 3 };
}
