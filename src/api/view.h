/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prepared questions: the files views/NAME.sql, built into the program. A file begins with
 * comments, first a sentence, then a line for each parameter:
 *
 *     -- The slowest requests
 *     -- :since  1h  time    how far back to look
 *     -- :limit  20  number  how many rows
 *     SELECT …
 *
 * Types: time ("5m" ago, a clock time, a date; bound as wall-clock ns), duration (bound as ns),
 * number, text ('' for empty), filter:TABLE (an expression as `skep watch --where` takes it, about
 * the fields of that table; written into the statement as a condition).
 *
 * A line `-- coarse: since until [step]` names parameters ("now" is none): request_rate may be read
 * from its copies in longer buckets (engine/rate_level.h) when the time between the first two is
 * long and the third, a step or a time at which the question distinguishes, leaves whole buckets.
 */
#ifndef SKEP_API_VIEW_H
#define SKEP_API_VIEW_H

#include "api/sql.h"

#define VIEW_PARAMETERS_MAXIMUM 8

enum view_type { VIEW_TIME, VIEW_DURATION, VIEW_NUMBER, VIEW_TEXT, VIEW_FILTER };
extern const char *const view_type_words[];

struct view_parameter {
	char name[31];
	enum view_type type;
	char table[32]; /* of a filter */
	char initial[64];
	char help[128];
};

struct view {
	char name[64];
	char summary[160];
	struct view_parameter parameters[VIEW_PARAMETERS_MAXIMUM];
	unsigned int parameter_count;
	const char *sql;    /* the whole text, comments included */
	const char *coarse; /* in it, the names behind "coarse:"; NULL: none */
};

/* A parameter that was given. */
struct view_argument {
	const char *name;
	const char *value;
};

size_t view_count(void);
const char *view_name(size_t index); /* below view_count */
/* Alphabetical. -ENOENT when there is no such index, -EBADMSG for a malformed header. */
int view_read(size_t index, struct view *ret_view, struct fail *fail);
/* -ENOENT with the nearest name. */
int view_find(const char *name, struct view *ret_view, struct fail *fail);
/* Reads the header; text is borrowed. */
int view_parse(const char *name, const char *text, struct view *ret_view, struct fail *fail);
/* Defaults and what was given, checked. -EINVAL with what was expected. */
int view_bind(const struct view *view, const struct view_argument *arguments, unsigned int count,
	struct sql_values *ret_values, struct fail *fail);
/* Appends the statement with its filters written in. -EINVAL with what was expected. */
int view_write_sql(const struct view *view, const struct view_argument *arguments,
	unsigned int count, struct buf *sql, struct fail *fail);

#define VIEW_SQL_MAXIMUM (256 * 1024)

#endif
