/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elements and pieces of RESP: see redis_resp.h.
 */
#include "protocols/redis_resp.h"

/* Type, sign, digits, CR, LF. */
#define HEADER_BYTES_MAXIMUM 24
/* Above what any server can be told to take (proto-max-bulk-len, and 2^31 elements). */
#define DATA_BYTES_MAXIMUM   (1ULL << 40)
#define ELEMENTS_MAXIMUM     (1ULL << 32)
#define LEFT_MAXIMUM	     (1ULL << 48)

static struct slice slice_from(struct slice bytes, size_t at)
{
	return (struct slice){ bytes.data + at, bytes.length - at };
}

/* The digits behind the type as a number; "-1" is all ones. False when they are none. */
static bool read_number(struct slice digits, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (digits.length == 2 && memcmp(digits.data, "-1", 2) == 0) {
		*ret_value = UINT64_MAX;
		return true;
	}
	if (digits.length == 0 || digits.length > 18)
		return false;
	for (size_t at = 0; at < digits.length; at++) {
		if (digits.data[at] < '0' || digits.data[at] > '9')
			return false;
		value = value * 10 + (uint64_t)(digits.data[at] - '0');
	}
	*ret_value = value;
	return true;
}

static bool is_line_type(uint8_t type)
{
	return type == RESP_INLINE || (type != '\0' && strchr("+-:_#,(", type) != NULL);
}

/* $ bulk strings, ! errors and = texts of version 3: data of the length that stands in front. */
static bool is_data_type(uint8_t type)
{
	return type == '$' || type == '!' || type == '=';
}

/* Arrays, and of version 3 sets, pushes, maps and attributes. */
static bool is_group_type(uint8_t type)
{
	return type != '\0' && strchr("*~>%|", type) != NULL;
}

static int set_data(struct slice bytes, uint64_t value, struct resp_element *element)
{
	size_t header = (size_t)element->bytes;
	size_t there = bytes.length - header;

	if (value == UINT64_MAX && element->type == '$') {
		element->is_null = true;
		element->text.length = 0;
		return 1;
	}
	if (value > DATA_BYTES_MAXIMUM)
		return -EBADMSG;
	element->text = (struct slice){ bytes.data + header, MIN(value, there) };
	element->is_cut = value > there;
	element->bytes += value + 2;
	if (element->bytes <= bytes.length && memcmp(bytes.data + header + value, "\r\n", 2) != 0)
		return -EBADMSG;
	return 1;
}

static int set_group(uint64_t value, struct resp_element *element)
{
	element->text.length = 0;
	if (value == UINT64_MAX && element->type == '*') {
		element->is_null = true;
		return 1;
	}
	if (value > ELEMENTS_MAXIMUM)
		return -EBADMSG;
	element->elements = element->type == '%' || element->type == '|' ? 2 * value : value;
	return 1;
}

/* An inline command is what a person could have typed. */
static bool is_typed(struct slice text)
{
	for (size_t at = 0; at < text.length; at++)
		if ((text.data[at] < ' ' && text.data[at] != '\t') || text.data[at] == 0x7f)
			return false;
	return true;
}

/* The line at the start of bytes, as far as it is there; its end, 0 when that is missing. */
static size_t line_at(struct slice bytes, struct slice *ret_text)
{
	const uint8_t *feed = memchr(bytes.data, '\n', bytes.length);
	size_t length = feed ? (size_t)(feed - bytes.data) : bytes.length;

	*ret_text = (struct slice){ bytes.data, length };
	if (length > 0 && bytes.data[length - 1] == '\r')
		ret_text->length--;
	return feed ? length + 1 : 0;
}

/* bytes is not empty. 1, 0 when the line that begins it has no end here, or -EBADMSG. */
static int read_element(struct slice bytes, uint8_t type, struct resp_element *ret_element)
{
	struct resp_element element = { .type = type };
	uint64_t value;
	size_t length = line_at(bytes, &element.text);

	if (type == RESP_INLINE) {
		if (!is_typed(element.text))
			return -EBADMSG;
	} else {
		element.text = slice_from(element.text, 1);
	}
	if (length == 0) {
		bool is_long = bytes.length > HEADER_BYTES_MAXIMUM && !is_line_type(type);

		*ret_element = element;
		return is_long ? -EBADMSG : 0;
	}
	if (type != RESP_INLINE && (length < 3 || bytes.data[length - 2] != '\r'))
		return -EBADMSG;
	element.bytes = length;
	element.is_null = type == '_';
	if (is_data_type(type) || is_group_type(type)) {
		int r = -EBADMSG;

		if (read_number(element.text, &value))
			r = is_data_type(type) ? set_data(bytes, value, &element)
					       : set_group(value, &element);
		if (r < 0)
			return r;
	}
	*ret_element = element;
	return 1;
}

