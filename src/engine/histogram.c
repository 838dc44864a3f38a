/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps are a short sorted array: a key of rates rarely has more than fifty, and 4096
 * full tables would cost more memory than the whole agent may have.
 */
#include "engine/histogram.h"

#define STEP_BITS	4
#define STEPS_PER_POWER (1U << STEP_BITS)
#define FIRST_CAPACITY	8

static unsigned int index_of(uint64_t value)
{
	unsigned int shift;

	if (value < STEPS_PER_POWER)
		return (unsigned int)value;
	shift = 63 - (unsigned int)__builtin_clzll(value) - STEP_BITS;
	/* The top five bits are 16..31; each further power of two adds 16 steps. */
	return shift * STEPS_PER_POWER + (unsigned int)(value >> shift);
}

uint64_t histogram_lower_bound(unsigned int index)
{
	unsigned int shift;

	if (index < STEPS_PER_POWER)
		return index;
	shift = index / STEPS_PER_POWER - 1;
	return (uint64_t)(STEPS_PER_POWER + index % STEPS_PER_POWER) << shift;
}

static uint64_t middle(unsigned int index)
{
	if (index < 2 * STEPS_PER_POWER)
		return histogram_lower_bound(index);
	return histogram_lower_bound(index) + (1ULL << (index / STEPS_PER_POWER - 1)) / 2;
}

void histogram_done(struct histogram *histogram)
{
	free(histogram->steps);
	*histogram = (struct histogram){ 0 };
}

void histogram_clear(struct histogram *histogram)
{
	histogram->used = 0;
	histogram->count = 0;
}

/* The place of the first step with this index or a higher one. */
static unsigned int position(const struct histogram *histogram, unsigned int index)
{
	unsigned int low = 0;
	unsigned int high = histogram->used;

	while (low < high) {
		unsigned int half = (low + high) / 2;

		if (histogram->steps[half].index < index)
			low = half + 1;
		else
			high = half;
	}
	return low;
}

static int make_room(struct histogram *histogram)
{
	unsigned int capacity = MAX(histogram->capacity * 2U, FIRST_CAPACITY);
	struct histogram_step *steps;

	if (histogram->used < histogram->capacity)
		return 0;
	steps = reallocarray(histogram->steps, capacity, sizeof(*steps));
	if (!steps)
		return -ENOMEM;
	histogram->steps = steps;
	histogram->capacity = (uint16_t)capacity;
	return 0;
}

static int add_to_step(struct histogram *histogram, unsigned int index, uint64_t count)
{
	unsigned int at = position(histogram, index);

	if (at == histogram->used || histogram->steps[at].index != index) {
		if (make_room(histogram) != 0)
			return -ENOMEM;
		memmove(&histogram->steps[at + 1], &histogram->steps[at],
			(histogram->used - at) * sizeof(histogram->steps[0]));
		histogram->steps[at] = (struct histogram_step){ .index = (uint16_t)index };
		histogram->used++;
	}
	histogram->steps[at].count += count;
	histogram->count += count;
	return 0;
}

int histogram_add(struct histogram *histogram, uint64_t value, uint64_t count)
{
	return add_to_step(histogram, index_of(value), count);
}

int histogram_merge(struct histogram *histogram, const struct histogram *other)
{
	for (unsigned int i = 0; i < other->used; i++) {
		const struct histogram_step *step = &other->steps[i];

		if (add_to_step(histogram, step->index, step->count) != 0)
			return -ENOMEM;
	}
	return 0;
}

/* The index of the step in which the share q ends; the histogram is not empty. */
static unsigned int step_of_quantile(const struct histogram *histogram, double q)
{
	double rank = q * (double)histogram->count;
	uint64_t below = 0;

	for (unsigned int i = 0; i < histogram->used; i++) {
		below += histogram->steps[i].count;
		if ((double)below >= rank && below > 0)
			return histogram->steps[i].index;
	}
	return histogram->steps[histogram->used - 1].index;
}

uint64_t histogram_quantile(const struct histogram *histogram, double q)
{
	if (histogram->count == 0)
		return 0;
	return middle(step_of_quantile(histogram, q));
}

uint64_t histogram_above(const struct histogram *histogram, double q)
{
	unsigned int next;

	if (histogram->count == 0)
		return 0;
	next = step_of_quantile(histogram, q) + 1;
	return next < HISTOGRAM_STEPS ? histogram_lower_bound(next) : UINT64_MAX;
}

/* Digits of a number, backwards into the end of scratch; returns where they start. */
static char *digits(char *end, uint64_t value)
{
	do {
		*--end = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	return end;
}

void histogram_write(const struct histogram *histogram, struct buf *buf)
{
	char scratch[48];

	for (unsigned int i = 0; i < histogram->used; i++) {
		char *end = scratch + sizeof(scratch);
		char *start = digits(end, histogram->steps[i].count);

		*--start = ':';
		start = digits(start, histogram->steps[i].index);
		if (i > 0)
			*--start = ' ';
		buf_append(buf, start, (size_t)(end - start));
	}
}

/* One number; at is moved past it. */
static bool read_number(const char **at, const char *end, uint64_t *ret_value)
{
	const char *start = *at;
	uint64_t value = 0;

	for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(**at - '0'), &value))
			return false;
	}
	*ret_value = value;
	return *at > start;
}

int histogram_read(struct histogram *histogram, struct slice text)
{
	const char *at = (const char *)text.data;
	const char *end = at + text.length;

	while (at < end) {
		uint64_t index;
		uint64_t count;

		if (!read_number(&at, end, &index) || index >= HISTOGRAM_STEPS || at == end ||
			*at++ != ':' || !read_number(&at, end, &count))
			return -EINVAL;
		if (add_to_step(histogram, (unsigned int)index, count) != 0)
			return -ENOMEM;
		if (at < end && *at++ != ' ')
			return -EINVAL;
	}
	return 0;
}
