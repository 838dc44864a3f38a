/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON, CSV and tables from field tables; the lines for people are in line.c.
 */
#include "event/encode.h"
#include "base/str.h"
#include "event/inert.h"
#include "event/line.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

const char *const output_format_words[] = { "compact", "wide", "table", "json", "csv", NULL };

#define TIME_TEXT_BYTES 32

const char *encode_human(const struct encoder *encoder, const struct field *field,
	const struct event_header *event, char *scratch)
{
	switch (field->unit) {
	case UNIT_TIME:
		return clock_format_local(scratch, FIELD_SCRATCH_BYTES,
			clock_to_wall(encoder->clock, field_number(field, event)));
	case UNIT_NANOSECONDS:
		return str_from_duration(scratch, FIELD_SCRATCH_BYTES, field_number(field, event));
	case UNIT_BYTES:
		return str_from_bytes(scratch, FIELD_SCRATCH_BYTES, field_number(field, event));
	case UNIT_PERCENT:
		snprintf(scratch, FIELD_SCRATCH_BYTES, "%" PRIu64 "%%", field_number(field, event));
		return scratch;
	default:
		return field_text(field, event, scratch, FIELD_SCRATCH_BYTES);
	}
}

unsigned int encode_source_color(const char *text)
{
	/* Blue, orange, green, pink and the like at two lightnesses; no red, which means error. */
	static const uint8_t palette[] = { 39, 172, 36, 175, 178, 69, 109, 141 };
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619U;
	hash ^= hash >> 16;
	return palette[hash % ARRAY_LENGTH(palette)];
}

/* ---- JSON ---- */

static void json_field(struct json *json, const struct clock_map *clock, const struct field *field,
	const struct event_header *event)
{
	char scratch[FIELD_SCRATCH_BYTES];
	uint64_t code;

	json_key(json, field->name);
	if (field->unit == UNIT_TIME)
		json_u64(json, clock_to_wall(clock, field_number(field, event)));
	else if (field_is_signed(field))
		json_i64(json, (int64_t)field_number(field, event));
	else if (field_is_number(field))
		json_u64(json, field_number(field, event));
	else if (field->type == FIELD_BOOL)
		json_bool(json, field_number(field, event) != 0);
	else if (field->type == FIELD_CODE &&
		 field_code_number(field_text(field, event, scratch, sizeof(scratch)), &code))
		json_u64(json, code);
	else
		json_string_text(json, field_text(field, event, scratch, sizeof(scratch)));
}

void encode_json(struct json *json, const struct encoder *encoder, const struct event_header *event)
{
	const struct event_kind *kind = event->kind;
	const struct clock_map *clock = encoder->clock;
	char time[TIME_TEXT_BYTES];

	json_object_begin(json);
	json_member_string(json, "kind", kind->name);
	json_member_u64(json, "v", ENCODE_VERSION);
	json_member_u64(json, "id", event->id);
	json_member_string(json, "time",
		clock_format_utc(time, sizeof(time), clock_to_wall(clock, event->time_ns)));
	for (unsigned int i = 0; i < kind->field_count; i++) {
		if (i >= ENCODE_FIELDS_MAXIMUM || !(encoder->left_out >> i & 1))
			json_field(json, clock, &kind->fields[i], event);
	}
	json_object_end(json);
}

/* ---- CSV ---- */

static void csv_text(struct buf *out, const char *text)
{
	/* Room for what inert_append makes of the longest fixed field. */
	_cleanup_(buf_done)
	struct buf safe = { .maximum = 1 << 20 };

	if (!strpbrk(text, ",\"")) {
		inert_append(out, text, INERT_UNLIMITED);
		return;
	}
	inert_append(&safe, text, INERT_UNLIMITED);
	buf_append_byte(out, '"');
	for (text = buf_text(&safe); *text; text++) {
		if (*text == '"')
			buf_append_byte(out, '"');
		buf_append_byte(out, *text);
	}
	buf_append_byte(out, '"');
	if (safe.error && !out->error)
		out->error = safe.error;
}

static void csv_row(
	const struct encoder *encoder, const struct event_header *event, struct buf *out)
{
	char scratch[FIELD_SCRATCH_BYTES];

	for (unsigned int i = 0; i < event->kind->field_count; i++) {
		const struct field *field = &event->kind->fields[i];
		if (i > 0)
			buf_append_byte(out, ',');
		if (field->unit == UNIT_TIME)
			buf_printf(out, "%" PRIu64,
				clock_to_wall(encoder->clock, field_number(field, event)));
		else
			csv_text(out, field_text(field, event, scratch, sizeof(scratch)));
	}
}

static void csv_heading(const struct event_kind *kind, struct buf *out)
{
	for (unsigned int i = 0; i < kind->field_count; i++)
		buf_printf(out, "%s%s", i > 0 ? "," : "", kind->fields[i].name);
}

/* ---- table ---- */

