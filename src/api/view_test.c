/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prepared questions: their headers and parameters, and each one on a store with requests.
 */
#include "engine/store_test.h"

#include <stdio.h>

#include "api/view.h"
#include "engine/feature.h"
#include "event/filter.h"

static const char example[] = "-- A sentence\n"
			      "-- more about it\n"
			      "-- :since  1h  time  how far back\n"
			      "-- :name  ''  text  whose\n"
			      "-- :most  5  number\n"
			      "-- :step  1m  duration  how long\n"
			      "SELECT 1 -- :not  a  parameter\n";

static void headers(void **state)
{
	struct fail fail = { 0 };
	struct view view;

	assert_int_equal(view_parse("x", example, &view, &fail), 0);
	assert_string_equal(view.name, "x");
	assert_string_equal(view.summary, "A sentence");
	assert_int_equal(view.parameter_count, 4);
	assert_string_equal(view.parameters[0].name, "since");
	assert_string_equal(view.parameters[0].initial, "1h");
	assert_int_equal(view.parameters[0].type, VIEW_TIME);
	assert_string_equal(view.parameters[0].help, "how far back");
	assert_string_equal(view.parameters[1].initial, "");
	assert_int_equal(view.parameters[1].type, VIEW_TEXT);
	assert_string_equal(view.parameters[2].help, "");
	assert_int_equal(view_parse("x", "SELECT 1\n", &view, &fail), -EBADMSG);
	assert_int_equal(view_parse("x", "-- A\n-- :a 1 colour\n", &view, &fail), -EBADMSG);
	assert_int_equal(view_parse("x", "-- A\n-- :a\n", &view, &fail), -EBADMSG);
}

static int bind_one(const char *name, const char *value, struct sql_values *ret_values)
{
	struct view_argument argument = { name, value };
	struct fail fail = { 0 };
	struct view view;

	assert_int_equal(view_parse("x", example, &view, &fail), 0);
	return view_bind(&view, &argument, 1, ret_values, &fail);
}

static void parameters(void **state)
{
	struct sql_values values;

	assert_int_equal(bind_one("most", "7", &values), 0);
	assert_int_equal(values.count, 4);
	assert_string_equal(values.all[2].name, ":most");
	assert_true(values.all[2].is_number);
	assert_int_equal(values.all[2].number, 7);
	assert_int_equal(values.all[3].number, 60 * NS_PER_S);
	assert_int_equal(bind_one("name", "a'b", &values), 0);
	assert_false(values.all[1].is_number);
	assert_string_equal(values.all[1].text, "a'b");
	assert_int_equal(bind_one("most", "many", &values), -EINVAL);
	assert_int_equal(bind_one("step", "-1s", &values), -EINVAL);
	assert_int_equal(bind_one("since", "yesteryear", &values), -EINVAL);
	assert_int_equal(bind_one("other", "1", &values), -EINVAL);
}

/* What comes after the comments at the top. */
static const char *statement(const char *sql)
{
	while (str_starts_with(sql, "--"))
		sql += strcspn(sql, "\n") + 1;
	return sql;
}

static void every_view_has_what_it_needs(void **state)
{
	struct fail fail = { 0 };
	struct sql_values values;
	struct view view;

	assert_true(view_count() >= 20);
	for (size_t i = 0; i < view_count(); i++) {
		if (view_read(i, &view, &fail) || view_bind(&view, NULL, 0, &values, &fail))
			fail_msg("%s", fail.text);
		for (unsigned int p = 0; p < view.parameter_count; p++) {
			char name[40];

			snprintf(name, sizeof(name), ":%s", view.parameters[p].name);
			assert_true(view.parameters[p].help[0]);
			/* Named in the header and used below it. */
			assert_non_null(strstr(statement(view.sql), name));
		}
	}
	assert_int_equal(view_find("slwo", &view, &fail), -ENOENT);
	assert_non_null(strstr(fail.text, "slow"));
}

#define EVENTS 60

static struct request_event event_number(struct scene *scene, unsigned int i)
{
	static const char *const services[] = { "shop", "db", "it's" };
	struct request_event event = scene_request(scene, i % 2 ? "/a/{id}" : "/b");

	str_set(event.process.service, services[i % 3]);
	str_set(event.peer_service, i % 5 ? "web" : "");
	event.role = i % 4 ? ROLE_SERVER : ROLE_CLIENT;
	event.is_error = i % 10 == 9;
	event.is_incomplete = i % 30 == 1;
	str_set(event.status, event.is_error ? "500" : i % 7 ? "200" : "");
	event.duration_ns = (i + 1) * NS_PER_MS;
	event.response_bytes = 100 * i;
	event.local_port = 80;
	if (i % 3 == 0) {
		str_set(event.protocol, "postgresql");
		event.fingerprint = 42;
	}
	address_parse(i % 2 ? "10.1.2.3" : "fd00::7", &event.peer_address);
	return event;
}

