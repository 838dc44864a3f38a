/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One answer as text: see top_once.h.
 */
#include "cli/top_once.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "event/encode.h"
#include "event/inert.h"

#define BETWEEN_NS   (NS_PER_S / 2) /* two answers */
#define LINE_MAXIMUM (64 * 1024)
#define WIDE_COLUMNS 220 /* where there is no terminal */

/* Of a terminal, its own; a pipe has room for everything. */
static unsigned int line_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return WIDE_COLUMNS;
}

static void append_padded(struct buf *line, const struct top_slot *slot, const char *text)
{
	size_t columns = inert_columns(text), before = 0;
	unsigned int start = slot->x;

	if (!top_column_is_left(slot->column) && columns < slot->width)
		before = slot->width - columns;
	for (size_t at = inert_columns(buf_text(line)); at < start + before; at++)
		buf_append_byte(line, ' ');
	buf_append_string(line, text);
}

/* Without a row: the heading. */
static void print_line(
	const struct top_slot *slots, unsigned int count, const struct event_header *row)
{
	_cleanup_(buf_done)
	struct buf line = { 0 };

	buf_init(&line, LINE_MAXIMUM);
	for (unsigned int i = 0; i < count; i++) {
		_cleanup_(buf_done)
		struct buf cell = { 0 };

		buf_init(&cell, LINE_MAXIMUM);
		if (row)
			top_cell(slots[i].column, row, slots[i].width, &cell);
		else
			buf_append_string(&cell, slots[i].column->title);
		append_padded(&line, &slots[i], buf_text(&cell));
	}
	printf("%s\n", buf_text(&line));
}

static void print_table(struct top_model *model, uint32_t count)
{
	const struct top_layout *layout = &top_layouts[top_model_level(model)->wish.screen];
	struct top_slot slots[TOP_COLUMNS_MAXIMUM];
	unsigned int widest = 16, slot_count;

	for (uint32_t i = 0; i < count; i++)
		for (unsigned int c = 0; c < layout->column_count; c++) {
			_cleanup_(buf_done)
			struct buf cell = { 0 };

			buf_init(&cell, LINE_MAXIMUM);
			if (layout->columns[c].width == 0)
				widest = MAX(widest,
					top_cell(&layout->columns[c], top_rows_at(&model->shown, i),
						WIDE_COLUMNS, &cell));
		}
	slot_count = top_columns_fit(layout, 0, line_columns(), widest, slots);
	print_line(slots, slot_count, NULL);
	for (uint32_t i = 0; i < count; i++)
		print_line(slots, slot_count, top_rows_at(&model->shown, i));
}

static void print_rows(struct top_model *model, enum top_format format, uint32_t count)
{
	const struct clock_map clock = { 0 }; /* rows have wall time */
	const struct encoder encoder = {
		.format = format == TOP_JSON ? FORMAT_JSON : FORMAT_CSV,
		.clock = &clock,
	};
	_cleanup_(buf_done)
	struct buf lines = { 0 };

	buf_init(&lines, 64 * 1024 * 1024);
	encode_heading(&encoder, model->shown.kind, &lines);
	for (uint32_t i = 0; i < count; i++)
		encode_event(&encoder, top_rows_at(&model->shown, i), &lines);
	fputs(buf_text(&lines), stdout);
}

static int ask(struct top_model *model, struct top_memory *memory, struct fail *fail)
{
	const struct timespec between = { .tv_nsec = BETWEEN_NS };
	struct top_snapshot *snapshot;
	struct top_wish wish;
	int times = top_needs_two(top_model_level(model)->wish.screen) ? 2 : 1;

	top_model_wish(model, &wish);
	for (; times > 0; times--) {
		snapshot = top_ask(memory, &wish);
		if (!snapshot)
			return fail_set(fail, -ENOMEM, "no memory for the answer");
		if (snapshot->fail.code) {
			*fail = snapshot->fail;
			top_snapshot_free(snapshot);
			return fail->code;
		}
		top_model_take(model, snapshot);
		if (times > 1)
			nanosleep(&between, NULL);
	}
	return 0;
}

int64_t top_once(struct top_model *model, const char *directory, enum top_format format,
	uint32_t rows, struct fail *fail)
{
	struct top_memory memory;
	int error = top_memory_init(&memory, directory);
	uint32_t count;

	if (error)
		return fail_set(fail, error, "no memory");
	error = ask(model, &memory, fail);
	top_memory_done(&memory);
	if (error)
		return error;
	count = (uint32_t)model->shown.count;
	if (rows > 0)
		count = MIN(count, rows);
	if (format == TOP_TABLE)
		print_table(model, count);
	else
		print_rows(model, format, count);
	return count;
}
