/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status codes and messages of gRPC: see grpc.h.
 */
#include "protocols/grpc.h"

#include "base/str.h"
#include "protocols/url.h"
#include <strings.h>

#define HEAD_BYTES   5 /* a byte that is 1 when the message is compressed, and its length */
#define CODE_UNKNOWN 2

enum blame { NOBODY, CLIENT, SERVER };

/* By number; the server's are those that OpenTelemetry counts as errors of a server's span. */
static const struct code {
	const char *name;
	enum blame blame;
} codes[] = {
	{ "OK", NOBODY },
	{ "CANCELLED", CLIENT },
	{ "UNKNOWN", SERVER },
	{ "INVALID_ARGUMENT", CLIENT },
	{ "DEADLINE_EXCEEDED", SERVER },
	{ "NOT_FOUND", CLIENT },
	{ "ALREADY_EXISTS", CLIENT },
	{ "PERMISSION_DENIED", CLIENT },
	{ "RESOURCE_EXHAUSTED", CLIENT },
	{ "FAILED_PRECONDITION", CLIENT },
	{ "ABORTED", CLIENT },
	{ "OUT_OF_RANGE", CLIENT },
	{ "UNIMPLEMENTED", SERVER },
	{ "INTERNAL", SERVER },
	{ "UNAVAILABLE", SERVER },
	{ "DATA_LOSS", SERVER },
	{ "UNAUTHENTICATED", CLIENT },
};

/* Reads bytes of the next message's head; returns how many. */
static uint32_t read_head(struct grpc_messages *messages, struct slice data)
{
	uint32_t at = 0;

	while (messages->head_bytes < HEAD_BYTES && at < data.length) {
		uint8_t byte = data.data[at++];

		if (messages->head_bytes == 0 && byte > 1)
			messages->is_lost = true;
		else
			messages->length = messages->length << 8 | byte;
		messages->head_bytes++;
	}
	if (messages->head_bytes == HEAD_BYTES && !messages->is_lost) {
		messages->count++;
		messages->left = messages->length;
		messages->head_bytes = 0;
		messages->length = 0;
	}
	return at;
}

uint32_t grpc_pass(struct grpc_messages *messages, struct slice data, uint32_t room)
{
	uint32_t at = 0;

	for (;;) {
		uint32_t step = MIN(messages->left, room - at);

		messages->left -= step;
		at += step;
		if (at >= data.length || messages->is_lost)
			break;
		at += read_head(messages, (struct slice){ data.data + at, data.length - at });
	}
	return messages->is_lost ? room : at;
}

bool grpc_is_content_type(struct slice value)
{
	static const char type[] = "application/grpc";
	size_t length = strlen(type);

	if (value.length < length || memcmp(value.data, type, length) != 0)
		return false;
	return value.length == length || value.data[length] == '+' || value.data[length] == ';';
}

static void set_code(struct message *message, uint64_t code)
{
	if (code < ARRAY_LENGTH(codes))
		str_set(message->status, codes[code].name);
	else
		str_from_u64(message->status, sizeof(message->status), code);
	/* Libraries make UNKNOWN of a number that they do not know. */
	if (code >= ARRAY_LENGTH(codes))
		code = CODE_UNKNOWN;
	message->is_error = codes[code].blame == SERVER;
	message->is_client_error = codes[code].blame == CLIENT;
}

void grpc_set_status(struct message *message, struct slice value)
{
	char digits[12];
	uint64_t code;

	if (!str_copy_slice(digits, sizeof(digits), value) ||
		str_to_u64(digits, 0, UINT32_MAX, &code) < 0)
		code = CODE_UNKNOWN;
	set_code(message, code);
}

void grpc_set_reset(struct message *message, uint32_t code, bool is_by_client)
{
	/* PROTOCOL-HTTP2.md, "Errors": by the codes of RFC 9113, 7. */
	static const uint8_t meanings[] = { 13, 13, 13, 13, 13, 2, 13, 14, 1, 13, 13, 8, 7 };

	if (is_by_client && code == 0)
		code = 8;
	set_code(message, code < ARRAY_LENGTH(meanings) ? meanings[code] : CODE_UNKNOWN);
}

static bool is_word(struct slice word, const char *wanted)
{
	return word.length == strlen(wanted) &&
	       strncasecmp((const char *)word.data, wanted, word.length) == 0;
}

/* Writes a word of a sentence. Returns whether the next one is a secret. */
static bool write_word(struct text *text, struct slice word, bool is_secret)
{
	const uint8_t *equals = memchr(word.data, '=', word.length);
	struct slice name = { word.data, equals ? (size_t)(equals - word.data) : word.length };

	if (is_secret) {
		text_string(text, MESSAGE_MASK);
		return is_word(word, "bearer") || is_word(word, "basic");
	}
	if (equals && url_is_secret_name(name)) {
		text_bytes(text, (struct slice){ name.data, name.length + 1 });
		text_string(text, MESSAGE_MASK);
		return false;
	}
	url_write_masked(word, false, text);
	if (name.length > 0 && name.data[name.length - 1] == ':')
		return url_is_secret_name((struct slice){ name.data, name.length - 1 });
	return is_word(name, "bearer") || is_word(name, "basic");
}

void grpc_add_reason(struct message *request, struct slice value, unsigned int flags)
{
	struct text text = { .data = request->detail,
		.size = sizeof(request->detail),
		.length = strlen(request->detail) };
	const char *before = ": ";
	bool is_secret = false;

	while (value.length > 0 && !text.is_full) {
		const uint8_t *blank = memchr(value.data, ' ', value.length);
		struct slice word = { value.data,
			blank ? (size_t)(blank - value.data) : value.length };

		text_string(&text, before);
		before = " ";
		if (flags & MESSAGE_UNMASKED)
			text_bytes(&text, word);
		else if (word.length > 0)
			is_secret = write_word(&text, word, is_secret);
		value.data += word.length + !!blank;
		value.length -= word.length + !!blank;
	}
}
