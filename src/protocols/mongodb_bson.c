/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing of documents: see mongodb_bson.h.
 */
#include "protocols/mongodb_bson.h"

#include "base/str.h"
#include "protocols/mongodb_match.h"
#include <stdio.h>

/* Documents in documents that are written out. */
#define DEPTH_MAXIMUM 6
/* Neither type nor length. */
#define SIZE_UNKNOWN  255

/* Of values that are always as long; a length stands in front of the others. */
static const uint8_t fixed_sizes[] = {
	[0] = SIZE_UNKNOWN,
	[BSON_DOUBLE] = 8,
	[BSON_STRING] = SIZE_UNKNOWN,
	[BSON_DOCUMENT] = SIZE_UNKNOWN,
	[BSON_ARRAY] = SIZE_UNKNOWN,
	[BSON_BINARY] = SIZE_UNKNOWN,
	[BSON_UNDEFINED] = 0,
	[BSON_OBJECT_ID] = 12,
	[BSON_BOOLEAN] = 1,
	[BSON_DATE] = 8,
	[BSON_NULL] = 0,
	[BSON_REGEX] = SIZE_UNKNOWN,
	[BSON_POINTER] = SIZE_UNKNOWN,
	[BSON_CODE] = SIZE_UNKNOWN,
	[BSON_SYMBOL] = SIZE_UNKNOWN,
	[BSON_SCOPED_CODE] = SIZE_UNKNOWN,
	[BSON_INT32] = 4,
	[BSON_TIMESTAMP] = 8,
	[BSON_INT64] = 8,
	[BSON_DECIMAL] = 16,
};

static struct slice slice_from(struct slice bytes, size_t at)
{
	return (struct slice){ bytes.data + at, bytes.length - at };
}

/* Bytes up to the NUL, which is one more; -1 when it is not here. */
static ssize_t name_length(struct slice bytes)
{
	const uint8_t *end = bytes.length ? memchr(bytes.data, '\0', bytes.length) : NULL;

	return end ? end - bytes.data : -1;
}

/* Two texts with a NUL each. 1 or 0. */
static int regex_bytes(struct slice value, uint64_t *ret_bytes)
{
	ssize_t pattern = name_length(value);
	ssize_t options = pattern < 0 ? -1 : name_length(slice_from(value, (size_t)pattern + 1));

	if (options < 0)
		return 0;
	*ret_bytes = (uint64_t)pattern + (uint64_t)options + 2;
	return 1;
}

/* Of the value at the start of bytes. 1, 0 or -EBADMSG. */
static int value_bytes(uint8_t type, struct slice bytes, uint64_t *ret_bytes)
{
	uint32_t length, least = 1, more = 4;

	if (type == BSON_MAXIMUM || type == BSON_MINIMUM) {
		*ret_bytes = 0;
		return 1;
	}
	if (type >= ARRAY_LENGTH(fixed_sizes) || type == 0)
		return -EBADMSG;
	if (fixed_sizes[type] != SIZE_UNKNOWN) {
		*ret_bytes = fixed_sizes[type];
		return 1;
	}
	if (type == BSON_REGEX)
		return regex_bytes(bytes, ret_bytes);
	if (bytes.length < 4)
		return 0;
	length = mongodb_match_word(bytes.data);
	if (type == BSON_DOCUMENT || type == BSON_ARRAY || type == BSON_SCOPED_CODE) {
		least = 5; /* it counts itself */
		more = 0;
	} else if (type == BSON_BINARY) {
		least = 0;
		more = 5;
	} else if (type == BSON_POINTER) {
		more = 16;
	}
	if (length < least || length > MONGODB_MESSAGE_LONGEST)
		return -EBADMSG;
	*ret_bytes = (uint64_t)length + more;
	return 1;
}

