/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store as its users see it: events in, questions out; counts that add up whatever the load;
 * wall time that no step of the clock confuses.
 */
#include "engine/store_test.h"

static void events_become_rows(void **state)
{
	struct scene *scene = *state;
	struct request_event event;
	struct store_counts counts;

	scene_open(scene);
	event = scene_request(scene, "/users/{id}");
	event.header.id = 42;
	event.process.pid = 1234;
	address_parse("10.1.2.3", &event.peer_address);
	scene_write(scene, &event);
	str_set(event.status, "NOSCRIPT");
	scene_write(scene, &event);
	counts = scene_close(scene);

	assert_int_equal(counts.written, 4);
	assert_int_equal(counts.lost + counts.shed + counts.uncounted + counts.sampled, 0);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM request"), 2);
	assert_int_equal(scene_number(scene, "SELECT time_ns FROM request") - (int64_t)NOON_NS, 0);
	assert_int_equal(scene_number(scene, "SELECT pid FROM request WHERE status = 200"), 1234);
	assert_int_equal(scene_number(scene, "SELECT id FROM request WHERE status = '200'"), 42);
	assert_string_equal(scene_ask(scene, "SELECT role FROM request").text, "server");
	assert_string_equal(scene_ask(scene, "SELECT peer_address FROM request").text, "10.1.2.3");
	assert_int_equal(
		scene_number(scene, "SELECT count(*) FROM http WHERE status = 'NOSCRIPT'"), 1);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM redis"), 0);
}

static void rates_are_exact(void **state)
{
	struct scene *scene = *state;
	struct request_event event;

	scene_open(scene);
	for (int i = 0; i < 1000; i++) {
		event = scene_request(scene, i % 2 ? "/a" : "/b");
		event.is_error = i % 100 == 0;
		event.duration_ns = (uint64_t)(i + 1) * NS_PER_MS;
		scene_write(scene, &event);
		scene_pass(scene, 25 * NS_PER_MS);
		if (i % 4 == 0)
			store_tick(scene->store);
	}
	scene_close(scene);

	assert_int_equal(scene_number(scene, "SELECT sum(\"count\") FROM request_rate"), 1000);
	assert_int_equal(scene_number(scene, "SELECT sum(error_count) FROM request_rate"), 10);
	assert_int_equal(
		scene_number(scene, "SELECT sum(response_bytes) FROM request_rate"), 1000 * 1000);
	assert_int_equal(scene_number(scene, "SELECT max(duration_max_ns) FROM request_rate"),
		1000 * NS_PER_MS);
	assert_int_equal(scene_number(scene, "SELECT sum(duration_sum_ns) FROM request_rate"),
		500500 * NS_PER_MS);
	assert_int_equal(
		scene_number(scene, "SELECT count(DISTINCT time_ns) FROM request_rate"), 3);
	assert_int_equal(
		scene_number(scene, "SELECT count(*) FROM request_rate WHERE time_ns % bucket_ns"),
		0);
	assert_in_range(
		scene_number(scene, "SELECT histogram_quantile(histogram, 0.5) FROM request_rate"),
		484 * NS_PER_MS, 516 * NS_PER_MS);
	assert_in_range(scene_number(scene, "SELECT quantile(duration_ns, 0.5) FROM request"),
		484 * NS_PER_MS, 516 * NS_PER_MS);
	scene_check_equation(scene);
}

/* A pseudo-random sequence of its own, so that a failure repeats. */
static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void write_load(struct scene *scene, uint32_t *seed)
{
	char target[32];
	unsigned int seconds = 5 + next(seed) % 20;
	uint64_t sent = 0;

	for (unsigned int second = 0; second < seconds; second++) {
		unsigned int count = next(seed) % 4 ? next(seed) % 300 : next(seed) % 6000;

		for (unsigned int i = 0; i < count; i++, sent++) {
			unsigned int key = next(seed) % 16;
			struct request_event event;

			snprintf(target, sizeof(target), "/%u", key * key / 16);
			event = scene_request(scene, target);
			event.is_error = next(seed) % 50 == 0;
			str_set(event.status, event.is_error ? "500" : "200");
			event.duration_ns = 1000 + next(seed) % 1000000;
			/* Some come late. */
			if (next(seed) % 20 == 0)
				event.header.time_ns -= next(seed) % 30 * NS_PER_S;
			scene_write(scene, &event);
			scene_pass(scene, NS_PER_S / (count + 1));
			if (i % 64 == 0)
				store_tick(scene->store);
		}
		scene_pass(scene, NS_PER_S / 5);
		store_tick(scene->store);
	}
}

static void weights_restore_counts(void **state)
{
	struct scene *scene = *state;
	uint32_t seed = 1;

	for (int round = 0; round < 12; round++) {
		struct store_counts counts;

		scene->options.rows_per_second = round % 4 ? 10 + next(&seed) % 200 : 0;
		scene_open(scene);
		write_load(scene, &seed);
		counts = scene_close(scene);
		assert_int_equal(counts.uncounted, 0);
		assert_int_equal(counts.lost, 0);
		assert_true(round % 4 == 0 ? counts.sampled == 0 : counts.sampled > 0);
		scene_check_equation(scene);
		scene_pass(scene, 60 * NS_PER_S);
	}
	assert_true(scene_number(scene, "SELECT count(*) FROM request WHERE weight > 1") > 0);
}

