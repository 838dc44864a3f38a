/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a DNS message: header, question, and of the records what people ask for. Names are
 * followed through their pointers only where they are shown, and a pointer must lead backwards
 * (RFC 1035, 4.1.4), so that none goes round in a circle.
 */
#include "protocols/dns_message.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>

#include "base/str.h"
#include "protocols/dns_match.h"
#include "protocols/text.h"

#define POINTER_BITS	    0xc0
#define LABEL_BYTES_MAXIMUM 63	/* RFC 1035, 2.3.4 */
#define NAME_OCTETS_MAXIMUM 255 /* RFC 1035, 2.3.4 */
#define RECORD_FIXED_BYTES  10	/* type, class, time to live, length */
#define EXTENDED_CODE_SHIFT 24	/* in an OPT record's time to live: RFC 6891, 6.1.3 */
#define IPV4_BYTES	    4
#define IPV6_BYTES	    16

/* Where the reading stands. */
struct reader {
	struct slice bytes;
	size_t at;
};

struct record {
	uint16_t type;
	uint16_t class;
	uint32_t ttl_s;
	size_t data; /* offset in the message */
	size_t data_length;
};

static uint16_t word_at(struct slice bytes, size_t at)
{
	return (uint16_t)(bytes.data[at] << 8 | bytes.data[at + 1]);
}

static bool has(const struct reader *reader, size_t length)
{
	return length <= reader->bytes.length && reader->at <= reader->bytes.length - length;
}

static uint16_t take_word(struct reader *reader)
{
	uint16_t word = word_at(reader->bytes, reader->at);

	reader->at += 2;
	return word;
}

/* Steps over a name without following it. */
static int skip_name(struct reader *reader)
{
	size_t octets = 0;

	while (has(reader, 1)) {
		uint8_t length = reader->bytes.data[reader->at];

		if ((length & POINTER_BITS) == POINTER_BITS) {
			if (!has(reader, 2))
				return -EBADMSG;
			reader->at += 2;
			return 0;
		}
		octets += length + 1u;
		if (length > LABEL_BYTES_MAXIMUM || octets > NAME_OCTETS_MAXIMUM)
			return -EBADMSG;
		reader->at += length + 1u;
		if (length == 0)
			return 0;
	}
	return -EBADMSG;
}

/* A dot inside a label is none between labels. */
static void put_label(struct text *text, struct slice label)
{
	for (size_t i = 0; i < label.length; i++) {
		uint8_t byte = (uint8_t)tolower(label.data[i]);

		if (byte == '.')
			text_string(text, "%2E");
		else
			text_bytes(text, (struct slice){ &byte, 1 });
	}
}

/*
 * Writes the name at offset, through its pointers. Every pointer leads to an earlier place than the
 * last one did, and no name has more than 255 octets: both end the walk.
 */
static int put_name(struct slice bytes, size_t at, struct text *text)
{
	size_t lowest = at, octets = 0;
	bool is_first = true;

	while (at < bytes.length) {
		uint8_t length = bytes.data[at];

		if ((length & POINTER_BITS) == POINTER_BITS) {
			if (bytes.length - at < 2)
				return -EBADMSG;
			at = word_at(bytes, at) & ~(POINTER_BITS << 8);
			if (at >= lowest)
				return -EBADMSG;
			lowest = at;
			continue;
		}
		octets += length + 1u;
		if (length > LABEL_BYTES_MAXIMUM || octets > NAME_OCTETS_MAXIMUM ||
			bytes.length - at <= length)
			return -EBADMSG;
		if (length == 0) {
			if (is_first)
				text_string(text, ".");
			return 0;
		}
		if (!is_first)
			text_string(text, ".");
		put_label(text, (struct slice){ bytes.data + at + 1, length });
		at += length + 1u;
		is_first = false;
	}
	return -EBADMSG;
}

static int read_question(struct reader *reader, struct dns_message *message)
{
	struct text name;

	text_init(&name, message->name, sizeof(message->name));
	if (put_name(reader->bytes, reader->at, &name) < 0 || skip_name(reader) < 0 ||
		!has(reader, 4))
		return -EBADMSG;
	message->has_question = true;
	message->type = take_word(reader);
	message->class = take_word(reader);
	return 0;
}

static int read_record(struct reader *reader, struct record *ret_record)
{
	if (skip_name(reader) < 0 || !has(reader, RECORD_FIXED_BYTES))
		return -EBADMSG;
	ret_record->type = take_word(reader);
	ret_record->class = take_word(reader);
	ret_record->ttl_s = (uint32_t)take_word(reader) << 16;
	ret_record->ttl_s |= take_word(reader);
	ret_record->data_length = take_word(reader);
	ret_record->data = reader->at;
	if (!has(reader, ret_record->data_length))
		return -EBADMSG;
	reader->at += ret_record->data_length;
	return 0;
}

