/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the answer of a query: an aligned table for people, JSON with an object a row, or CSV.
 * Table and CSV hold no byte that a terminal would act upon. A table shows times, durations and
 * sizes as the names of its columns tell (time_ns, …_ns, …_bytes); JSON and CSV have the plain
 * numbers.
 */
#ifndef SKEP_RESULT_PRINT_H
#define SKEP_RESULT_PRINT_H

#include <stdio.h>

#include "base/buf.h"
#include "engine/store_query.h"

enum result_format { RESULT_TABLE, RESULT_JSON, RESULT_CSV };

struct result_printer;

/* Writes to the stream, which stays the caller's. A table's columns are as wide as the first rows
 * need. NULL without memory. */
struct result_printer *result_printer_new(enum result_format format, FILE *stream);
/* The sink for store_query: -EPIPE and the like when the stream takes no more. */
struct query_sink result_printer_sink(struct result_printer *printer);
/* Prints what was held back. 0 or -errno of the stream. */
int result_printer_end(struct result_printer *printer);
void result_printer_free(struct result_printer *printer);
DEFINE_CLEANUP(struct result_printer *, result_printer_free);

/* A row as one JSON object, names and values side by side, without line end: also for the API. */
void result_json_row(struct buf *buf, const char *const *names, const struct query_value *values,
	unsigned int count);

#endif
