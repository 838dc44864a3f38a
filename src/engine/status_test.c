/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The status document of an agent with two made-up features.
 */
#include "engine/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

static void counts(void *state, struct feature_counts *ret_counts)
{
	ret_counts->seen = 10;
	ret_counts->reported = 7;
	ret_counts->lost[COUNT_LOST_RING_FULL] = 2;
	ret_counts->lost[COUNT_LOST_READ] = 1;
}

static const char *door(void *state)
{
	return state;
}

static const struct feature works = {
	.name = "works",
	.summary = "one that works",
	.counts = counts,
	.door = door,
};
static const struct feature fails = { .name = "fails", .summary = "one that does not" };

static json_t *document(const char *url)
{
	struct feature_slot slots[] = {
		{ .feature = &works, .on = FEATURE_ON, .state = (char *)"tp_btf" },
		{ .feature = &fails, .reason = { .code = -EPERM, .text = "needs \"CAP_BPF\"" } },
	};
	struct agent agent = {
		.slots = slots,
		.slot_count = ARRAY_LENGTH(slots),
		.config.scope = "cgroup:a",
		.start_ns = clock_monotonic_ns(),
		.stats_fd = -1,
	};
	_cleanup_(buf_done)
	struct buf buf;
	struct json json;
	json_error_t error;
	json_t *root;

	clock_map_init(&agent.clock);
	buf_init(&buf, 64 * 1024);
	json_init(&json, &buf);
	status_write(&agent, url, &json);
	assert_int_equal(buf.error, 0);
	root = json_loads(buf_text(&buf), 0, &error);
	if (!root)
		fail_msg("%s in %s", error.text, buf_text(&buf));
	return root;
}

static const char *text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static json_int_t number(const json_t *object, const char *key)
{
	assert_true(json_is_integer(json_object_get(object, key)));
	return json_integer_value(json_object_get(object, key));
}

static void features_tell_state_and_losses(void **state)
{
	json_t *root = document(NULL);
	const json_t *features = json_object_get(root, "features");
	const json_t *on = json_array_get(features, 0), *off = json_array_get(features, 1);
	const json_t *lost = json_object_get(on, "lost");

	assert_int_equal(json_array_size(features), 2);
	assert_string_equal(text(on, "name"), "works");
	assert_string_equal(text(on, "state"), "on");
	assert_string_equal(text(on, "door"), "tp_btf");
	assert_true(json_is_null(json_object_get(on, "reason")));
	assert_int_equal(number(on, "seen"), 10);
	assert_int_equal(number(on, "reported"), 7);
	assert_int_equal(number(lost, "ring_full"), 2);
	assert_int_equal(number(lost, "read"), 1);
	assert_int_equal(number(lost, "order"), 0);
	assert_int_equal(json_object_size(lost), COUNT_MAXIMUM - COUNT_LOST_RING_FULL);
	assert_string_equal(text(off, "state"), "off");
	assert_string_equal(text(off, "reason"), "needs \"CAP_BPF\"");
	assert_true(json_is_null(json_object_get(off, "door")));
	json_decref(root);
}

static void the_agent_tells_its_cost(void **state)
{
	json_t *root = document("http://127.0.0.1:1/?token=x");
	const json_t *agent = json_object_get(root, "agent");
	const json_t *node = json_object_get(root, "node");

	assert_string_equal(text(agent, "url"), "http://127.0.0.1:1/?token=x");
	assert_int_equal(number(agent, "pid"), getpid());
	assert_true(number(agent, "resident_bytes") > 0);
	assert_true(json_is_real(json_object_get(agent, "cpu_seconds")));
	assert_true(number(agent, "start_time") > 1700000000LL * 1000000000);
	assert_int_equal(json_array_size(json_object_get(agent, "programs")), 0);
	assert_string_equal(text(node, "scope"), "cgroup:a");
	assert_true(text(node, "kernel")[0] != '\0');
	json_decref(root);
}

static void every_loss_has_a_name(void **state)
{
	for (enum count i = 0; i < COUNT_MAXIMUM; i++) {
		assert_string_not_equal(count_name(i), "unknown");
		for (enum count j = 0; j < i; j++)
			assert_string_not_equal(count_name(i), count_name(j));
	}
	assert_string_equal(count_name(COUNT_MAXIMUM), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features_tell_state_and_losses),
		cmocka_unit_test(the_agent_tells_its_cost),
		cmocka_unit_test(every_loss_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
