/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite in WAL mode: readers never wait for the writer. Each transaction is synced (there is one
 * a second, on a thread of its own), so that also a power cut takes at most the last second.
 */
#include "engine/store_database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "engine/store_function.h"
#include "engine/store_memory.h"

/* Larger pages hold more of these rows and need fewer steps; very large ones make the log of a
 * quiet machine large. */
#define PAGE_BYTES	  8192
#define FILE_MODE	  0640
#define BUSY_MS		  200
#define LOG_PAGES	  1024 /* the log is moved into the file at 8 MiB */
#define FIRST_ROW_BYTES	  300  /* until rows were written */
/* The part of the space that the log may have before a transaction, which may double it. */
#define LOG_PART	  16
#define LOG_BYTES_MAXIMUM (64ULL << 20)

/* ---- opening ------------------------------------------------------------------------------- */

static int set_limits(struct store_database *database, struct fail *fail)
{
	uint64_t log_limit = MIN(database->maximum_bytes / LOG_PART, LOG_BYTES_MAXIMUM);
	int64_t page_bytes = 0;
	char sql[256];
	int error = store_number(database->handle, "PRAGMA page_size", &page_bytes, fail);

	if (error != 0)
		return error;
	database->page_bytes = (uint64_t)page_bytes;
	database->log_limit = log_limit;
	database->page_limit = (database->maximum_bytes - 2 * log_limit) / database->page_bytes;
	snprintf(sql, sizeof(sql),
		"PRAGMA max_page_count = %llu; PRAGMA journal_size_limit = %llu; "
		"PRAGMA wal_autocheckpoint = %llu",
		(unsigned long long)database->page_limit, (unsigned long long)log_limit,
		(unsigned long long)MIN((uint64_t)LOG_PAGES, log_limit / 4 / database->page_bytes));
	return store_execute(database->handle, sql, fail);
}

static int count_rows(struct store_database *database, struct store_table *table)
{
	char sql[256];
	int64_t rows = 0;
	int64_t last = 0;
	int error;

	/* Rows of events go at the old end only, so that their numbers have no gaps. */
	snprintf(sql, sizeof(sql),
		table->is_rate ? "SELECT count(*) FROM \"%s\""
			       : "SELECT ifnull(max(rowid) - min(rowid) + 1, 0) FROM \"%s\"",
		table->kind->name);
	error = store_number(database->handle, sql, &rows, NULL);
	table->rows = (uint64_t)rows;
	if (error != 0 || !table->is_rate)
		return error;
	snprintf(sql, sizeof(sql), "SELECT ifnull(max(rowid), 0) FROM \"%s\"", table->kind->name);
	error = store_number(database->handle, sql, &last, NULL);
	table->last_rowid = (uint64_t)last;
	return error;
}

static int prepare_insert(struct store_database *database, struct store_table *table,
	unsigned int rows, sqlite3_stmt **ret_insert)
{
	_cleanup_(buf_done)
	struct buf sql;

	buf_init(&sql, STORE_SQL_BYTES);
	table->values = store_schema_insert(table->kind, table->is_rate, rows, &sql);
	return sqlite3_prepare_v3(
		database->handle, buf_text(&sql), -1, SQLITE_PREPARE_PERSISTENT, ret_insert, NULL);
}

static int prepare_tables(struct store_database *database, struct fail *fail)
{
	bool is_counted = false;

	database->table_count = 0;
	for (const struct event_kind *const *kind = database->schema.kinds; *kind; kind++) {
		struct store_table *table = &database->tables[database->table_count];
		int code;
		int error;

		if (database->table_count == STORE_TABLES_MAXIMUM)
			return fail_set(
				fail, -E2BIG, "more than %d kinds of events", STORE_TABLES_MAXIMUM);
		database->table_count++;
		*table = (struct store_table){
			.kind = *kind,
			.is_rate = str_ends_with((*kind)->name, "_rate"),
			.row_bytes = FIRST_ROW_BYTES,
		};
		code = prepare_insert(database, table, 1, &table->insert);
		if (code == SQLITE_OK)
			code = prepare_insert(
				database, table, STORE_ROWS_AT_ONCE, &table->insert_many);
		error = code == SQLITE_OK ? count_rows(database, table)
					  : store_error(database->handle, code);
		if (error != 0)
			return fail_set(fail, error, "%s", sqlite3_errmsg(database->handle));
		is_counted |= database->tables[database->table_count - 1].is_rate;
	}
	return is_counted ? store_rollup_begin(database, fail) : 0;
}

