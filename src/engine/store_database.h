/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of the store and the one connection that may write to it: opens, completes, fills and
 * trims it. One thread at a time; the writer's after the start.
 */
#ifndef SKEP_STORE_DATABASE_H
#define SKEP_STORE_DATABASE_H

#include "engine/row.h"
#include "engine/store_schema.h"

/* Kinds of events, at most. */
#define STORE_TABLES_MAXIMUM 64
/* Rows of one INSERT: measured, 16 take 30 % less than 16 times one, and more gain nothing. */
#define STORE_ROWS_AT_ONCE   16

struct store_table {
	const struct event_kind *kind;
	bool is_rate;		   /* counts: kept longer than single events */
	sqlite3_stmt *insert;	   /* one row */
	sqlite3_stmt *insert_many; /* STORE_ROWS_AT_ONCE */
	unsigned int values;	   /* of a row, with the rowid */
	uint64_t rows;		   /* about */
	uint64_t row_bytes;	   /* about, running mean */
	uint64_t last_rowid;	   /* counts only: rows up to it are there already */
	uint64_t condensed_ns[2];  /* store_condense.c, for each level: up to here all is done */
};

struct store_database {
	sqlite3 *handle;
	char path[256];
	struct store_schema schema;
	uint64_t maximum_bytes; /* of the file and its log together */
	uint64_t maximum_age_ns;
	uint64_t page_bytes;
	uint64_t page_limit; /* pages that the file may have */
	uint64_t log_limit;  /* bytes of the log before writing waits for readers to end */
	struct store_table tables[STORE_TABLES_MAXIMUM];
	unsigned int table_count;
};

/*
 * Opens or creates database->path; path, schema and limits are set by the caller, the rest is
 * zero. A damaged file is set aside and a new one made: *ret_set_aside (256 bytes) is its new name
 * then, else "". 0 or -errno as store_schema_apply.
 */
int store_database_open(struct store_database *database, char *ret_set_aside, struct fail *fail);
void store_database_close(struct store_database *database); /* what was not closed properly is
							       found again by SQLite */
/* After -EUCLEAN: closes, moves the file away, opens a new one. */
int store_database_set_aside(
	struct store_database *database, char *ret_set_aside, struct fail *fail);

/* Writes rows (row.h) as one transaction: all or none. 0 or -errno as store_execute. */
int store_database_write(struct store_database *database, struct slice rows, struct fail *fail);

/* Bytes of the file and its log on disk. */
uint64_t store_database_bytes(const struct store_database *database);

/* ---- store_damage.c ------------------------------------------------------------------------ */

/*
 * Renames the file to PATH.damaged-TIME (UTC; its log alike) and deletes older ones of that kind.
 * *ret_name (256 bytes) is the new name. 0 or -errno.
 */
int store_move_aside(const char *path, char *ret_name);

/* ---- store_limit.c: the caps --------------------------------------------------------------- */

/* Deletes the oldest rows until an eighth of the file is free. Rows deleted or -errno. */
int64_t store_limit_bytes(struct store_database *database, struct fail *fail);
/*
 * When the limit is lower than the file is large: gives what is free within it back to the disk.
 * The copy goes through the log, which has no limit for that moment. Before any row is written,
 * since it may give rows other numbers. 0 or -errno as store_execute.
 */
int store_limit_shrink(struct store_database *database, struct fail *fail);
/* Deletes what is older than the age limit, a bounded number of rows. Rows deleted or -errno. */
int64_t store_limit_age(struct store_database *database, uint64_t now_wall_ns, struct fail *fail);

/* ---- store_rollup.c ------------------------------------------------------------------------ */

/*
 * Makes one bucket of many old ones: 10 s to 1 min after an hour, to 10 min after a day. Sums stay
 * exact. Only rows below settled_rowid; a bounded number of buckets a call. Before that, copies
 * what is new into the coarser tables of rate_level.h, a bounded number of rows a call. Buckets
 * made or -errno.
 */
int store_rollup(struct store_database *database, uint64_t now_wall_ns, uint64_t settled_rowid,
	struct fail *fail);
/*
 * Where all rows are gone they are numbered anew: then copies go on with the first. Before rows are
 * written. 0 or -errno.
 */
int store_rollup_begin(struct store_database *database, struct fail *fail);

/* ---- store_condense.c ---------------------------------------------------------------------- */

/*
 * Single events that add up (FIELD_IS_SUM): rows that are else alike become one a minute after ten
 * minutes, and one an hour after six hours, with the start of that time. Of kinds with latest_of,
 * rows go when there is a later one. A bounded number of spans of time a call. 0 or -errno.
 */
int store_condense(struct store_database *database, uint64_t now_wall_ns, struct fail *fail);

#endif
