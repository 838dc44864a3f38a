/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite in WAL mode: readers never wait for the writer. Each transaction is synced (there is one
 * a second, on a thread of its own), so that also a power cut takes at most the last second.
 */
#include "engine/store_database.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "engine/store_function.h"

/* Larger pages hold more of these rows and need fewer steps; very large ones make the log of a
 * quiet machine large. */
#define PAGE_BYTES	  8192
#define FILE_MODE	  0640
#define BUSY_MS		  1000
#define LOG_PAGES	  1024 /* the log is moved into the file at 8 MiB */
#define FIRST_ROW_BYTES	  300  /* until rows were written */
#define LOG_BYTES_MAXIMUM (64ULL << 20)

/* ---- setting a damaged file aside ---------------------------------------------------------- */

/* Only the newest damaged file is kept: the space is bounded. */
static void remove_older_copies(const char *path)
{
	char directory[256];
	char prefix[300];
	const char *name = strrchr(path, '/');
	struct dirent *entry;
	DIR *stream;

	str_copy_slice(directory, sizeof(directory),
		(struct slice){ (const uint8_t *)path, name ? (size_t)(name - path) : 0 });
	snprintf(prefix, sizeof(prefix), "%s.damaged-", name ? name + 1 : path);
	stream = opendir(name ? directory : ".");
	if (!stream)
		return;
	while ((entry = readdir(stream)))
		if (str_starts_with(entry->d_name, prefix))
			unlinkat(dirfd(stream), entry->d_name, 0);
	closedir(stream);
}

static int move_aside(const char *path, char *ret_set_aside)
{
	char from[300];
	char to[300];
	char when[32];
	struct tm tm;
	time_t now = (time_t)(clock_wall_ns() / NS_PER_S);

	remove_older_copies(path);
	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(to, sizeof(to), "%s.damaged-%s", path, when);
	if (rename(path, to) != 0)
		return -errno;
	str_copy(ret_set_aside, 256, to);
	/* The log belongs to the file: a tool that rescues it wants both under matching names. */
	snprintf(from, sizeof(from), "%s-wal", path);
	snprintf(to, sizeof(to), "%s.damaged-%s-wal", path, when);
	rename(from, to);
	snprintf(from, sizeof(from), "%s-shm", path);
	unlink(from);
	return 0;
}

/* ---- opening ------------------------------------------------------------------------------- */