static void fill(struct scene *scene)
{
	for (unsigned int i = 0; i < EVENTS; i++) {
		struct request_event event = event_number(scene, i);

		scene_write(scene, &event);
		scene_pass(scene, NS_PER_S / 2);
	}
}

/* What questions about one protocol ask for. */
static void fill_protocols(struct scene *scene)
{
	struct request_event event = scene_request(scene, "user:{id}");

	str_set(event.protocol, "redis");
	str_set(event.operation, "GET");
	scene_write(scene, &event);
	scene_pass(scene, NS_PER_S / 2);
}

static char *answer(struct scene *scene, const struct view *view)
{
	_cleanup_(buf_done)
	struct buf sql = { .maximum = VIEW_SQL_MAXIMUM };
	struct sql_values values;
	struct fail fail = { 0 };
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);
	struct sql_question question = {
		.path = scene->path,
		.values = &values,
		.format = FORMAT_JSON,
	};

	assert_int_equal(view_bind(view, NULL, 0, &values, &fail), 0);
	assert_int_equal(view_write_sql(view, NULL, 0, &sql, &fail), 0);
	question.sql = buf_text(&sql);
	if (sql_answer(&question, stream, NULL, &fail))
		fail_msg("%s: %s", view->name, fail.text);
	fclose(stream);
	return text;
}

static void every_view_runs(void **state)
{
	const struct event_kind *kinds[64] = { NULL };
	struct scene *scene = *state;
	struct fail fail = { 0 };

	features_kinds(kinds, ARRAY_LENGTH(kinds) - 1);
	scene->options.kinds = kinds;
	scene->wall_ns = clock_wall_ns() - 60 * NS_PER_S;
	scene_open(scene);
	fill(scene);
	fill_protocols(scene);
	scene_close(scene);
	for (size_t i = 0; i < view_count(); i++) {
		struct view view;
		char *text;

		assert_int_equal(view_read(i, &view, &fail), 0);
		text = answer(scene, &view);
		if (strstr(view.sql, "FROM request") && text[0] != '{')
			fail_msg("%s has no rows", view.name);
		free(text);
	}
}

static void answers_are_right(void **state)
{
	struct scene *scene = *state;
	struct fail fail = { 0 };
	struct view view;
	char *text, *by_counts;

	scene->wall_ns = clock_wall_ns() - 60 * NS_PER_S;
	scene_open(scene);
	fill(scene);
	scene_close(scene);
	assert_int_equal(view_find("slow", &view, &fail), 0);
	text = answer(scene, &view);
	/* The slowest is the last one that was written. */
	assert_non_null(strstr(text, "\"duration_ns\":60000000,"));
	assert_true(strchr(text, '\n') > strstr(text, "\"duration_ns\":60000000,"));
	/* By way of the counts the same ones are found. */
	assert_int_equal(view_find("slowest", &view, &fail), 0);
	by_counts = answer(scene, &view);
	assert_string_equal(by_counts, text);
	free(by_counts);
	free(text);
	assert_int_equal(view_find("incomplete", &view, &fail), 0);
	text = answer(scene, &view);
	assert_non_null(strchr(text, '\n'));
	assert_string_equal(strchr(strchr(text, '\n') + 1, '\n'), "\n");
	free(text);
}

/* ---- filters ---- */

static unsigned int count_rows(struct scene *scene, const char *expression)
{
	static const char text[] =
		"-- How many\n-- :where  ''  filter:request  which\n"
		"-- :other  ''  text  nothing\n"
		"SELECT count(*) AS n FROM request WHERE :where AND :other = ''\n";
	const struct view_argument argument = { "where", expression };
	_cleanup_(buf_done)
	struct buf sql = { .maximum = VIEW_SQL_MAXIMUM };
	struct sql_values values;
	struct fail fail = { 0 };
	char *answer = NULL;
	size_t length;
	FILE *stream = open_memstream(&answer, &length);
	struct sql_question question = {
		.path = scene->path,
		.values = &values,
		.format = FORMAT_JSON,
	};
	struct view view;
	unsigned int count;

	assert_int_equal(view_parse("x", text, &view, &fail), 0);
	assert_int_equal(view_bind(&view, &argument, 1, &values, &fail), 0);
	assert_int_equal(values.count, 1);
	assert_int_equal(view_write_sql(&view, &argument, 1, &sql, &fail), 0);
	question.sql = buf_text(&sql);
	if (sql_answer(&question, stream, NULL, &fail))
		fail_msg("%s: %s\n%s", expression, fail.text, question.sql);
	fclose(stream);
	assert_int_equal(sscanf(answer, "{\"n\":%u}", &count), 1);
	free(answer);
	return count;
}

