/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The columns of top's tables: which field, how its value looks, which go when the terminal is
 * narrow. Pure: rows in, text and places out. All text made here is safe to show (event/inert.h).
 */
#ifndef SKEP_CLI_TOP_COLUMN_H
#define SKEP_CLI_TOP_COLUMN_H

#include "base/buf.h"
#include "cli/top_row.h"

#define TOP_COLUMNS_MAXIMUM 16

enum top_show {
	TOP_TEXT,
	TOP_ROLE,     /* a sign, as in skep watch */
	TOP_ENDPOINT, /* operation and target */
	TOP_PATH,     /* operation and detail, or target */
	TOP_COUNT,
	TOP_RATE,  /* a count by its window */
	TOP_SHARE, /* errors of requests, in percent */
	TOP_DURATION,
	TOP_BYTES,
	TOP_CPU, /* ns a second as percent */
	TOP_CLOCK,
	TOP_OWNER, /* of a program: skep's feature, or the processes */
	TOP_TREND_REQUESTS,
	TOP_TREND_P99,
};

struct top_column {
	const char *title;
	const char *field; /* what it is sorted by */
	enum top_show show;
	uint8_t width;	/* 0: as wide as its texts, and what is left */
	uint8_t rank;	/* when there is no room the highest goes first */
	bool is_rising; /* sorted from the smallest at first */
};

enum top_screen {
	TOP_SERVICES,
	TOP_CONNECTIONS,
	TOP_PROCESSES,
	TOP_PROGRAMS,
	TOP_TABS, /* those above */
	TOP_ENDPOINTS = TOP_TABS,
	TOP_EXCHANGES,
	TOP_STEPS, /* of connections */
	TOP_EXCHANGE,
	TOP_SCREENS
};

/* What a screen is. */
struct top_layout {
	const char *name; /* of the tab or the list */
	const char *word; /* on the command line, NULL for what is below a tab */
	const struct top_column *columns;
	unsigned int column_count;
	const char *first_order; /* a field; falling */
	const char *empty;	 /* what to say when there is nothing */
};
extern const struct top_layout top_layouts[TOP_SCREENS];

/* Where a column stands. */
struct top_slot {
	const struct top_column *column;
	unsigned int x;
	unsigned int width;
};

/* Puts as many columns as fit beside one another, from x on; returns how many. text_columns: what
 * the column without a width would like to have. */
unsigned int top_columns_fit(const struct top_layout *layout, unsigned int x, unsigned int width,
	unsigned int text_columns, struct top_slot ret_slots[TOP_COLUMNS_MAXIMUM]);
/* Appends the cell, inert, at most `width` columns wide, without padding. Returns its width. */
unsigned int top_cell(const struct top_column *column, const struct event_header *row,
	unsigned int width, struct buf *out);
bool top_column_is_left(const struct top_column *column);

/* "▁▂▃▄▅▆▇█" for the values against the greatest of them, a blank for 0. */
void top_spark(const uint64_t *values, unsigned int count, struct buf *out);
/* "12.3", "0.02", "812", "15.2k": at most five columns. size at least 16. */
char *top_rate_text(char *destination, size_t size, double rate);
/* "0 %", "0.4 %", "12 %". size at least 16. */
char *top_percent_text(char *destination, size_t size, double percent);

/* Sorts the rows by a field; equal ones by identity, so that they stay where they are. Rows without
 * an id in their header get one that they will have in the next list too. */
void top_rows_sort(struct top_rows *rows, const char *field, bool is_rising);

#endif
