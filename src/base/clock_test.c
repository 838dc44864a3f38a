/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock: mapping between the clocks, and points in time as text in both directions.
 */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

/* 2026-01-31T12:34:56.123456789Z */
#define NOW_NS 1769862896123456789ULL

static void set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static void clocks_run(void **state)
{
	uint64_t before_ns = clock_monotonic_ns();

	assert_true(clock_monotonic_ns() >= before_ns);
	assert_true(clock_boottime_ns() >= before_ns);
	assert_true(clock_wall_ns() > 1600000000 * NS_PER_S);
}

static void mapping_meets_the_wall_clock(void **state)
{
	struct clock_map map;
	uint64_t before_ns;
	uint64_t mapped_ns;

	clock_map_init(&map);
	before_ns = clock_wall_ns();
	mapped_ns = clock_to_wall(&map, clock_monotonic_ns());
	/* The wall clock may be slewed, not stepped, while the test runs. */
	assert_true(mapped_ns + NS_PER_MS >= before_ns);
	assert_true(mapped_ns <= clock_wall_ns() + NS_PER_MS);
	assert_false(clock_map_refresh(&map));
}

static void a_step_is_noticed_once(void **state)
{
	struct clock_map map;

	clock_map_init(&map);
	map.wall_minus_monotonic_ns += 200 * (int64_t)NS_PER_MS;
	assert_true(clock_map_refresh(&map));
	assert_false(clock_map_refresh(&map));
	map.wall_minus_monotonic_ns -= 200 * (int64_t)NS_PER_MS;
	assert_true(clock_map_refresh(&map));
	map.wall_minus_monotonic_ns -= 50 * (int64_t)NS_PER_MS;
	assert_false(clock_map_refresh(&map));
}

static void formats_utc(void **state)
{
	char text[28];

	assert_string_equal(
		clock_format_utc(text, sizeof(text), NOW_NS), "2026-01-31T12:34:56.123456Z");
	assert_string_equal(clock_format_utc(text, sizeof(text), 0), "1970-01-01T00:00:00.000000Z");
	assert_string_equal(
		clock_format_utc(text, sizeof(text), UINT64_MAX), "2554-07-21T23:34:33.709551Z");
}

static void formats_local(void **state)
{
	char text[16];

	set_zone("XXX-5:30");
	assert_string_equal(clock_format_local(text, sizeof(text), NOW_NS), "18:04:56.123");
	set_zone("UTC0");
	assert_string_equal(clock_format_local(text, sizeof(text), NOW_NS), "12:34:56.123");
}

static void assert_reads(const char *text, const char *expected)
{
	char found[28];
	uint64_t wall_ns = 0;

	if (clock_parse(text, NOW_NS, &wall_ns) != 0)
		fail_msg("%s is not read", text);
	assert_string_equal(clock_format_utc(found, sizeof(found), wall_ns), expected);
}

static void reads_now_and_ago(void **state)
{
	assert_reads("now", "2026-01-31T12:34:56.123456Z");
	assert_reads("5m", "2026-01-31T12:29:56.123456Z");
	assert_reads("2d", "2026-01-29T12:34:56.123456Z");
	assert_reads("0s", "2026-01-31T12:34:56.123456Z");
	assert_reads("200000d", "1970-01-01T00:00:00.000000Z");
}

static void reads_rfc_3339(void **state)
{
	/* The examples of section 5.8 and the forms that 5.6 allows. */
	assert_reads("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520000Z");
	assert_reads("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57.000000Z");
	assert_reads("1990-12-31T23:59:60Z", "1991-01-01T00:00:00.000000Z");
	assert_reads("1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00.000000Z");
	assert_reads("2024-02-29t01:02:03z", "2024-02-29T01:02:03.000000Z");
	assert_reads("2024-02-29 01:02:03+05:30", "2024-02-28T19:32:03.000000Z");
	assert_reads("2024-02-29T01:02Z", "2024-02-29T01:02:00.000000Z");
	assert_reads("2024-02-29T01:02:03.0000019999999Z", "2024-02-29T01:02:03.000001Z");
	assert_reads("2500-12-31T23:59:59Z", "2500-12-31T23:59:59.000000Z");
	assert_reads("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z");
}

static void reads_nanoseconds(void **state)
{
	uint64_t wall_ns = 0;

	assert_int_equal(clock_parse("2026-01-31T12:34:56.123456789Z", 0, &wall_ns), 0);
	assert_true(wall_ns == NOW_NS);
}

static void reads_local_time(void **state)
{
	/* Central Europe, as the rule of POSIX, so that no zone files are needed. */
	set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	assert_reads("2026-01-31", "2026-01-30T23:00:00.000000Z");
	assert_reads("2026-07-31", "2026-07-30T22:00:00.000000Z");
	assert_reads("2026-07-31 12:00", "2026-07-31T10:00:00.000000Z");
	assert_reads("2026-07-31T12:00:01.5", "2026-07-31T10:00:01.500000Z");
	assert_reads("09:15", "2026-01-31T08:15:00.000000Z");
	assert_reads("09:15:30", "2026-01-31T08:15:30.000000Z");
	assert_reads("23:59", "2026-01-31T22:59:00.000000Z");
	set_zone("UTC0");
}

static void today_is_the_local_day(void **state)
{
	/* At 12:34 UTC it is already the first of February in this zone. */
	set_zone("XXX-14");
	assert_reads("00:00", "2026-01-31T10:00:00.000000Z");
	set_zone("UTC0");
}

static void refuses_the_rest(void **state)
{
	static const char *const wrong[] = { "", " ", "yesterday", "5", "1738326896", "5x", "-5m",
		"now ", "2026", "2026-01", "2026-1-31", "2026-13-01", "2026-00-10", "2026-02-29",
		"2026-04-31", "2026-01-32", "2026-01-00", "1969-12-31", "2501-01-01", "2026-01-31T",
		"2026-01-31T12", "2026-01-31T24:00:00Z", "2026-01-31T12:60Z",
		"2026-01-31T12:00:61Z", "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00+1:00",
		"2026-01-31T12:00:00+0100", "2026-01-31T12:00:00+24:00", "2026-01-31T12:00:00Zx",
		"2026-01-31T12:00:00Z ", "2026-01-31Z", "1970-01-01T00:00:00+01:00", "9:15",
		"24:00", "12:60", "12:00:00Z", "12:", "12:00:", "99999999999999999999d" };
	uint64_t wall_ns = 77;

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		if (clock_parse(wrong[i], NOW_NS, &wall_ns) != -EINVAL)
			fail_msg("'%s' is read", wrong[i]);
	}
	assert_int_equal(wall_ns, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_run),
		cmocka_unit_test(mapping_meets_the_wall_clock),
		cmocka_unit_test(a_step_is_noticed_once),
		cmocka_unit_test(formats_utc),
		cmocka_unit_test(formats_local),
		cmocka_unit_test(reads_now_and_ago),
		cmocka_unit_test(reads_rfc_3339),
		cmocka_unit_test(reads_nanoseconds),
		cmocka_unit_test(reads_local_time),
		cmocka_unit_test(today_is_the_local_day),
		cmocka_unit_test(refuses_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
