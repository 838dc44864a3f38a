/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the screen of `skep top`: which tab, how deep, what is selected, how it is sorted
 * and filtered, and the last answer. In: keys, clicks and answers; out: the wish for the next
 * answer, and what top_draw shows. Knows no terminal. One thread.
 */
#ifndef SKEP_CLI_TOP_MODEL_H
#define SKEP_CLI_TOP_MODEL_H

#include "cli/top_question.h"
#include "event/filter.h"

#define TOP_DEPTH_MAXIMUM 5
#define TOP_FILTER_BYTES  256

/* Keys that are no character. */
enum top_key {
	TOP_KEY_UP = 0x110000,
	TOP_KEY_DOWN,
	TOP_KEY_LEFT,
	TOP_KEY_RIGHT,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_ENTER,
	TOP_KEY_ESCAPE,
	TOP_KEY_BACKSPACE,
	TOP_KEY_TAB,
	TOP_KEY_BACKTAB,
};

/* One step of the way down. */
struct top_level {
	struct top_wish wish; /* order and window are filled when asked */
	uint64_t selected_id;
	size_t selected; /* index in the rows that are shown */
	size_t first;	 /* the row at the top of the table */
	bool has_moved;	 /* somebody chose the row: it stays selected wherever it goes */
};

/* How each screen is looked at; it stays when one leaves it. */
struct top_setting {
	const char *order;
	bool is_rising;
	char filter_text[TOP_FILTER_BYTES];
	struct filter *filter;
};

/* Where things were drawn, for clicks. */
struct top_geometry {
	unsigned int tabs_y, heading_y, body_y, body_height;
	unsigned int tab_x[TOP_TABS], tab_width[TOP_TABS];
	struct top_slot slots[TOP_COLUMNS_MAXIMUM];
	unsigned int slot_count;
	bool has_tabs, has_heading;
};

struct top_model {
	struct top_level levels[TOP_DEPTH_MAXIMUM];
	unsigned int depth; /* index of the level that is shown */
	enum top_screen tab;
	struct top_setting settings[TOP_SCREENS];
	unsigned int window; /* index of the time windows */
	bool is_paused;
	bool has_help;
	bool is_editing; /* the filter */
	char edit[TOP_FILTER_BYTES];
	struct fail edit_fail;
	struct top_snapshot *snapshot; /* of the level that is shown, NULL: none came yet */
	struct fail fail;	       /* why there is no newer one; code 0: all is well */
	struct top_rows shown;	       /* those that pass the filter, in order */
	struct top_geometry geometry;
	bool is_over;	   /* somebody wants to leave */
	bool has_new_wish; /* ask at once */
};

int top_model_init(struct top_model *model, enum top_screen tab, uint64_t window_ns);
void top_model_done(struct top_model *model);
/* Sets the filter of a screen; "" takes it away. 0, -EINVAL, -ENOENT with the reason. */
int top_model_filter(
	struct top_model *model, enum top_screen screen, const char *text, struct fail *fail);
/* Sorts a screen by a field of its rows; -ENOENT with the names. */
int top_model_order(
	struct top_model *model, enum top_screen screen, const char *field, struct fail *fail);

struct top_level *top_model_level(struct top_model *model);
struct top_setting *top_model_setting(struct top_model *model);
void top_model_wish(struct top_model *model, struct top_wish *ret_wish);
/* Takes the snapshot; one that belongs to another screen is dropped. */
void top_model_take(struct top_model *model, struct top_snapshot *snapshot);
/* A character (Unicode) or an enum top_key. */
void top_model_key(struct top_model *model, uint32_t key);
void top_model_click(struct top_model *model, unsigned int y, unsigned int x);
/* By so many rows, negative: up. */
void top_model_move(struct top_model *model, int64_t rows);
/* The selected row, NULL when there is none. */
const struct event_header *top_model_row(struct top_model *model);
/* "1m" */
const char *top_model_window(const struct top_model *model);

#endif
