/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile of now, without a running agent: see profile_source.h. The features are known by the
 * names of their events alone.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/str.h"
#include "cli/profile_source.h"
#include "engine/loop.h"
#include "engine/pipeline.h"

#define STACKS_MAXIMUM 262144

struct recorder {
	struct agent *agent;
	const struct profile_wish *wish;
	struct profile_tree *tree;
	struct map *frames; /* uint64_t number of a stack → char * */
	uint64_t end_ns;
	bool has_progress;
};

static uint64_t number_of(const struct event_header *event, const char *name)
{
	const struct field *field = field_find(event->kind, name);

	return field ? field_number(field, event) : 0;
}

static const char *text_of(const struct event_header *event, const char *name)
{
	const struct field *field = field_find(event->kind, name);

	/* Texts are borrowed from the event: they need no room. */
	return field ? field_text(field, event, NULL, 0) : "";
}

static void frames_removed(void *context, const void *key, void *value)
{
	free(*(char **)value);
}

static bool is_wanted(const struct profile_wish *wish, const struct event_header *event)
{
	return (!wish->pid || number_of(event, "pid") == wish->pid) &&
	       (!wish->service[0] || str_equal(text_of(event, "service"), wish->service)) &&
	       (!wish->comm[0] || str_equal(text_of(event, "comm"), wish->comm)) &&
	       (!wish->state[0] || str_equal(text_of(event, "state"), wish->state));
}

static void on_event(void *context, const struct event_header *event)
{
	struct recorder *recorder = context;
	uint64_t stack = number_of(event, "stack_id");
	char **frames;
	bool is_new;

	if (str_equal(event->kind->name, "stack")) {
		frames = map_add(recorder->frames, &stack, &is_new);
		if (frames && is_new)
			*frames = strdup(text_of(event, "frames"));
	} else if (str_equal(event->kind->name, "sample") && is_wanted(recorder->wish, event)) {
		frames = map_find(recorder->frames, &stack);
		const struct profile_row row = {
			.frames = frames && *frames ? *frames : "[unknown: too many stacks]",
			.state = text_of(event, "state"),
			.count = number_of(event, "count"),
			.waits = number_of(event, "waits"),
			.cpu_ns = number_of(event, "cpu_ns"),
			.wait_ns = number_of(event, "wait_ns"),
			.run_queue_ns = number_of(event, "run_queue_ns"),
		};

		(void)profile_add_row(recorder->tree, &row);
	}
}

static void on_tick(void *context, uint64_t now_ns)
{
	struct recorder *recorder = context;

	if (recorder->has_progress)
		fprintf(stderr, "\rrecording, %llu s left ",
			(unsigned long long)(recorder->end_ns > now_ns
						     ? (recorder->end_ns - now_ns) / NS_PER_S
						     : 0));
	if (now_ns >= recorder->end_ns)
		agent_stop(recorder->agent);
}

static int start(struct agent *agent, const struct profile_measure *measure, struct fail *fail)
{
	/* The names of processes that are gone by the end come with exec. */
	const char *names[4] = { "exec" };
	unsigned int count = 1;

	if (measure != &profile_measure_waiting)
		names[count++] = "oncpu";
	if (measure != &profile_measure_cpu)
		names[count++] = "offcpu";
	(void)agent_start(agent, names);
	for (unsigned int i = 1; i < count; i++) {
		const struct feature_slot *slot = agent_feature(agent, names[i]);

		if (slot->on != FEATURE_ON)
			return fail_set(fail, slot->reason.code, "%s", slot->reason.text);
	}
	return 0;
}

static int record(struct recorder *recorder, struct fail *fail)
{
	struct agent *agent = recorder->agent;
	int r = start(agent, profile_tree_measure(recorder->tree), fail);

	if (r < 0)
		return r;
	recorder->end_ns = clock_monotonic_ns() + recorder->wish->record_ns;
	r = pipeline_add_output(agent->pipeline, on_event, recorder);
	if (r == 0)
		r = loop_every(agent->loop, NS_PER_S / 4, on_tick, recorder);
	if (r == 0)
		r = agent_run(agent);
	if (recorder->has_progress)
		fputs("\r\033[K", stderr);
	return r < 0 ? fail_set(fail, r, "cannot record: %s", strerror(-r)) : 0;
}

int profile_record(const struct command_call *call, const struct profile_wish *wish,
	struct profile_tree *tree, struct fail *fail)
{
	struct recorder recorder = {
		.wish = wish,
		.tree = tree,
		.frames = map_new(sizeof(uint64_t), sizeof(char *), STACKS_MAXIMUM),
		.has_progress = isatty(STDERR_FILENO),
	};
	struct config config = *call->config;
	int r;

	if (!recorder.frames)
		return fail_set(fail, -ENOMEM, "out of memory");
	map_on_remove(recorder.frames, frames_removed, NULL);
	/* It keeps nothing, so that it may run beside anything. */
	config.directory[0] = '\0';
	r = agent_new(&config, &recorder.agent, fail);
	if (r == 0) {
		agent_use_slots(recorder.agent, TAKE(*call->slots));
		r = record(&recorder, fail);
		/* What the feature still has comes when it is closed. */
		agent_free(recorder.agent);
	}
	map_free(recorder.frames);
	return r;
}