/* A command is an array of bulk strings or a line; an answer may begin with any element. 0: it
 * may not begin like this. */
static uint8_t type_at(const struct resp_side *side, bool is_command, bool is_first, uint8_t byte)
{
	if (is_command && !is_first)
		return byte == '$' ? byte : 0;
	if (is_command && side->left == 0)
		return byte == '*' ? byte : RESP_INLINE;
	return is_line_type(byte) || is_data_type(byte) || is_group_type(byte) ? byte : 0;
}

/* More of a line of which the beginning was a piece of its own. */
static int read_line_rest(
	const struct resp_side *side, struct slice bytes, struct resp_piece *ret_piece)
{
	struct slice text;
	size_t length = line_at(bytes, &text);

	ret_piece->count = 0;
	ret_piece->bytes = length ? length : bytes.length;
	ret_piece->next.is_in_line = length == 0;
	ret_piece->next.left = side->left - (length > 0);
	return bytes.length > 0;
}

static void tell(struct resp_piece *piece, const struct resp_element *element)
{
	if (piece->count < RESP_ELEMENTS)
		piece->elements[piece->count++] = *element;
	piece->bytes += element->bytes;
	/* An attribute stands in front of the element that it belongs to. */
	piece->next.left += element->elements - (element->type == '|' ? 0 : 1);
}

/* Takes the next element of the piece: 1, 0 when the piece ends here, 2 when bytes are missing, or
 * -EBADMSG. head: the bytes of the piece, no more than RESP_PIECE_BYTES. */
static int take_element(struct resp_piece *piece, struct slice head, uint8_t type)
{
	struct resp_element element;
	int r = read_element(slice_from(head, piece->bytes), type, &element);

	if (r < 0)
		return r;
	if (r == 0 && head.length < RESP_PIECE_BYTES)
		return 2;
	if (r == 0 && piece->bytes > 0)
		return 0;
	if (r == 0) {
		if (!is_line_type(type))
			return -EBADMSG;
		element.bytes = head.length;
		element.is_cut = true;
		tell(piece, &element);
		piece->next.left++;
		piece->next.is_in_line = true;
		return 0;
	}
	tell(piece, &element);
	return piece->next.left > LEFT_MAXIMUM ? -EBADMSG : 1;
}

int resp_read(const struct resp_side *side, bool is_command, struct slice bytes, unsigned int flags,
	struct resp_piece *ret_piece)
{
	struct slice head = { bytes.data, MIN(bytes.length, (size_t)RESP_PIECE_BYTES) };
	struct resp_piece *piece = ret_piece;
	bool is_cut = flags & MESSAGE_CUT;
	int r = 1;

	if (side->is_in_line)
		return read_line_rest(side, head, ret_piece);
	/* Not the elements: they are many, and only those that are counted are looked at. */
	piece->bytes = piece->count = 0;
	piece->next = (struct resp_side){ .left = side->left ? side->left : 1 };
	while (r == 1 && piece->next.left > 0 && piece->bytes < head.length) {
		bool is_first = piece->bytes == 0 && side->left == 0;
		uint8_t type = type_at(side, is_command, is_first, head.data[piece->bytes]);

		r = type ? take_element(piece, head, type) : -EBADMSG;
	}
	if (r < 0)
		return r;
	if (r == 2)
		return is_cut ? -EBADMSG : 0;
	if (piece->bytes == 0)
		return 0;
	/* More elements of it may still fit, or bytes of the last one are missing. */
	if (!is_cut && head.length < RESP_PIECE_BYTES &&
		(piece->bytes > head.length || (r == 1 && piece->next.left > 0)))
		return 0;
	return 1;
}

void resp_drop_attributes(struct resp_piece *piece)
{
	size_t at = 0;
	uint64_t left = 0;

	while (at < piece->count && (left > 0 || piece->elements[at].type == '|')) {
		const struct resp_element *element = &piece->elements[at++];

		left += element->elements;
		left -= element->type != '|';
	}
	piece->count -= at;
	memmove(piece->elements, piece->elements + at, piece->count * sizeof(piece->elements[0]));
	if (piece->count > 0)
		return;
	piece->elements[0] = (struct resp_element){ .type = '%' };
	piece->count = 1;
}
