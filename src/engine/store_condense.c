/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single events get coarser as they age: see store_database.h. A row that stands for others has the
 * number of the latest of them, so that rows lie in the file by age still. Each span of time is one
 * transaction, and doing it twice changes nothing: where it was done is found again after a start.
 */
#include "base/clock.h"
#include "engine/store_database.h"

/* Spans that are made anew, and that are looked at, a call. */
#define SPANS_MADE   8
#define SPANS_LOOKED 64

static const struct level {
	uint64_t span_ns;
	uint64_t after_ns;
} levels[] = {
	{ 60 * NS_PER_S, 600 * NS_PER_S },
	{ 3600 * NS_PER_S, 6 * 3600 * NS_PER_S },
};
/* What is told again every hour it is seen in: mostly there is a later row soon, of rare things in
 * the end. */
static const struct level latest_levels[] = {
	{ 600 * NS_PER_S, 5400 * NS_PER_S },
	{ 3600 * NS_PER_S, 12 * 3600 * NS_PER_S },
};

struct span {
	struct store_database *database;
	struct store_table *table;
	uint64_t start_ns, length_ns;
};

static bool adds_up(const struct event_kind *kind)
{
	for (unsigned int i = 0; i < kind->field_count; i++)
		if (kind->fields[i].flags & FIELD_IS_SUM)
			return true;
	return false;
}

static void write_where(const struct span *span, struct buf *sql)
{
	buf_printf(sql, " FROM \"%s\" WHERE time_ns >= %llu AND time_ns < %llu",
		span->table->kind->name, (unsigned long long)span->start_ns,
		(unsigned long long)(span->start_ns + span->length_ns));
}

/* Rows that are not joined yet have a time of their own. */
static int needs_join(const struct span *span, struct fail *fail)
{
	char sql[512];
	int64_t one;
	int r;

	snprintf(sql, sizeof(sql),
		"SELECT 1 FROM \"%s\" WHERE time_ns > %llu AND time_ns < %llu LIMIT 1",
		span->table->kind->name, (unsigned long long)span->start_ns,
		(unsigned long long)(span->start_ns + span->length_ns));
	r = store_number(span->database->handle, sql, &one, fail);
	return r == -ENODATA ? 0 : r < 0 ? r : 1;
}

static void write_join(const struct span *span, struct buf *sql)
{
	const struct event_kind *kind = span->table->kind;
	const char *separator = " GROUP BY ";

	buf_append_string(sql, "CREATE TEMP TABLE joined AS SELECT max(rowid) AS joined_rowid");
	buf_printf(sql, ", %llu AS time_ns", (unsigned long long)span->start_ns);
	/* The first field is the time. */
	for (unsigned int i = 1; i < kind->field_count; i++) {
		const char *name = kind->fields[i].name;

		if (kind->fields[i].flags & FIELD_IS_SUM)
			buf_printf(sql, ", sum(\"%s\") AS \"%s\"", name, name);
		else
			buf_printf(sql, ", \"%s\"", name);
	}
	write_where(span, sql);
	for (unsigned int i = 1; i < kind->field_count; i++) {
		if (kind->fields[i].flags & FIELD_IS_SUM)
			continue;
		buf_printf(sql, "%s\"%s\"", separator, kind->fields[i].name);
		separator = ", ";
	}
}

static void write_exchange(const struct span *span, struct buf *sql)
{
	const struct event_kind *kind = span->table->kind;

	buf_append_string(sql, "; DELETE");
	write_where(span, sql);
	buf_printf(sql, "; INSERT INTO \"%s\"(rowid", kind->name);
	for (unsigned int i = 0; i < kind->field_count; i++)
		buf_printf(sql, ", \"%s\"", kind->fields[i].name);
	buf_append_string(sql, ") SELECT * FROM joined; DROP TABLE joined");
}

static int execute(const struct span *span, struct buf *sql, struct fail *fail)
{
	sqlite3 *handle = span->database->handle;
	int r = sql->error ? sql->error : store_execute(handle, "BEGIN IMMEDIATE", fail);

	if (r < 0)
		return r;
	r = store_execute(handle, buf_text(sql), fail);
	if (r == 0)
		r = store_execute(handle, "COMMIT", fail);
	if (r < 0)
		store_execute(handle, "ROLLBACK", NULL);
	return r;
}

