/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as they happen, for clients that follow: see live.h.
 */
#include "api/live.h"

#include "base/log.h"
#include "engine/agent.h"
#include "engine/pipeline.h"

#define LINE_MAXIMUM (64 * 1024)

struct follower {
	struct live_wish wish;
	struct outflow *outflow; /* NULL: the place is free */
	uint64_t lost;		 /* since the last line that told of it */
};

struct live {
	struct agent *agent;
	struct follower followers[LIVE_FOLLOWERS_MAXIMUM];
	unsigned int count;
	struct feature_counts *told; /* one per slot: losses that were told */
	struct buf line;
};

static void follower_done(struct live *live, struct follower *follower)
{
	outflow_unref(follower->outflow);
	filter_free(follower->wish.filter);
	*follower = (struct follower){ 0 };
	live->count--;
}

/* Its place among those wished for, or kind_count. */
static size_t place_of(const struct live_wish *wish, const struct event_kind *kind)
{
	size_t i = 0;

	while (i < wish->kind_count && wish->kinds[i] != kind)
		i++;
	return i;
}

static bool wants(const struct live_wish *wish, const struct event_kind *kind)
{
	return place_of(wish, kind) < wish->kind_count;
}

static void offer(struct live *live, struct follower *follower, const struct event_header *event)
{
	struct encoder encoder = {
		.format = follower->wish.format,
		.has_color = follower->wish.has_color,
		.clock = &live->agent->clock,
		.left_out = follower->wish.left_out[place_of(&follower->wish, event->kind)],
	};

	buf_clear(&live->line);
	if (encode_event(&encoder, event, &live->line) != 0 ||
		outflow_offer(follower->outflow, live->line.data, live->line.length) == -ENOBUFS)
		follower->lost++;
}

static void on_event(void *context, const struct event_header *event)
{
	struct live *live = context;

	if (live->count == 0)
		return;
	for (size_t i = 0; i < LIVE_FOLLOWERS_MAXIMUM; i++) {
		struct follower *follower = &live->followers[i];

		if (!follower->outflow || !wants(&follower->wish, event->kind))
			continue;
		if (follower->wish.filter && !filter_matches(follower->wish.filter, event))
			continue;
		offer(live, follower, event);
	}
}

int live_new(struct agent *agent, struct live **ret_live)
{
	struct live *live = calloc(1, sizeof(*live));
	int error;

	if (!live)
		return -ENOMEM;
	live->agent = agent;
	buf_init(&live->line, LINE_MAXIMUM);
	live->told = calloc(agent->slot_count + 1, sizeof(*live->told));
	error = live->told ? pipeline_add_output(agent->pipeline, on_event, live) : -ENOMEM;
	if (error) {
		free(live->told);
		free(live);
		return error;
	}
	*ret_live = live;
	return 0;
}

void live_free(struct live *live)
{
	if (!live)
		return;
	pipeline_remove_output(live->agent->pipeline, on_event, live);
	for (size_t i = 0; i < LIVE_FOLLOWERS_MAXIMUM; i++) {
		if (live->followers[i].outflow)
			follower_done(live, &live->followers[i]);
	}
	buf_done(&live->line);
	free(live->told);
	free(live);
}

static void offer_heading(struct live *live, struct follower *follower)
{
	struct encoder encoder = {
		.format = follower->wish.format,
		.has_color = follower->wish.has_color,
		.clock = &live->agent->clock,
	};

	/* The columns of several kinds differ: then each line must speak for itself. */
	if (follower->wish.kind_count != 1 || follower->wish.has_heading)
		return;
	buf_clear(&live->line);
	encode_heading(&encoder, follower->wish.kinds[0], &live->line);
	if (live->line.length > 0)
		outflow_offer(follower->outflow, live->line.data, live->line.length);
}

int live_follow(
	struct live *live, const struct live_wish *wish, struct outflow *outflow, struct fail *fail)
{
	for (size_t i = 0; i < LIVE_FOLLOWERS_MAXIMUM; i++) {
		struct follower *follower = &live->followers[i];

		if (follower->outflow)
			continue;
		*follower = (struct follower){ *wish, outflow_ref(outflow), 0 };
		live->count++;
		offer_heading(live, follower);
		return 0;
	}
	filter_free(wish->filter);
	return fail_set(fail, -EBUSY, "%d clients follow events already", LIVE_FOLLOWERS_MAXIMUM);
}

void live_write_loss(enum output_format format, const char *reason, uint64_t count, struct buf *out)
{
	unsigned long long number = count;
	struct json json;

	if (format == FORMAT_JSON) {
		json_init(&json, out);
		json_object_begin(&json);
		json_member_string(&json, "kind", "lost");
		json_member_u64(&json, "v", ENCODE_VERSION);
		json_member_string(&json, "reason", reason);
		json_member_u64(&json, "count", count);
		json_object_end(&json);
		buf_append_byte(out, '\n');
	} else if (format == FORMAT_CSV) {
		buf_printf(out, "# lost %llu: %s\n", number, reason);
	} else {
		buf_printf(out, "lost %llu events: %s\n", number, reason);
	}
}

static int offer_loss(
	struct live *live, struct follower *follower, const char *reason, uint64_t count)
{
	buf_clear(&live->line);
	live_write_loss(follower->wish.format, reason, count, &live->line);
	return outflow_offer(follower->outflow, live->line.data, live->line.length);
}

static void tell_followers(
	struct live *live, const struct feature *feature, const char *reason, uint64_t count)
{
	for (size_t i = 0; i < LIVE_FOLLOWERS_MAXIMUM; i++) {
		struct follower *follower = &live->followers[i];
		bool is_wanted = false;

		for (size_t k = 0; follower->outflow && feature->kinds && feature->kinds[k]; k++)
			is_wanted |= wants(&follower->wish, feature->kinds[k]);
		if (is_wanted)
			offer_loss(live, follower, reason, count);
	}
}

static void tell_losses(struct live *live, size_t slot_index)
{
	const struct feature_slot *slot = &live->agent->slots[slot_index];
	struct feature_counts *told = &live->told[slot_index];
	struct feature_counts counts = { 0 };

	if (slot->on != FEATURE_ON || !slot->feature->counts)
		return;
	slot->feature->counts(slot->state, &counts);
	for (enum count i = COUNT_LOST_RING_FULL; i < COUNT_MAXIMUM; i++) {
		if (counts.lost[i] > told->lost[i])
			tell_followers(
				live, slot->feature, count_name(i), counts.lost[i] - told->lost[i]);
	}
	*told = counts;
}

void live_tick(struct live *live)
{
	/* Also without followers, so that one who comes later is not told of old losses. */
	for (size_t i = 0; i < live->agent->slot_count; i++)
		tell_losses(live, i);
	for (size_t i = 0; i < LIVE_FOLLOWERS_MAXIMUM; i++) {
		struct follower *follower = &live->followers[i];

		if (!follower->outflow)
			continue;
		if (outflow_is_cancelled(follower->outflow))
			follower_done(live, follower);
		else if (follower->lost > 0 &&
			 offer_loss(live, follower, "slow_client", follower->lost) == 0)
			follower->lost = 0;
	}
}
