/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The picture of `skep top`: what goes where, and its table. See top_draw.h.
 */
#include "cli/top_draw.h"

#include <stdio.h>

#include "base/str.h"
#include "event/encode.h"
#include "event/inert.h"

#define TEXT_MAXIMUM   (64 * 1024)
#define MARGIN	       1
/* From so many lines on these are there. */
#define LINES_OF_BAR   4
#define LINES_OF_KEYS  3
#define LINES_OF_TITLE 7
#define LINES_OF_TABS  9

unsigned int top_put(const struct top_canvas *canvas, unsigned int y, unsigned int x,
	enum top_style style, const char *text)
{
	_cleanup_(buf_done)
	struct buf safe = { 0 };
	unsigned int columns;

	if (y >= canvas->height || x >= canvas->width)
		return 0;
	buf_init(&safe, TEXT_MAXIMUM);
	columns = (unsigned int)inert_append(&safe, text, canvas->width - x);
	if (columns > 0)
		canvas->put(canvas->context, y, x, style, buf_text(&safe));
	return columns;
}

/* ---- the title of the list ---- */

static void append_way(const struct top_model *model, struct buf *out)
{
	for (unsigned int i = 0; i <= model->depth; i++) {
		const struct top_wish *wish = &model->levels[i].wish;

		if (i > 0)
			buf_append_string(out, " › ");
		if (i == 0)
			buf_append_string(out, top_layouts[wish->screen].name);
		else if (wish->screen == TOP_EXCHANGE)
			buf_append_string(out, "one exchange");
		else if (wish->pid)
			buf_printf(out, "%s %u › %s", wish->service, wish->pid,
				wish->screen == TOP_STEPS ? "connections" : "requests");
		else if (wish->screen == TOP_ENDPOINTS)
			buf_append_string(out, wish->service[0] ? wish->service : "(unknown)");
		else if (wish->screen == TOP_STEPS)
			buf_printf(out, "%s %s %s:%u", wish->service,
				wish->role == ROLE_SERVER ? "←" : "→", wish->peer, wish->port);
		else
			buf_printf(out, "%s%s%s", wish->operation, wish->operation[0] ? " " : "",
				wish->target);
	}
}

/* "12 of 34  worst first" */
static void append_state(struct top_model *model, struct buf *out)
{
	const struct top_setting *setting = top_model_setting(model);
	const struct top_layout *layout = &top_layouts[top_model_level(model)->wish.screen];
	size_t all = model->snapshot ? model->snapshot->rows.count : 0;
	const char *name = setting->order;

	if (layout->column_count == 0)
		return;
	if (setting->filter_text[0])
		buf_printf(out, "%zu of %zu match %s   ", model->shown.count, all,
			setting->filter_text);
	else
		buf_printf(out, "%zu   ", all);
	for (unsigned int i = 0; i < layout->column_count; i++)
		if (layout->columns[i].title[0] &&
			str_equal(layout->columns[i].field, setting->order))
			name = layout->columns[i].title;
	if (str_equal(setting->order, "badness_ns"))
		buf_append_string(out, setting->is_rising ? "best first" : "worst first");
	else
		buf_printf(out, "by %s %s", name, setting->is_rising ? "▲" : "▼");
}

static void draw_title(struct top_model *model, const struct top_canvas *canvas, unsigned int y)
{
	_cleanup_(buf_done)
	struct buf text = { 0 };
	unsigned int x;

	buf_init(&text, TEXT_MAXIMUM);
	if (model->fail.code) {
		buf_printf(&text, "! %s; asking again every second", model->fail.text);
		top_put(canvas, y, MARGIN, TOP_BAD, buf_text(&text));
		return;
	}
	append_way(model, &text);
	x = MARGIN + top_put(canvas, y, MARGIN, TOP_BOLD, buf_text(&text));
	buf_clear(&text);
	append_state(model, &text);
	top_put(canvas, y, x + 3, TOP_DIM, buf_text(&text));
}

/* ---- the table ---- */

/* How wide the texts are in the column that takes what is left. */
static unsigned int text_columns(const struct top_model *model, const struct top_layout *layout)
{
	const struct top_column *column = NULL;
	unsigned int widest = 0;

	for (unsigned int i = 0; i < layout->column_count; i++)
		if (layout->columns[i].width == 0)
			column = &layout->columns[i];
	for (size_t i = 0; column && i < model->shown.count; i++) {
		_cleanup_(buf_done)
		struct buf cell = { 0 };

		buf_init(&cell, TEXT_MAXIMUM);
		widest = MAX(widest, top_cell(column, top_rows_at(&model->shown, i), 200, &cell));
	}
	/* In steps, so that columns do not tremble when rows come and go. */
	return (MAX(widest, 16) + 3) / 4 * 4;
}

