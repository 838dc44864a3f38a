/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of rate.h and their open buckets. Internal to rate.c.
 */
#ifndef SKEP_RATE_TABLE_H
#define SKEP_RATE_TABLE_H

#include "engine/histogram.h"
#include "engine/row.h"
#include "event/request.h"

#define RATE_SLOTS  8192 /* a power of two; twice the usual number of keys */
#define RATE_FIELDS 32	 /* in a key, at most */

/* What came since the last flush: the row in the store gets it added. */
struct rate_figures {
	uint64_t count;
	uint64_t error_count;
	uint64_t request_bytes;
	uint64_t response_bytes;
	uint64_t duration_sum_ns;
	uint64_t duration_max_ns;
};

struct rate_bucket {
	struct rate_bucket *next;
	uint64_t time_ns; /* wall */
	uint64_t rowid;
	struct rate_figures fresh;
	struct histogram fresh_durations;
	struct histogram durations; /* before the last flush */
	uint64_t waiting;	    /* requests that the candidate stands for so far */
	struct buf candidate;	    /* a whole row */
};

struct rate_key {
	struct rate_key *next; /* in the slot */
	uint64_t hash;
	uint64_t recent;  /* requests since the last rate_adapt */
	uint64_t stride;  /* one row for so many */
	uint64_t slow_ns; /* from here on a request keeps its own row */
	unsigned int idle_flushes;
	bool is_error;
	struct rate_bucket *buckets; /* the youngest made first */
	size_t length;
	uint8_t bytes[]; /* the key's columns as row.h writes them */
};

struct rate_table {
	uint32_t keys_maximum;
	uint32_t buckets_maximum;
	uint32_t keys;
	uint32_t buckets;
	uint64_t folded; /* events whose key lost a part */
	uint64_t next_rowid;
	uint64_t seed;
	const struct field *fields[RATE_FIELDS];
	unsigned int field_count;
	struct rate_key *slots[RATE_SLOTS];
	struct row scratch;
};

/* 0, or -E2BIG when request_kind has more or longer key fields than there is room for. */
int rate_table_init(struct rate_table *table, uint32_t keys_maximum, uint64_t next_rowid);
void rate_table_done(struct rate_table *table);

/* The key of an event, new if need be, with parts folded into "(other)" when there are too many.
 * NULL without memory. */
struct rate_key *rate_table_key(struct rate_table *table, const struct request_event *event);
/* The bucket of a key, new if need be. NULL when there are too many or without memory. */
struct rate_bucket *rate_table_bucket(
	struct rate_table *table, struct rate_key *key, uint64_t time_ns);
/* Frees *link and makes it the next. */
void rate_table_drop_bucket(struct rate_table *table, struct rate_bucket **link);
void rate_table_drop_key(struct rate_table *table, struct rate_key **link);

#endif
