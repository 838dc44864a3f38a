/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL made from field tables. Names of kinds, fields and protocols are the program's own words, but
 * are quoted all the same: "group" or "order" may be a field one day.
 */
#include "engine/store_schema.h"

#include "base/str.h"
#include "engine/rate.h"
#include "engine/row.h"

int store_error(sqlite3 *database, int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return -EACCES;
	case SQLITE_INTERRUPT:
		return -ECANCELED;
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		switch (sqlite3_system_errno(database)) {
		case ENOSPC:
		case EDQUOT:
			return -ENOSPC;
		case EACCES:
		case EPERM:
		case EROFS:
			return -EACCES;
		case ENOENT:
			return -ENOENT;
		}
		return -EIO;
	}
	return -EINVAL;
}

int store_execute(sqlite3 *database, const char *sql, struct fail *fail)
{
	int code = sqlite3_exec(database, sql, NULL, NULL, NULL);

	if (code == SQLITE_OK)
		return 0;
	return fail_set(fail, store_error(database, code), "%s", sqlite3_errmsg(database));
}

int store_number(sqlite3 *database, const char *sql, int64_t *ret_number, struct fail *fail)
{
	sqlite3_stmt *statement;
	int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);

	if (code != SQLITE_OK)
		return fail_set(fail, store_error(database, code), "%s", sqlite3_errmsg(database));
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*ret_number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	if (code == SQLITE_ROW)
		return 0;
	if (code == SQLITE_DONE)
		return -ENODATA;
	return fail_set(fail, store_error(database, code), "%s", sqlite3_errmsg(database));
}

/* No column is ever NULL: an absent value is 0 or '' as in the event. SQLite is not asked to check
 * it, which would take a tenth of the time. A row of before `weight` existed stands for one event.
 */
static void write_column(const struct field *field, struct buf *sql)
{
	const char *initial = str_equal(field_sql_type(field), "INTEGER") ? "0" : "''";

	if (str_equal(field->name, "weight"))
		initial = "1";
	buf_printf(sql, "\"%s\" %s DEFAULT %s", field->name, field_sql_type(field), initial);
}

/* What row.h appends for kinds that refer to each other. */
static const struct field id_field = { .name = "id", .type = FIELD_U64 };

static unsigned int column_count(const struct event_kind *kind)
{
	return kind->field_count + (row_has_id(kind) ? 1U : 0U);
}

static const struct field *column(const struct event_kind *kind, unsigned int i)
{
	return i < kind->field_count ? &kind->fields[i] : &id_field;
}

static int create_table(sqlite3 *database, const struct event_kind *kind, struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf sql;

	buf_init(&sql, STORE_SQL_BYTES);
	buf_printf(&sql, "CREATE TABLE IF NOT EXISTS \"%s\"(", kind->name);
	for (unsigned int i = 0; i < column_count(kind); i++) {
		buf_append_string(&sql, i ? ", " : "");
		write_column(column(kind, i), &sql);
	}
	buf_append_string(&sql, ")");
	return store_execute(database, buf_text(&sql), fail);
}

static int add_missing_columns(sqlite3 *database, const struct event_kind *kind, struct fail *fail)
{
	for (unsigned int i = 0; i < column_count(kind); i++) {
		_cleanup_(buf_done)
		struct buf sql;
		int64_t found;
		int error;

		buf_init(&sql, STORE_SQL_BYTES);
		buf_printf(&sql, "SELECT count(*) FROM pragma_table_info('%s') WHERE name = '%s'",
			kind->name, column(kind, i)->name);
		error = store_number(database, buf_text(&sql), &found, fail);
		if (error != 0)
			return error;
		if (found)
			continue;
		buf_clear(&sql);
		buf_printf(&sql, "ALTER TABLE \"%s\" ADD COLUMN ", kind->name);
		write_column(column(kind, i), &sql);
		error = store_execute(database, buf_text(&sql), fail);
		if (error != 0)
			return error;
	}
	return 0;
}

/* Questions ask for a time and perhaps one more thing. Of a bool only the rare side is worth an
 * entry. */
static int create_indexes(sqlite3 *database, const struct event_kind *kind, struct fail *fail)
{
	for (unsigned int i = 0; i < kind->field_count; i++) {
		const struct field *field = &kind->fields[i];
		_cleanup_(buf_done)
		struct buf sql;
		int error;

		if (!(field->flags & FIELD_IS_INDEXED))
			continue;
		buf_init(&sql, STORE_SQL_BYTES);
		buf_printf(&sql, "CREATE INDEX IF NOT EXISTS \"%s_by_%s\" ON \"%s\"(", kind->name,
			field->name, kind->name);
		if (field->unit == UNIT_TIME)
			buf_printf(&sql, "\"%s\")", field->name);
		else if (field->type == FIELD_BOOL)
			buf_printf(&sql, "time_ns) WHERE \"%s\"", field->name);
		else
			buf_printf(&sql, "\"%s\", time_ns)", field->name);
		error = store_execute(database, buf_text(&sql), fail);
		if (error != 0)
			return error;
	}
	return 0;
}

