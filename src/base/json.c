/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes JSON (RFC 8259): commas, escapes, numbers.
 */
#include "base/json.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>

#include "base/str.h"

#define MAXIMUM_DEPTH 32
/* U+FFFD, the replacement character. */
#define REPLACEMENT   "\xef\xbf\xbd"

void json_init(struct json *json, struct buf *buf)
{
	*json = (struct json){ .buf = buf };
}

static void set_error(struct json *json, int error)
{
	if (!json->buf->error)
		json->buf->error = error;
}

/* What stands before every value: a comma unless it is the first or follows its key. */
static void begin_value(struct json *json)
{
	uint32_t bit;

	if (json->is_after_key) {
		json->is_after_key = false;
		return;
	}
	if (json->depth == 0 || json->depth > MAXIMUM_DEPTH)
		return;
	bit = 1U << (json->depth - 1);
	if (json->has_items & bit)
		buf_append_byte(json->buf, ',');
	json->has_items |= bit;
}

static void begin(struct json *json, char bracket)
{
	begin_value(json);
	json->depth++;
	if (json->depth > MAXIMUM_DEPTH) {
		set_error(json, -EOVERFLOW);
		return;
	}
	json->has_items &= ~(1U << (json->depth - 1));
	buf_append_byte(json->buf, bracket);
}

static void end(struct json *json, char bracket)
{
	if (json->depth == 0) {
		set_error(json, -EINVAL);
		return;
	}
	json->depth--;
	buf_append_byte(json->buf, bracket);
}

void json_object_begin(struct json *json)
{
	begin(json, '{');
}

void json_object_end(struct json *json)
{
	end(json, '}');
}

void json_array_begin(struct json *json)
{
	begin(json, '[');
}

void json_array_end(struct json *json)
{
	end(json, ']');
}

/*
 * The length of the UTF-8 sequence at the start of the text (RFC 3629, section 4),
 * 0 when it is not one. ASCII is the caller's business.
 */
static size_t utf8_length(const uint8_t *text, size_t length)
{
	uint8_t first = text[0];
	size_t needed = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;

	if (first < 0xc2 || first > 0xf4 || length < needed)
		return 0;
	for (size_t i = 1; i < needed; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Longer than needed, surrogates, beyond U+10FFFF. */
	if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) ||
		(first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f))
		return 0;
	return needed;
}

static bool is_plain(uint8_t byte)
{
	return byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';
}

static void append_escaped(struct buf *buf, unsigned int character)
{
	static const char letters[] = "\"\\\b\f\n\r\t";
	static const char escapes[] = "\"\\bfnrt";
	const char *found = character > 0 ? strchr(letters, (int)character) : NULL;

	if (found)
		buf_printf(buf, "\\%c", escapes[found - letters]);
	else
		buf_printf(buf, "\\u%04x", character);
}

/* One character that is not plain. Returns its length. */
static size_t append_special(struct buf *buf, const uint8_t *text, size_t length)
{
	size_t count;

	if (text[0] < 0x80) {
		append_escaped(buf, text[0]);
		return 1;
	}
	count = utf8_length(text, length);
	if (count == 0) {
		buf_append_string(buf, REPLACEMENT);
		return 1;
	}
	/* U+0080 to U+009F move the cursor of some terminals. */
	if (text[0] == 0xc2 && text[1] < 0xa0)
		append_escaped(buf, text[1]);
	else
		buf_append(buf, text, count);
	return count;
}

static void append_quoted(struct buf *buf, struct slice text)
{
	size_t at = 0;

	buf_append_byte(buf, '"');
	while (at < text.length) {
		size_t start = at;

		while (at < text.length && is_plain(text.data[at]))
			at++;
		if (at > start)
			buf_append(buf, text.data + start, at - start);
		if (at < text.length)
			at += append_special(buf, text.data + at, text.length - at);
	}
	buf_append_byte(buf, '"');
}

static struct slice slice_of(const char *text)
{
	return (struct slice){ (const uint8_t *)text, strlen(text) };
}

void json_key(struct json *json, const char *key)
{
	begin_value(json);
	append_quoted(json->buf, slice_of(key));
	buf_append_byte(json->buf, ':');
	json->is_after_key = true;
}

void json_string_text(struct json *json, const char *text)
{
	if (text)
		json_string_slice(json, slice_of(text));
	else
		json_null_value(json);
}

void json_string_slice(struct json *json, struct slice text)
{
	begin_value(json);
	append_quoted(json->buf, text);
}

void json_u64(struct json *json, uint64_t value)
{
	char text[STR_NUMBER_BYTES];

	begin_value(json);
	buf_append_string(json->buf, str_from_u64(text, sizeof(text), value));
}

void json_i64(struct json *json, int64_t value)
{
	char text[STR_NUMBER_BYTES];

	begin_value(json);
	buf_append_string(json->buf, str_from_i64(text, sizeof(text), value));
}

void json_double(struct json *json, double value)
{
	char text[64];
	const char *mark = localeconv()->decimal_point;
	char *point;

	if (!isfinite(value)) {
		json_null_value(json);
		return;
	}
	/* 15 digits look better (0.1), 17 always suffice to read the same value back. */
	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		snprintf(text, sizeof(text), "%.17g", value);
	/* The locale's mark, a comma in half of Europe. */
	point = strstr(text, mark);
	if (point) {
		*point = '.';
		memmove(point + 1, point + strlen(mark), strlen(point + strlen(mark)) + 1);
	}
	begin_value(json);
	buf_append_string(json->buf, text);
}

void json_bool(struct json *json, bool value)
{
	begin_value(json);
	buf_append_string(json->buf, value ? "true" : "false");
}

void json_null_value(struct json *json)
{
	begin_value(json);
	buf_append_string(json->buf, "null");
}

void json_member_string(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_string_text(json, text);
}

void json_member_u64(struct json *json, const char *key, uint64_t value)
{
	json_key(json, key);
	json_u64(json, value);
}

void json_member_double(struct json *json, const char *key, double value)
{
	json_key(json, key);
	json_double(json, value);
}

void json_member_bool(struct json *json, const char *key, bool value)
{
	json_key(json, key);
	json_bool(json, value);
}