static int set_limits(struct store_database *database, struct fail *fail)
{
	uint64_t log_bytes = MIN(database->maximum_bytes / 8, LOG_BYTES_MAXIMUM);
	int64_t page_bytes = 0;
	char sql[256];
	int error = store_number(database->handle, "PRAGMA page_size", &page_bytes, fail);

	if (error != 0)
		return error;
	database->page_bytes = (uint64_t)page_bytes;
	database->page_limit = (database->maximum_bytes - log_bytes) / database->page_bytes;
	snprintf(sql, sizeof(sql),
		"PRAGMA max_page_count = %llu; PRAGMA journal_size_limit = %llu; "
		"PRAGMA wal_autocheckpoint = %llu",
		(unsigned long long)database->page_limit, (unsigned long long)log_bytes,
		(unsigned long long)MIN((uint64_t)LOG_PAGES, log_bytes / 2 / database->page_bytes));
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

static int prepare_tables(struct store_database *database, struct fail *fail)
{
	database->table_count = 0;
	for (const struct event_kind *const *kind = database->schema.kinds; *kind; kind++) {
		struct store_table *table = &database->tables[database->table_count];
		_cleanup_(buf_done)
		struct buf sql;
		int code;

		if (database->table_count == STORE_TABLES_MAXIMUM)
			return fail_set(
				fail, -E2BIG, "more than %d kinds of events", STORE_TABLES_MAXIMUM);
		buf_init(&sql, STORE_SQL_BYTES);
		*table = (struct store_table){
			.kind = *kind,
			.is_rate = str_ends_with((*kind)->name, "_rate"),
			.row_bytes = FIRST_ROW_BYTES,
		};
		store_schema_insert(*kind, &sql);
		code = sqlite3_prepare_v3(database->handle, buf_text(&sql), -1,
			SQLITE_PREPARE_PERSISTENT, &table->insert, NULL);
		if (code != SQLITE_OK)
			return fail_set(fail, store_error(database->handle, code), "%s",
				sqlite3_errmsg(database->handle));
		database->table_count++;
		code = count_rows(database, table);
		if (code != 0)
			return fail_set(fail, code, "%s", sqlite3_errmsg(database->handle));
	}
	return 0;
}

static int open_connection(struct store_database *database, struct fail *fail)
{
	char sql[256];
	int error;
	int code;
	int fd = open(database->path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);

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
	for (unsigned int i = 0; i < database->table_count; i++)
		sqlite3_finalize(database->tables[i].insert);
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
	error = move_aside(database->path, ret_set_aside);
	if (error != 0)
		return fail_set(
			fail, error, "damaged, and cannot be set aside: %s", strerror(-error));
	return open_once(database, fail);
}

/* ---- writing ------------------------------------------------------------------------------- */

static int bind_row(sqlite3_stmt *insert, const struct row_header *header, const char *at)
{
	const char *end = at + header->size - sizeof(*header);
	int code = header->rowid ? sqlite3_bind_int64(insert, 1, (sqlite3_int64)header->rowid)
				 : sqlite3_bind_null(insert, 1);

	for (int i = 2; at < end && code == SQLITE_OK; i++) {
		struct row_value value = row_read(&at);

		if (value.is_text)
			code = sqlite3_bind_text(insert, i, (const char *)value.text.data,
				(int)value.text.length, SQLITE_STATIC);
		else
			code = sqlite3_bind_int64(insert, i, value.number);
	}
	return code;
}

static int write_rows(struct store_database *database, struct slice rows)
{
	const char *at = (const char *)rows.data;
	const char *end = at + rows.length;
	struct row_header header;

	for (; at < end; at += header.size) {
		struct store_table *table;
		int code;

		memcpy(&header, at, sizeof(header));
		table = &database->tables[header.table];
		code = bind_row(table->insert, &header, at + sizeof(header));
		if (code == SQLITE_OK)
			code = sqlite3_step(table->insert);
		if (code != SQLITE_DONE) {
			sqlite3_reset(table->insert);
			return code;
		}
		sqlite3_reset(table->insert);
	}
	return SQLITE_OK;
}

/* Only what was committed counts. */
static void count_written(struct store_database *database, struct slice rows)
{
	const char *at = (const char *)rows.data;
	const char *end = at + rows.length;
	struct row_header header;

	for (; at < end; at += header.size) {
		struct store_table *table;

		memcpy(&header, at, sizeof(header));
		table = &database->tables[header.table];
		if (header.rowid == 0 || header.rowid > table->last_rowid)
			table->rows++;
		table->last_rowid = MAX(table->last_rowid, header.rowid);
		table->row_bytes = (table->row_bytes * 63 + header.size) / 64;
	}
}

int store_database_write(struct store_database *database, struct slice rows, struct fail *fail)
{
	int error = store_execute(database->handle, "BEGIN IMMEDIATE", fail);
	int code;

	if (error != 0)
		return error;
	code = write_rows(database, rows);
	if (code != SQLITE_OK)
		error = fail_set(fail, store_error(database->handle, code), "%s",
			sqlite3_errmsg(database->handle));
	else
		error = store_execute(database->handle, "COMMIT", fail);
	if (error != 0) {
		store_execute(database->handle, "ROLLBACK", NULL);
		return error;
	}
	count_written(database, rows);
	return 0;
}

uint64_t store_database_bytes(const struct store_database *database)
{
	char path[300];
	struct stat status;
	uint64_t bytes = 0;

	if (stat(database->path, &status) == 0)
		bytes = (uint64_t)status.st_size;
	snprintf(path, sizeof(path), "%s-wal", database->path);
	if (stat(path, &status) == 0)
		bytes += (uint64_t)status.st_size;
	return bytes;
}