static bool has_kind(const struct store_schema *schema, const char *name)
{
	for (const struct event_kind *const *kind = schema->kinds; *kind; kind++)
		if (str_equal((*kind)->name, name))
			return true;
	return false;
}

static int create_views(sqlite3 *database, const struct store_schema *schema, struct fail *fail)
{
	if (!has_kind(schema, "request"))
		return 0;
	for (const char *const *name = schema->protocols; name && *name; name++) {
		_cleanup_(buf_done)
		struct buf sql = { 0 };
		int error;

		/* A kind of its own is more than the view would be. */
		if (has_kind(schema, *name))
			continue;
		buf_init(&sql, STORE_SQL_BYTES);
		buf_printf(&sql,
			"DROP VIEW IF EXISTS \"%s\"; CREATE VIEW \"%s\" AS "
			"SELECT * FROM request WHERE protocol = '%s'",
			*name, *name, *name);
		error = store_execute(database, buf_text(&sql), fail);
		if (error != 0)
			return error;
	}
	return 0;
}

int store_schema_check(sqlite3 *database, struct fail *fail)
{
	int64_t application = 0;
	int64_t version = 0;
	int64_t objects = 0;
	int error = store_number(database, "PRAGMA application_id", &application, fail);

	if (error == 0)
		error = store_number(database, "PRAGMA user_version", &version, fail);
	if (error == 0)
		error = store_number(
			database, "SELECT count(*) FROM sqlite_schema", &objects, fail);
	if (error != 0)
		return error;
	if (application != STORE_APPLICATION_ID && (application != 0 || objects > 0))
		return fail_set(
			fail, -EPROTO, "this is a database of another program, not a store");
	if (version > STORE_VERSION)
		return fail_set(fail, -EPROTO,
			"written by a newer skep (layout %lld, this one knows %d): update skep, or "
			"move the file away",
			(long long)version, STORE_VERSION);
	return 0;
}

static int apply_kind(sqlite3 *database, const struct event_kind *kind, struct fail *fail)
{
	int error = create_table(database, kind, fail);

	if (error == 0)
		error = add_missing_columns(database, kind, fail);
	if (error == 0)
		error = create_indexes(database, kind, fail);
	return error;
}

static int apply_all(sqlite3 *database, const struct store_schema *schema, struct fail *fail)
{
	char sql[128];
	int error;

	for (const struct event_kind *const *kind = schema->kinds; *kind; kind++) {
		error = apply_kind(database, *kind, fail);
		if (error != 0)
			return error;
	}
	error = create_views(database, schema, fail);
	if (error == 0 && has_kind(schema, rate_kind()->name))
		error = store_execute(database,
			"CREATE TABLE IF NOT EXISTS rate_level(name TEXT PRIMARY KEY, next "
			"INTEGER)",
			fail);
	if (error != 0)
		return error;
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		STORE_APPLICATION_ID, STORE_VERSION);
	return store_execute(database, sql, fail);
}

int store_schema_apply(sqlite3 *database, const struct store_schema *schema, struct fail *fail)
{
	int error = store_schema_check(database, fail);

	if (error != 0)
		return error;
	error = store_execute(database, "BEGIN IMMEDIATE", fail);
	if (error != 0)
		return error;
	error = apply_all(database, schema, fail);
	if (error == 0)
		error = store_execute(database, "COMMIT", fail);
	if (error != 0)
		store_execute(database, "ROLLBACK", NULL);
	return error;
}

static void write_addition(const struct event_kind *kind, struct buf *sql)
{
	static const char *const forms[][3] = {
		[RATE_JOIN_SUM] = { "", " + ", "" },
		[RATE_JOIN_MAXIMUM] = { "max(", ", ", ")" },
		[RATE_JOIN_HISTOGRAM] = { "histogram_merge(", ", ", ")" },
	};
	const char *separator = " ON CONFLICT(rowid) DO UPDATE SET ";

	for (unsigned int i = 0; i < kind->field_count; i++) {
		const char *name = kind->fields[i].name;
		enum rate_join join = rate_join(&kind->fields[i]);

		if (join == RATE_JOIN_EQUAL)
			continue;
		buf_printf(sql, "%s\"%s\" = %s\"%s\"%sexcluded.\"%s\"%s", separator, name,
			forms[join][0], name, forms[join][1], name, forms[join][2]);
		separator = ", ";
	}
}

unsigned int store_schema_insert(
	const struct event_kind *kind, bool has_rowid, unsigned int rows, struct buf *ret_sql)
{
	unsigned int values = column_count(kind) + has_rowid;

	buf_printf(ret_sql, "INSERT INTO \"%s\"(%s", kind->name, has_rowid ? "rowid, " : "");
	for (unsigned int i = 0; i < column_count(kind); i++)
		buf_printf(ret_sql, "%s\"%s\"", i ? ", " : "", column(kind, i)->name);
	buf_append_string(ret_sql, ") VALUES ");
	for (unsigned int row = 0; row < rows; row++) {
		buf_append_string(ret_sql, row ? ", (?" : "(?");
		for (unsigned int i = 1; i < values; i++)
			buf_append_string(ret_sql, ", ?");
		buf_append_string(ret_sql, ")");
	}
	if (has_rowid)
		write_addition(kind, ret_sql);
	return values;
}
