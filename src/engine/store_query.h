/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL from a person against the file of a store: one SELECT, read only, without ATTACH, files or
 * extensions, within limits of time and memory. Each query has a connection of its own, so that any
 * thread may run one; it never holds the writer up. Works with and without an agent.
 */
#ifndef SKEP_STORE_QUERY_H
#define SKEP_STORE_QUERY_H

#include <stdatomic.h>

#include "base/base.h"
#include "base/fail.h"

#define QUERY_TIMEOUT_NS   (10 * 1000000000ULL)
#define QUERY_MEMORY_BYTES (64ULL << 20)
/* A text or a result value is at most that long. */
#define QUERY_TEXT_BYTES   (1 << 20)

enum query_type { QUERY_NULL, QUERY_INTEGER, QUERY_REAL, QUERY_TEXT, QUERY_BLOB };

struct query_value {
	enum query_type type;
	int64_t integer;
	double real;
	struct slice
		text; /* of QUERY_TEXT (not NUL-terminated) and QUERY_BLOB; for the call only */
};

/* A named parameter of the SQL: ":since". */
struct query_parameter {
	const char *name; /* with the colon */
	struct query_value value;
};

/* Who gets the answer. Other than 0 ends the query: it returns that. */
struct query_sink {
	void *context;
	/* Once, before the first row, also when there is none. May be NULL. */
	int (*columns)(void *context, const char *const *names, unsigned int count);
	int (*row)(void *context, const struct query_value *values, unsigned int count);
};

struct store_query {
	const char *path; /* of the file */
	const char *sql;
	const struct query_parameter *parameters; /* those that the SQL does not name are ignored */
	unsigned int parameter_count;
	uint64_t timeout_ns;	   /* 0: QUERY_TIMEOUT_NS */
	uint64_t memory_bytes;	   /* 0: QUERY_MEMORY_BYTES; about */
	uint64_t rows_maximum;	   /* 0: all */
	const atomic_bool *cancel; /* set by any thread: ends soon. May be NULL */
	struct query_sink sink;
};

struct query_result {
	uint64_t rows;
	uint64_t elapsed_ns;
	bool is_cut; /* there were more rows than rows_maximum */
};

/*
 * Runs to the end. 0; -ENOENT no file; -EACCES may not read it; -EPROTO of a newer skep; -EUCLEAN
 * damaged; -EINVAL the SQL is wrong; -EPERM it asks for more than reading; -ETIMEDOUT; -ENOMEM over
 * the limit; -ECANCELED; or what the sink returned. fail says it in words.
 */
int store_query_run(
	const struct store_query *query, struct query_result *ret_result, struct fail *fail);

#endif
