/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP from arbitrary bytes. The first byte chooses ('@' plus bits: 1 an answer, 2 cut,
 * 4 unmasked, 8 to HEAD, 16 to CONNECT, 32 a chunked body), the rest is the input. What must hold:
 * the result does not depend on the split, nothing is written without success, texts are printable.
 */
#include "base/base.h"
#include "protocols/http_match.h"
#include "protocols/message.h"
#include "protocols/text.h"

extern const struct protocol http_protocol;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* Printable text is what escaping leaves as it is. */
static void check_text(const char *text, size_t size)
{
	char escaped[sizeof(struct message)];
	struct text writer;

	REQUIRE(memchr(text, '\0', size) != NULL);
	text_init(&writer, escaped, size);
	text_bytes(&writer, (struct slice){ (const uint8_t *)text, strlen(text) });
	REQUIRE(strcmp(escaped, text) == 0);
}

static int parse(uint8_t mode, struct slice bytes, struct message *message)
{
	struct message request = { .is_head_request = mode & 8, .is_connect_request = mode & 16 };
	struct message before;
	unsigned int flags = (mode & 2 ? MESSAGE_CUT : 0) | (mode & 4 ? MESSAGE_UNMASKED : 0);
	uint8_t *exact = malloc(MAX(bytes.length, 1U));
	int result;

	REQUIRE(exact != NULL);
	if (bytes.length > 0)
		memcpy(exact, bytes.data, bytes.length);
	bytes.data = exact;
	memset(message, 0x55, sizeof(*message));
	before = *message;
	result = mode & 1 ? http_protocol.response(bytes, flags, &request, message)
			  : http_protocol.request(bytes, flags, message);
	free(exact);
	REQUIRE(result == 1 || memcmp(message, &before, sizeof(before)) == 0);
	REQUIRE(result == 1 || result == -EBADMSG ||
		(!(flags & MESSAGE_CUT) && (result == 0 || result == -E2BIG)));
	return result;
}

/* What the kernel half would have said about the same answer. */
static void check_match(struct slice bytes, const struct message *message)
{
	uint8_t start[16] = { 0 };
	enum http_response_match match;

	memcpy(start, bytes.data, MIN(bytes.length, sizeof(start)));
	if (start[0] != 'H' || start[9] == ' ')
		return;
	match = http_match_response(start, (__u32)bytes.length);
	REQUIRE(match == (message->is_interim ? HTTP_RESPONSE_INTERIM : HTTP_RESPONSE_YES));
}

static void check_head(uint8_t mode, struct slice bytes, size_t split)
{
	struct message message, early;
	int result = parse(mode, bytes, &message);
	int first = parse(mode, (struct slice){ bytes.data, split }, &early);

	if (result == 1) {
		REQUIRE(message.head_bytes > 0 && message.head_bytes <= bytes.length);
		check_text(message.operation, sizeof(message.operation));
		check_text(message.status, sizeof(message.status));
		check_text(message.host, sizeof(message.host));
		check_text(message.target, sizeof(message.target));
		check_text(message.detail, sizeof(message.detail));
		if (mode & 1)
			check_match(bytes, &message);
	}
	if (mode & 2)
		return;
	if (first == 1)
		REQUIRE(result == 1 && memcmp(&message, &early, sizeof(early)) == 0);
	else if (first < 0)
		REQUIRE(result < 0);
	else
		REQUIRE(result != 1 || message.head_bytes > split);
}

/* Scans in pieces; returns the result and how far it came. */
static int scan_body(struct slice bytes, size_t first, size_t step, size_t *ret_used)
{
	struct body_scan scan = { 0 };
	size_t at = 0;
	size_t length = first;
	int result = 0;

	while (result == 0 && at < bytes.length) {
		struct slice piece = { bytes.data + at, MIN(MAX(length, 1U), bytes.length - at) };
		size_t used = 0;

		result = http_protocol.body(&scan, piece, &used);
		REQUIRE(used <= piece.length && (result != 0 || used == piece.length));
		at += used;
		length = step;
	}
	*ret_used = result < 0 ? 0 : at;
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = { data + 1, size - 1 };
	size_t split;

	if (size == 0)
		return 0;
	/* A split of its own for each input, without taking a byte of it. */
	split = (data[size / 2] * 251U + data[size - 1] * 17U + size) % size;
	if (data[0] & 32) {
		size_t whole, halves, single;
		int result = scan_body(bytes, bytes.length, 1, &whole);

		REQUIRE(scan_body(bytes, split, size, &halves) == result && halves == whole);
		REQUIRE(scan_body(bytes, 1, 1, &single) == result && single == whole);
	} else {
		check_head(data[0], bytes, split);
	}
	return 0;
}
