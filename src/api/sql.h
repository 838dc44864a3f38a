/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question to the store and its answer as text. POST /api/sql and GET /api/views/NAME ask it on a
 * thread of a running agent; `skep sql` and `skep view` ask it themselves where no agent runs.
 */
#ifndef SKEP_API_SQL_H
#define SKEP_API_SQL_H

#include <stdio.h>

#include "engine/store_query.h"
#include "event/encode.h"

#define SQL_PARAMETERS_MAXIMUM 16
#define SQL_VALUE_BYTES	       256

/* Values for the named parameters of a statement. */
struct sql_values {
	unsigned int count;
	struct {
		char name[32]; /* with the colon */
		char text[SQL_VALUE_BYTES];
		bool is_number;
		int64_t number;
	} all[SQL_PARAMETERS_MAXIMUM];
};

struct sql_question {
	const char *path; /* of the store's file */
	const char *sql;
	const struct sql_values *values; /* may be NULL */
	enum output_format format;
	uint64_t rows_maximum; /* 0: all */
	uint64_t timeout_ns;   /* 0: the store's own limit */
	/* Writes a row to the stream (its context) instead of the format. May be NULL. */
	int (*row)(void *stream, const struct query_value *values, unsigned int count);
};

/* Writes the answer. 0, or -errno as store_query_run; then a last line says why, should there be
 * lines before it. */
int sql_answer(const struct sql_question *question, FILE *stream, const atomic_bool *cancel,
	struct fail *fail);

struct route_request;
struct route_reply;
/* Has a thread answer it. Everything is copied. */
int sql_start(const struct route_request *request, const struct sql_question *question,
	struct route_reply *reply, struct fail *fail);

#endif
