/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The picture of `skep top`, made of pieces of text with a style at a place: a terminal puts them
 * on its screen, a test into lines. Any size from 1 x 1 on. All text is inert and cut to fit.
 */
#ifndef SKEP_CLI_TOP_DRAW_H
#define SKEP_CLI_TOP_DRAW_H

#include "cli/top_model.h"

enum top_style {
	TOP_PLAIN,
	TOP_DIM,
	TOP_BOLD,
	TOP_HEADING,
	TOP_SELECTED,
	TOP_BAD,
	TOP_WARNING,
	TOP_SOURCE, /* plus a code of the 256-colour palette: names, as in skep watch */
};

struct top_canvas {
	unsigned int width;
	unsigned int height;
	/* Text that fits into the canvas. */
	void (*put)(void *context, unsigned int y, unsigned int x, enum top_style style,
		const char *text);
	void *context;
};

/* Draws everything; what is not drawn is blank. Notes in the model where things are. */
void top_draw(struct top_model *model, const struct top_canvas *canvas);

/* The parts, for top_draw. Text at a place, made inert and cut; returns the columns it took. */
unsigned int top_put(const struct top_canvas *canvas, unsigned int y, unsigned int x,
	enum top_style style, const char *text);
void top_draw_bar(const struct top_model *model, const struct top_canvas *canvas, unsigned int y);
void top_draw_tabs(struct top_model *model, const struct top_canvas *canvas, unsigned int y);
void top_draw_keys(const struct top_model *model, const struct top_canvas *canvas, unsigned int y);
void top_draw_help(const struct top_canvas *canvas, unsigned int y, unsigned int height);
/* One exchange with both ends. */
void top_draw_exchange(const struct top_snapshot *snapshot, const struct top_canvas *canvas,
	unsigned int y, unsigned int height);

#endif
