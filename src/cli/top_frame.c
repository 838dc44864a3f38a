/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands around the table of `skep top`: the line of figures, the tabs, the keys, the help.
 */
#include <stdio.h>

#include "base/str.h"
#include "cli/top_draw.h"
#include "event/inert.h"

#define PIECES_MAXIMUM 10
#define PIECE_GAP      3
#define TEXT_MAXIMUM   8192

/* ---- the line of figures ---- */

struct piece {
	char text[80];
	enum top_style style;
	unsigned int rank; /* the highest goes first when there is no room */
};

static void figures_of_requests(
	const struct top_totals *totals, struct piece *pieces, unsigned int *count)
{
	double seconds = (double)totals->window_ns / 1e9;
	char rate[16], percent[16], duration[24] = "·";
	_cleanup_(buf_done)
	struct buf spark = { 0 };

	buf_init(&spark, TEXT_MAXIMUM);
	top_spark(totals->trend.requests, TOP_TREND, &spark);
	top_rate_text(rate, sizeof(rate), seconds > 0 ? (double)totals->requests / seconds : 0);
	top_percent_text(percent, sizeof(percent),
		totals->requests ? 100.0 * (double)totals->errors / (double)totals->requests : 0);
	if (totals->p99_ns)
		str_from_duration(duration, sizeof(duration), totals->p99_ns);
	snprintf(pieces[*count].text, sizeof(pieces->text), "%s req/s", rate);
	pieces[(*count)++].rank = 1;
	snprintf(pieces[*count].text, sizeof(pieces->text), "%.60s", buf_text(&spark));
	pieces[*count].style = TOP_DIM;
	pieces[(*count)++].rank = 8;
	snprintf(pieces[*count].text, sizeof(pieces->text), "errors %s", percent);
	pieces[*count].style = totals->errors ? TOP_BAD : TOP_PLAIN;
	pieces[(*count)++].rank = 2;
	snprintf(pieces[*count].text, sizeof(pieces->text), "p99 %s", duration);
	pieces[(*count)++].rank = 3;
}

static void figures_of_machine(
	const struct top_totals *totals, struct piece *pieces, unsigned int *count)
{
	uint64_t used = totals->memory_bytes - MIN(totals->available_bytes, totals->memory_bytes);
	char busy[16] = "…", memory[24], all[24];

	if (totals->busy_cores >= 0)
		snprintf(
			busy, sizeof(busy), "%.1f", MIN(totals->busy_cores, (double)totals->cores));
	str_from_bytes(memory, sizeof(memory), used);
	str_from_bytes(all, sizeof(all), totals->memory_bytes);
	snprintf(pieces[*count].text, sizeof(pieces->text), "cpu %s of %llu cores", busy,
		(unsigned long long)totals->cores);
	pieces[(*count)++].rank = 4;
	snprintf(pieces[*count].text, sizeof(pieces->text), "memory %s of %s", memory, all);
	pieces[(*count)++].rank = 6;
	snprintf(pieces[*count].text, sizeof(pieces->text), "lost %llu",
		(unsigned long long)totals->lost);
	pieces[*count].style = totals->lost ? TOP_BAD : TOP_DIM;
	pieces[(*count)++].rank = 5;
}

static unsigned int width_of(const struct piece *pieces, unsigned int count, unsigned int rank)
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < count; i++)
		if (pieces[i].rank <= rank && pieces[i].text[0])
			sum += (unsigned int)inert_columns(pieces[i].text) + PIECE_GAP;
	return sum;
}

/* "1m ● live": the sign as well as the word, so that colour is never the only carrier. */
static enum top_style state_text(const struct top_model *model, char *destination, size_t size)
{
	const char *word = "live", *sign = "●";
	enum top_style style = TOP_PLAIN;

	if (model->fail.code) {
		word = "agent gone";
		sign = "○";
		style = TOP_BAD;
	} else if (model->is_paused) {
		word = "paused";
		sign = "‖";
		style = TOP_WARNING;
	}
	snprintf(destination, size, "last %s  %s %s", top_model_window(model), sign, word);
	return style;
}

void top_draw_bar(const struct top_model *model, const struct top_canvas *canvas, unsigned int y)
{
	struct piece pieces[PIECES_MAXIMUM] = { { "skep", TOP_BOLD, 7 } };
	unsigned int count = 1, rank = 9, x = 1, width, state_columns;
	char state[64];
	enum top_style style = state_text(model, state, sizeof(state));

	state_columns = (unsigned int)inert_columns(state);
	if (model->snapshot) {
		snprintf(pieces[0].text, sizeof(pieces->text), "skep %.60s",
			model->snapshot->totals.host);
		figures_of_requests(&model->snapshot->totals, pieces, &count);
		figures_of_machine(&model->snapshot->totals, pieces, &count);
	}
	width = canvas->width > state_columns + 2 ? canvas->width - state_columns - 2 : 0;
	while (rank > 0 && width_of(pieces, count, rank) > width)
		rank--;
	for (unsigned int i = 0; i < count; i++)
		if (pieces[i].rank <= rank && pieces[i].text[0])
			x += top_put(canvas, y, x, pieces[i].style, pieces[i].text) + PIECE_GAP;
	top_put(canvas, y,
		canvas->width > state_columns + 1 ? canvas->width - state_columns - 1 : 0, style,
		state);
}

