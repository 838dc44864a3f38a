/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Past events come back as they were shown when they happened, in order, filtered, the newest.
 */
#include "engine/store_test.h"

#include <stdio.h>

#include "api/past.h"
#include "base/buf.h"

static const struct event_kind *const kinds[] = { &request_kind };

/* Twenty requests, one a second; returns what they look like as JSON, a line each. */
static void write_requests(struct scene *scene, struct buf *ret_lines)
{
	const struct clock_map clock = { (int64_t)(scene->wall_ns - scene->monotonic_ns) };
	const struct encoder encoder = { .format = FORMAT_JSON, .clock = &clock };

	scene_open(scene);
	for (unsigned int i = 0; i < 20; i++) {
		struct request_event event = scene_request(scene, i % 2 ? "/a" : "/ünï \"c\"");

		str_set(event.status, i % 4 ? "200" : "not ok");
		event.role = i % 3;
		event.is_error = i % 4 == 0;
		event.local_port = 443;
		event.process.pid = 1000 + i;
		event.duration_ns = UINT32_MAX + (uint64_t)i;
		assert_int_equal(
			address_parse(i % 2 ? "10.1.2.3" : "2001:db8::1", &event.peer_address), 0);
		scene_write(scene, &event);
		encode_event(&encoder, &event.header, ret_lines);
		scene_pass(scene, NS_PER_S);
	}
	scene_close(scene);
}

static char *read_past(struct past_wish *past, int64_t wanted)
{
	struct fail fail = { 0 };
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);
	int64_t lines = past_write(past, stream, NULL, &fail);

	if (lines < 0)
		fail_msg("%s", fail.text);
	assert_int_equal(lines, wanted);
	fclose(stream);
	return text;
}

static const char *line_at(const char *text, unsigned int number)
{
	while (number-- > 0)
		text = strchr(text, '\n') + 1;
	return text;
}

static void they_come_back(void **state)
{
	struct scene *scene = *state;
	struct past_wish past = {
		.path = scene->path,
		.wish = { .kinds = { kinds[0] }, .kind_count = 1, .format = FORMAT_JSON },
	};
	_cleanup_(buf_done)
	struct buf lines = { 0 };
	char *text;

	buf_init(&lines, 1 << 20);
	write_requests(scene, &lines);
	text = read_past(&past, 20);
	assert_string_equal(text, buf_text(&lines));
	free(text);
	past.last = 3;
	text = read_past(&past, 3);
	assert_string_equal(text, line_at(buf_text(&lines), 17));
	free(text);
	past.since_ns = NOON_NS + 5 * NS_PER_S;
	past.until_ns = NOON_NS + 7 * NS_PER_S;
	text = read_past(&past, 2);
	assert_memory_equal(text, line_at(buf_text(&lines), 5), strlen(text));
	free(text);
	past.since_ns = NOON_NS + HOUR_NS;
	past.until_ns = 0;
	text = read_past(&past, 0);
	free(text);
}

static void a_filter_reaches_back(void **state)
{
	struct scene *scene = *state;
	struct past_wish past = {
		.path = scene->path,
		.last = 2,
		.wish = { .kinds = { kinds[0] }, .kind_count = 1, .format = FORMAT_JSON },
	};
	_cleanup_(buf_done)
	struct buf lines = { 0 };
	struct fail fail = { 0 };
	char *text;

	buf_init(&lines, 1 << 20);
	write_requests(scene, &lines);
	assert_int_equal(filter_new(kinds, 1, &past.wish.filter, &fail), 0);
	assert_int_equal(
		filter_add_expression(past.wish.filter, "error peer_address=2001:db8::/32", &fail),
		0);
	text = read_past(&past, 2);
	assert_memory_equal(text, line_at(buf_text(&lines), 12), 100);
	assert_memory_equal(line_at(text, 1), line_at(buf_text(&lines), 16), 100);
	free(text);
	filter_free(past.wish.filter);
}

static void headings_and_no_store(void **state)
{
	struct scene *scene = *state;
	struct past_wish past = {
		.path = scene->path,
		.last = 1,
		.wish = { .kinds = { kinds[0] }, .kind_count = 1, .format = FORMAT_CSV },
	};
	_cleanup_(buf_done)
	struct buf lines = { 0 };
	struct fail fail = { 0 };
	char *text;

	buf_init(&lines, 1 << 20);
	write_requests(scene, &lines);
	text = read_past(&past, 1);
	assert_true(str_starts_with(text, "time_ns,protocol,"));
	free(text);
	past.path = "/nonexistent/store.db";
	assert_int_equal(past_write(&past, stdout, NULL, &fail), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(they_come_back, scene_new, scene_free),
		cmocka_unit_test_setup_teardown(a_filter_reaches_back, scene_new, scene_free),
		cmocka_unit_test_setup_teardown(headings_and_no_store, scene_new, scene_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
