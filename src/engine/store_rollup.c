/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts get coarser as they age. The new bucket takes the number of one of the rows that it
 * replaces; both steps are one transaction, so no crash leaves a request counted twice.
 */
#include "base/clock.h"
#include "engine/rate_level.h"
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

/* What is written before FROM, and GROUP BY. */
static void write_sums(const struct event_kind *kind, struct buf *sql)
{
	/* The first two fields are the bucket. */
	for (unsigned int i = 2; i < kind->field_count; i++) {
		if (!write_joined(&kind->fields[i], sql))
			buf_printf(sql, ", \"%s\"", kind->fields[i].name);
	}
}

static void write_keys(const struct event_kind *kind, const char *separator, struct buf *sql)
{
	for (unsigned int i = 2; i < kind->field_count; i++) {
		if (rate_join(&kind->fields[i]) != RATE_JOIN_EQUAL)
			continue;
		buf_printf(sql, "%s\"%s\"", separator, kind->fields[i].name);
		separator = ", ";
	}
}

static void write_names(const struct event_kind *kind, const char *separator, struct buf *sql)
{
	for (unsigned int i = 0; i < kind->field_count; i++) {
		buf_printf(sql, "%s\"%s\"", separator, kind->fields[i].name);
		separator = ", ";
	}
}

/* ---- old buckets -------------------------------------------------------------------------- */

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

	buf_printf(sql, "INSERT OR REPLACE INTO \"%s\"(rowid", kind->name);
	write_names(kind, ", ", sql);
	buf_printf(sql, ") SELECT max(rowid), %llu, %llu", (unsigned long long)join->time_ns,
		(unsigned long long)join->level->to_ns);
	write_sums(kind, sql);
	write_where(join, sql);
	write_keys(kind, " GROUP BY ", sql);
}

/* 0 or -errno; *ret_changes: rows that the last statement changed. */
static int execute_whole(
	struct store_database *database, struct buf *sql, int64_t *ret_changes, struct fail *fail)
{
	int error = sql->error ? fail_set(fail, sql->error, "a statement is too long")
			       : store_execute(database->handle, buf_text(sql), fail);

	*ret_changes = sqlite3_changes64(database->handle);
	if (error == 0)
		error = store_execute(database->handle, "COMMIT", fail);
	if (error != 0)
		store_execute(database->handle, "ROLLBACK", NULL);
	return error;
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
	error = execute_whole(database, &sql, &gone, fail);
	if (error != 0)
		return error;
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

/* ---- copies ------------------------------------------------------------------------------- */

/* Rows that are copied at once; a store of before there were copies has many. */
#define ROWS_A_COPY 20000

/* Rows of the source from `next` on and below `end` go into the copy. */
struct copy {
	unsigned int level;
	int64_t next;
	int64_t end;
};

static int read_number(
	struct store_database *database, struct buf *sql, int64_t *ret_number, struct fail *fail)
{
	int error = store_number(database->handle, buf_text(sql), ret_number, fail);

	buf_clear(sql);
	return error;
}

/*
 * Those of periods that are over. Rows are numbered as their buckets begin, so that these are most
 * of those below the first of a later period; what comes late is in a later copy, as one more row.
 */
static int find_copy(struct store_database *database, uint64_t now_wall_ns, uint64_t settled_rowid,
	struct copy *copy, struct fail *fail)
{
	const struct rate_level *level = &rate_levels[copy->level];
	const char *source = rate_level_source(copy->level)->name;
	uint64_t period_ns = now_wall_ns - MIN(now_wall_ns, level->after_ns);
	_cleanup_(buf_done)
	struct buf sql;
	int error;

