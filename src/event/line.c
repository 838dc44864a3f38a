/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Renders an event through the compact template of its kind (the language is described in
 * field.h), or field by field where it has none; wide adds name=value for what the template
 * leaves out.
 */
#include "event/line.h"
#include "base/str.h"
#include "event/inert.h"

#include <stdio.h>
#include <strings.h>

/* A statement of several kilobytes would hide the lines around it. */
#define COMPACT_COLUMNS 160

#define NAME_BYTES	     64
#define ALTERNATIVES_MAXIMUM 4

/* What stands between { and }. */
struct placeholder {
	char names[ALTERNATIVES_MAXIMUM][NAME_BYTES]; /* {a|b} */
	unsigned int name_count;
	char other[NAME_BYTES]; /* {name^other} */
	char signs[NAME_BYTES]; /* {name=x,y}: "x,y" */
	bool has_signs;
};

struct line {
	const struct encoder *encoder;
	const struct event_header *event;
	struct buf *out;
	unsigned int blanks; /* wanted before the next text */
	bool has_text;
	uint64_t shown; /* bit per field */
};

/* Copies up to one of the stop characters; NULL when too long or empty. */
static const char *read_name(const char *text, const char *stops, char *ret_name)
{
	size_t length = strcspn(text, stops);

	if (length == 0 || length >= NAME_BYTES || text[length] == '\0')
		return NULL;
	memcpy(ret_name, text, length);
	ret_name[length] = '\0';
	return text + length;
}

/* text is after "{"; returns what is after "}", NULL when malformed. */
static const char *read_placeholder(const char *text, struct placeholder *ret_placeholder)
{
	struct placeholder placeholder = { 0 };

	do {
		if (placeholder.name_count == ALTERNATIVES_MAXIMUM)
			return NULL;
		text = read_name(text, "|=^}", placeholder.names[placeholder.name_count++]);
	} while (text && *text++ == '|');
	if (!text)
		return NULL;

	char stop = text[-1];
	if (stop == '^') {
		text = read_name(text, "}", placeholder.other);
		if (!text++)
			return NULL;
	} else if (stop == '=') {
		text = read_name(text, "}", placeholder.signs);
		if (!text++)
			return NULL;
		placeholder.has_signs = true;
	}
	*ret_placeholder = placeholder;
	return text;
}

bool line_template_check(
	const char *text, bool (*visit)(void *context, const char *name), void *context)
{
	struct placeholder placeholder;
	bool is_in_group = false;

	while (*text) {
		char letter = *text++;
		if (letter == '<' || letter == '>') {
			if (is_in_group == (letter == '<'))
				return false;
			is_in_group = letter == '<';
		}
		if (letter != '{')
			continue;
		text = read_placeholder(text, &placeholder);
		if (!text)
			return false;
		for (unsigned int i = 0; i < placeholder.name_count; i++) {
			if (!visit(context, placeholder.names[i]))
				return false;
		}
		if (placeholder.other[0] && !visit(context, placeholder.other))
			return false;
	}
	return !is_in_group;
}

/* ---- colours ---- */

static bool event_is_error(const struct event_header *event)
{
	const struct field *field = field_find(event->kind, "is_error");

	return field && field->type == FIELD_BOOL && field_number(field, event) != 0;
}

/* What a reader needs only at the second look: times, ids, ports, addresses. */
static bool is_secondary(const struct field *field)
{
	return field->unit == UNIT_TIME || field->type == FIELD_ADDRESS ||
	       (field_is_number(field) && field->unit == UNIT_NONE);
}

static void source_color(const char *text, char *ret_color)
{
	snprintf(ret_color, LINE_COLOR_BYTES, "\033[38;5;%um", encode_source_color(text));
}

void line_color(const struct encoder *encoder, const struct field *field,
	const struct event_header *event, char *ret_color)
{
	char scratch[FIELD_SCRATCH_BYTES];

	ret_color[0] = '\0';
	if (!encoder->has_color)
		return;
	if (field->flags & FIELD_IS_SOURCE)
		source_color(field_text(field, event, scratch, sizeof(scratch)), ret_color);
	else if (is_secondary(field))
		str_copy(ret_color, LINE_COLOR_BYTES, "\033[2m");
	else if (event_is_error(event))
		str_copy(ret_color, LINE_COLOR_BYTES, "\033[31m");
}

/* ---- pieces of a line ---- */

static void flush_blanks(struct line *line)
{
	for (; line->blanks > 0; line->blanks--)
		buf_append_byte(line->out, ' ');
	line->has_text = true;
}

static void append_text(struct line *line, const char *color, const char *text)
{
	bool is_wide = line->encoder->format == FORMAT_WIDE;

	if (text[0] == '\0')
		return;
	flush_blanks(line);
	if (color[0])
		buf_append_string(line->out, color);
	inert_append(line->out, text, is_wide ? INERT_UNLIMITED : COMPACT_COLUMNS);
	if (color[0])
		buf_append_string(line->out, LINE_COLOR_END);
}

static void append_value(struct line *line, const struct field *field)
{
	char scratch[FIELD_SCRATCH_BYTES];
	char color[LINE_COLOR_BYTES];

	line_color(line->encoder, field, line->event, color);
	append_text(line, color, encode_human(line->encoder, field, line->event, scratch));
}

/* {service|comm} is the source whichever of them is shown. */
static void append_source(struct line *line, const struct field *field)
{
	char scratch[FIELD_SCRATCH_BYTES];
	char color[LINE_COLOR_BYTES] = "";
	const char *text = encode_human(line->encoder, field, line->event, scratch);

	if (line->encoder->has_color)
		source_color(text, color);
	append_text(line, color, text);
}

