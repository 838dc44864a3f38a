/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decodes UTF-8 strictly and replaces what a terminal would act upon.
 */
#include "event/inert.h"

#include <stdio.h>

struct range {
	uint32_t first, last;
};

/* Shown as \u{…}: C1 controls, and what reorders, hides or joins text without being seen
 * (Unicode 15: Bidi_Control, Default_Ignorable_Code_Point, line separators). */
static const struct range unsafe_ranges[] = {
	{ 0x80, 0x9f },
	{ 0xad, 0xad },
	{ 0x34f, 0x34f },
	{ 0x61c, 0x61c },
	{ 0x115f, 0x1160 },
	{ 0x17b4, 0x17b5 },
	{ 0x180b, 0x180f },
	{ 0x200b, 0x200f },
	{ 0x2028, 0x202e },
	{ 0x2060, 0x206f },
	{ 0x3164, 0x3164 },
	{ 0xfe00, 0xfe0f },
	{ 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 },
	{ 0xfff0, 0xfffb },
	{ 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff },
};

/* Marks that sit on the character before them take no column. */
static const struct range combining_ranges[] = {
	{ 0x300, 0x36f },
	{ 0x483, 0x489 },
	{ 0x591, 0x5bd },
	{ 0x610, 0x61a },
	{ 0x64b, 0x65f },
	{ 0x1ab0, 0x1aff },
	{ 0x1dc0, 0x1dff },
	{ 0x20d0, 0x20ff },
	{ 0xfe20, 0xfe2f },
};

/* East Asian wide characters and emoji take two (Unicode TR 11). */
static const struct range wide_ranges[] = {
	{ 0x1100, 0x115e },
	{ 0x2e80, 0x303e },
	{ 0x3041, 0xa4cf },
	{ 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },
	{ 0xfe30, 0xfe6f },
	{ 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 },
	{ 0x1f300, 0x1f64f },
	{ 0x1f680, 0x1f6ff },
	{ 0x1f900, 0x1f9ff },
	{ 0x20000, 0x3fffd },
};

static bool is_in(const struct range *ranges, size_t count, uint32_t character)
{
	for (size_t i = 0; i < count; i++) {
		if (character >= ranges[i].first && character <= ranges[i].last)
			return true;
	}
	return false;
}

size_t inert_decode(const char *text, uint32_t *ret_character)
{
	const unsigned char *bytes = (const unsigned char *)text;
	static const uint32_t minimum[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length;

	if (bytes[0] < 0x80) {
		*ret_character = bytes[0];
		return 1;
	}
	if (bytes[0] >= 0xc2 && bytes[0] <= 0xdf)
		length = 2;
	else if ((bytes[0] & 0xf0) == 0xe0)
		length = 3;
	else if (bytes[0] >= 0xf0 && bytes[0] <= 0xf4)
		length = 4;
	else
		return 0;

	uint32_t character = bytes[0] & (0x7fU >> length);
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80) /* also the end of the text */
			return 0;
		character = character << 6 | (bytes[i] & 0x3f);
	}
	if (character < minimum[length] || character > 0x10ffff ||
		(character >= 0xd800 && character <= 0xdfff))
		return 0;
	*ret_character = character;
	return length;
}

struct piece {
	char text[16];
	size_t bytes;	/* of text */
	size_t columns; /* that it takes */
	size_t used;	/* bytes of the source */
};

static void piece_escape(struct piece *piece, uint32_t character)
{
	int length;

	if (character == '\n' || character == '\t' || character == '\r')
		length = snprintf(piece->text, sizeof(piece->text), "\\%c",
			character == '\n'   ? 'n'
			: character == '\t' ? 't'
					    : 'r');
	else if (character < 0x80)
		length = snprintf(piece->text, sizeof(piece->text), "\\x%02x", character);
	else
		length = snprintf(piece->text, sizeof(piece->text), "\\u{%x}", character);
	piece->bytes = (size_t)length;
	piece->columns = (size_t)length;
}

static struct piece piece_next(const char *text)
{
	struct piece piece = { .columns = 1 };
	uint32_t character = 0;

	piece.used = inert_decode(text, &character);
	if (piece.used == 0) {
		piece.used = 1;
		piece.bytes = piece.columns = (size_t)snprintf(
			piece.text, sizeof(piece.text), "\\x%02x", (unsigned char)text[0]);
		return piece;
	}
	if (character < 0x20 || character == 0x7f ||
		is_in(unsafe_ranges, ARRAY_LENGTH(unsafe_ranges), character)) {
		piece_escape(&piece, character);
		return piece;
	}
	if (is_in(combining_ranges, ARRAY_LENGTH(combining_ranges), character))
		piece.columns = 0;
	else if (is_in(wide_ranges, ARRAY_LENGTH(wide_ranges), character))
		piece.columns = 2;
	memcpy(piece.text, text, piece.used);
	piece.bytes = piece.used;
	return piece;
}

/* The length of the run of plain printable ASCII, which is nearly every text whole. */
static size_t plain_length(const char *text)
{
	size_t length = 0;

	while (text[length] >= 0x20 && text[length] < 0x7f)
		length++;
	return length;
}

size_t inert_columns(const char *text)
{
	size_t columns = 0;

	while (*text) {
		size_t plain = plain_length(text);
		columns += plain;
		text += plain;
		if (!*text)
			break;
		struct piece piece = piece_next(text);
		columns += piece.columns;
		text += piece.used;
	}
	return columns;
}

static size_t append_cut(struct buf *buf, const char *text, size_t maximum_columns)
{
	size_t columns = 0;

	while (*text) {
		struct piece piece = piece_next(text);
		if (columns + piece.columns > maximum_columns - 1)
			break;
		buf_append(buf, piece.text, piece.bytes);
		columns += piece.columns;
		text += piece.used;
	}
	buf_append_string(buf, "…");
	return columns + 1;
}

size_t inert_append(struct buf *buf, const char *text, size_t maximum_columns)
{
	size_t columns = 0;

	if (maximum_columns == 0)
		return 0;
	if (maximum_columns != INERT_UNLIMITED && inert_columns(text) > maximum_columns)
		return append_cut(buf, text, maximum_columns);
	while (*text) {
		size_t plain = plain_length(text);
		buf_append(buf, text, plain);
		columns += plain;
		text += plain;
		if (!*text)
			break;
		struct piece piece = piece_next(text);
		buf_append(buf, piece.text, piece.bytes);
		columns += piece.columns;
		text += piece.used;
	}
	return columns;
}
