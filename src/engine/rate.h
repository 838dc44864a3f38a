/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exact counts, sums and histograms of requests by the key fields of their kind (FIELD_IS_KEY), in
 * buckets of ten seconds of wall time; and, from the same counts, which single requests are stored
 * when not all can be. Every request is counted before any is left out. A row that stands for
 * others carries their number in `weight`, so that for each key and bucket
 *
 *     sum(request.weight) = request_rate.count
 *
 * holds after every flush. A flush writes what came since the one before, which the store adds to
 * the row of the bucket: so each flush is whole in itself, and the equation holds also in a file
 * that is begun while buckets are open. Loop thread only.
 */
#ifndef SKEP_RATE_H
#define SKEP_RATE_H

#include "engine/row.h"
#include "event/request.h"

#define RATE_BUCKET_NS (10 * 1000000000ULL)
/* What stands in place of a value when there are too many distinct ones. */
#define RATE_OTHER     "(other)"

struct rate;

struct rate_options {
	/*
	 * Distinct keys at a time. At three quarters of them new ones lose their target, at the
	 * end all their texts.
	 */
	uint32_t keys_maximum;
	uint32_t rows_per_second;  /* single rows kept; 0: all */
	struct row_place request;  /* where single rows go */
	uint16_t rate_table;	   /* where counts go */
	uint64_t next_rowid;	   /* for the first row of counts; each open bucket keeps its own */
	struct timeline *timeline; /* borrowed */
};

struct rate_counts {
	uint64_t seen;	  /* weights of all events */
	uint64_t sampled; /* of those, requests without a row of their own */
	uint64_t folded;  /* events whose key lost a part */
	uint64_t lost; /* weights neither counted nor stored: the store stood still for too long */
	uint32_t keys;
	uint32_t buckets;
};

/*
 * The kind of the rows that rate_flush writes, made from the key fields of request_kind: a
 * table like any other. Its fields' offsets mean nothing. Valid for the life of the program.
 */
const struct event_kind *rate_kind(void);

/* What becomes of a field when two rows of counts are added up. */
enum rate_join { RATE_JOIN_EQUAL, RATE_JOIN_SUM, RATE_JOIN_MAXIMUM, RATE_JOIN_HISTOGRAM };
enum rate_join rate_join(const struct field *field);

int rate_new(const struct rate_options *options, struct rate **ret_rate);
void rate_free(struct rate *rate);
DEFINE_CLEANUP(struct rate *, rate_free);

/*
 * Counts one request; writes its row now, later, or lets another stand for it. rows NULL: nothing
 * can be stored at the moment, later flushes make up for it.
 */
void rate_add(struct rate *rate, const struct request_event *event, struct buf *rows);
/*
 * Writes all counts that changed and the single rows that were held back. After it the equation
 * holds for what has been written. -ENOBUFS when rows became full: call again with a new one.
 */
int rate_flush(struct rate *rate, struct buf *rows);
/* What was never written and will not be counts as lost. */
void rate_give_up(struct rate *rate);
/* Once a second, after the flush: shares the rows of the next second out among the keys. */
void rate_adapt(struct rate *rate);
/* Other rows_per_second, at least 1, from the next rate_adapt on. */
void rate_set_rows(struct rate *rate, uint32_t rows_per_second);
/* Rows of counts below it do not change any more. */
uint64_t rate_settled_rowid(const struct rate *rate);
struct rate_counts rate_get_counts(const struct rate *rate);

#endif
