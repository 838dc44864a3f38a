/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who talks to whom, out of the store: the answer of the view `map` as text for people, as a graph
 * for Graphviz, or as JSON.
 */
#ifndef SKEP_API_EDGES_H
#define SKEP_API_EDGES_H

#include "api/sql.h"

enum edges_format { EDGES_TEXT, EDGES_DOT, EDGES_JSON };
extern const char *const edges_format_words[];

/* What stands for an end that has no name. */
#define EDGES_UNKNOWN "(unknown)"

struct edges_wish {
	const char *path; /* of the store's file */
	enum edges_format format;
	const char *since; /* "1h" */
};

/* Any thread. 0 or -errno as store_query_run; -EINVAL for a malformed time. */
int edges_write(
	const struct edges_wish *wish, FILE *stream, const atomic_bool *cancel, struct fail *fail);

#endif