static void mark_shown(struct line *line, const struct field *field)
{
	line->shown |= 1ULL << (field - line->event->kind->fields);
}

/* The n-th of "x,y,z"; "" past the end. */
static void append_sign(struct line *line, const char *signs, uint64_t number)
{
	char sign[NAME_BYTES];

	for (; number > 0; number--) {
		signs += strcspn(signs, ",");
		if (*signs == '\0')
			return;
		signs++;
	}
	/* Blanks in front of a sign are blanks of the line, so that an absent one leaves none. */
	for (; *signs == ' '; signs++)
		line->blanks++;
	str_copy_slice(
		sign, sizeof(sign), (struct slice){ (const uint8_t *)signs, strcspn(signs, ",") });
	append_text(line, "", sign);
}

static bool begins_with(struct line *line, const struct field *field, const char *other_name)
{
	char scratch[FIELD_SCRATCH_BYTES], other_scratch[FIELD_SCRATCH_BYTES];
	const struct field *other = field_find(line->event->kind, other_name);
	const char *text = field_text(field, line->event, scratch, sizeof(scratch));

	if (!other)
		return false;
	return strncasecmp(field_text(other, line->event, other_scratch, sizeof(other_scratch)),
		       text, strlen(text)) == 0;
}

/* The first alternative with a value, else the last one. */
static const struct field *choose(struct line *line, const struct placeholder *placeholder)
{
	const struct field *field = NULL;

	for (unsigned int i = 0; i < placeholder->name_count; i++) {
		field = field_find(line->event->kind, placeholder->names[i]);
		if (field && !field_is_empty(field, line->event))
			break;
	}
	return field;
}

static void append_placeholder(struct line *line, const struct placeholder *placeholder)
{
	if (strcmp(placeholder->names[0], "kind") == 0) {
		append_text(line, "", line->event->kind->name);
		return;
	}
	const struct field *first = field_find(line->event->kind, placeholder->names[0]);
	const struct field *field = choose(line, placeholder);
	if (!field)
		return;
	mark_shown(line, field);
	if (first && (first->flags & FIELD_IS_SOURCE))
		append_source(line, field);
	else if (placeholder->has_signs)
		append_sign(line, placeholder->signs, field_number(field, line->event));
	else if (!placeholder->other[0] || !begins_with(line, field, placeholder->other))
		append_value(line, field);
}

/* Whether a group, from after "<", has a field with a value. */
static bool group_has_value(struct line *line, const char *text)
{
	struct placeholder placeholder;

	while (*text && *text != '>') {
		if (*text++ != '{')
			continue;
		text = read_placeholder(text, &placeholder);
		if (!text)
			return false;
		const struct field *field = choose(line, &placeholder);
		if (field && !field_is_empty(field, line->event))
			return true;
	}
	return false;
}

static void append_literal(struct line *line, const char *text, size_t length)
{
	flush_blanks(line);
	buf_append(line->out, text, length);
}

static void append_template(struct line *line, const char *text)
{
	struct placeholder placeholder;

	while (text && *text) {
		size_t length = strcspn(text, " {<>");
		if (length > 0) {
			append_literal(line, text, length);
			text += length;
			continue;
		}
		char letter = *text++;
		if (letter == ' ') {
			line->blanks += line->has_text && line->blanks < 2;
		} else if (letter == '{') {
			text = read_placeholder(text, &placeholder);
			if (text)
				append_placeholder(line, &placeholder);
		} else if (letter == '<' && !group_has_value(line, text)) {
			text += strcspn(text, ">");
		}
	}
}

/* name=value; true alone is the name. */
static void append_pair(struct line *line, const struct field *field)
{
	bool is_flag = field->type == FIELD_BOOL;
	const char *color = line->encoder->has_color ? "\033[2m" : "";
	char name[NAME_BYTES + 2];

	snprintf(name, sizeof(name), "%s%s", field->name, is_flag ? "" : "=");
	line->blanks = 1;
	append_text(line, color, name);
	if (!is_flag)
		append_value(line, field);
	mark_shown(line, field);
}

/* Without a template: texts, times and sizes speak for themselves, other numbers need a name. */
static void append_fields(struct line *line)
{
	const struct event_kind *kind = line->event->kind;

	for (unsigned int i = 0; i < kind->field_count; i++) {
		const struct field *field = &kind->fields[i];
		if (!(field->flags & FIELD_IN_COMPACT) ||
			(i > 0 && field_is_empty(field, line->event)))
			continue;
		if (field->type == FIELD_BOOL ||
			(field_is_number(field) && field->unit == UNIT_NONE)) {
			append_pair(line, field);
		} else {
			append_value(line, field);
			mark_shown(line, field);
		}
		line->blanks = 1;
		if (i == 0)
			append_text(line, "", kind->name);
		line->blanks = 1;
	}
}

void line_append(const struct encoder *encoder, const struct event_header *event, struct buf *out)
{
	struct line line = { .encoder = encoder, .event = event, .out = out };
	const struct event_kind *kind = event->kind;

	if (kind->compact)
		append_template(&line, kind->compact);
	else
		append_fields(&line);
	for (unsigned int i = 0; encoder->format == FORMAT_WIDE && i < kind->field_count; i++) {
		const struct field *field = &kind->fields[i];
		bool is_shown = line.shown & (1ULL << i);
		if ((field->flags & FIELD_IN_WIDE) && !is_shown && !field_is_empty(field, event))
			append_pair(&line, field);
	}
}
