/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Past events out of the store as lines, oldest first, as they were shown when they
 * happened (but for the id, which is of one run only): each row becomes the event again, goes
 * through the same filter and the same encoder.
 */
#ifndef SKEP_API_PAST_H
#define SKEP_API_PAST_H

#include "api/live.h"
#include "api/worker.h"

/* How many are shown when a time is given but no number; what is older is counted. */
#define PAST_EVENTS_DEFAULT 100000

struct past_wish {
	const char *path;    /* of the store's file */
	struct store *store; /* that writes it, NULL: none does */
	struct live_wish wish;
	uint32_t last;	   /* the newest N; 0: PAST_EVENTS_DEFAULT */
	uint64_t since_ns; /* wall clock, 0: from the beginning */
	uint64_t until_ns; /* 0: up to now */
};

/* Any thread. Returns the number of lines, or -errno as store_query_run; -ENOENT when
 * there is no store. */
int64_t past_write(
	const struct past_wish *past, FILE *stream, const atomic_bool *cancel, struct fail *fail);
/* The same on a thread. Takes the filter, copies the rest. */
int past_start(const struct past_wish *past, struct workers *workers, struct outflow *outflow,
	struct fail *fail);

#endif