int bson_element(struct slice bytes, struct bson_element *ret_element)
{
	struct bson_element element = { 0 };
	ssize_t name;
	uint64_t length;
	int r;

	if (bytes.length == 0)
		return 0;
	element.type = bytes.data[0];
	name = name_length(slice_from(bytes, 1));
	if (name < 0)
		return 0;
	element.name = (struct slice){ bytes.data + 1, (size_t)name };
	bytes = slice_from(bytes, (size_t)name + 2);
	r = value_bytes(element.type, bytes, &length);
	if (r <= 0)
		return r;
	element.bytes = (uint64_t)name + 2 + length;
	element.value = (struct slice){ bytes.data, MIN(bytes.length, length) };
	if (element.type == BSON_STRING) {
		size_t text = MIN(length - 4 - 1, element.value.length - 4);

		element.value = (struct slice){ bytes.data + 4, text };
	}
	*ret_element = element;
	return 1;
}

bool bson_is_named(const struct bson_element *element, const char *name)
{
	return element->name.length == strlen(name) &&
	       memcmp(element->name.data, name, element->name.length) == 0;
}

int64_t bson_number(const struct bson_element *element, int64_t otherwise)
{
	const uint8_t *data = element->value.data;
	uint64_t low;
	double number;

	if (element->type == BSON_BOOLEAN && element->value.length == 1)
		return data[0];
	if (element->type == BSON_INT32 && element->value.length == 4)
		return (int32_t)mongodb_match_word(data);
	if (element->value.length != 8)
		return otherwise;
	low = mongodb_match_word(data) | (uint64_t)mongodb_match_word(data + 4) << 32;
	if (element->type == BSON_INT64)
		return (int64_t)low;
	if (element->type != BSON_DOUBLE)
		return otherwise;
	memcpy(&number, &low, sizeof(number));
	return number > -1e15 && number < 1e15 ? (int64_t)number : otherwise;
}

static void write_value(
	struct text *text, const struct bson_element *element, unsigned int flags, int depth);

/* The elements of a document or, of an array, the first. */
static void write_elements(
	struct text *text, const struct bson_element *parent, unsigned int flags, int depth)
{
	bool is_array = parent->type == BSON_ARRAY;
	struct slice rest = parent->value;
	const char *between = "";

	text_string(text, is_array ? "[" : "{");
	rest = slice_from(rest, MIN(rest.length, 4U));
	while (rest.length > 0 && rest.data[0] != 0 && !text->is_full) {
		struct bson_element element;

		if (bson_element(rest, &element) <= 0)
			break;
		text_string(text, between);
		if (is_array) {
			write_value(text, &element, flags, depth + 1);
			break;
		}
		text_bytes(text, element.name);
		text_string(text, ": ");
		write_value(text, &element, flags, depth + 1);
		between = ", ";
		rest = slice_from(rest, MIN(rest.length, element.bytes));
	}
	text_string(text, is_array ? "]" : "}");
}

/* What a person asked to see. */
static void write_plain(struct text *text, const struct bson_element *element)
{
	char number[STR_NUMBER_BYTES];

	if (element->type == BSON_STRING) {
		text_string(text, "\"");
		text_bytes(text, element->value);
		text_string(text, "\"");
	} else if (element->type == BSON_NULL) {
		text_string(text, "null");
	} else if (element->type == BSON_INT32 || element->type == BSON_INT64) {
		text_string(text, str_from_i64(number, sizeof(number), bson_number(element, 0)));
	} else if (element->type == BSON_BOOLEAN) {
		text_string(text, bson_number(element, 0) ? "true" : "false");
	} else {
		text_string(text, "?");
	}
}

static void write_value(
	struct text *text, const struct bson_element *element, unsigned int flags, int depth)
{
	bool is_group = element->type == BSON_DOCUMENT || element->type == BSON_ARRAY;

	if (is_group && depth < DEPTH_MAXIMUM)
		write_elements(text, element, flags, depth);
	else if (flags & MESSAGE_UNMASKED && !is_group)
		write_plain(text, element);
	else
		text_string(text, "?");
}

void bson_write(struct text *text, const struct bson_element *element, unsigned int flags)
{
	text_bytes(text, element->name);
	text_string(text, ": ");
	write_value(text, element, flags, 0);
}
