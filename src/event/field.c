/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads fields out of events by their row in the field table, and addresses in and out of text.
 */
#include "event/field.h"

#include <arpa/inet.h>

#include "base/str.h"

static const uint8_t ipv4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* More digits could overflow, and no status code has them. */
#define CODE_DIGITS_MAXIMUM 18

const struct field *field_find(const struct event_kind *kind, const char *name)
{
	for (unsigned int i = 0; i < kind->field_count; i++) {
		if (strcmp(kind->fields[i].name, name) == 0)
			return &kind->fields[i];
	}
	return NULL;
}

/* Copies, because a field may sit at any offset of a borrowed record. */
#define READ_AS(type, source)                                                                      \
	({                                                                                         \
		type value_;                                                                       \
		memcpy(&value_, (source), sizeof(value_));                                         \
		value_;                                                                            \
	})

uint64_t field_number(const struct field *field, const void *event)
{
	const char *source = (const char *)event + field->offset;

	switch (field->type) {
	case FIELD_U8:
	case FIELD_BOOL:
	case FIELD_WORD:
		return READ_AS(uint8_t, source);
	case FIELD_U16:
		return READ_AS(uint16_t, source);
	case FIELD_U32:
		return READ_AS(uint32_t, source);
	case FIELD_U64:
	case FIELD_I64:
		return READ_AS(uint64_t, source);
	case FIELD_I32:
		return (uint64_t)(int64_t)READ_AS(int32_t, source);
	default:
		return 0;
	}
}

bool field_is_number(const struct field *field)
{
	return field->type <= FIELD_I64;
}

bool field_is_signed(const struct field *field)
{
	return field->type == FIELD_I32 || field->type == FIELD_I64;
}

bool field_is_text(const struct field *field)
{
	return field->type == FIELD_TEXT || field->type == FIELD_TEXT_LONG ||
	       field->type == FIELD_CODE;
}

static const char *raw_text(const struct field *field, const void *event)
{
	const char *source = (const char *)event + field->offset;

	if (field->type != FIELD_TEXT_LONG)
		return source;
	const char *text = READ_AS(const char *, source);
	return text ? text : "";
}

const struct address *field_address(const struct field *field, const void *event)
{
	return (const struct address *)((const char *)event + field->offset);
}

bool field_is_empty(const struct field *field, const void *event)
{
	if (field_is_text(field))
		return raw_text(field, event)[0] == '\0';
	if (field->type == FIELD_ADDRESS)
		return address_is_empty(field_address(field, event));
	return field_number(field, event) == 0;
}

static const char *word_text(const struct field *field, uint64_t value)
{
	for (uint64_t i = 0; field->words[i]; i++) {
		if (i == value)
			return field->words[i];
	}
	return "";
}

const char *field_text(const struct field *field, const void *event, char *scratch, size_t size)
{
	if (field_is_text(field))
		return raw_text(field, event);
	if (field->type == FIELD_ADDRESS)
		return address_format(field_address(field, event), scratch, size);

	uint64_t value = field_number(field, event);
	if (field->type == FIELD_WORD)
		return word_text(field, value);
	if (field->type == FIELD_BOOL)
		return value ? "true" : "false";
	if (field_is_signed(field))
		return str_from_i64(scratch, size, (int64_t)value);
	return str_from_u64(scratch, size, value);
}

bool field_code_number(const char *text, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t length = 0;

	for (; text[length] >= '0' && text[length] <= '9' && length <= CODE_DIGITS_MAXIMUM;
		length++)
		value = value * 10 + (uint64_t)(text[length] - '0');
	if (length == 0 || length > CODE_DIGITS_MAXIMUM || text[length] != '\0')
		return false;
	if (text[0] == '0' && length > 1)
		return false;
	*ret_value = value;
	return true;
}

const char *field_sql_type(const struct field *field)
{
	switch (field->type) {
	case FIELD_CODE:
		return "NUMERIC";
	case FIELD_TEXT:
	case FIELD_TEXT_LONG:
	case FIELD_WORD:
	case FIELD_ADDRESS:
		return "TEXT";
	default:
		return "INTEGER";
	}
}

bool address_is_empty(const struct address *address)
{
	static const struct address empty;

	return memcmp(address, &empty, sizeof(empty)) == 0;
}

bool address_is_ipv4(const struct address *address)
{
	return memcmp(address->bytes, ipv4_prefix, sizeof(ipv4_prefix)) == 0;
}

bool address_is_loopback(const struct address *address)
{
	static const struct address loopback = { .bytes = { [15] = 1 } };

	if (address_is_ipv4(address))
		return address->bytes[12] == 127;
	return memcmp(address, &loopback, sizeof(loopback)) == 0;
}

bool address_in_network(
	const struct address *address, const struct address *network, unsigned int prefix_bits)
{
	unsigned int whole = MIN(prefix_bits, 128U) / 8;
	unsigned int rest = MIN(prefix_bits, 128U) % 8;

	if (memcmp(address->bytes, network->bytes, whole) != 0)
		return false;
	if (rest == 0)
		return true;
	return ((address->bytes[whole] ^ network->bytes[whole]) >> (8 - rest)) == 0;
}

/* inet_ntop goes through printf: a fifth of what a request costs on its way to the store.
 * destination holds at least 16 bytes. */
static void format_ipv4(const uint8_t bytes[4], char *destination)
{
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int value = bytes[i];

		if (value >= 100)
			*destination++ = (char)('0' + value / 100);
		if (value >= 10)
			*destination++ = (char)('0' + value / 10 % 10);
		*destination++ = (char)('0' + value % 10);
		*destination++ = i < 3 ? '.' : '\0';
	}
}

char *address_format(const struct address *address, char *destination, size_t size)
{
	destination[0] = '\0';
	if (address_is_ipv4(address))
		format_ipv4(address->bytes + sizeof(ipv4_prefix), destination);
	else if (!address_is_empty(address))
		inet_ntop(AF_INET6, address->bytes, destination, (socklen_t)size);
	return destination;
}

int address_parse(const char *text, struct address *ret_address)
{
	struct address address;

	if (inet_pton(AF_INET6, text, address.bytes) != 1) {
		memcpy(address.bytes, ipv4_prefix, sizeof(ipv4_prefix));
		if (inet_pton(AF_INET, text, address.bytes + sizeof(ipv4_prefix)) != 1)
			return -EINVAL;
	}
	*ret_address = address;
	return 0;
}