/* The name that a record leads to, offset bytes into its data, after what is before it there. */
static void put_target(struct slice bytes, const struct record *record, size_t offset,
	const char *before, struct text *text)
{
	char name[DNS_NAME_BYTES];
	struct text target;

	text_init(&target, name, sizeof(name));
	if (record->data_length <= offset || put_name(bytes, record->data + offset, &target) < 0)
		return;
	text_string(text, before);
	text_string(text, name);
}

static void put_address(
	struct slice bytes, const struct record *record, size_t length, struct text *text)
{
	char address[INET6_ADDRSTRLEN];

	if (record->data_length == length &&
		inet_ntop(length == IPV4_BYTES ? AF_INET : AF_INET6, bytes.data + record->data,
			address, sizeof(address)))
		text_string(text, address);
}

static void put_answer(struct slice bytes, const struct record *record, struct text *text)
{
	char scratch[DNS_WORD_BYTES];

	if (text->length > 0)
		text_string(text, ", ");
	if (record->type == DNS_TYPE_A) {
		put_address(bytes, record, IPV4_BYTES, text);
		return;
	}
	if (record->type == DNS_TYPE_AAAA) {
		put_address(bytes, record, IPV6_BYTES, text);
		return;
	}
	text_string(text, dns_type_word(record->type, scratch, sizeof(scratch)));
	switch (record->type) {
	case DNS_TYPE_CNAME:
	case DNS_TYPE_DNAME:
	case DNS_TYPE_NS:
	case DNS_TYPE_PTR:
		put_target(bytes, record, 0, " ", text);
		break;
	case DNS_TYPE_MX: /* preference, name */
		put_target(bytes, record, 2, " ", text);
		break;
	case DNS_TYPE_SRV: /* priority, weight, port, name */
		put_target(bytes, record, 6, " ", text);
		break;
	}
}

static int read_answers(struct reader *reader, struct dns_message *message)
{
	struct text text;

	text_init(&text, message->answers, sizeof(message->answers));
	for (unsigned int i = 0; i < message->answer_count; i++) {
		struct record record;

		if (read_record(reader, &record) < 0)
			return -EBADMSG;
		if (i == 0 || record.ttl_s < message->ttl_s)
			message->ttl_s = record.ttl_s;
		/* Without room nothing is followed any more. */
		if (!text.is_full)
			put_answer(reader->bytes, &record, &text);
	}
	return 0;
}

/* The records behind the answers, for the OPT that may be among them (RFC 6891, 6.1.1). */
static int read_rest(struct reader *reader, unsigned int count, struct dns_message *message)
{
	while (count-- > 0) {
		struct record record;

		if (read_record(reader, &record) < 0)
			return -EBADMSG;
		if (record.type != DNS_TYPE_OPT)
			continue;
		message->edns_bytes = record.class;
		message->code |= (uint16_t)(record.ttl_s >> EXTENDED_CODE_SHIFT << 4);
	}
	return 0;
}

int dns_parse(struct slice bytes, struct dns_message *ret_message)
{
	struct dns_message message = { 0 };
	struct reader reader = { bytes, DNS_HEADER_BYTES };
	uint16_t flags, questions;

	if (bytes.length < DNS_HEADER_BYTES || dns_match(bytes.data, true) == DNS_MATCH_NO)
		return -EBADMSG;
	flags = word_at(bytes, 2);
	questions = word_at(bytes, 4);
	message.id = word_at(bytes, 0);
	message.is_answer = flags >> 15;
	message.operation = flags >> 11 & 15;
	message.is_authoritative = flags >> 10 & 1;
	message.is_truncated = flags >> 9 & 1;
	message.code = message.is_answer ? flags & 15 : 0;
	if (questions > 0 && read_question(&reader, &message) < 0)
		return -EBADMSG;
	message.answer_count = message.is_answer ? word_at(bytes, 6) : 0;
	if (read_answers(&reader, &message) < 0 ||
		read_rest(&reader,
			(message.is_answer ? 0u : word_at(bytes, 6)) + word_at(bytes, 8) +
				word_at(bytes, 10),
			&message) < 0)
		message.is_cut = true;
	*ret_message = message;
	return 0;
}

void dns_target(const char *name, char *destination, size_t size)
{
	static const char *const zones[] = { ".in-addr.arpa", ".ip6.arpa" };

	for (size_t i = 0; i < ARRAY_LENGTH(zones); i++) {
		if (!str_ends_with(name, zones[i]))
			continue;
		snprintf(destination, size, "{address}%s", zones[i]);
		return;
	}
	str_copy(destination, size, name);
}
