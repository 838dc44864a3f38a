/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of the store, made from the field tables: a table per kind with a column per field,
 * its indexes, and a view per protocol. What an older skep wrote gets the columns that it
 * lacks; what a newer one wrote is refused.
 */
#ifndef SKEP_STORE_SCHEMA_H
#define SKEP_STORE_SCHEMA_H

#include <sqlite3.h>

#include "base/buf.h"
#include "base/fail.h"
#include "event/field.h"

/*
 * PRAGMA user_version. It grows when a file is laid out so that an older skep would misread it; a
 * new column is no such change.
 */
#define STORE_VERSION	     1
/* PRAGMA application_id: "skep". */
#define STORE_APPLICATION_ID 0x736b6570
/* A SQL text made here; statements of one kind are far below. */
#define STORE_SQL_BYTES	     (64 * 1024)

struct store_schema {
	const struct event_kind *const *kinds; /* NULL-terminated */
	const char *const *protocols;	       /* names of views on `request`, NULL-terminated */
};

/*
 * Creates or completes the tables on a connection that may write. 0; -EPROTO when a newer skep or
 * something else wrote the file; -EUCLEAN when it is damaged; -EIO for the rest. fail says it.
 */
int store_schema_apply(sqlite3 *database, const struct store_schema *schema, struct fail *fail);
/* -EPROTO when the file is from a newer skep or is no store. Reads only. */
int store_schema_check(sqlite3 *database, struct fail *fail);
/*
 * "INSERT INTO kind(columns) VALUES (?, …), …" for so many rows, values in the order of row.h;
 * has_rowid: the rowid comes first, and a row that has it gets the figures added (rate_join).
 * Returns the values of a row.
 */
unsigned int store_schema_insert(
	const struct event_kind *kind, bool has_rowid, unsigned int rows, struct buf *ret_sql);

/* Runs statements that give no rows. 0 or -EUCLEAN, -ENOSPC, -EBUSY, -EIO with what SQLite says. */
int store_execute(sqlite3 *database, const char *sql, struct fail *fail);
/* The errno for a result code of SQLite and the current state of the connection. */
int store_error(sqlite3 *database, int code);
/* The first column of the first row as a number; 0 and *ret_number, -ENODATA without a row, or as
 * store_execute. */
int store_number(sqlite3 *database, const char *sql, int64_t *ret_number, struct fail *fail);

#endif
