/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a statement does, and to which table: found while its tokens go by, one after the other.
 */
#ifndef SKEP_SQL_SUBJECT_H
#define SKEP_SQL_SUBJECT_H

#include "protocols/sql_token.h"

#define SQL_PATH_PARTS 3 /* database, schema, table */

/* A name with what stands before its dots; borrowed from the statement. */
struct sql_path {
	struct slice parts[SQL_PATH_PARTS];
	bool is_quoted[SQL_PATH_PARTS];
	size_t count;
};

struct sql_subject {
	const char *operation;	/* static, in capitals; "OTHER" when no verb is known, NULL: none */
	struct sql_path path;	/* the table, or what else the verb acts on */
	struct sql_path inner;	/* the first table in a WITH */
	struct slice with_name; /* what the first WITH calls it */
	const struct sql_verb *verb;
	uint8_t state; /* private to the module */
	uint16_t depth;
	uint16_t name_depth;
	bool is_after_distinct;
	bool is_explained;
};

/* A zeroed subject takes all tokens of a statement in their order; after SQL_END it is whole. */
void sql_subject_take(struct sql_subject *subject, const struct sql_token *token);
/* The table that the statement is about; never NULL. */
const struct sql_path *sql_subject_path(const struct sql_subject *subject);

#endif
