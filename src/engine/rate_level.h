/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of `request_rate` in longer buckets, for questions that look far back: request_rate_5m,
 * and request_rate_30m made from that. A copy holds the rows of its source whose number is below
 * `next` of its row in the table rate_level, each once. Sums over what rate_level_write_source()
 * writes are those over request_rate itself, whatever has been copied so far.
 */
#ifndef SKEP_RATE_LEVEL_H
#define SKEP_RATE_LEVEL_H

#include "engine/rate.h"

#define RATE_LEVELS 2

struct rate_level {
	uint64_t width_ns;
	/* A period is copied as soon as it is over for so long: counts come a little late. */
	uint64_t after_ns;
};

extern const struct rate_level rate_levels[RATE_LEVELS];

/* A table like that of rate_kind(). Valid for the life of the program. */
const struct event_kind *rate_level_kind(unsigned int level);
/* What it is copied from. */
const struct event_kind *rate_level_source(unsigned int level);
/* Its number; RATE_LEVELS for other kinds. */
unsigned int rate_level_of(const struct event_kind *kind);

/* The time of a question, which its own WHERE bounds. */
struct rate_span {
	uint64_t since_ns;
	uint64_t until_ns;
	/* Buckets shall divide it: a step, or a time that the question distinguishes; 0: none. */
	uint64_t fits_ns;
};

/* What may stand for request_rate behind FROM: the coarsest that does, with the rest of the time
 * from finer ones. */
void rate_level_write_source(const struct rate_span *span, struct buf *sql);

#endif