	buf_init(&sql, STORE_SQL_BYTES);
	buf_printf(&sql, "SELECT ifnull((SELECT next FROM rate_level WHERE name = '%s'), 1)",
		rate_level_kind(copy->level)->name);
	error = read_number(database, &sql, &copy->next, fail);
	if (error != 0)
		return error;
	buf_printf(&sql,
		"SELECT min(%lld, ifnull((SELECT max(rowid) + 1 FROM \"%s\"), 1), "
		"ifnull((SELECT min(rowid) FROM \"%s\" NOT INDEXED WHERE rowid >= %lld "
		"AND time_ns >= %llu), %lld))",
		(long long)(copy->next + ROWS_A_COPY), source, source, (long long)copy->next,
		(unsigned long long)(period_ns - period_ns % level->width_ns),
		(long long)INT64_MAX);
	error = read_number(database, &sql, &copy->end, fail);
	/* Those of coarser levels do not change. */
	if (copy->level == 0)
		copy->end = MIN(copy->end, (int64_t)settled_rowid);
	return error;
}

static void write_copy(const struct copy *copy, struct buf *sql)
{
	const struct event_kind *kind = rate_level_kind(copy->level);
	unsigned long long width_ns = rate_levels[copy->level].width_ns;

	buf_printf(sql, "BEGIN IMMEDIATE; INSERT INTO \"%s\"(", kind->name);
	write_names(kind, "", sql);
	buf_printf(sql, ") SELECT time_ns / %llu * %llu AS period, max(%llu, max(bucket_ns))",
		width_ns, width_ns, width_ns);
	write_sums(kind, sql);
	buf_printf(sql, " FROM \"%s\" NOT INDEXED WHERE rowid >= %lld AND rowid < %lld",
		rate_level_source(copy->level)->name, (long long)copy->next, (long long)copy->end);
	write_keys(kind, " GROUP BY period, ", sql);
	buf_printf(sql, "; INSERT OR REPLACE INTO rate_level(name, next) VALUES ('%s', %lld)",
		kind->name, (long long)copy->end);
}

/* What the limits go by. */
static void recount(struct store_database *database, unsigned int level)
{
	const struct event_kind *kind = rate_level_kind(level);
	int64_t rows = 0;
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT max(rowid) - min(rowid) + 1 FROM \"%s\"", kind->name);
	store_number(database->handle, sql, &rows, NULL);
	for (unsigned int i = 0; i < database->table_count; i++)
		if (database->tables[i].kind == kind)
			database->tables[i].rows = (uint64_t)rows;
}

static int copy_level(struct store_database *database, unsigned int level, uint64_t now_wall_ns,
	uint64_t settled_rowid, struct fail *fail)
{
	struct copy copy = { .level = level };
	int error = find_copy(database, now_wall_ns, settled_rowid, &copy, fail);
	_cleanup_(buf_done)
	struct buf sql = { 0 };
	int64_t next;

	if (error != 0 || copy.end <= copy.next)
		return error;
	buf_init(&sql, STORE_SQL_BYTES);
	write_copy(&copy, &sql);
	error = execute_whole(database, &sql, &next, fail);
	if (error == 0)
		recount(database, level);
	return error;
}

/* Up to which row all levels have what is theirs; those above must stay as they are. */
static int64_t copied_rowid(struct store_database *database)
{
	int64_t next = 1;
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT next FROM rate_level WHERE name = '%s'",
		rate_level_kind(0)->name);
	store_number(database->handle, sql, &next, NULL);
	return next;
}

int store_rollup_begin(struct store_database *database, struct fail *fail)
{
	int error = 0;

	for (unsigned int level = 0; level < RATE_LEVELS && error == 0; level++) {
		const char *source = rate_level_source(level)->name;
		char sql[320];

		snprintf(sql, sizeof(sql),
			"UPDATE rate_level SET next = ifnull((SELECT max(rowid) FROM \"%s\"), 0) + "
			"1 "
			"WHERE name = '%s' AND next > ifnull((SELECT max(rowid) FROM \"%s\"), 0) + "
			"1",
			source, rate_level_kind(level)->name, source);
		error = store_execute(database->handle, sql, fail);
	}
	return error;
}

int store_rollup(struct store_database *database, uint64_t now_wall_ns, uint64_t settled_rowid,
	struct fail *fail)
{
	struct store_table *table = NULL;
	int error;

	for (unsigned int i = 0; i < database->table_count; i++)
		if (database->tables[i].is_rate)
			table = &database->tables[i];
	if (!table)
		return 0;
	error = store_rollup_begin(database, fail);
	for (unsigned int level = 0; level < RATE_LEVELS && error == 0; level++)
		error = copy_level(database, level, now_wall_ns, settled_rowid, fail);
	if (error != 0)
		return error;
	return roll_table(database, table, now_wall_ns,
		MIN(settled_rowid, (uint64_t)copied_rowid(database)), fail);
}