static int64_t count_rows(const struct span *span, struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf sql;
	int64_t count = 0;
	int r;

	buf_init(&sql, STORE_SQL_BYTES);
	buf_append_string(&sql, "SELECT count(*)");
	write_where(span, &sql);
	r = store_number(span->database->handle, buf_text(&sql), &count, fail);
	return r < 0 ? r : count;
}

/* How many rows fewer there are, or -errno. */
static int64_t join_span(const struct span *span, struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf sql;
	int64_t before = count_rows(span, fail), after;
	int r;

	if (before < 0)
		return before;
	buf_init(&sql, STORE_SQL_BYTES);
	write_join(span, &sql);
	write_exchange(span, &sql);
	r = execute(span, &sql, fail);
	if (r < 0)
		return r;
	after = count_rows(span, fail);
	return after < 0 ? after : before - after;
}

static int64_t drop_superseded(const struct span *span, struct fail *fail)
{
	const char *name = span->table->kind->name, *field = span->table->kind->latest_of;
	_cleanup_(buf_done)
	struct buf sql;
	int r;

	buf_init(&sql, STORE_SQL_BYTES);
	buf_append_string(&sql, "DELETE");
	write_where(span, &sql);
	buf_printf(&sql,
		" AND EXISTS (SELECT 1 FROM \"%s\" AS later WHERE later.\"%s\" = \"%s\".\"%s\" AND "
		"later.time_ns > \"%s\".time_ns)",
		name, field, name, field, name);
	r = store_execute(span->database->handle, buf_text(&sql), fail);
	return r < 0 ? r : sqlite3_changes64(span->database->handle);
}

/* The next one in which there is something, after what is done. 0, -ENODATA or -errno. */
static int find_span(struct span *span, uint64_t done_ns, struct fail *fail)
{
	int64_t time_ns;
	char sql[256];
	int r;

	snprintf(sql, sizeof(sql),
		"SELECT time_ns FROM \"%s\" WHERE time_ns >= %llu ORDER BY time_ns LIMIT 1",
		span->table->kind->name, (unsigned long long)done_ns);
	r = store_number(span->database->handle, sql, &time_ns, fail);
	if (r < 0)
		return r;
	span->start_ns = (uint64_t)time_ns - (uint64_t)time_ns % span->length_ns;
	return 0;
}

typedef int64_t condense(const struct span *span, struct fail *fail);

static int64_t join_if_needed(const struct span *span, struct fail *fail)
{
	int r = needs_join(span, fail);

	return r <= 0 ? r : join_span(span, fail);
}

static int condense_level(struct span *span, uint64_t *done_ns, uint64_t before_ns,
	condense *condense_span, struct fail *fail)
{
	unsigned int made = 0;

	for (unsigned int looked = 0; looked < SPANS_LOOKED && made < SPANS_MADE; looked++) {
		int r = find_span(span, *done_ns, fail);
		int64_t fewer;

		if (r == -ENODATA || (r == 0 && span->start_ns + span->length_ns > before_ns))
			return 0;
		if (r < 0)
			return r;
		fewer = condense_span(span, fail);
		if (fewer < 0)
			return (int)fewer;
		*done_ns = span->start_ns + span->length_ns;
		span->table->rows -= MIN(span->table->rows, (uint64_t)fewer);
		made += fewer > 0;
	}
	return 0;
}

static int condense_table(struct store_database *database, struct store_table *table,
	uint64_t now_wall_ns, struct fail *fail)
{
	const struct level *steps = table->kind->latest_of ? latest_levels : levels;
	condense *condense_span = table->kind->latest_of ? drop_superseded : join_if_needed;
	struct span span = { .database = database, .table = table };
	int r = 0;

	_Static_assert(ARRAY_LENGTH(levels) == ARRAY_LENGTH(latest_levels), "as condensed_ns");
	for (unsigned int i = 0; r == 0 && i < ARRAY_LENGTH(levels); i++) {
		span.length_ns = steps[i].span_ns;
		r = condense_level(&span, &table->condensed_ns[i],
			now_wall_ns - MIN(now_wall_ns, steps[i].after_ns), condense_span, fail);
	}
	return r;
}

int store_condense(struct store_database *database, uint64_t now_wall_ns, struct fail *fail)
{
	for (unsigned int i = 0; i < database->table_count; i++) {
		struct store_table *table = &database->tables[i];
		int r = 0;

		if (!table->is_rate && (table->kind->latest_of || adds_up(table->kind)))
			r = condense_table(database, table, now_wall_ns, fail);
		if (r < 0)
			return r;
	}
	return 0;
}
