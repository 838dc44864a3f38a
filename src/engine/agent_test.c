/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an agent, without any feature turned on; what needs BPF is skipped where it is not
 * permitted.
 */
#include "engine/agent.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "engine/loop.h"

static const char *const no_feature[] = { NULL };

static struct agent *agent_or_skip(const char *directory)
{
	struct config config = { .ring_bytes = 64 * 1024 };
	struct agent *agent;
	struct fail fail;
	int r;

	str_set(config.directory, directory);
	r = agent_new(&config, &agent, &fail);
	if (r == -EPERM) {
		print_message("no BPF here: %s\n", fail.text);
		skip();
	}
	if (r < 0)
		fail_msg("%s", fail.text);
	return agent;
}

static void features_are_off_until_they_are_started(void **state)
{
	struct agent *agent = agent_or_skip("");

	assert_true(agent->slot_count > 0);
	assert_int_equal(agent_start(agent, no_feature), 0);
	for (size_t i = 0; i < agent->slot_count; i++) {
		const struct feature_slot *slot = &agent->slots[i];

		assert_int_equal(slot->on, FEATURE_OFF);
		assert_string_equal(slot->reason.text, "not started");
		assert_ptr_equal(agent_feature(agent, slot->feature->name), slot);
	}
	assert_null(agent_feature(agent, "no such feature"));
	agent_free(agent);
}

static void on_stop(void *context)
{
	agent_stop(context);
}

static void a_message_stops_it(void **state)
{
	struct agent *agent = agent_or_skip("");

	assert_int_equal(loop_post(agent->loop, on_stop, agent), 0);
	assert_int_equal(agent_run(agent), 0);
	agent_free(agent);
}

static void a_signal_stops_it(void **state)
{
	struct agent *agent = agent_or_skip("");
	sigset_t blocked;

	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(agent_run(agent), 0);
	agent_free(agent);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &blocked), 0);
	assert_false(sigismember(&blocked, SIGTERM));
	assert_false(sigismember(&blocked, SIGINT));
}

static void two_do_not_share_a_directory(void **state)
{
	char directory[] = "/tmp/skep-agent-XXXXXX", lock[64];
	struct config config = { .ring_bytes = 64 * 1024 };
	struct agent *first, *second;
	struct fail fail;

	assert_non_null(mkdtemp(directory));
	snprintf(lock, sizeof(lock), "%s/lock", directory);
	str_set(config.directory, directory);
	if (agent_new(&config, &first, &fail) == 0) {
		assert_int_equal(agent_new(&config, &second, &fail), -EBUSY);
		agent_free(first);
		assert_int_equal(agent_new(&config, &first, &fail), 0);
		agent_free(first);
	}
	unlink(lock);
	rmdir(directory);
}

static void a_wrong_scope_is_told(void **state)
{
	struct config config = { .ring_bytes = 64 * 1024, .scope = "netns:/nowhere" };
	struct agent *agent;
	struct fail fail;

	assert_int_equal(agent_new(&config, &agent, &fail), -ESRCH);
	assert_non_null(strstr(fail.text, "netns:/nowhere"));
}

static void programs_are_measured_on_demand(void **state)
{
	struct agent *agent = agent_or_skip("");

	assert_int_equal(agent_measure_programs(agent, NS_PER_S), 0);
	assert_int_equal(agent_measure_programs(agent, 60 * NS_PER_S), 0);
	assert_true(agent->stats_fd >= 0);
	assert_true(agent->stats_until_ns > clock_monotonic_ns() + 10 * NS_PER_S);
	assert_int_equal(agent_measure_programs(agent, 0), 0);
	assert_int_equal(agent->stats_fd, -1);
	agent_free(agent);
}

/* What every line of features.def owes to help pages, status and tables. */
static void every_feature_is_described(void **state)
{
	const struct event_kind *kinds[64];
	size_t count, kind_count = features_kinds(kinds, ARRAY_LENGTH(kinds));
	const struct feature *const *features = features_all(&count);

	for (size_t i = 0; i < count; i++) {
		assert_non_null(features[i]->name);
		assert_true(features[i]->summary && features[i]->summary[0]);
		assert_true(features[i]->open && features[i]->close && features[i]->counts);
		for (unsigned int j = 0; j < features[i]->option_count; j++)
			assert_true(
				features[i]->options[j].help && features[i]->options[j].help[0]);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(features[i]->name, features[j]->name);
	}
	for (size_t i = 0; i < kind_count; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(kinds[i]->name, kinds[j]->name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features_are_off_until_they_are_started),
		cmocka_unit_test(a_message_stops_it),
		cmocka_unit_test(a_signal_stops_it),
		cmocka_unit_test(two_do_not_share_a_directory),
		cmocka_unit_test(a_wrong_scope_is_told),
		cmocka_unit_test(programs_are_measured_on_demand),
		cmocka_unit_test(every_feature_is_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
