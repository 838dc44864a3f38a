/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cells are made inert when they come; a table keeps the first rows until their widths are known.
 */
#include "engine/result_print.h"

#include <inttypes.h>
#include <math.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "event/inert.h"

#define COLUMNS_MAXIMUM 256
#define WIDTH_MAXIMUM	60 /* of a cell in a table */
#define ROWS_FOR_WIDTHS 500
#define TEXT_BYTES	(8UL << 20)
#define GAP		2

struct result_printer {
	enum result_format format;
	FILE *stream;
	unsigned int count;
	char *names[COLUMNS_MAXIMUM];
	struct buf line; /* scratch */
	struct buf held; /* of a table: cells, each with a NUL */
	unsigned int held_rows;
	bool has_widths;
	size_t widths[COLUMNS_MAXIMUM];
	bool is_number[COLUMNS_MAXIMUM]; /* so far */
};

struct result_printer *result_printer_new(enum result_format format, FILE *stream)
{
	struct result_printer *printer = calloc(1, sizeof(*printer));

	if (!printer)
		return NULL;
	printer->format = format;
	printer->stream = stream;
	buf_init(&printer->line, TEXT_BYTES);
	buf_init(&printer->held, TEXT_BYTES);
	return printer;
}

void result_printer_free(struct result_printer *printer)
{
	if (!printer)
		return;
	for (unsigned int i = 0; i < printer->count; i++)
		free(printer->names[i]);
	buf_done(&printer->line);
	buf_done(&printer->held);
	free(printer);
}

/* Prints the scratch line and empties it. */
static int put_line(struct result_printer *printer)
{
	int error = printer->line.error;

	if (error == 0 && fwrite(printer->line.data ? printer->line.data : "", 1,
				  printer->line.length, printer->stream) != printer->line.length)
		error = errno ? -errno : -EIO;
	buf_clear(&printer->line);
	return error;
}

static void append_blob(struct buf *buf, struct slice blob)
{
	for (size_t i = 0; i < blob.length; i++)
		buf_printf(buf, "%02x", blob.data[i]);
}

/* A value as plain text, not inert. A text with a NUL inside ends there for people. */
static void append_plain(struct buf *buf, const struct query_value *value)
{
	switch (value->type) {
	case QUERY_INTEGER:
		buf_printf(buf, "%" PRId64, value->integer);
		return;
	case QUERY_REAL:
		buf_printf(buf, "%.15g", value->real);
		return;
	case QUERY_TEXT:
		buf_append(buf, value->text.data,
			strnlen((const char *)value->text.data, value->text.length));
		return;
	case QUERY_BLOB:
		append_blob(buf, value->text);
		return;
	case QUERY_NULL:
		return;
	}
}

/*
 * Numbers for people, in the units that the names of columns tell: time_ns and …_time_ns are points
 * in time, other …_ns durations, …_bytes sizes. False when the name tells nothing.
 */