static bool is_bad_count(const struct top_column *column, const struct event_header *row)
{
	const struct field *field = field_find(row->kind, column->field);
	bool counts = str_equal(column->field, "errors") || str_equal(column->field, "failed") ||
		      str_equal(column->field, "retransmits");

	return counts && field && field_number(field, row) > 0;
}

static bool is_failed(const struct event_header *row)
{
	const struct field *field = field_find(row->kind, "is_error");

	return field && field_number(field, row) != 0;
}

static enum top_style cell_style(
	const struct top_column *column, const struct event_header *row, const char *text)
{
	if (is_bad_count(column, row) || (column->show == TOP_PATH && is_failed(row)) ||
		(str_equal(column->field, "status") && is_failed(row)))
		return TOP_BAD;
	if (str_equal(column->field, "service"))
		return (enum top_style)(TOP_SOURCE + encode_source_color(text));
	if (column->show == TOP_OWNER && str_starts_with(text, "skep: "))
		return TOP_BOLD;
	if (column->show >= TOP_TREND_REQUESTS || column->show == TOP_ROLE ||
		str_equal(text, "·") || str_equal(text, "0") || str_equal(text, "0 %"))
		return TOP_DIM;
	return TOP_PLAIN;
}

static void draw_cell(const struct top_canvas *canvas, unsigned int y, const struct top_slot *slot,
	const struct event_header *row, bool is_selected)
{
	_cleanup_(buf_done)
	struct buf cell = { 0 };
	unsigned int columns, x = slot->x;

	buf_init(&cell, TEXT_MAXIMUM);
	columns = top_cell(slot->column, row, slot->width, &cell);
	if (!top_column_is_left(slot->column) && columns < slot->width)
		x += slot->width - columns;
	top_put(canvas, y, x,
		is_selected ? TOP_SELECTED : cell_style(slot->column, row, buf_text(&cell)),
		buf_text(&cell));
}

static void draw_heading(struct top_model *model, const struct top_canvas *canvas, unsigned int y)
{
	const struct top_setting *setting = top_model_setting(model);

	for (unsigned int i = 0; i < model->geometry.slot_count; i++) {
		const struct top_slot *slot = &model->geometry.slots[i];
		bool is_order =
			str_equal(slot->column->field, setting->order) && slot->column->title[0];
		const char *sign = !is_order ? "" : setting->is_rising ? "▲" : "▼";
		char title[40];
		unsigned int columns, x = slot->x;

		snprintf(title, sizeof(title), "%s%s", slot->column->title, sign);
		columns = (unsigned int)inert_columns(title);
		if (!top_column_is_left(slot->column) && columns < slot->width)
			x += slot->width - columns;
		else if (columns > slot->width && x > 0 && is_order)
			x--;
		top_put(canvas, y, x, is_order ? TOP_BOLD : TOP_HEADING, title);
	}
}

static void keep_in_sight(struct top_level *level, size_t count, unsigned int height)
{
	if (level->selected < level->first)
		level->first = level->selected;
	if (height > 0 && level->selected >= level->first + height)
		level->first = level->selected - height + 1;
	if (level->first + height > count)
		level->first = count > height ? count - height : 0;
}

static void draw_selection(const struct top_canvas *canvas, unsigned int y)
{
	_cleanup_(buf_done)
	struct buf blanks = { 0 };

	buf_init(&blanks, TEXT_MAXIMUM);
	buf_printf(&blanks, "%*s", (int)canvas->width, "");
	canvas->put(canvas->context, y, 0, TOP_SELECTED, buf_text(&blanks));
	/* Where there are no colours and no reverse either. */
	top_put(canvas, y, 0, TOP_SELECTED, "›");
}

