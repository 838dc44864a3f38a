/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value is a tag and 8 bytes, or a tag, a length of 2 bytes and the text. Rows stand one behind
 * the other without padding, so everything is copied in and out.
 */
#include "engine/row.h"

#include "base/str.h"

#define TAG_NUMBER 0
#define TAG_TEXT   1

size_t row_begin(struct buf *rows, uint16_t table, uint64_t rowid)
{
	struct row_header header = { .table = table, .rowid = rowid };
	size_t start = rows->length;

	buf_append(rows, &header, sizeof(header));
	return start;
}

void row_put_number(struct buf *rows, uint64_t number)
{
	char value[1 + sizeof(number)] = { TAG_NUMBER };

	memcpy(value + 1, &number, sizeof(number));
	buf_append(rows, value, sizeof(value));
}

void row_put_text(struct buf *rows, const char *text, size_t length)
{
	uint16_t size = (uint16_t)MIN(length, (size_t)ROW_TEXT_MAXIMUM);
	char head[1 + sizeof(size)] = { TAG_TEXT };

	memcpy(head + 1, &size, sizeof(size));
	buf_append(rows, head, sizeof(head));
	buf_append(rows, text, size);
}

void row_put_field(struct buf *rows, const struct field *field, const void *event)
{
	const char *member = (const char *)event + field->offset;
	char scratch[FIELD_SCRATCH_BYTES];
	const char *text;
	uint64_t number;

	switch (field->type) {
	case FIELD_TEXT:
		row_put_text(rows, member, strnlen(member, field->size));
		return;
	case FIELD_CODE:
		if (field_code_number(member, &number))
			row_put_number(rows, number);
		else
			row_put_text(rows, member, strnlen(member, field->size));
		return;
	case FIELD_WORD:
	case FIELD_ADDRESS:
	case FIELD_TEXT_LONG:
		text = field_text(field, event, scratch, sizeof(scratch));
		row_put_text(rows, text, strlen(text));
		return;
	default:
		row_put_number(rows, field_number(field, event));
	}
}

int row_end(struct buf *rows, size_t start)
{
	uint32_t size = (uint32_t)(rows->length - start);
	int error = rows->error;

	if (error != 0) {
		rows->length = start;
		rows->error = 0;
		return error;
	}
	memcpy(rows->data + start + offsetof(struct row_header, size), &size, sizeof(size));
	return 0;
}

bool row_has_id(const struct event_kind *kind)
{
	return field_find(kind, "parent_id") != NULL;
}

struct row_place row_place(const struct event_kind *kind, uint16_t table)
{
	const struct field *weight = field_find(kind, "weight");

	return (struct row_place){
		.kind = kind,
		.table = table,
		.weight_field = weight ? (uint16_t)(weight - kind->fields) : UINT16_MAX,
		.has_id = row_has_id(kind),
	};
}

int row_write(struct buf *rows, struct row_place place, const struct event_header *event,
	struct timeline *timeline)
{
	size_t start = row_begin(rows, place.table, 0);
	uint16_t weight_at = 0;

	for (unsigned int i = 0; i < place.kind->field_count; i++) {
		const struct field *field = &place.kind->fields[i];

		if (i == place.weight_field)
			weight_at = (uint16_t)(rows->length - start + 1);
		if (field->unit == UNIT_TIME)
			row_put_number(rows, timeline_wall(timeline, field_number(field, event)));
		else
			row_put_field(rows, field, event);
	}
	if (place.has_id)
		row_put_number(rows, event->id);
	if (rows->error == 0)
		memcpy(rows->data + start + offsetof(struct row_header, weight_at), &weight_at,
			sizeof(weight_at));
	return row_end(rows, start);
}

void row_set_weight(char *row, uint64_t weight)
{
	struct row_header header;

	memcpy(&header, row, sizeof(header));
	memcpy(row + header.weight_at, &weight, sizeof(weight));
}

uint64_t row_count(struct slice rows)
{
	struct row_header header;
	uint64_t count = 0;

	for (size_t at = 0; at < rows.length; at += header.size) {
		memcpy(&header, rows.data + at, sizeof(header));
		count++;
	}
	return count;
}

struct row_value row_read(const char **at)
{
	struct row_value value = { .is_text = **at == TAG_TEXT };
	uint16_t length;

	(*at)++;
	if (!value.is_text) {
		memcpy(&value.number, *at, sizeof(value.number));
		*at += sizeof(value.number);
		return value;
	}
	memcpy(&length, *at, sizeof(length));
	*at += sizeof(length);
	value.text = (struct slice){ (const uint8_t *)*at, length };
	*at += length;
	return value;
}
