/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each table gives what the coarser ones do not have: what is before and behind their whole
 * buckets, and the rows that have not been copied yet.
 */
#include "engine/rate_level.h"

#include "base/clock.h"
#include "base/str.h"

#define MINUTE_NS	 (60ULL * NS_PER_S)
/* With fewer buckets the ends would be most of it. */
#define BUCKETS_LEAST	 12
#define EXPRESSION_BYTES 512

const struct rate_level rate_levels[RATE_LEVELS] = {
	{ .width_ns = 5 * MINUTE_NS, .after_ns = MINUTE_NS / 2 },
	{ .width_ns = 30 * MINUTE_NS, .after_ns = MINUTE_NS },
};

static struct event_kind kinds[RATE_LEVELS] = {
	{ .name = "request_rate_5m", .summary = "request_rate in buckets of five minutes" },
	{ .name = "request_rate_30m", .summary = "request_rate in buckets of half an hour" },
};

const struct event_kind *rate_level_kind(unsigned int level)
{
	const struct event_kind *fine = rate_kind();

	kinds[level].fields = fine->fields;
	kinds[level].field_count = fine->field_count;
	return &kinds[level];
}

const struct event_kind *rate_level_source(unsigned int level)
{
	return level == 0 ? rate_kind() : rate_level_kind(level - 1);
}

unsigned int rate_level_of(const struct event_kind *kind)
{
	unsigned int level = 0;

	while (level < RATE_LEVELS && kind != &kinds[level])
		level++;
	return level;
}

/* How many levels serve, the coarsest being the last of them. */
static unsigned int count_levels(const struct rate_span *span)
{
	uint64_t length_ns = span->until_ns - MIN(span->since_ns, span->until_ns);
	unsigned int count = 0;

	while (count < RATE_LEVELS && span->fits_ns % rate_levels[count].width_ns == 0 &&
		length_ns >= BUCKETS_LEAST * rate_levels[count].width_ns)
		count++;
	return count;
}

struct reach {
	char begin[EXPRESSION_BYTES]; /* SQL, a number */
	uint64_t end_ns;
};

/*
 * Where a level begins to serve: with the first whole bucket; behind the oldest of each level that
 * it is made from and its own, since a part of that may have been deleted; where there is none, at
 * the end. So a coarser level never begins before a finer one.
 */
static void find_reach(const struct rate_span *span, unsigned int level, struct reach *ret_reach)
{
	uint64_t width_ns = rate_levels[level].width_ns;
	_cleanup_(buf_done)
	struct buf begin;

	buf_init(&begin, EXPRESSION_BYTES);
	ret_reach->end_ns = span->until_ns / width_ns * width_ns;
	buf_printf(&begin, "min(%llu, max(%llu", (unsigned long long)ret_reach->end_ns,
		(unsigned long long)((span->since_ns + width_ns - 1) / width_ns * width_ns));
	for (unsigned int i = 0; i <= level; i++)
		buf_printf(&begin,
			", ifnull((SELECT (min(time_ns) + %llu) / %llu * %llu FROM %s), %llu)",
			(unsigned long long)(rate_levels[i].width_ns + width_ns - 1),
			(unsigned long long)width_ns, (unsigned long long)width_ns,
			rate_level_kind(i)->name, (unsigned long long)ret_reach->end_ns);
	buf_append_string(&begin, "))");
	str_copy(ret_reach->begin, sizeof(ret_reach->begin), buf_text(&begin));
}

/* What a level does not have of its source: what is before it, behind it, or not copied yet. The
 * source itself serves only its own reach, NULL: everything. */
static void write_rest(
	unsigned int level, const struct reach *reach, const struct reach *own, struct buf *sql)
{
	const char *source = rate_level_source(level)->name;

	buf_printf(sql, " UNION ALL SELECT * FROM %s WHERE time_ns < %s", source, reach->begin);
	if (own)
		buf_printf(sql, " AND time_ns >= %s", own->begin);
	buf_printf(sql, " UNION ALL SELECT * FROM %s WHERE time_ns >= max(%llu, %s)", source,
		(unsigned long long)reach->end_ns, own ? own->begin : "0");
	if (own)
		buf_printf(sql, " AND time_ns < %llu", (unsigned long long)own->end_ns);
	buf_printf(sql,
		" UNION ALL SELECT * FROM %s NOT INDEXED WHERE rowid >= "
		"ifnull((SELECT next FROM rate_level WHERE name = '%s'), 0) "
		"AND time_ns >= %s AND time_ns < %llu",
		source, rate_level_kind(level)->name, reach->begin,
		(unsigned long long)reach->end_ns);
}

void rate_level_write_source(const struct rate_span *span, struct buf *sql)
{
	unsigned int count = count_levels(span);
	struct reach reaches[RATE_LEVELS];

	if (count == 0) {
		buf_append_string(sql, rate_kind()->name);
		return;
	}
	for (unsigned int level = 0; level < count; level++)
		find_reach(span, level, &reaches[level]);
	buf_printf(sql, "(SELECT * FROM %s WHERE time_ns >= %s AND time_ns < %llu",
		rate_level_kind(count - 1)->name, reaches[count - 1].begin,
		(unsigned long long)reaches[count - 1].end_ns);
	for (unsigned int level = count; level-- > 0;)
		write_rest(level, &reaches[level], level > 0 ? &reaches[level - 1] : NULL, sql);
	buf_append_string(sql, ")");
}
