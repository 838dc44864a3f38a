/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS from arbitrary bytes. The first byte chooses ('@' plus bits: 1 an answer, 2 cut, 4 a datagram
 * and not a stream), the rest is the input. What must hold: a stream's result does not depend on
 * the split, nothing is written without success, texts are printable.
 */
#include <stdio.h>

#include "base/base.h"
#include "protocols/dns_match.h"
#include "protocols/dns_message.h"
#include "protocols/message.h"

extern const struct protocol dns_protocol;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static void check_text(const char *text, size_t size)
{
	REQUIRE(memchr(text, '\0', size) != NULL);
	for (; *text; text++)
		REQUIRE((uint8_t)*text >= ' ' && *text != 0x7f);
}

static int parse(uint8_t mode, struct slice bytes, struct message *message)
{
	static const struct message no_request;
	unsigned int flags = mode & 2 ? MESSAGE_CUT : 0;
	struct message before;
	uint8_t *exact = malloc(MAX(bytes.length, 1U));
	int result;

	REQUIRE(exact != NULL);
	if (bytes.length > 0)
		memcpy(exact, bytes.data, bytes.length);
	bytes.data = exact;
	memset(message, 0x55, sizeof(*message));
	before = *message;
	result = mode & 1 ? dns_protocol.response(bytes, flags, &no_request, message)
			  : dns_protocol.request(bytes, flags, message);
	free(exact);
	REQUIRE(result == 1 || memcmp(message, &before, sizeof(before)) == 0);
	REQUIRE(result == 1 || result == -EBADMSG || (result == 0 && !(mode & 2)));
	return result;
}

static void check_stream(uint8_t mode, struct slice bytes, size_t split)
{
	struct message message, early;
	int result = parse(mode, bytes, &message);
	int first = parse(mode, (struct slice){ bytes.data, split }, &early);

	if (result == 1) {
		REQUIRE(message.head_bytes > 0 && message.head_bytes <= bytes.length);
		check_text(message.operation, sizeof(message.operation));
		check_text(message.status, sizeof(message.status));
		check_text(message.target, sizeof(message.target));
		check_text(message.detail, sizeof(message.detail));
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

static void check_datagram(struct slice bytes)
{
	uint8_t *exact = malloc(MAX(bytes.length, 1U));
	struct dns_message message;
	char word[DNS_WORD_BYTES];

	REQUIRE(exact != NULL);
	if (bytes.length > 0)
		memcpy(exact, bytes.data, bytes.length);
	if (dns_parse((struct slice){ exact, bytes.length }, &message) == 0) {
		enum dns_match match = dns_match(exact, true);

		REQUIRE(match == (message.is_answer ? DNS_MATCH_ANSWER : DNS_MATCH_QUESTION));
		check_text(message.name, sizeof(message.name));
		check_text(message.answers, sizeof(message.answers));
		check_text(dns_operation_word(&message, word, sizeof(word)), sizeof(word));
		check_text(dns_class_word(message.class, word, sizeof(word)), sizeof(word));
		check_text(dns_code_word(message.code, word, sizeof(word)), sizeof(word));
	}
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = { data + 1, size - 1 };
	size_t split;

	if (size == 0)
		return 0;
	/* A split of its own for each input, without taking a byte of it. */
	split = (data[size / 2] * 251U + data[size - 1] * 17U + size) % size;
	if (data[0] & 4)
		check_datagram(bytes);
	else
		check_stream(data[0], bytes, split);
	return 0;
}
