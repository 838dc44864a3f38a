/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The field table of `request_rate`: the key fields of `request` between the bucket and its
 * figures, so that a new key field of requests is one of rates by itself.
 */
#include <pthread.h>

#include "base/str.h"
#include "engine/rate.h"

#define FIELDS_MAXIMUM 40

#define NUMBER(name_, unit_, help_)                                                                \
	{                                                                                          \
		.name = (name_), .type = FIELD_U64, .unit = (unit_), .size = sizeof(uint64_t),     \
		.flags = FIELD_IN_WIDE, .help = (help_),                                           \
	}

static const struct field first_fields[] = {
	{ .name = "time_ns",
		.type = FIELD_U64,
		.unit = UNIT_TIME,
		.size = sizeof(uint64_t),
		.flags = FIELD_IN_COMPACT | FIELD_IN_WIDE | FIELD_IS_INDEXED,
		.help = "start of the bucket, in nanoseconds since 1970" },
	{ .name = "bucket_ns",
		.type = FIELD_U64,
		.unit = UNIT_NANOSECONDS,
		.size = sizeof(uint64_t),
		.flags = FIELD_IN_WIDE | FIELD_IS_INDEXED,
		.help = "length of the bucket" },
};

static const struct field last_fields[] = {
	NUMBER("count", UNIT_COUNT, "requests in the bucket, all of them"),
	NUMBER("error_count", UNIT_COUNT, "of these, how many failed"),
	NUMBER("request_bytes", UNIT_BYTES, "bytes of all requests together"),
	NUMBER("response_bytes", UNIT_BYTES, "bytes of all answers together"),
	NUMBER("duration_sum_ns", UNIT_NANOSECONDS, "durations of all requests together"),
	NUMBER("duration_max_ns", UNIT_NANOSECONDS, "the longest duration"),
	{ .name = "histogram",
		.type = FIELD_TEXT_LONG,
		.size = sizeof(const char *),
		.help = "durations as \"STEP:COUNT …\", for histogram_quantile(histogram, q)" },
};

static struct field fields[FIELDS_MAXIMUM];
static struct event_kind kind = {
	.name = "request_rate",
	.summary = "exact counts and latency histograms of requests, by bucket of time",
	.fields = fields,
};
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void add(const struct field *field)
{
	if (kind.field_count < FIELDS_MAXIMUM)
		fields[kind.field_count++] = *field;
}

static void make_kind(void)
{
	for (unsigned int i = 0; i < ARRAY_LENGTH(first_fields); i++)
		add(&first_fields[i]);
	for (unsigned int i = 0; i < request_kind.field_count; i++) {
		if (!(request_kind.fields[i].flags & FIELD_IS_KEY))
			continue;
		add(&request_kind.fields[i]);
		/* There are too few rows for more than the index on time. */
		fields[kind.field_count - 1].flags &= ~(uint32_t)FIELD_IS_INDEXED;
	}
	for (unsigned int i = 0; i < ARRAY_LENGTH(last_fields); i++)
		add(&last_fields[i]);
}

const struct event_kind *rate_kind(void)
{
	pthread_once(&once, make_kind);
	return &kind;
}

enum rate_join rate_join(const struct field *field)
{
	for (unsigned int i = 0; i < ARRAY_LENGTH(last_fields); i++) {
		if (!str_equal(field->name, last_fields[i].name))
			continue;
		if (field->type == FIELD_TEXT_LONG)
			return RATE_JOIN_HISTOGRAM;
		return str_ends_with(field->name, "_max_ns") ? RATE_JOIN_MAXIMUM : RATE_JOIN_SUM;
	}
	return RATE_JOIN_EQUAL;
}
