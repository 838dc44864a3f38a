/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log-linear histogram of durations (or sizes): values below 16 are exact, above that every
 * power of two has 16 equal steps, so that a value taken from the middle of its step is at most
 * 1/32 (3.2 %) off. Only steps in use are kept. Its text form, "INDEX:COUNT INDEX:COUNT …" in
 * rising order, is what the store and the exporters carry; histograms add up exactly.
 */
#ifndef SKEP_HISTOGRAM_H
#define SKEP_HISTOGRAM_H

#include "base/buf.h"

/* 60 powers of two from 2^4 on with 16 steps, and the 16 exact values. */
#define HISTOGRAM_STEPS	     976
/* The longest text: each step with a count of 20 digits. */
#define HISTOGRAM_TEXT_BYTES (HISTOGRAM_STEPS * 25 + 1)

struct histogram_step {
	uint64_t count;
	uint16_t index;
};

/* Zeroed is empty. */
struct histogram {
	struct histogram_step *steps; /* in rising order of index */
	uint16_t used;
	uint16_t capacity;
	uint64_t count; /* the sum of all steps */
};

void histogram_done(struct histogram *histogram); /* frees and empties; for _cleanup_ too */
void histogram_clear(struct histogram *histogram);

/* Counts the value `count` times. 0 or -ENOMEM (then nothing changed). */
int histogram_add(struct histogram *histogram, uint64_t value, uint64_t count);
int histogram_merge(struct histogram *histogram, const struct histogram *other);

/* The value below which the share q (0..1) of all lies, from the middle of its step; 0 when empty.
 */
uint64_t histogram_quantile(const struct histogram *histogram, double q);

/* What lies above the step of that quantile: the values from here on are beyond the share q. */
uint64_t histogram_above(const struct histogram *histogram, double q);

/* Lower bound of a step; the step ends before that of the next. Index below HISTOGRAM_STEPS. */
uint64_t histogram_lower_bound(unsigned int index);

/* Appends the text form. */
void histogram_write(const struct histogram *histogram, struct buf *buf);
/* Adds what the text form holds. 0, -EINVAL (what was before the bad place is added), -ENOMEM. */
int histogram_read(struct histogram *histogram, struct slice text);

#endif
