/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from outside, made safe to show in a terminal: control characters (C0, C1, DEL), marks
 * that reorder or hide text (Unicode bidirectional controls, zero-width characters, tags) and
 * bytes that are not UTF-8 (RFC 3629) appear as \xHH, \n, \t or \u{H}; all else stays. The
 * result is for people, not for reading back.
 */
#ifndef SKEP_INERT_H
#define SKEP_INERT_H

#include "base/buf.h"

#define INERT_UNLIMITED SIZE_MAX

/*
 * Appends at most maximum_columns terminal columns; when the text has more, the last column is
 * "…". Returns the columns that were written.
 */
size_t inert_append(struct buf *buf, const char *text, size_t maximum_columns);
/* The columns that inert_append would write without a limit. */
size_t inert_columns(const char *text);
/* Reads one character of UTF-8: its length in bytes, 0 when it is none (overlong, surrogate, cut).
 */
size_t inert_decode(const char *text, uint32_t *ret_character);

#endif
