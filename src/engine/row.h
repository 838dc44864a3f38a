/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows on their way from the loop thread to the store's writer: an event written out column by
 * column, in the order of its field table, as integers and text. In memory only, never in a file.
 */
#ifndef SKEP_ROW_H
#define SKEP_ROW_H

#include "base/buf.h"
#include "engine/timeline.h"
#include "event/field.h"

/* A longer text is cut. */
#define ROW_TEXT_MAXIMUM 65535
/* A row up to this size is put together in one piece. */
#define ROW_BYTES	 2048

struct row_header {
	uint32_t size;	    /* of the whole row, this included */
	uint16_t table;	    /* which table of the store */
	uint16_t weight_at; /* where the value of `weight` stands, 0: it has none */
	uint64_t rowid;	    /* of counts: adds to the row that has it; else 0 */
};

struct row_value {
	bool is_text;
	int64_t number;
	struct slice text;
};

/* What a row belongs to. */
struct row_place {
	const struct event_kind *kind;
	uint16_t table;
	uint16_t weight_field; /* index of `weight`, UINT16_MAX: none */
	bool has_id;
};

/* True for kinds whose rows refer to each other by header.id: it is stored as a last column `id`.
 */
bool row_has_id(const struct event_kind *kind);
struct row_place row_place(const struct event_kind *kind, uint16_t table);
/* Appends the event as a row. 0 or the buffer's error (then the buffer is as before). */
int row_write(struct buf *rows, const struct row_place *place, const struct event_header *event,
	struct timeline *timeline);
/* Sets the weight of a row that has one. */
void row_set_weight(char *row, uint64_t weight);

/*
 * By hand: begin, values, end. bytes holds what is not in rows yet; header goes to the front at
 * the end. rows NULL: values stay in bytes, the caller sees to it that they fit. row_end returns 0
 * or the buffer's error (then the buffer is as before row_begin).
 */
struct row {
	struct buf *rows;
	size_t start;
	size_t used;
	struct row_header header;
	char bytes[ROW_BYTES];
};
void row_begin(struct row *row, struct buf *rows, uint16_t table, uint64_t rowid);
void row_put_number(struct row *row, uint64_t number);
void row_put_text(struct row *row, const char *text, size_t length);
void row_put_field(struct row *row, const struct field *field, const void *event);
/* Values that another row, ended or not, put together already. */
void row_put_values(struct row *row, struct slice values);
int row_end(struct row *row);

uint64_t row_count(struct slice rows);
/* The next value at *at, which is moved past it. */
struct row_value row_read(const char **at);

#endif
