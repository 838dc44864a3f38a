/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rate_level.h"

#include "engine/store_test.h"

#define MINUTE_NS  (60 * NS_PER_S)
#define QUARTER_NS (15 * MINUTE_NS)

/* Upkeep is done after something was written, when its time has come. */
static void wait_for(struct scene *scene, const char *sql)
{
	for (int look = 0; scene_number(scene, sql) == 0; look++) {
		assert_true(look < 2000);
		scene_pass(scene, MINUTE_NS);
		scene_write_one(scene, "/waiting");
		scene_flush_and_wait(scene, 0);
		usleep(5000);
	}
}

/* The writer has done what it was given: what is asked twice gets the same answer. */
static void settle(struct scene *scene)
{
	scene_close(scene);
	scene_open(scene);
}

/* So many hours of requests to two targets, a row each ten seconds; what is due is done. */
static void write_hours(struct scene *scene, unsigned int hours)
{
	for (unsigned int step = 0; step < hours * 360; step++) {
		struct request_event event = scene_request(scene, step % 3 ? "/a" : "/b");

		event.duration_ns = (step % 100 + 1) * NS_PER_MS;
		event.is_error = step % 7 == 0;
		scene_write(scene, &event);
		scene_pass(scene, 10 * NS_PER_S);
		store_tick(scene->store);
		if (step % 6 == 5)
			scene_flush_and_wait(scene, 0);
	}
}

static int64_t sum_of(
	struct scene *scene, const char *what, const struct rate_span *span, bool is_fine)
{
	struct buf sql;
	int64_t sum;

	buf_init(&sql, 64 * 1024);
	buf_printf(&sql, "SELECT ifnull(%s, 0) FROM ", what);
	if (is_fine)
		buf_append_string(&sql, rate_kind()->name);
	else
		rate_level_write_source(span, &sql);
	buf_printf(&sql, " WHERE time_ns >= %llu AND time_ns < %llu",
		(unsigned long long)span->since_ns, (unsigned long long)span->until_ns);
	sum = scene_number(scene, buf_text(&sql));
	buf_done(&sql);
	return sum;
}

static void assert_same(struct scene *scene, const struct rate_span *span)
{
	static const char *const figures[] = { "sum(\"count\")", "sum(error_count)",
		"sum(duration_sum_ns)", "max(duration_max_ns)", "count(DISTINCT target)",
		"histogram_quantile(histogram, 0.9)", "sum(\"count\" * (target = '/b'))" };

	for (size_t i = 0; i < ARRAY_LENGTH(figures); i++) {
		int64_t coarse = sum_of(scene, figures[i], span, false);
		int64_t fine = sum_of(scene, figures[i], span, true);

		if (coarse != fine)
			fail_msg("%s of %llu s: %lld, in fine buckets %lld", figures[i],
				(unsigned long long)((span->until_ns - span->since_ns) / NS_PER_S),
				(long long)coarse, (long long)fine);
	}
}

/* Ranges of all lengths, with ends between buckets; whole minutes, since shorter buckets may become
 * longer ones between two questions. */
static void assert_same_everywhere(struct scene *scene)
{
	for (unsigned int length = 1; length < 48; length += 3)
		for (unsigned int lag = 0; lag < 4; lag++) {
			struct rate_span span = { .until_ns =
							  scene->wall_ns - lag * 7 * MINUTE_NS };

			span.since_ns = span.until_ns - length * QUARTER_NS;
			assert_same(scene, &span);
		}
}

static void copies_have_the_same_sums(void **state)
{
	struct scene *scene = *state;

	scene->options.rows_per_second = 0;
	scene_open(scene);
	assert_same_everywhere(scene);
	write_hours(scene, 9);
	wait_for(scene, "SELECT count(*) > 9 * 11 * 2 FROM request_rate_5m");
	wait_for(scene, "SELECT count(*) > 16 * 2 FROM request_rate_30m");
	settle(scene);
	assert_same_everywhere(scene);
	scene_close(scene);
	assert_same_everywhere(scene);
	assert_true(scene_number(scene, "SELECT count(*) FROM request_rate_5m") > 9 * 11 * 2);
	assert_true(scene_number(scene, "SELECT count(*) FROM request_rate_5m") < 9 * 12 * 6 * 2);
	assert_true(scene_number(scene, "SELECT count(*) FROM request_rate_30m") > 16 * 2);
	assert_true(scene_number(scene, "SELECT count(*) FROM request_rate_30m") < 18 * 6 * 2);
	assert_true(scene_number(scene,
			    "SELECT count(*) FROM request_rate WHERE bucket_ns > 10000000000") > 0);
}

/* A store of before there were copies, or one whose copies were thrown away. */
static void copies_are_made_of_what_is_there(void **state)
{
	struct scene *scene = *state;

	scene->options.rows_per_second = 0;
	scene_open(scene);
	write_hours(scene, 8);
	scene_close(scene);
	scene_edit(scene,
		"DROP TABLE request_rate_5m; DROP TABLE request_rate_30m; DROP TABLE rate_level");
	scene_open(scene);
	assert_same_everywhere(scene);
	write_hours(scene, 1);
	wait_for(scene, "SELECT count(*) > 20 FROM request_rate_30m");
	settle(scene);
	assert_same_everywhere(scene);
	scene_close(scene);
}

/* Rows that begin to be numbered anew are copied all the same. */
static void copies_start_again_with_their_source(void **state)
{
	struct scene *scene = *state;

	scene->options.rows_per_second = 0;
	scene_open(scene);
	write_hours(scene, 2);
	scene_close(scene);
	scene_edit(scene, "DELETE FROM request_rate; DELETE FROM request_rate_5m; DELETE FROM "
			  "request_rate_30m");
	scene_open(scene);
	write_hours(scene, 4);
	wait_for(scene, "SELECT count(*) > 40 FROM request_rate_5m");
	settle(scene);
	assert_same_everywhere(scene);
	scene_close(scene);
}

static void copies_serve_where_they_fit(void **state)
{
	struct rate_span span = { .since_ns = NOON_NS, .until_ns = NOON_NS + 24 * HOUR_NS };
	struct buf sql;

	(void)state;
	buf_init(&sql, 64 * 1024);
	rate_level_write_source(&span, &sql);
	assert_non_null(strstr(buf_text(&sql), "request_rate_30m"));
	span.fits_ns = 5 * MINUTE_NS;
	buf_clear(&sql);
	rate_level_write_source(&span, &sql);
	assert_null(strstr(buf_text(&sql), "request_rate_30m"));
	assert_non_null(strstr(buf_text(&sql), "request_rate_5m"));
	span.fits_ns = MINUTE_NS;
	buf_clear(&sql);
	rate_level_write_source(&span, &sql);
	assert_string_equal(buf_text(&sql), "request_rate");
	span = (struct rate_span){ .since_ns = NOON_NS, .until_ns = NOON_NS + HOUR_NS / 2 };
	buf_clear(&sql);
	rate_level_write_source(&span, &sql);
	assert_string_equal(buf_text(&sql), "request_rate");
	buf_done(&sql);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)
	const struct CMUnitTest tests[] = {
		TEST(copies_have_the_same_sums),
		TEST(copies_are_made_of_what_is_there),
		TEST(copies_start_again_with_their_source),
		cmocka_unit_test(copies_serve_where_they_fit),
	};

	return cmocka_run_group_tests_name("rate_level", tests, NULL, NULL);
}
