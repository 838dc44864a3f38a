/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header fields as servers read them: folded lines, repeated fields, lists. What decides
 * about framing is kept; contradictions are noted, never refused.
 */
#include "protocols/http_framing.h"

#include <ctype.h>
#include <strings.h>

struct head_field {
	struct slice name;
	struct slice value;
	bool has_blank_name; /* blanks before the colon, which some servers overlook */
};

static struct slice slice_from(struct slice bytes, size_t at)
{
	return (struct slice){ bytes.data + at, bytes.length - at };
}

bool http_is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

struct slice http_trim(struct slice text)
{
	while (text.length > 0 && http_is_blank(text.data[text.length - 1]))
		text.length--;
	while (text.length > 0 && http_is_blank(text.data[0]))
		text = slice_from(text, 1);
	return text;
}

struct http_line http_line_at(struct slice bytes)
{
	const uint8_t *end = bytes.length == 0 ? NULL : memchr(bytes.data, '\n', bytes.length);
	struct http_line line = { .text = bytes };

	if (end == NULL)
		return line;
	line.length = (size_t)(end - bytes.data) + 1;
	line.text.length = line.length - 1;
	if (line.text.length > 0 && line.text.data[line.text.length - 1] == '\r')
		line.text.length--;
	return line;
}

static bool is_text(struct slice text, const char *wanted)
{
	return text.length == strlen(wanted) &&
	       strncasecmp((const char *)text.data, wanted, text.length) == 0;
}

/* The fields that are read begin with these; most others are done with here. */
static bool may_matter(uint8_t first)
{
	first |= 0x20;
	return first == 'c' || first == 'h' || first == 't' || first == 'e' || first == 'u';
}

/* The next field with its folded lines (RFC 9112, 5.2); false at the end or at a cut line. */
static bool next_field(struct slice *rest, struct head_field *ret_field)
{
	struct http_line line = http_line_at(*rest);
	size_t length = line.length;
	struct slice whole;
	const uint8_t *colon;

	if (line.length == 0 || line.text.length == 0)
		return false;
	while (length < rest->length && (rest->data[length] == ' ' || rest->data[length] == '\t')) {
		line = http_line_at(slice_from(*rest, length));
		if (line.length == 0)
			return false;
		length += line.length;
	}
	whole = (struct slice){ rest->data, length };
	*rest = slice_from(*rest, length);
	*ret_field = (struct head_field){ .name = { whole.data, 0 } };
	if (!may_matter(whole.data[0]))
		return true;
	colon = memchr(whole.data, ':', whole.length);
	if (colon == NULL)
		return true;
	whole.length = (size_t)(colon - whole.data);
	ret_field->name = http_trim(whole);
	ret_field->has_blank_name = ret_field->name.length != whole.length;
	ret_field->value = http_trim((struct slice){ colon + 1, (size_t)(rest->data - colon - 1) });
	return true;
}

/* The next member of a comma-separated list; false when there is none. */
static bool next_member(struct slice *list, struct slice *ret_member)
{
	const uint8_t *comma;
	size_t length;

	if (list->length == 0)
		return false;
	comma = memchr(list->data, ',', list->length);
	length = comma == NULL ? list->length : (size_t)(comma - list->data);
	*ret_member = http_trim((struct slice){ list->data, length });
	*list = slice_from(*list, length + (comma != NULL));
	return true;
}

static bool has_member(struct slice list, const char *wanted)
{
	struct slice member;

	while (next_member(&list, &member)) {
		if (is_text(member, wanted))
			return true;
	}
	return false;
}

/* Digits only, as signs and blanks are read differently by different servers. */
static bool read_length(struct slice text, uint64_t *ret_length)
{
	uint64_t length = 0;

	for (size_t at = 0; at < text.length; at++) {
		if (!isdigit(text.data[at]) || length > (INT64_MAX - 9) / 10)
			return false;
		length = length * 10 + (uint64_t)(text.data[at] - '0');
	}
	*ret_length = length;
	return text.length > 0;
}

/* Equal values may repeat, as a list or as fields (RFC 9112, 6.3). */
static void note_length(struct http_framing *framing, struct slice value)
{
	struct slice member;
	uint64_t length = 0;

	if (value.length == 0)
		framing->is_bad_length = true;
	while (next_member(&value, &member)) {
		if (!read_length(member, &length) ||
			(framing->has_length && framing->length != length))
			framing->is_bad_length = true;
		framing->has_length = true;
		framing->length = length;
	}
}

static void note_codings(struct http_framing *framing, struct slice value)
{
	struct slice member;

	while (next_member(&value, &member)) {
		const uint8_t *end = memchr(member.data, ';', member.length);

		if (end != NULL)
			member = http_trim(
				(struct slice){ member.data, (size_t)(end - member.data) });
		/* "identity" was a coding in RFC 2616 and means nothing. */
		if (member.length == 0 || is_text(member, "identity"))
			continue;
		/* Nothing may follow chunked, least of all chunked again. */
		framing->is_ambiguous |= framing->is_chunked;
		framing->has_coding = true;
		framing->is_chunked = is_text(member, "chunked");
	}
}

static void note_field(struct http_framing *framing, const struct head_field *field)
{
	switch (field->name.length) {
	case 4:
		if (is_text(field->name, "host") && framing->host.data == NULL)
			framing->host = field->value;
		break;
	case 6:
		if (is_text(field->name, "expect"))
			framing->expects_continue = is_text(field->value, "100-continue");
		break;
	case 7:
		if (is_text(field->name, "upgrade"))
			framing->has_upgrade = field->value.length > 0;
		break;
	case 10:
		if (is_text(field->name, "connection") && has_member(field->value, "upgrade"))
			framing->has_connection_upgrade = true;
		break;
	case 14:
		if (!is_text(field->name, "content-length"))
			break;
		note_length(framing, field->value);
		framing->is_ambiguous |= field->has_blank_name;
		break;
	case 17:
		if (!is_text(field->name, "transfer-encoding"))
			break;
		note_codings(framing, field->value);
		framing->is_ambiguous |= field->has_blank_name;
		break;
	default:
		break;
	}
}

struct http_framing http_read_framing(struct slice fields, bool is_old)
{
	struct http_framing framing = { 0 };
	struct slice rest = fields;
	struct http_line line;
	struct head_field field;

	while (next_field(&rest, &field))
		note_field(&framing, &field);
	line = http_line_at(rest);
	if (line.length != 0 && line.text.length == 0)
		framing.fields_bytes = fields.length - rest.length + line.length;
	if (framing.is_bad_length || (framing.has_coding && (framing.has_length || is_old)))
		framing.is_ambiguous = true;
	return framing;
}