/* "DURATION" for duration_ns: times show their unit, sizes need the word to make sense. */
static void column_title(const struct field *field, char *title, size_t size)
{
	str_copy(title, size, field->name);
	if (str_ends_with(title, "_ns"))
		title[strlen(title) - 3] = '\0';
	for (char *letter = title; *letter; letter++)
		*letter = (char)toupper((unsigned char)*letter);
}

static unsigned int text_width(const struct field *field)
{
	static const struct {
		unsigned int bytes, width;
	} steps[] = { { 16, 12 }, { 32, 16 }, { 64, 20 }, { 96, 24 }, { 192, 32 } };

	if (field->type == FIELD_CODE)
		return 6;
	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
		if (field->type == FIELD_TEXT && field->size <= steps[i].bytes)
			return steps[i].width;
	}
	return 48;
}

static unsigned int word_width(const struct field *field)
{
	size_t width = 0;

	for (const char *const *word = field->words; *word; word++)
		width = MAX(width, strlen(*word));
	return (unsigned int)width;
}

static unsigned int value_width(const struct field *field)
{
	if (field->unit == UNIT_TIME)
		return 12;
	if (field->unit == UNIT_NANOSECONDS)
		return 8;
	if (field->unit == UNIT_BYTES)
		return 9;
	if (field_is_text(field))
		return text_width(field);
	if (field->type == FIELD_WORD)
		return word_width(field);
	if (field->type == FIELD_ADDRESS)
		return 15;
	return field->size <= 2 ? 5 : field->size == 4 ? 7 : 10;
}

static bool is_right_aligned(const struct field *field)
{
	return field_is_number(field) && field->unit != UNIT_TIME;
}

static void append_blanks(struct buf *out, size_t count)
{
	buf_printf(out, "%*s", (int)count, "");
}

/* Puts text into a column; the last of a row is neither cut nor filled. */
static void table_cell(struct buf *out, const struct field *field, const char *text,
	const char *color, bool is_last)
{
	char title[64];

	column_title(field, title, sizeof(title));
	size_t width = MAX(value_width(field), strlen(title));
	size_t columns = inert_columns(text);
	bool has_color = color[0] && text[0];
	bool may_cut = field_is_text(field) && !is_last;
	size_t blanks = columns < width ? width - columns : 0;

	if (is_right_aligned(field))
		append_blanks(out, blanks);
	if (has_color)
		buf_append_string(out, color);
	inert_append(out, text, may_cut ? width : INERT_UNLIMITED);
	if (has_color)
		buf_append_string(out, LINE_COLOR_END);
	if (!is_right_aligned(field) && !is_last)
		append_blanks(out, blanks);
	if (!is_last)
		append_blanks(out, 2);
}

/* The last column of the table, NULL when the kind shows none. */
static const struct field *table_last(const struct event_kind *kind)
{
	for (unsigned int i = kind->field_count; i > 0; i--) {
		if (kind->fields[i - 1].flags & FIELD_IN_WIDE)
			return &kind->fields[i - 1];
	}
	return NULL;
}

static void table_row(
	const struct encoder *encoder, const struct event_header *event, struct buf *out)
{
	const struct event_kind *kind = event->kind;
	const struct field *last = table_last(kind);
	char scratch[FIELD_SCRATCH_BYTES];
	char color[LINE_COLOR_BYTES];

	for (unsigned int i = 0; i < kind->field_count; i++) {
		const struct field *field = &kind->fields[i];
		if (!(field->flags & FIELD_IN_WIDE))
			continue;
		line_color(encoder, field, event, color);
		table_cell(out, field, encode_human(encoder, field, event, scratch), color,
			field == last);
	}
}

static void table_heading(
	const struct encoder *encoder, const struct event_kind *kind, struct buf *out)
{
	const struct field *last = table_last(kind);
	const char *color = encoder->has_color ? LINE_COLOR_TITLE : "";
	char title[64];

	for (unsigned int i = 0; i < kind->field_count; i++) {
		const struct field *field = &kind->fields[i];
		if (!(field->flags & FIELD_IN_WIDE))
			continue;
		column_title(field, title, sizeof(title));
		table_cell(out, field, title, color, field == last);
	}
}

/* ---- the choice ---- */

int encode_event(const struct encoder *encoder, const struct event_header *event, struct buf *out)
{
	struct json json;

	switch (encoder->format) {
	case FORMAT_JSON:
		json_init(&json, out);
		encode_json(&json, encoder, event);
		break;
	case FORMAT_CSV:
		csv_row(encoder, event, out);
		break;
	case FORMAT_TABLE:
		table_row(encoder, event, out);
		break;
	default:
		line_append(encoder, event, out);
		break;
	}
	buf_append_byte(out, '\n');
	return out->error;
}

int encode_heading(const struct encoder *encoder, const struct event_kind *kind, struct buf *out)
{
	if (encoder->format == FORMAT_CSV)
		csv_heading(kind, out);
	else if (encoder->format == FORMAT_TABLE)
		table_heading(encoder, kind, out);
	else
		return 0;
	buf_append_byte(out, '\n');
	return out->error;
}