/* ---- tabs ---- */

void top_draw_tabs(struct top_model *model, const struct top_canvas *canvas, unsigned int y)
{
	unsigned int x = 0;

	for (int i = 0; i < TOP_TABS; i++) {
		bool is_here = (enum top_screen)i == model->tab;
		char text[48];

		snprintf(text, sizeof(text), " %d %s ", i + 1, top_layouts[i].name);
		model->geometry.tab_x[i] = x;
		model->geometry.tab_width[i] =
			top_put(canvas, y, x, is_here ? TOP_SELECTED : TOP_DIM, text);
		x += model->geometry.tab_width[i] + 1;
	}
}

/* ---- keys ---- */

struct hint {
	const char *key;
	const char *text;
};

static unsigned int put_hint(
	const struct top_canvas *canvas, unsigned int y, unsigned int x, const struct hint *hint)
{
	unsigned int columns =
		(unsigned int)(inert_columns(hint->key) + 1 + inert_columns(hint->text));

	if (x + columns > canvas->width)
		return 0;
	columns = top_put(canvas, y, x, TOP_BOLD, hint->key) + 1;
	return columns + top_put(canvas, y, x + columns, TOP_DIM, hint->text);
}

static void draw_edit(
	const struct top_model *model, const struct top_canvas *canvas, unsigned int y)
{
	unsigned int x = 1 + top_put(canvas, y, 1, TOP_BOLD, "filter ");
	size_t room = canvas->width > x + 2 ? canvas->width - x - 2 : 1;
	const char *text = model->edit;

	/* The end is what one writes. */
	while (inert_columns(text) > room)
		text++;
	x += top_put(canvas, y, x, TOP_PLAIN, text);
	x += top_put(canvas, y, x, TOP_SELECTED, " ") + 2;
	if (model->edit_fail.code)
		top_put(canvas, y, x, TOP_BAD, model->edit_fail.text);
	else
		top_put(canvas, y, x, TOP_DIM,
			"Enter sets it, Esc leaves it; p99>100ms service~shop");
}

void top_draw_keys(const struct top_model *model, const struct top_canvas *canvas, unsigned int y)
{
	const struct top_wish *wish = &model->levels[model->depth].wish;
	bool is_filtered = model->settings[wish->screen].filter_text[0];
	bool is_list = wish->screen != TOP_EXCHANGE;
	bool is_leaf = !is_list || wish->screen == TOP_STEPS || wish->screen == TOP_PROGRAMS;
	const struct hint hints[] = {
		{ "q", "quit" },
		{ "?", "help" },
		{ is_leaf ? "" : "Enter", "open" },
		{ model->depth ? "Esc" : "", "back" },
		{ is_list ? "/" : "", is_filtered ? "filtered" : "filter" },
		{ is_list ? "s" : "", "sort" },
		{ wish->pid && is_list ? "c" : "",
			wish->screen == TOP_STEPS ? "requests" : "connections" },
		{ "t", "time" },
		{ "p", model->is_paused ? "go on" : "pause" },
		{ "Tab", "next" },
	};
	unsigned int x = 1;

	if (model->is_editing) {
		draw_edit(model, canvas, y);
		return;
	}
	for (unsigned int i = 0; i < ARRAY_LENGTH(hints); i++) {
		unsigned int columns;

		if (!hints[i].key[0])
			continue;
		columns = put_hint(canvas, y, x, &hints[i]);
		if (columns == 0)
			break;
		x += columns + 3;
	}
}

/* ---- help ---- */

static const struct hint helps[] = {
	{ "1 2 3 4, Tab", "services, connections, processes, BPF programs" },
	{ "↑ ↓, j k", "choose a row; PgUp, PgDn, Home, End" },
	{ "Enter, →", "open: service, endpoint, exchange; process, its requests" },
	{ "Esc, ←", "back" },
	{ "c", "of a process: its connections, or its requests" },
	{ "/", "filter, as in skep watch: p99>100ms  errors>0  service~shop|cart" },
	{ "s, S", "sort by the next column, the one before; r the other way round" },
	{ "t, T", "a longer time, a shorter one" },
	{ "p, Space", "pause, go on" },
	{ "q, ^C", "quit" },
	{ "mouse", "a row, again to open it; a tab; a heading sorts; the wheel" },
	{ "", "" },
	{ "worst first", "p99, raised by the share of requests that failed" },
	{ "← →", "figures of what a service serves, or, where it serves nothing, asks" },
	{ "▁▂▅█", "requests, and p99, over the time; each against its own greatest" },
	{ "CPU", "100 % is one core" },
};

void top_draw_help(const struct top_canvas *canvas, unsigned int y, unsigned int height)
{
	unsigned int column = canvas->width >= 50 ? 16 : 13;

	for (unsigned int i = 0; i < ARRAY_LENGTH(helps) && i < height; i++) {
		top_put(canvas, y + i, 1, TOP_BOLD, helps[i].key);
		top_put(canvas, y + i, 1 + column, TOP_PLAIN, helps[i].text);
	}
}