static unsigned int count_events(struct scene *scene, const char *expression)
{
	const struct event_kind *kind = &request_kind;
	_cleanup_(filter_freep)
	struct filter *filter = NULL;
	struct fail fail = { 0 };
	unsigned int count = 0;

	assert_int_equal(filter_new(&kind, 1, &filter, &fail), 0);
	if (filter_add_expression(filter, expression, &fail))
		fail_msg("%s: %s", expression, fail.text);
	for (unsigned int i = 0; i < EVENTS; i++) {
		struct request_event event = event_number(scene, i);

		count += filter_matches(filter, &event.header);
	}
	return count;
}

/* Rows that the condition of SQL leaves are as many as events that the filter lets pass. */
static void filters_are_conditions(void **state)
{
	static const char *const expressions[] = { "", "service=shop", "service=\"it's\"",
		"service!=shop|db", "status=5xx", "status!=2xx", "status>=200 status<300", "error",
		"!error", "duration>30ms", "duration=10ms-20ms", "duration<=10ms", "role=client",
		"role!=client|server", "path~^/a", "path!~'[b]$'", "from=web", "to=shop",
		"to!=shop|db", "from=shop", "address=10.0.0.0/8", "address=10.1.2.3",
		"address!=fd00::/16", "port=80", "port=1-79", "response_bytes>1KB incomplete",
		"service=x", "pod!=x", "duration<0s" };
	struct scene *scene = *state;

	scene->wall_ns = clock_wall_ns() - 60 * NS_PER_S;
	scene_open(scene);
	fill(scene);
	scene_close(scene);
	for (size_t i = 0; i < ARRAY_LENGTH(expressions); i++) {
		unsigned int events = count_events(scene, expressions[i]);
		unsigned int rows = count_rows(scene, expressions[i]);

		if (rows != events)
			fail_msg("%s: %u rows, %u events", expressions[i], rows, events);
	}
}

static void bad_filters(void **state)
{
	static const struct {
		const char *value;
		const char *reason;
	} cases[] = { { "nope=1", "nope" }, { "status>=many", "number" }, { "path~(", "regular" } };
	struct fail fail = { 0 };
	struct view view;

	assert_int_equal(view_find("series", &view, &fail), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const struct view_argument argument = { "where", cases[i].value };
		_cleanup_(buf_done)
		struct buf sql = { .maximum = VIEW_SQL_MAXIMUM };

		assert_int_equal(view_write_sql(&view, &argument, 1, &sql, &fail), -EINVAL);
		assert_non_null(strstr(fail.text, cases[i].reason));
		assert_int_equal(fail.code, -EINVAL);
	}
	assert_int_equal(
		view_parse("x", "-- A\n-- :a '' filter which\nSELECT 1\n", &view, &fail), -EBADMSG);
}

static bool reads_copies(const char *name, const char *since, const char *step)
{
	const struct view_argument arguments[] = { { "since", since }, { "step", step },
		{ "where", "service=shop" } };
	struct fail fail = { 0 };
	struct view view;
	struct buf sql;
	bool found;

	buf_init(&sql, VIEW_SQL_MAXIMUM);
	assert_int_equal(view_find(name, &view, &fail), 0);
	assert_int_equal(view_write_sql(&view, arguments, ARRAY_LENGTH(arguments), &sql, &fail), 0);
	assert_non_null(strstr(buf_text(&sql), "'shop'"));
	found = strstr(buf_text(&sql), "request_rate_5m") != NULL;
	buf_done(&sql);
	return found;
}

static void long_times_are_read_from_copies(void **state)
{
	(void)state;
	assert_true(reads_copies("series", "24h", "30m"));
	assert_true(reads_copies("series", "6h", "5m"));
	assert_false(reads_copies("series", "6h", "1m"));
	assert_false(reads_copies("series", "15m", "5m"));
	assert_true(reads_copies("heat", "2d", "1h"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers),
		cmocka_unit_test(long_times_are_read_from_copies),
		cmocka_unit_test(parameters),
		cmocka_unit_test(every_view_has_what_it_needs),
		cmocka_unit_test_setup_teardown(every_view_runs, scene_new, scene_free),
		cmocka_unit_test_setup_teardown(answers_are_right, scene_new, scene_free),
		cmocka_unit_test_setup_teardown(filters_are_conditions, scene_new, scene_free),
		cmocka_unit_test(bad_filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
