/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value is a tag and 8 bytes, or a tag, a length of 2 bytes and the text. Rows stand one behind
 * the other without padding, so everything is copied in and out. A row is put together in a small
 * array first: forty appends to a growing buffer cost more than the rest.
 */
#include "engine/row.h"

#define TAG_NUMBER   0
#define TAG_TEXT     1
#define NUMBER_BYTES (1 + sizeof(uint64_t))
#define HEAD_BYTES   (1 + sizeof(uint16_t)) /* of a text */

void row_begin(struct row *row, struct buf *rows, uint16_t table, uint64_t rowid)
{
	row->rows = rows;
	row->start = rows ? rows->length : 0;
	row->used = sizeof(row->header);
	row->header = (struct row_header){ .table = table, .rowid = rowid };
}

static void make_room(struct row *row, size_t bytes)
{
	if (row->used + bytes <= sizeof(row->bytes))
		return;
	buf_append(row->rows, row->bytes, row->used);
	row->used = 0;
}

static size_t length_so_far(const struct row *row)
{
	return row->rows->length - row->start + row->used;
}

void row_put_number(struct row *row, uint64_t number)
{
	make_room(row, NUMBER_BYTES);
	row->bytes[row->used] = TAG_NUMBER;
	memcpy(row->bytes + row->used + 1, &number, sizeof(number));
	row->used += NUMBER_BYTES;
}

void row_put_text(struct row *row, const char *text, size_t length)
{
	uint16_t size = (uint16_t)MIN(length, (size_t)ROW_TEXT_MAXIMUM);

	make_room(row, HEAD_BYTES + size);
	row->bytes[row->used] = TAG_TEXT;
	memcpy(row->bytes + row->used + 1, &size, sizeof(size));
	row->used += HEAD_BYTES;
	if (size <= sizeof(row->bytes) - row->used) {
		memcpy(row->bytes + row->used, text, size);
		row->used += size;
		return;
	}
	buf_append(row->rows, row->bytes, row->used);
	buf_append(row->rows, text, size);
	row->used = 0;
}

void row_put_values(struct row *row, struct slice values)
{
	make_room(row, sizeof(row->bytes));
	buf_append(row->rows, values.data, values.length);
}

void row_put_field(struct row *row, const struct field *field, const void *event)
{
	const char *member = (const char *)event + field->offset;
	char scratch[FIELD_SCRATCH_BYTES];
	const char *text;
	uint64_t number;

	switch (field->type) {
	case FIELD_TEXT:
		row_put_text(row, member, strnlen(member, field->size));
		return;
	case FIELD_CODE:
		if (field_code_number(member, &number))
			row_put_number(row, number);
		else
			row_put_text(row, member, strnlen(member, field->size));
		return;
	case FIELD_WORD:
	case FIELD_ADDRESS:
	case FIELD_TEXT_LONG:
		text = field_text(field, event, scratch, sizeof(scratch));
		row_put_text(row, text, strlen(text));
		return;
	default:
		row_put_number(row, field_number(field, event));
	}
}

int row_end(struct row *row)
{
	struct buf *rows = row->rows;
	int error;

	row->header.size = (uint32_t)length_so_far(row);
	buf_append(rows, row->bytes, row->used);
	error = rows->error;
	if (error != 0) {
		rows->length = row->start;
		rows->error = 0;
		return error;
	}
	memcpy(rows->data + row->start, &row->header, sizeof(row->header));
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

int row_write(struct buf *rows, const struct row_place *place, const struct event_header *event,
	struct timeline *timeline)
{
	struct row row;

	row_begin(&row, rows, place->table, 0);
	for (unsigned int i = 0; i < place->kind->field_count; i++) {
		const struct field *field = &place->kind->fields[i];

		if (field->unit == UNIT_TIME)
			row_put_number(&row, timeline_wall(timeline, field_number(field, event)));
		else
			row_put_field(&row, field, event);
		if (i == place->weight_field)
			row.header.weight_at = (uint16_t)(length_so_far(&row) - sizeof(uint64_t));
	}
	if (place->has_id)
		row_put_number(&row, event->id);
	return row_end(&row);
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
