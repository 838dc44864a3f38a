/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caps on bytes and age, oldest rows first. SQLite itself refuses pages beyond the limit;
 * deleting ahead of it keeps that from happening. Old rows lie together in the file, so deleting
 * them frees whole pages and costs less than writing them did.
 */
#include "base/clock.h"
#include "engine/rate_level.h"
#include "engine/store_database.h"

#define AGE_CHUNK_ROWS	 20000
#define CHUNK_ROWS_LEAST 64
/* A kind with less than this part of the store is spared: a flood of one kind shall not wash away
 * the few rows of another. */
#define SMALL_PART	 16
/* Counts may take this part before they count as the oldest. */
#define RATE_PART	 4

static int pages_used(struct store_database *database, uint64_t *ret_pages, struct fail *fail)
{
	int64_t all = 0;
	int64_t unused = 0;
	int error = store_number(database->handle, "PRAGMA page_count", &all, fail);

	if (error == 0)
		error = store_number(database->handle, "PRAGMA freelist_count", &unused, fail);
	*ret_pages = (uint64_t)(all - unused);
	return error;
}

static uint64_t table_bytes(const struct store_table *table)
{
	return table->rows * table->row_bytes;
}

/* Wall time of the table's oldest row; UINT64_MAX when it is empty. */
static uint64_t oldest_time(struct store_database *database, const struct store_table *table)
{
	char sql[256];
	int64_t time_ns;

	snprintf(sql, sizeof(sql), "SELECT time_ns FROM \"%s\" ORDER BY rowid LIMIT 1",
		table->kind->name);
	if (store_number(database->handle, sql, &time_ns, NULL) != 0)
		return UINT64_MAX;
	return (uint64_t)time_ns;
}

/* The table whose rows go next, NULL when nothing is left. Small kinds only when asked for. */
static struct store_table *pick(struct store_database *database, bool with_small)
{
	struct store_table *oldest = NULL;
	uint64_t oldest_ns = UINT64_MAX;
	uint64_t total = 0;

	for (unsigned int i = 0; i < database->table_count; i++)
		total += table_bytes(&database->tables[i]);
	for (unsigned int i = 0; i < database->table_count; i++) {
		struct store_table *table = &database->tables[i];
		bool has_counts = table->is_rate || rate_level_of(table->kind) < RATE_LEVELS;
		uint64_t part = has_counts ? RATE_PART : SMALL_PART;
		uint64_t time_ns;

		if (!with_small && table_bytes(table) < total / part)
			continue;
		time_ns = oldest_time(database, table);
		if (time_ns < oldest_ns) {
			oldest_ns = time_ns;
			oldest = table;
		}
	}
	return oldest;
}

static int64_t delete_rows(struct store_database *database, struct store_table *table,
	const char *sql, struct fail *fail)
{
	int error = store_execute(database->handle, sql, fail);
	int64_t rows;

	if (error != 0)
		return error;
	rows = sqlite3_changes64(database->handle);
	table->rows -= MIN(table->rows, (uint64_t)rows);
	return rows;
}

static int64_t delete_oldest(
	struct store_database *database, struct store_table *table, struct fail *fail)
{
	uint64_t rows = database->maximum_bytes / 128 / MAX(table->row_bytes, 1);
	char sql[512];

	rows = MIN(MAX(rows, CHUNK_ROWS_LEAST), AGE_CHUNK_ROWS);
	snprintf(sql, sizeof(sql),
		table->is_rate ? "DELETE FROM \"%s\" WHERE rowid IN (SELECT rowid FROM \"%s\" "
				 "ORDER BY time_ns LIMIT %llu)"
			       : "DELETE FROM \"%s\" WHERE rowid < (SELECT min(rowid) FROM "
				 "\"%s\") + %llu",
		table->kind->name, table->kind->name, (unsigned long long)rows);
	return delete_rows(database, table, sql, fail);
}

int store_limit_shrink(struct store_database *database, struct fail *fail)
{
	int64_t pages = 0;
	int error = store_number(database->handle, "PRAGMA page_count", &pages, fail);

	if (error != 0 || (uint64_t)pages <= database->page_limit)
		return error;
	/* Rows may get other numbers, which copies go by: they are made anew. */
	for (unsigned int i = 0; i < database->table_count && error == 0; i++) {
		char sql[128];

		if (rate_level_of(database->tables[i].kind) == RATE_LEVELS)
			continue;
		snprintf(sql, sizeof(sql), "DELETE FROM rate_level; DELETE FROM \"%s\"",
			database->tables[i].kind->name);
		error = store_execute(database->handle, sql, fail);
	}
	if (error != 0)
		return error;
	return store_execute(database->handle, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)", fail);
}

int64_t store_limit_bytes(struct store_database *database, struct fail *fail)
{
	const uint64_t high = database->page_limit - database->page_limit / 8;
	uint64_t used = 0;
	int64_t deleted = 0;
	int error = pages_used(database, &used, fail);

	while (error == 0 && used > high) {
		struct store_table *table = pick(database, false);
		int64_t rows;

		if (!table)
			table = pick(database, true);
		if (!table)
			break;
		rows = delete_oldest(database, table, fail);
		if (rows < 0)
			return rows;
		if (rows == 0)
			table->rows = 0;
		deleted += rows;
		error = pages_used(database, &used, fail);
	}
	return error ? error : deleted;
}

int64_t store_limit_age(struct store_database *database, uint64_t now_wall_ns, struct fail *fail)
{
	uint64_t before_ns = now_wall_ns - MIN(now_wall_ns, database->maximum_age_ns);
	int64_t deleted = 0;

	for (unsigned int i = 0; i < database->table_count; i++) {
		struct store_table *table = &database->tables[i];
		char sql[512];
		int64_t rows;

		snprintf(sql, sizeof(sql),
			"DELETE FROM \"%s\" WHERE rowid IN (SELECT rowid FROM \"%s\" "
			"WHERE time_ns < %llu ORDER BY time_ns LIMIT %d)",
			table->kind->name, table->kind->name, (unsigned long long)before_ns,
			AGE_CHUNK_ROWS);
		rows = delete_rows(database, table, sql, fail);
		if (rows < 0)
			return rows;
		deleted += rows;
	}
	return deleted;
}