static void errors_and_slow_ones_stay(void **state)
{
	struct scene *scene = *state;
	struct request_event event;

	scene->options.rows_per_second = 100;
	scene_open(scene);
	for (int i = 0; i < 50000; i++) {
		event = scene_request(scene, "/a");
		event.duration_ns = (uint64_t)(1000 + i % 1000) * NS_PER_US;
		if (i % 1000 == 999) {
			event.is_error = true;
			str_set(event.status, "503");
		} else if (i % 5000 == 2500) {
			event.duration_ns = NS_PER_S;
		}
		scene_write(scene, &event);
		scene_pass(scene, NS_PER_MS / 2);
		if (i % 200 == 0)
			store_tick(scene->store);
	}
	scene_close(scene);
	scene_check_equation(scene);
	assert_int_equal(
		scene_number(scene, "SELECT count(*) FROM request WHERE is_error AND weight = 1"),
		50);
	/* In the first seconds nobody knows yet what is slow. */
	assert_true(
		scene_number(scene, "SELECT count(*) FROM request WHERE duration_ns = 1000000000 "
				    "AND weight = 1") >= 8);
	assert_in_range(scene_number(scene, "SELECT count(*) FROM request"), 1000, 6000);
}

/* The sample stands for the whole: the mean restored by weights is near the true one. */
static void sample_is_honest(void **state)
{
	struct scene *scene = *state;
	struct request_event event;
	struct scene_answer answer;

	scene->options.rows_per_second = 200;
	scene_open(scene);
	for (int i = 0; i < 100000; i++) {
		event = scene_request(scene, "/a");
		/* A pattern that taking every n-th would fall for. */
		event.duration_ns = i % 100 < 50 ? NS_PER_MS : 3 * NS_PER_MS;
		scene_write(scene, &event);
		scene_pass(scene, NS_PER_MS / 5);
		if (i % 500 == 0)
			store_tick(scene->store);
	}
	scene_close(scene);
	scene_check_equation(scene);
	answer = scene_ask(
		scene, "SELECT sum(weight * 1.0 * duration_ns) / sum(weight) FROM request");
	/* Standard deviation about 0.016 ms with 4000 rows: this is 12 of them. */
	assert_true(answer.value.real > 1.8e6 && answer.value.real < 2.2e6);
}

static void too_many_keys_are_folded(void **state)
{
	struct scene *scene = *state;
	struct store_counts counts;

	scene->options.keys_maximum = 64;
	scene_open(scene);
	for (int i = 0; i < 1000; i++) {
		char target[32];
		struct request_event event;

		snprintf(target, sizeof(target), "/%d", i);
		event = scene_request(scene, target);
		snprintf(event.process.service, sizeof(event.process.service), "s%d", i / 10);
		event.role = i % 2;
		scene_write(scene, &event);
	}
	counts = scene_close(scene);
	assert_true(counts.folded > 900);
	assert_int_equal(counts.uncounted, 0);
	assert_int_equal(scene_number(scene, "SELECT sum(\"count\") FROM request_rate"), 1000);
	assert_int_equal(scene_number(scene, "SELECT sum(weight) FROM request"), 1000);
	assert_true(
		scene_number(scene, "SELECT count(*) FROM request_rate WHERE target = '(other)' "
				    "AND service <> '(other)'") > 0);
	assert_true(scene_number(scene, "SELECT count(*) FROM request_rate") <= 64);
}

static void clock_steps_keep_their_hour(void **state)
{
	struct scene *scene = *state;
	struct request_event before;
	struct request_event after;

	scene_open(scene);
	before = scene_request(scene, "/before");
	scene_pass(scene, NS_PER_S);
	store_tick(scene->store);
	/* Set an hour ahead; a request from before the step is reported after it. */
	scene_step(scene, (int64_t)(HOUR_NS));
	scene_pass(scene, NS_PER_S / 10);
	store_tick(scene->store);
	after = scene_request(scene, "/after");
	scene_write(scene, &before);
	scene_write(scene, &after);
	/* Asleep for two hours: the monotonic clock stands still. */
	scene_step(scene, (int64_t)(2 * HOUR_NS));
	scene_pass(scene, NS_PER_S / 10);
	after = scene_request(scene, "/awake");
	scene_write(scene, &after);
	scene_write(scene, &before);
	/* And set back. */
	scene_step(scene, -(int64_t)(3 * HOUR_NS));
	scene_pass(scene, 1);
	after = scene_request(scene, "/back");
	scene_write(scene, &after);
	scene_close(scene);

	assert_int_equal(
		scene_number(scene, "SELECT count(*) FROM request WHERE target = '/before' "
				    "AND time_ns = 1769860800000000000"),
		2);
	assert_int_equal(
		scene_number(scene, "SELECT (time_ns - 1769860800000000000) / 3600000000000 "
				    "FROM request WHERE target = '/after'"),
		1);
	assert_int_equal(
		scene_number(scene, "SELECT (time_ns - 1769860800000000000) / 3600000000000 "
				    "FROM request WHERE target = '/awake'"),
		3);
	assert_int_equal(
		scene_number(scene, "SELECT (time_ns - 1769860800000000000) / 3600000000000 "
				    "FROM request WHERE target = '/back'"),
		0);
	scene_check_equation(scene);
}

static void reopening_adds_to_what_is_there(void **state)
{
	struct scene *scene = *state;

	for (int run = 0; run < 3; run++) {
		struct request_event event;

		scene_open(scene);
		event = scene_request(scene, "/a");
		scene_write(scene, &event);
		scene_close(scene);
	}
	assert_int_equal(scene_number(scene, "SELECT sum(\"count\") FROM request_rate"), 3);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM request"), 3);
	scene_check_equation(scene);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)
	const struct CMUnitTest tests[] = {
		TEST(events_become_rows),
		TEST(rates_are_exact),
		TEST(weights_restore_counts),
		TEST(errors_and_slow_ones_stay),
		TEST(sample_is_honest),
		TEST(too_many_keys_are_folded),
		TEST(clock_steps_keep_their_hour),
		TEST(reopening_adds_to_what_is_there),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
