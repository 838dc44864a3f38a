/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines for people, compact and wide, and the colours they share with tables. Used by encode.c
 * and kind.c only: everyone else calls encode_event.
 */
#ifndef SKEP_LINE_H
#define SKEP_LINE_H

#include "event/encode.h"

/* SGR sequences (ECMA-48, 8.3.117). */
#define LINE_COLOR_END	 "\033[0m"
#define LINE_COLOR_TITLE "\033[1m"
#define LINE_COLOR_BYTES 16

/* Appends the line without its end. */
void line_append(const struct encoder *encoder, const struct event_header *event, struct buf *out);
/* The sequence that starts the colour of a field of this event, "" for none. */
void line_color(const struct encoder *encoder, const struct field *field,
	const struct event_header *event, char *ret_color);
/* Calls visit for each field name in a compact template. False when the template is malformed. */
bool line_template_check(
	const char *text, bool (*visit)(void *context, const char *name), void *context);

#endif
