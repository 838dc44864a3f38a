/* SPDX-License-Identifier: Apache-2.0 */
/* Events that add up get coarser as they age, and of what is told again the latest stays. */
#include "engine/store_test.h"

struct tally_event {
	struct event_header header;
	char name[16];
	uint64_t number;
	uint64_t sum_ns;
};

#define ROW(member_, type_, flags_)                                                                \
	{                                                                                          \
		.name = #member_, .type = (type_),                                                 \
		.offset = offsetof(struct tally_event, member_),                                   \
		.size = MEMBER_SIZE(struct tally_event, member_), .flags = (flags_), .help = "-",  \
	}

static const struct field tally_fields[] = {
	FIELD_TIME(tally_event),
	ROW(name, FIELD_TEXT, 0),
	ROW(number, FIELD_U64, FIELD_IS_SUM),
	ROW(sum_ns, FIELD_U64, FIELD_IS_SUM),
};

static const struct event_kind tally_kind = {
	.name = "tally",
	.summary = "-",
	.fields = tally_fields,
	.field_count = ARRAY_LENGTH(tally_fields),
	.size = sizeof(struct tally_event),
};

static const struct field text_fields[] = {
	FIELD_TIME(tally_event),
	ROW(number, FIELD_U64, FIELD_IS_INDEXED),
	ROW(name, FIELD_TEXT, 0),
};

static const struct event_kind text_kind = {
	.name = "text",
	.summary = "-",
	.fields = text_fields,
	.field_count = ARRAY_LENGTH(text_fields),
	.size = sizeof(struct tally_event),
	.latest_of = "number",
};

static const struct event_kind *const kinds[] = { &request_kind, &tally_kind, &text_kind, NULL };

static void write_tally(
	struct scene *scene, const struct event_kind *kind, const char *name, uint64_t number)
{
	struct tally_event event = { .header = { .kind = kind, .time_ns = scene->monotonic_ns },
		.number = number,
		.sum_ns = 10 * number };

	str_set(event.name, name);
	store_write(scene->store, &event.header);
}

/* Until all is in the file: the writer takes a batch when it has room. */
static void settle(struct scene *scene)
{
	uint64_t mark = store_mark(scene->store);

	while (!store_wait(scene->store, mark, NS_PER_MS)) {
		scene_pass(scene, NS_PER_S);
		store_tick(scene->store);
	}
}

/* Lets the writer look after the file a few times, which it does after a batch. */
static void maintain(struct scene *scene)
{
	for (unsigned int i = 0; i < 40; i++) {
		scene_pass(scene, 11 * NS_PER_S);
		scene_write_one(scene, "/x");
		store_tick(scene->store);
		settle(scene);
	}
}

/* Two names every second for ten minutes. */
static void write_ten_minutes(struct scene *scene)
{
	for (unsigned int i = 0; i < 600; i++) {
		write_tally(scene, &tally_kind, "a", 1);
		write_tally(scene, &tally_kind, "b", 2);
		scene_pass(scene, NS_PER_S);
		store_tick(scene->store);
	}
	settle(scene);
}

static void assert_sums(struct scene *scene)
{
	assert_int_equal(scene_number(scene, "SELECT sum(number) FROM tally"), 1800);
	assert_int_equal(scene_number(scene, "SELECT sum(sum_ns) FROM tally"), 18000);
	assert_int_equal(
		scene_number(scene, "SELECT sum(number) FROM tally WHERE name = 'b'"), 1200);
}

static void rows_become_one_a_minute_then_one_an_hour(void **state)
{
	struct scene *scene = *state;

	scene->options.kinds = kinds;
	scene_open(scene);
	write_ten_minutes(scene);
	assert_true(scene_number(scene, "SELECT count(*) FROM tally") > 800);
	scene_pass(scene, HOUR_NS);
	maintain(scene);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM tally"), 20);
	assert_int_equal(
		scene_number(scene, "SELECT count(*) FROM tally WHERE time_ns % 60000000000"), 0);
	assert_sums(scene);
	scene_pass(scene, 24 * HOUR_NS);
	maintain(scene);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM tally"), 2);
	assert_sums(scene);
	/* After a start all is looked at again, and nothing changes. */
	scene_close(scene);
	scene_open(scene);
	maintain(scene);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM tally"), 2);
	assert_sums(scene);
	scene_close(scene);
	scene_assert_sound(scene);
}

static void the_latest_text_stays(void **state)
{
	struct scene *scene = *state;

	scene->options.kinds = kinds;
	scene_open(scene);
	for (unsigned int hour = 0; hour < 5; hour++) {
		write_tally(scene, &text_kind, hour < 4 ? "old" : "new", 7);
		if (hour == 0)
			write_tally(scene, &text_kind, "once", 8);
		settle(scene);
		scene_pass(scene, HOUR_NS);
		maintain(scene);
	}
	assert_true(scene_number(scene, "SELECT count(*) FROM text WHERE number = 7") <= 3);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM text WHERE name = 'new'"), 1);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM text WHERE number = 8"), 1);
	scene_pass(scene, 3 * HOUR_NS);
	maintain(scene);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM text"), 2);
	scene_close(scene);
	scene_assert_sound(scene);
}

/* Too late for the first look at it. */
static void a_text_that_comes_again_after_hours_replaces_the_old(void **state)
{
	struct scene *scene = *state;

	scene->options.kinds = kinds;
	scene_open(scene);
	write_tally(scene, &text_kind, "old", 7);
	settle(scene);
	scene_pass(scene, 5 * HOUR_NS);
	maintain(scene);
	write_tally(scene, &text_kind, "new", 7);
	settle(scene);
	maintain(scene);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM text"), 2);
	scene_pass(scene, 9 * HOUR_NS);
	maintain(scene);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM text WHERE name = 'old'"), 0);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM text"), 1);
	scene_close(scene);
}

/* Requests are none of it. */
static void other_kinds_stay_as_they_are(void **state)
{
	struct scene *scene = *state;

	scene->options.kinds = kinds;
	scene_open(scene);
	for (unsigned int i = 0; i < 5; i++)
		scene_write_one(scene, "/same");
	scene_pass(scene, 25 * HOUR_NS);
	maintain(scene);
	assert_int_equal(
		scene_number(scene, "SELECT count(*) FROM request WHERE target = '/same'"), 5);
	scene_close(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_text_that_comes_again_after_hours_replaces_the_old, scene_new,
			scene_free),
		cmocka_unit_test_setup_teardown(
			rows_become_one_a_minute_then_one_an_hour, scene_new, scene_free),
		cmocka_unit_test_setup_teardown(the_latest_text_stays, scene_new, scene_free),
		cmocka_unit_test_setup_teardown(
			other_kinds_stay_as_they_are, scene_new, scene_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