static int open_connection(struct store_database *database, struct fail *fail)
{
	char sql[256];
	int error;
	int code;
	int fd;

	store_memory_init();
	fd = open(database->path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);

	/* The log takes its mode from the file. */
	if (fd >= 0)
		close(fd);
	code = sqlite3_open_v2(database->path, &database->handle,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	if (code != SQLITE_OK)
		return fail_set(fail, store_error(database->handle, code), "%s",
			sqlite3_errmsg(database->handle));
	sqlite3_busy_timeout(database->handle, BUSY_MS);
	sqlite3_extended_result_codes(database->handle, 1);
	store_functions_register(database->handle);
	/* Deleted rows are not overwritten with zeros: Debian's default doubles the cost. */
	snprintf(sql, sizeof(sql),
		"PRAGMA page_size = %d; PRAGMA secure_delete = OFF; PRAGMA cache_size = -8192; "
		"PRAGMA temp_store = MEMORY; PRAGMA synchronous = FULL",
		PAGE_BYTES);
	error = store_execute(database->handle, sql, fail);
	if (error == 0)
		error = store_schema_check(database->handle, fail);
	/* Only now: it changes the file, which may be of a newer skep. */
	if (error == 0)
		error = store_execute(database->handle, "PRAGMA journal_mode = WAL", fail);
	return error;
}

static int open_once(struct store_database *database, struct fail *fail)
{
	int error = open_connection(database, fail);

	if (error == 0)
		error = store_schema_apply(database->handle, &database->schema, fail);
	if (error == 0)
		error = set_limits(database, fail);
	if (error == 0)
		error = prepare_tables(database, fail);
	if (error != 0)
		store_database_close(database);
	return error;
}

void store_database_close(struct store_database *database)
{
	for (unsigned int i = 0; i < database->table_count; i++) {
		sqlite3_finalize(database->tables[i].insert);
		sqlite3_finalize(database->tables[i].insert_many);
	}
	database->table_count = 0;
	sqlite3_close(database->handle);
	database->handle = NULL;
}

int store_database_open(struct store_database *database, char *ret_set_aside, struct fail *fail)
{
	int error = open_once(database, fail);

	ret_set_aside[0] = '\0';
	if (error == -EUCLEAN)
		error = store_database_set_aside(database, ret_set_aside, fail);
	if (error != 0)
		fail_prefix(fail, "%s", database->path);
	return error;
}

int store_database_set_aside(
	struct store_database *database, char *ret_set_aside, struct fail *fail)
{
	int error;

	store_database_close(database);
	error = store_move_aside(database->path, ret_set_aside);
	if (error != 0)
		return fail_set(
			fail, error, "damaged, and cannot be set aside: %s", strerror(-error));
	return open_once(database, fail);
}

/* ---- writing ------------------------------------------------------------------------------- */

/* Binds a row's values to the parameters from `first` on. */
static int bind_row(sqlite3_stmt *insert, int first, const char *at)
{
	struct row_header header;
	const char *end;
	int code = SQLITE_OK;

	memcpy(&header, at, sizeof(header));
	end = at + header.size;
	at += sizeof(header);
	if (header.rowid != 0)
		code = sqlite3_bind_int64(insert, first++, (sqlite3_int64)header.rowid);
	for (int i = first; at < end && code == SQLITE_OK; i++) {
		struct row_value value = row_read(&at);

		if (value.is_text)
			code = sqlite3_bind_text(insert, i, (const char *)value.text.data,
				(int)value.text.length, SQLITE_STATIC);
		else
			code = sqlite3_bind_int64(insert, i, value.number);
	}
	return code;
}

static int insert_rows(struct store_table *table, const char *const *rows, unsigned int count)
{
	sqlite3_stmt *insert = count == 1 ? table->insert : table->insert_many;
	int code = SQLITE_OK;

	for (unsigned int i = 0; i < count && code == SQLITE_OK; i++)
		code = bind_row(insert, (int)(1 + i * table->values), rows[i]);
	if (code == SQLITE_OK)
		code = sqlite3_step(insert);
	sqlite3_reset(insert);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* All rows of one table. */
static int write_table(struct store_database *database, unsigned int index, struct slice rows)
{
	struct store_table *table = &database->tables[index];
	const char *end = (const char *)rows.data + rows.length;
	const char *waiting[STORE_ROWS_AT_ONCE];
	unsigned int count = 0;
	struct row_header header;
	int code = SQLITE_OK;

	for (const char *at = (const char *)rows.data; at < end; at += header.size) {
		memcpy(&header, at, sizeof(header));
		if (header.table != index)
			continue;
		waiting[count++] = at;
		if (count < STORE_ROWS_AT_ONCE)
			continue;
		code = insert_rows(table, waiting, count);
		if (code != SQLITE_OK)
			return code;
		count = 0;
	}
	for (unsigned int i = 0; i < count && code == SQLITE_OK; i++)
		code = insert_rows(table, &waiting[i], 1);
	return code;
}

/* What a transaction brings to a table. */
struct gain {
	uint64_t rows;	/* all */
	uint64_t fresh; /* without those that add to others */
	uint64_t bytes;
	uint64_t last_rowid;
};

static void count_gains(struct store_database *database, struct slice rows, struct gain *gains)
{
	const char *end = (const char *)rows.data + rows.length;
	struct row_header header;

	for (const char *at = (const char *)rows.data; at < end; at += header.size) {
		struct gain *gain;

		memcpy(&header, at, sizeof(header));
		gain = &gains[header.table];
		gain->rows++;
		gain->bytes += header.size;
		if (header.rowid == 0 || header.rowid > database->tables[header.table].last_rowid)
			gain->fresh++;
		gain->last_rowid = MAX(gain->last_rowid, header.rowid);
	}
}

/* Only what was committed counts. */
static void apply_gains(struct store_database *database, const struct gain *gains)
{
	for (unsigned int i = 0; i < database->table_count; i++) {
		struct store_table *table = &database->tables[i];

		if (gains[i].rows == 0)
			continue;
		table->rows += gains[i].fresh;
		table->row_bytes = (table->row_bytes * 3 + gains[i].bytes / gains[i].rows) / 4;
		table->last_rowid = MAX(table->last_rowid, gains[i].last_rowid);
	}
}

static uint64_t log_bytes(const struct store_database *database)
{
	char path[300];
	struct stat status;

	snprintf(path, sizeof(path), "%s-wal", database->path);
	return stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
}

/* The log cannot begin anew while a reader needs its older part: then it must not grow for ever. */
static int shorten_log(struct store_database *database, struct fail *fail)
{
	if (log_bytes(database) <= database->log_limit)
		return 0;
	sqlite3_wal_checkpoint_v2(database->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (log_bytes(database) <= database->log_limit)
		return 0;
	return fail_set(fail, -EBUSY, "a reader has held on to an old state for too long");
}

int store_database_write(struct store_database *database, struct slice rows, struct fail *fail)
{
	struct gain gains[STORE_TABLES_MAXIMUM] = { 0 };
	int error = shorten_log(database, fail);
	int code = SQLITE_OK;

	if (error == 0)
		error = store_execute(database->handle, "BEGIN IMMEDIATE", fail);
	if (error != 0)
		return error;
	count_gains(database, rows, gains);
	for (unsigned int i = 0; i < database->table_count && code == SQLITE_OK; i++)
		if (gains[i].rows > 0)
			code = write_table(database, i, rows);
	if (code != SQLITE_OK)
		error = fail_set(fail, store_error(database->handle, code), "%s",
			sqlite3_errmsg(database->handle));
	else
		error = store_execute(database->handle, "COMMIT", fail);
	if (error != 0) {
		store_execute(database->handle, "ROLLBACK", NULL);
		return error;
	}
	apply_gains(database, gains);
	return 0;
}

uint64_t store_database_bytes(const struct store_database *database)
{
	struct stat status;
	uint64_t bytes = log_bytes(database);

	if (stat(database->path, &status) == 0)
		bytes += (uint64_t)status.st_size;
	return bytes;
}
