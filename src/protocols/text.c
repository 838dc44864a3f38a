/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Escaping and bounded writing for what protocols show.
 */
#include "protocols/text.h"

void text_init(struct text *text, char *data, size_t size)
{
	*text = (struct text){ .data = data, .size = size };
	data[0] = '\0';
}

void text_resume(struct text *text, char *data, size_t size)
{
	*text = (struct text){ .data = data, .size = size, .length = strlen(data) };
}

static void append(struct text *text, const void *data, size_t length)
{
	if (text->is_full || length >= text->size - text->length) {
		text->is_full = true;
		return;
	}
	memcpy(text->data + text->length, data, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void text_string(struct text *text, const char *source)
{
	append(text, source, strlen(source));
}

/* Unicode's invisible, line-breaking and direction-changing characters, and the C1 controls. */
static bool is_shown(uint32_t character)
{
	return character >= 0xa0 && (character < 0x200b || character > 0x200f) &&
	       (character < 0x2028 || character > 0x202e) &&
	       (character < 0x2060 || character > 0x206f) && character != 0xfeff &&
	       character != 0xad && character < 0xe0000;
}

/* Length of the printable multi-byte character at the start of bytes (RFC 3629), 0 if none. */
static size_t character_length(const uint8_t *data, size_t length)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t wanted = data[0] >= 0xf0 ? 4 : data[0] >= 0xe0 ? 3 : 2;
	uint32_t character = data[0] & (0xffU >> (wanted + 1));

	if (data[0] < 0xc2 || data[0] > 0xf4 || length < wanted)
		return 0;
	for (size_t index = 1; index < wanted; index++) {
		if ((data[index] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (data[index] & 0x3f);
	}
	if (character < lowest[wanted] || (character >= 0xd800 && character <= 0xdfff))
		return 0;
	return is_shown(character) ? wanted : 0;
}

static void append_escape(struct text *text, uint8_t byte)
{
	static const char digits[] = "0123456789ABCDEF";
	char escape[] = { '%', digits[byte >> 4], digits[byte & 15] };

	append(text, escape, sizeof(escape));
}

static bool is_plain(uint8_t byte)
{
	return byte > ' ' && byte < 0x7f;
}

/* As many of the plain bytes as there is room for. */
static void append_plain(struct text *text, const uint8_t *data, size_t length)
{
	size_t room = text->size - 1 - text->length;

	append(text, data, MIN(length, room));
	text->is_full = text->is_full || length > room;
}

void text_bytes(struct text *text, struct slice bytes)
{
	size_t at = 0;

	while (at < bytes.length && !text->is_full) {
		size_t start = at;
		size_t length;

		while (at < bytes.length && is_plain(bytes.data[at]))
			at++;
		if (at > start) {
			append_plain(text, bytes.data + start, at - start);
			continue;
		}
		length = bytes.data[at] < 0x80
				 ? 0
				 : character_length(bytes.data + at, bytes.length - at);
		if (length == 0)
			append_escape(text, bytes.data[at]);
		else
			append(text, bytes.data + at, length);
		at += length == 0 ? 1 : length;
	}
}

void text_words(struct text *text, struct slice words)
{
	size_t at = 0;

	while (at < words.length && !text->is_full) {
		size_t start = at;

		while (at < words.length && words.data[at] != ' ')
			at++;
		text_bytes(text, (struct slice){ words.data + start, at - start });
		if (at < words.length)
			text_string(text, " ");
		at++;
	}
}
