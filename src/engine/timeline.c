/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A step becomes a new entry from the previous measurement on: what happened between the two is
 * taken as after it, which is off by at most the time between measurements.
 */
#include "engine/timeline.h"

#include "base/clock.h"

/* Less than this is the clock being slewed, not set. */
#define STEP_NS (100 * (int64_t)NS_PER_MS)

static void read_clocks(void *context, uint64_t *ret_monotonic_ns, uint64_t *ret_wall_ns)
{
	struct clock_map map;

	clock_map_init(&map);
	*ret_monotonic_ns = clock_monotonic_ns();
	*ret_wall_ns = clock_to_wall(&map, *ret_monotonic_ns);
}

void timeline_init(struct timeline *timeline, timeline_read *read, void *context)
{
	memset(timeline, 0, sizeof(*timeline));
	timeline->read = read ? read : read_clocks;
	timeline->context = context;
	timeline_measure(timeline);
}

static void add_step(struct timeline *timeline, uint64_t from_ns, int64_t difference_ns)
{
	if (timeline->count == TIMELINE_STEPS) {
		timeline->count--;
		memmove(&timeline->steps[0], &timeline->steps[1],
			timeline->count * sizeof(timeline->steps[0]));
	}
	timeline->steps[timeline->count].from_ns = from_ns;
	timeline->steps[timeline->count].wall_minus_monotonic_ns = difference_ns;
	timeline->count++;
}

uint64_t timeline_measure(struct timeline *timeline)
{
	uint64_t monotonic_ns;
	uint64_t wall_ns;
	int64_t difference_ns;
	int64_t *newest;

	timeline->read(timeline->context, &monotonic_ns, &wall_ns);
	difference_ns = (int64_t)(wall_ns - monotonic_ns);
	if (timeline->count == 0) {
		add_step(timeline, 0, difference_ns);
	} else {
		newest = &timeline->steps[timeline->count - 1].wall_minus_monotonic_ns;
		if (llabs(difference_ns - *newest) > STEP_NS)
			add_step(timeline, timeline->measured_ns + 1, difference_ns);
		else
			*newest = difference_ns;
	}
	timeline->measured_ns = monotonic_ns;
	return monotonic_ns;
}

uint64_t timeline_wall(struct timeline *timeline, uint64_t monotonic_ns)
{
	unsigned int at;

	if (monotonic_ns > timeline->measured_ns)
		timeline_measure(timeline);
	at = timeline->count - 1;
	while (at > 0 && timeline->steps[at].from_ns > monotonic_ns)
		at--;
	return monotonic_ns + (uint64_t)timeline->steps[at].wall_minus_monotonic_ns;
}
