/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Monotonic to wall time with a memory: after a step of the wall clock or a suspend an event
 * keeps the wall time that was true when it happened, however late it comes, so that nothing is
 * stored under the wrong hour. Loop thread only.
 */
#ifndef SKEP_TIMELINE_H
#define SKEP_TIMELINE_H

#include "base/base.h"

/* Steps that are remembered; of older ones the oldest kept answers. */
#define TIMELINE_STEPS 32

/* Reads both clocks at one moment; tests bring their own. */
typedef void timeline_read(void *context, uint64_t *ret_monotonic_ns, uint64_t *ret_wall_ns);

struct timeline {
	timeline_read *read;
	void *context;
	uint64_t measured_ns; /* monotonic time of the last measurement */
	unsigned int count;
	struct {
		uint64_t from_ns; /* monotonic */
		int64_t wall_minus_monotonic_ns;
	} steps[TIMELINE_STEPS]; /* oldest first */
};

/* read NULL: the clocks of this machine. Measures at once. */
void timeline_init(struct timeline *timeline, timeline_read *read, void *context);
/* Measures again. Called ten times a second, it dates a step to within that time. Returns the
 * monotonic time. */
uint64_t timeline_measure(struct timeline *timeline);
/* Wall time of an event. Measures first when the event is younger than the last measurement. */
uint64_t timeline_wall(struct timeline *timeline, uint64_t monotonic_ns);

#endif
