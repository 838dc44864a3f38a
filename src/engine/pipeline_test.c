/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pipeline: numbers, order of outputs, the process part.
 */
#include "engine/pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/agent.h"
#include "node/node.h"

struct small_event {
	struct event_header header;
	uint32_t number;
};

struct process_event {
	struct event_header header;
	struct event_process process;
};

static const struct event_kind small_kind = { .name = "small", .size = sizeof(struct small_event) };
static const struct event_kind process_kind = {
	.name = "process",
	.size = sizeof(struct process_event),
	.process_offset = offsetof(struct process_event, process),
};

/* What an output was told, and when on the clock of calls. */
struct output {
	unsigned int calls;
	uint64_t last_id;
	const void *last_event;
	unsigned int *clock;
	unsigned int called_at;
};

static void on_event(void *context, const struct event_header *event)
{
	struct output *output = context;

	assert_true(event->id > output->last_id);
	output->calls++;
	output->last_id = event->id;
	output->last_event = event;
	if (output->clock)
		output->called_at = ++*output->clock;
}

static struct pipeline *pipeline_of(struct node *node)
{
	struct agent agent = { .node = node };
	struct pipeline *pipeline;

	assert_int_equal(pipeline_new(&agent, &pipeline), 0);
	return pipeline;
}

static void every_output_gets_every_event_in_order(void **state)
{
	struct pipeline *pipeline = pipeline_of(NULL);
	unsigned int clock = 0;
	struct output first = { .clock = &clock }, second = { .clock = &clock };
	struct small_event event = { .header.kind = &small_kind };

	assert_int_equal(pipeline_add_output(pipeline, on_event, &first), 0);
	assert_int_equal(pipeline_add_output(pipeline, on_event, &second), 0);
	for (int i = 0; i < 3; i++)
		pipeline_emit(pipeline, &event.header);
	assert_int_equal(first.calls, 3);
	assert_int_equal(second.calls, 3);
	assert_ptr_equal(second.last_event, &event);
	assert_true(first.called_at < second.called_at);
	pipeline_remove_output(pipeline, on_event, &first);
	pipeline_emit(pipeline, &event.header);
	assert_int_equal(first.calls, 3);
	assert_int_equal(second.calls, 4);
	pipeline_free(pipeline);
}

static void outputs_are_bounded(void **state)
{
	struct pipeline *pipeline = pipeline_of(NULL);
	struct output outputs[17] = { 0 };

	for (int i = 0; i < 16; i++)
		assert_int_equal(pipeline_add_output(pipeline, on_event, &outputs[i]), 0);
	assert_int_equal(pipeline_add_output(pipeline, on_event, &outputs[16]), -ENOSPC);
	pipeline_remove_output(pipeline, on_event, &outputs[3]);
	assert_int_equal(pipeline_add_output(pipeline, on_event, &outputs[16]), 0);
	pipeline_free(pipeline);
}

static void the_process_is_described(void **state)
{
	struct node *node;
	struct pipeline *pipeline;
	struct process_event event = { .header.kind = &process_kind };

	assert_int_equal(node_new("/", &node, NULL), 0);
	pipeline = pipeline_of(node);
	event.process.pid = (uint32_t)getpid();
	pipeline_emit(pipeline, &event.header);
	assert_string_equal(event.process.comm, "pipeline_test");
	assert_int_equal(event.process.parent_pid, getppid());
	pipeline_free(pipeline);
	node_free(node);
}

static void what_a_feature_saw_of_the_dead_stays(void **state)
{
	/* No pid is that high: /proc/sys/kernel/pid_max is at most 2^22. */
	struct process_event event = {
		.header.kind = &process_kind,
		.process = { .pid = 1 << 30,
			.start_ns = 1,
			.network_namespace = 7,
			.comm = "gone" },
	};
	struct node *node;

	assert_int_equal(node_new("/", &node, NULL), 0);
	struct pipeline *pipeline = pipeline_of(node);
	/* The first time nothing is known, the second time that nothing is. */
	for (int i = 0; i < 2; i++) {
		pipeline_emit(pipeline, &event.header);
		assert_string_equal(event.process.comm, "gone");
		assert_int_equal(event.process.network_namespace, 7);
		assert_int_equal(event.process.pid, 1 << 30);
	}
	pipeline_free(pipeline);
	node_free(node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_output_gets_every_event_in_order),
		cmocka_unit_test(outputs_are_bounded),
		cmocka_unit_test(the_process_is_described),
		cmocka_unit_test(what_a_feature_saw_of_the_dead_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