static bool append_human(struct buf *buf, const char *name, const struct query_value *value)
{
	double number = value->type == QUERY_INTEGER ? (double)value->integer : value->real;
	char text[64];

	/* Beyond that a double has lost its nanoseconds, and a number is no time. */
	if ((value->type != QUERY_INTEGER && value->type != QUERY_REAL) || !(number >= 0) ||
		number > 9e18)
		return false;
	if (str_equal(name, "time_ns") || str_ends_with(name, "_time_ns"))
		buf_append_string(
			buf, clock_format_local(text, sizeof(text),
				     value->type == QUERY_INTEGER ? (uint64_t)value->integer
								  : (uint64_t)number));
	else if (str_ends_with(name, "_ns"))
		buf_append_string(buf, str_from_duration(text, sizeof(text), (uint64_t)number));
	else if (str_equal(name, "bytes") || str_ends_with(name, "_bytes"))
		buf_append_string(buf, str_from_bytes(text, sizeof(text), (uint64_t)number));
	else
		return false;
	return true;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void put_json_value(struct json *json, const struct query_value *value)
{
	_cleanup_(buf_done)
	struct buf text = { .maximum = TEXT_BYTES };

	switch (value->type) {
	case QUERY_INTEGER:
		json_i64(json, value->integer);
		return;
	case QUERY_REAL:
		json_double(json, value->real);
		return;
	case QUERY_TEXT:
		json_string_slice(json, value->text);
		return;
	case QUERY_BLOB:
		append_blob(&text, value->text);
		json_string_text(json, buf_text(&text));
		return;
	case QUERY_NULL:
		json_null_value(json);
		return;
	}
}

void result_json_row(struct buf *buf, const char *const *names, const struct query_value *values,
	unsigned int count)
{
	struct json json;

	json_init(&json, buf);
	json_object_begin(&json);
	for (unsigned int i = 0; i < count; i++) {
		json_key(&json, names[i]);
		put_json_value(&json, &values[i]);
	}
	json_object_end(&json);
}

/* ---- CSV ----------------------------------------------------------------------------------- */

/* RFC 4180; quoted when it must be. */
static void append_csv(struct result_printer *printer, unsigned int column, const char *text)
{
	bool is_quoted = strpbrk(text, ",\"\r\n") || text[0] == ' ';

	if (column > 0)
		buf_append_byte(&printer->line, ',');
	if (is_quoted)
		buf_append_byte(&printer->line, '"');
	for (; *text; text++) {
		if (*text == '"')
			buf_append_byte(&printer->line, '"');
		buf_append_byte(&printer->line, *text);
	}
	if (is_quoted)
		buf_append_byte(&printer->line, '"');
}

/* ---- table --------------------------------------------------------------------------------- */

/* cells: count texts, one behind the other, each with its NUL; they are inert already. */
static const char *append_table_row(struct result_printer *printer, const char *cells)
{
	for (unsigned int i = 0; i < printer->count; i++) {
		size_t columns = MIN(inert_columns(cells), WIDTH_MAXIMUM);
		size_t blanks = printer->widths[i] - MIN(printer->widths[i], columns);
		bool is_last = i + 1 == printer->count;

		if (printer->is_number[i])
			buf_printf(&printer->line, "%*s", (int)blanks, "");
		inert_append(&printer->line, cells, WIDTH_MAXIMUM);
		if (!printer->is_number[i] && !is_last)
			buf_printf(&printer->line, "%*s", (int)blanks, "");
		if (!is_last)
			buf_printf(&printer->line, "%*s", GAP, "");
		cells += strlen(cells) + 1;
	}
	buf_append_byte(&printer->line, '\n');
	return cells;
}

static void measure(struct result_printer *printer)
{
	const char *cell = buf_text(&printer->held);

	for (unsigned int row = 0; row < printer->held_rows; row++) {
		for (unsigned int i = 0; i < printer->count; i++) {
			printer->widths[i] = MAX(printer->widths[i], inert_columns(cell));
			cell += strlen(cell) + 1;
		}
	}
	for (unsigned int i = 0; i < printer->count; i++)
		printer->widths[i] = MIN(printer->widths[i], WIDTH_MAXIMUM);
	printer->has_widths = true;
}

static int put_held(struct result_printer *printer)
{
	const char *cells = buf_text(&printer->held);

	if (printer->held.error != 0)
		return printer->held.error;
	if (!printer->has_widths)
		measure(printer);
	for (unsigned int row = 0; row < printer->held_rows; row++)
		cells = append_table_row(printer, cells);
	printer->held_rows = 0;
	buf_clear(&printer->held);
	return put_line(printer);
}

/* ---- sink ---------------------------------------------------------------------------------- */

static int put_csv_names(struct result_printer *printer)
{
	for (unsigned int i = 0; i < printer->count; i++) {
		_cleanup_(buf_done)
		struct buf name;

		buf_init(&name, TEXT_BYTES);
		inert_append(&name, printer->names[i], INERT_UNLIMITED);
		append_csv(printer, i, buf_text(&name));
	}
	buf_append_byte(&printer->line, '\n');
	return put_line(printer);
}

static int take_columns(void *context, const char *const *names, unsigned int count)
{
	struct result_printer *printer = context;

	for (unsigned int i = 0; i < MIN(count, COLUMNS_MAXIMUM); i++) {
		printer->names[i] = strdup(names[i]);
		if (!printer->names[i])
			return -ENOMEM;
		printer->count++;
		printer->is_number[i] = true;
		if (printer->format == RESULT_TABLE)
			buf_append(&printer->held, names[i], strlen(names[i]) + 1);
	}
	if (printer->format == RESULT_TABLE)
		printer->held_rows = 1;
	if (printer->format != RESULT_CSV)
		return 0;
	return put_csv_names(printer);
}

static int take_cells(struct result_printer *printer, const struct query_value *values)
{
	_cleanup_(buf_done)
	struct buf plain;
	_cleanup_(buf_done)
	struct buf cell;

	buf_init(&plain, TEXT_BYTES);
	buf_init(&cell, TEXT_BYTES);
	for (unsigned int i = 0; i < printer->count; i++) {
		buf_clear(&plain);
		buf_clear(&cell);
		if (printer->format != RESULT_TABLE ||
			!append_human(&plain, printer->names[i], &values[i]))
			append_plain(&plain, &values[i]);
		if (printer->format == RESULT_CSV) {
			inert_append(&cell, buf_text(&plain), INERT_UNLIMITED);
			append_csv(printer, i, buf_text(&cell));
			continue;
		}
		if (values[i].type == QUERY_TEXT || values[i].type == QUERY_BLOB)
			printer->is_number[i] = false;
		inert_append(&cell, buf_text(&plain), WIDTH_MAXIMUM);
		buf_append(&printer->held, buf_text(&cell), cell.length + 1);
	}
	return MIN(plain.error, cell.error);
}

static int take_row(void *context, const struct query_value *values, unsigned int count)
{
	struct result_printer *printer = context;
	int error;

	if (printer->format == RESULT_JSON) {
		result_json_row(&printer->line, (const char *const *)printer->names, values,
			printer->count);
		buf_append_byte(&printer->line, '\n');
		return put_line(printer);
	}
	error = take_cells(printer, values);
	if (error != 0)
		return error;
	if (printer->format == RESULT_CSV) {
		buf_append_byte(&printer->line, '\n');
		return put_line(printer);
	}
	printer->held_rows++;
	return printer->has_widths || printer->held_rows >= ROWS_FOR_WIDTHS ? put_held(printer) : 0;
}

struct query_sink result_printer_sink(struct result_printer *printer)
{
	return (struct query_sink){ printer, take_columns, take_row };
}

int result_printer_end(struct result_printer *printer)
{
	int error = printer->format == RESULT_TABLE ? put_held(printer) : 0;

	if (error == 0 && fflush(printer->stream) != 0)
		error = -errno;
	return error;
}
