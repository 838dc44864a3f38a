/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as they happen, for clients that follow: one output of the pipeline, and a bounded queue
 * for each follower. What a follower is too slow for is left out and counted; once a second the
 * stream says how many, as it says what the kernel half lost. Loop thread only.
 */
#ifndef SKEP_API_LIVE_H
#define SKEP_API_LIVE_H

#include "api/outflow.h"
#include "event/encode.h"
#include "event/filter.h"

struct agent;
struct live;

#define LIVE_FOLLOWERS_MAXIMUM 32
#define LIVE_KINDS_MAXIMUM     32

/* What a follower wants to see. */
struct live_wish {
	const struct event_kind *kinds[LIVE_KINDS_MAXIMUM];
	uint64_t left_out[LIVE_KINDS_MAXIMUM]; /* of each kind, see encoder */
	size_t kind_count;
	struct filter *filter; /* NULL: everything */
	enum output_format format;
	bool has_color;
	bool has_heading; /* the line with the names of the columns was written */
};

int live_new(struct agent *agent, struct live **ret_live);
void live_free(struct live *live); /* accepts NULL */
/*
 * Follows until the outflow is cancelled. Takes the filter, also when it fails, and on success a
 * reference of the outflow. 0, -EBUSY when there are as many followers as may be.
 */
int live_follow(struct live *live, const struct live_wish *wish, struct outflow *outflow,
	struct fail *fail);
/* Once a second: says what was lost, forgets who has gone. */
void live_tick(struct live *live);

/* Appends the line that tells of a loss: an object for JSON, a comment for CSV, else a sentence. */
void live_write_loss(
	enum output_format format, const char *reason, uint64_t count, struct buf *out);

#endif
