/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters on events of any kind, made once from flags or from an expression, then run for each
 * event. All terms must hold (AND).
 *
 *   term      [!] name sign value[|value…]    or  [!] name  for a yes/no field
 *   sign      =  !=  <  <=  >  >=  ~  !~          (~: regular expression, PCRE2, on bytes)
 *   between   blanks or commas; 'quotes' or "quotes" around a value that holds such
 *   values    text, words, yes/no, numbers and ranges 10-20, times 100ms, sizes 10KiB, classes 5xx,
 *             addresses and networks 10.0.0.0/8
 *   names     of fields, with - for _ and without is_, _ns, _bytes; also
 *             method (operation), path (detail, target), address and port (of either end),
 *             from and to (the client's and the server's end: its service, container, pod, comm,
 *             address, and for `to` the host asked for)
 *
 * A field that a kind does not have matches nothing, so its negation holds. Time is not a field
 * here: --since and --until bound it. A filter belongs to one thread.
 */
#ifndef SKEP_FILTER_H
#define SKEP_FILTER_H

#include "base/buf.h"
#include "base/fail.h"
#include "event/field.h"
#include "event/option.h"

#define FILTER_TERMS_MAXIMUM	  32
#define FILTER_KINDS_MAXIMUM	  32
#define FILTER_VALUES_MAXIMUM	  8   /* in one term */
#define FILTER_TEXT_MAXIMUM	  256 /* bytes of the values of one term */
#define FILTER_EXPRESSION_MAXIMUM 4096

struct filter;

/* Rows whose values go into a struct option_terms that begins the options struct: --service,
 * --status, --not and so on. */
struct filter_options {
	struct option_terms terms;
};
extern const struct option_row filter_rows[];
extern const unsigned int filter_row_count;

/* A filter without terms lets everything pass. The list of kinds is copied, the kinds are borrowed.
 * 0, -ENOMEM or -E2BIG. */
int filter_new(const struct event_kind *const *kinds, size_t kind_count, struct filter **ret_filter,
	struct fail *fail);
void filter_free(struct filter *filter);
DEFINE_CLEANUP(struct filter *, filter_free);

/* Adds the terms of an expression. -EINVAL with what was expected, -ENOENT for an unknown field
 * with the nearest and the list; then the filter is to be freed. */
int filter_add_expression(struct filter *filter, const char *text, struct fail *fail);
/* Adds what the flags of filter_rows gave; errors as above. */
int filter_add_terms(struct filter *filter, const struct option_terms *terms, struct fail *fail);
unsigned int filter_term_count(const struct filter *filter);

/*
 * Appends the condition that holds for the rows of the kind's table that match: what events does
 * the same to, so that no row passes one and not the other. It needs the functions of
 * engine/store_match.h. Returns the error of the buffer.
 */
int filter_write_sql(const struct filter *filter, const struct event_kind *kind, struct buf *sql);

/* An event of a kind that was not in the list has no fields. */
bool filter_matches(struct filter *filter, const struct event_header *event);
/* How often a regular expression was given up because it took too many steps; the term then
 * counted as not matching. */
uint64_t filter_gave_up(const struct filter *filter);

#endif