static void draw_rows(struct top_model *model, const struct top_canvas *canvas)
{
	struct top_geometry *geometry = &model->geometry;
	struct top_level *level = top_model_level(model);

	keep_in_sight(level, model->shown.count, geometry->body_height);
	for (unsigned int i = 0; i < geometry->body_height; i++) {
		size_t index = level->first + i;
		unsigned int y = geometry->body_y + i;

		if (index >= model->shown.count)
			break;
		if (index == level->selected)
			draw_selection(canvas, y);
		for (unsigned int s = 0; s < geometry->slot_count; s++)
			draw_cell(canvas, y, &geometry->slots[s], top_rows_at(&model->shown, index),
				index == level->selected);
	}
}

/* A sentence over several lines. */
static void draw_sentence(
	const struct top_canvas *canvas, unsigned int y, unsigned int height, const char *text)
{
	unsigned int width = canvas->width > 2 * MARGIN ? canvas->width - 2 * MARGIN : 1;
	char line[512];

	for (unsigned int i = 0; i < height && *text; i++) {
		size_t length = MIN(strlen(text), MIN(width, sizeof(line) - 1)), cut = length;

		while (text[length] && cut > 0 && text[cut] != ' ')
			cut--;
		if (cut > 0)
			length = cut;
		memcpy(line, text, length);
		line[length] = '\0';
		top_put(canvas, y + i, MARGIN, TOP_DIM, line);
		text += length + (text[length] == ' ');
	}
}

static const char *empty_text(struct top_model *model)
{
	if (!model->snapshot)
		return model->fail.code ? "The agent does not answer." : "Asking the agent …";
	if (model->snapshot->rows.count > 0)
		return "No row matches the filter. [/] changes it.";
	return top_layouts[top_model_level(model)->wish.screen].empty;
}

static void draw_table(struct top_model *model, const struct top_canvas *canvas)
{
	struct top_geometry *geometry = &model->geometry;
	const struct top_layout *layout = &top_layouts[top_model_level(model)->wish.screen];

	geometry->slot_count =
		top_columns_fit(layout, MARGIN, canvas->width > MARGIN ? canvas->width - MARGIN : 0,
			text_columns(model, layout), geometry->slots);
	if (geometry->has_heading)
		draw_heading(model, canvas, geometry->heading_y);
	if (model->shown.count == 0)
		draw_sentence(canvas, geometry->body_y + (geometry->body_height > 3),
			geometry->body_height, empty_text(model));
	else
		draw_rows(model, canvas);
}

/* ---- all ---- */

/* Shares the lines out: the table has at least one. */
static void place(struct top_model *model, const struct top_canvas *canvas)
{
	struct top_geometry *geometry = &model->geometry;
	bool is_table = top_layouts[top_model_level(model)->wish.screen].column_count > 0;
	unsigned int y = canvas->height >= LINES_OF_BAR;

	*geometry = (struct top_geometry){ .has_tabs = canvas->height >= LINES_OF_TABS };
	geometry->tabs_y = y;
	y += geometry->has_tabs;
	if (canvas->height >= LINES_OF_TITLE || model->fail.code)
		y++;
	geometry->has_heading = is_table && canvas->height >= LINES_OF_KEYS;
	geometry->heading_y = y;
	y += geometry->has_heading;
	y = MIN(y, canvas->height - 1);
	geometry->body_y = y;
	geometry->body_height = canvas->height - y - (canvas->height >= LINES_OF_KEYS);
	geometry->body_height = MAX(geometry->body_height, 1U);
}

void top_draw(struct top_model *model, const struct top_canvas *canvas)
{
	struct top_geometry *geometry = &model->geometry;

	if (canvas->width == 0 || canvas->height == 0)
		return;
	place(model, canvas);
	if (canvas->height >= LINES_OF_BAR)
		top_draw_bar(model, canvas, 0);
	if (geometry->has_tabs)
		top_draw_tabs(model, canvas, geometry->tabs_y);
	if (canvas->height >= LINES_OF_KEYS)
		top_draw_keys(model, canvas, canvas->height - 1);
	if (model->has_help) {
		top_draw_help(canvas, geometry->tabs_y + geometry->has_tabs,
			canvas->height - 1 - geometry->tabs_y - geometry->has_tabs);
		return;
	}
	if (canvas->height >= LINES_OF_TITLE || model->fail.code)
		draw_title(model, canvas, geometry->tabs_y + geometry->has_tabs);
	if (top_model_level(model)->wish.screen != TOP_EXCHANGE)
		draw_table(model, canvas);
	else if (model->snapshot)
		top_draw_exchange(model->snapshot, canvas, geometry->body_y, geometry->body_height);
}
