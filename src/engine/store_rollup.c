/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts get coarser as they age. The new bucket takes the number of one of the rows that it
 * replaces; both steps are one transaction, so no crash leaves a request counted twice.
 */
#include "base/clock.h"
#include "engine/rate.h"
#include "engine/store_database.h"

#define BUCKETS_A_CALL 64

static const struct level {
	uint64_t from_ns;
	uint64_t to_ns;
	uint64_t after_ns;
} levels[] = {
	{ 10 * NS_PER_S, 60 * NS_PER_S, 3600 * NS_PER_S },
	{ 60 * NS_PER_S, 600 * NS_PER_S, 24 * 3600 * NS_PER_S },
};

/* What a field becomes when rows are joined; false: they are grouped by it. */
static bool write_joined(const struct field *field, struct buf *sql)
{
	static const char *const functions[] = {
		[RATE_JOIN_SUM] = "sum",
		[RATE_JOIN_MAXIMUM] = "max",
		[RATE_JOIN_HISTOGRAM] = "histogram_merge",
	};
	enum rate_join join = rate_join(field);

	if (join != RATE_JOIN_EQUAL)
		buf_printf(sql, ", %s(\"%s\")", functions[join], field->name);
	return join != RATE_JOIN_EQUAL;
}

/* One bucket in the making. */
struct join {
	const struct event_kind *kind;
	const struct level *level;
	uint64_t time_ns;
	uint64_t settled_rowid;
};

static void write_where(const struct join *join, struct buf *sql)
{
	buf_printf(sql,
		" FROM \"%s\" WHERE bucket_ns = %llu AND time_ns >= %llu AND time_ns < %llu "
		"AND rowid < %llu",
		join->kind->name, (unsigned long long)join->level->from_ns,
		(unsigned long long)join->time_ns,
		(unsigned long long)(join->time_ns + join->level->to_ns),
		(unsigned long long)join->settled_rowid);
}

static void write_insert(const struct join *join, struct buf *sql)
{
	const struct event_kind *kind = join->kind;
	const char *separator = " GROUP BY ";

	buf_printf(sql, "INSERT OR REPLACE INTO \"%s\"(rowid", kind->name);
	for (unsigned int i = 0; i < kind->field_count; i++)
		buf_printf(sql, ", \"%s\"", kind->fields[i].name);
	/* The first two fields are the bucket. */
	buf_printf(sql, ") SELECT max(rowid), %llu, %llu", (unsigned long long)join->time_ns,
		(unsigned long long)join->level->to_ns);
	for (unsigned int i = 2; i < kind->field_count; i++) {
		if (!write_joined(&kind->fields[i], sql))
			buf_printf(sql, ", \"%s\"", kind->fields[i].name);
	}
	write_where(join, sql);
	for (unsigned int i = 2; i < kind->field_count; i++) {
		if (rate_join(&kind->fields[i]) != RATE_JOIN_EQUAL)
			continue;
		buf_printf(sql, "%s\"%s\"", separator, kind->fields[i].name);
		separator = ", ";
	}
}

static int make_bucket(struct store_database *database, struct store_table *table,
	const struct join *join, struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf sql;
	int64_t gone;
	int error;

	buf_init(&sql, STORE_SQL_BYTES);
	buf_append_string(&sql, "BEGIN IMMEDIATE; ");
	write_insert(join, &sql);
	buf_append_string(&sql, "; DELETE");
	write_where(join, &sql);
	error = store_execute(database->handle, buf_text(&sql), fail);
	gone = sqlite3_changes64(database->handle);
	if (error == 0)
		error = store_execute(database->handle, "COMMIT", fail);
	if (error != 0) {
		store_execute(database->handle, "ROLLBACK", NULL);
		return error;
	}
	table->rows -= MIN(table->rows, (uint64_t)gone);
	return 0;
}

/* The oldest bucket that may be made, as join->time_ns; -ENODATA when there is none. */
static int find_bucket(struct store_database *database, struct join *join, uint64_t before_ns)
{
	char sql[256];
	int64_t time_ns;
	int error;

	snprintf(sql, sizeof(sql),
		"SELECT time_ns FROM \"%s\" WHERE bucket_ns = %llu AND rowid < %llu "
		"ORDER BY time_ns LIMIT 1",
		join->kind->name, (unsigned long long)join->level->from_ns,
		(unsigned long long)join->settled_rowid);
	error = store_number(database->handle, sql, &time_ns, NULL);
	if (error != 0)
		return error;
	join->time_ns = (uint64_t)time_ns - (uint64_t)time_ns % join->level->to_ns;
	return join->time_ns + join->level->to_ns <= before_ns ? 0 : -ENODATA;
}

static int roll_table(struct store_database *database, struct store_table *table,
	uint64_t now_wall_ns, uint64_t settled_rowid, struct fail *fail)
{
	int made = 0;

	for (unsigned int i = 0; i < ARRAY_LENGTH(levels); i++) {
		struct join join = {
			.kind = table->kind, .level = &levels[i], .settled_rowid = settled_rowid
		};
		uint64_t before_ns = now_wall_ns - MIN(now_wall_ns, levels[i].after_ns);

		while (made < BUCKETS_A_CALL && find_bucket(database, &join, before_ns) == 0) {
			int error = make_bucket(database, table, &join, fail);

			if (error != 0)
				return error;
			made++;
		}
	}
	return made;
}

int store_rollup(struct store_database *database, uint64_t now_wall_ns, uint64_t settled_rowid,
	struct fail *fail)
{
	for (unsigned int i = 0; i < database->table_count; i++)
		if (database->tables[i].is_rate)
			return roll_table(
				database, &database->tables[i], now_wall_ns, settled_rowid, fail);
	return 0;
}
