/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events without a running agent: see watch_here.h.
 */
#include "cli/watch_here.h"

#include <stdio.h>
#include <unistd.h>

#include "api/live.h"
#include "base/str.h"
#include "engine/loop.h"
#include "engine/pipeline.h"

#define LINES_MAXIMUM (256 * 1024) /* written at once, at the latest after FLUSH_NS */
#define FLUSH_NS      (50 * NS_PER_MS)

struct watcher {
	struct agent *agent;
	struct live_wish wish;
	struct buf lines;
	uint64_t events;
	uint64_t lost;	/* that was told */
	bool is_broken; /* stdout is closed */
};

static void flush_lines(struct watcher *watcher)
{
	if (watcher->lines.length > 0 && (fwrite(watcher->lines.data, 1, watcher->lines.length,
						  stdout) != watcher->lines.length ||
						 fflush(stdout) != 0)) {
		watcher->is_broken = true;
		agent_stop(watcher->agent);
	}
	buf_clear(&watcher->lines);
}

static uint64_t count_lost(const struct agent *agent)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < agent->slot_count; i++) {
		const struct feature_slot *slot = &agent->slots[i];
		struct feature_counts counts = { 0 };

		if (slot->on == FEATURE_ON && slot->feature->counts)
			slot->feature->counts(slot->state, &counts);
		for (enum count c = COUNT_LOST_RING_FULL; c < COUNT_MAXIMUM; c++)
			lost += counts.lost[c];
	}
	return lost;
}

static void on_flush(void *context, uint64_t now_ns)
{
	flush_lines(context);
}

static void on_second(void *context, uint64_t now_ns)
{
	struct watcher *watcher = context;
	uint64_t lost = count_lost(watcher->agent);

	if (lost > watcher->lost)
		live_write_loss(watcher->wish.format, "not seen in time, see skep status",
			lost - watcher->lost, &watcher->lines);
	watcher->lost = lost;
}

static bool is_wanted(const struct watcher *watcher, const struct event_kind *kind)
{
	for (size_t i = 0; i < watcher->wish.kind_count; i++) {
		if (watcher->wish.kinds[i] == kind)
			return true;
	}
	return false;
}

static struct encoder make_encoder(const struct watcher *watcher)
{
	return (struct encoder){
		.format = watcher->wish.format,
		.has_color = watcher->wish.has_color,
		.clock = &watcher->agent->clock,
	};
}

static void on_event(void *context, const struct event_header *event)
{
	struct watcher *watcher = context;
	struct encoder encoder = make_encoder(watcher);

	if (!is_wanted(watcher, event->kind) || !filter_matches(watcher->wish.filter, event))
		return;
	watcher->events++;
	if (watcher->lines.length > LINES_MAXIMUM / 2)
		flush_lines(watcher);
	encode_event(&encoder, event, &watcher->lines);
}

/* The features that emit a wanted kind. */
static int start_features(struct watcher *watcher)
{
	const char *names[LIVE_KINDS_MAXIMUM + 1] = { NULL };
	struct agent *agent = watcher->agent;
	size_t count = 0;

	for (size_t i = 0; i < agent->slot_count; i++) {
		const struct feature *feature = agent->slots[i].feature;
		bool is_needed = false;

		for (size_t k = 0; feature->kinds && feature->kinds[k]; k++)
			is_needed |= is_wanted(watcher, feature->kinds[k]);
		if (is_needed && count < LIVE_KINDS_MAXIMUM)
			names[count++] = feature->name;
	}
	return count > 0 ? agent_start(agent, names) : 0;
}

/* What stays off although it was wanted. */
static void warn_of_off(const struct agent *agent)
{
	for (size_t i = 0; i < agent->slot_count; i++) {
		const struct feature_slot *slot = &agent->slots[i];

		if (slot->on == FEATURE_OFF && slot->reason.code != -ECANCELED)
			fprintf(stderr, "skep: %s is off: %s\n", slot->feature->name,
				slot->reason.text);
	}
}

static void print_summary(const struct watcher *watcher)
{
	uint64_t lost = count_lost(watcher->agent);

	if (lost > 0 || isatty(STDERR_FILENO))
		fprintf(stderr, "\n%llu events, %llu lost\n", (unsigned long long)watcher->events,
			(unsigned long long)lost);
}

static int watch(struct watcher *watcher, struct fail *fail)
{
	struct agent *agent = watcher->agent;
	struct encoder encoder = make_encoder(watcher);
	int error = start_features(watcher);

	if (error == 0)
		return agent_why_off(agent, fail);
	warn_of_off(agent);
	error = pipeline_add_output(agent->pipeline, on_event, watcher);
	if (!error)
		error = loop_every(agent->loop, FLUSH_NS, on_flush, watcher);
	if (!error)
		error = loop_every(agent->loop, NS_PER_S, on_second, watcher);
	if (error)
		return fail_set(fail, error, "cannot watch: %s", strerror(-error));
	if (watcher->wish.kind_count == 1)
		encode_heading(&encoder, watcher->wish.kinds[0], &watcher->lines);
	error = agent_run(agent);
	flush_lines(watcher);
	print_summary(watcher);
	if (watcher->is_broken)
		return -EPIPE;
	return error ? fail_set(fail, error, "event loop: %s", strerror(-error)) : 0;
}

static void watcher_done(struct watcher *watcher)
{
	filter_free(watcher->wish.filter);
	buf_done(&watcher->lines);
}

int watch_here_run(
	const struct command_call *call, const struct events_params *events, struct fail *fail)
{
	_cleanup_(watcher_done)
	struct watcher watcher = { 0 };
	_cleanup_(agent_freep)
	struct agent *agent = NULL;
	struct config config = *call->config;
	int error = events_wish(events, &watcher.wish, fail);

	if (error)
		return error;
	/* It keeps nothing, so that it may run beside anything. */
	config.directory[0] = '\0';
	error = agent_new(&config, &agent, fail);
	if (error)
		return error;
	agent_use_slots(agent, TAKE(*call->slots));
	watcher.agent = agent;
	buf_init(&watcher.lines, LINES_MAXIMUM);
	error = watch(&watcher, fail);
	pipeline_remove_output(agent->pipeline, on_event, &watcher);
	loop_every_stop(agent->loop, on_flush, &watcher);
	loop_every_stop(agent->loop, on_second, &watcher);
	return error;
}
