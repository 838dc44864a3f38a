/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bucket holds at most one request back: of every `stride` requests of a key one, drawn at random
 * among them, is stored and stands for all. What is left of a group at a flush gets a row as
 * well, so nothing is ever estimated.
 */
#include "engine/rate.h"

#include <sys/random.h>

#include "engine/rate_table.h"
#include "engine/share.h"

#define IDLE_FLUSHES   60 /* then a key without buckets is forgotten */
#define SLOW_QUANTILE  0.99
#define SLOW_COUNT     100 /* fewer durations do not tell what is slow */
#define DOUBLINGS      16
#define STRIDE_MAXIMUM (UINT64_MAX >> DOUBLINGS)

/* What one sort of keys has used up since the last rate_adapt. */
struct allowance {
	uint64_t kept;
	uint64_t next_doubling; /* at so many rows the strides double */
	unsigned int doublings;
};

struct rate {
	struct rate_options options;
	struct rate_table table;
	struct buf histogram; /* scratch */
	uint64_t *wants;      /* scratch, keys_maximum long */
	uint64_t random;
	struct allowance normal;
	struct allowance errors; /* few as long as all is well: they do not pay for the rest */
	uint64_t kept_slow;	 /* rows since the last rate_adapt because they were slow */
	uint64_t seen;
	uint64_t sampled;
	uint64_t lost;
};

static void begin_allowances(struct rate *rate)
{
	uint64_t budget = rate->options.rows_per_second;

	rate->normal = (struct allowance){ .next_doubling = MAX(budget, 1U) };
	rate->errors = (struct allowance){ .next_doubling = MAX(budget / 2, 1U) };
	rate->kept_slow = 0;
}

int rate_new(const struct rate_options *options, struct rate **ret_rate)
{
	_cleanup_(rate_freep)
	struct rate *rate = calloc(1, sizeof(*rate));
	int error;

	if (!rate)
		return -ENOMEM;
	rate->options = *options;
	buf_init(&rate->histogram, HISTOGRAM_TEXT_BYTES);
	error = rate_table_init(&rate->table, options->keys_maximum, options->next_rowid);
	if (error != 0)
		return error;
	rate->wants = calloc(rate->table.keys_maximum, sizeof(*rate->wants));
	if (!rate->wants)
		return -ENOMEM;
	if (getrandom(&rate->random, sizeof(rate->random), 0) != sizeof(rate->random))
		return -errno;
	rate->random |= 1; /* xorshift stays at zero */
	begin_allowances(rate);
	*ret_rate = TAKE(rate);
	return 0;
}

void rate_free(struct rate *rate)
{
	if (!rate)
		return;
	rate_table_done(&rate->table);
	buf_done(&rate->histogram);
	free(rate->wants);
	free(rate);
}

static uint64_t next_random(struct rate *rate)
{
	rate->random ^= rate->random << 13;
	rate->random ^= rate->random >> 7;
	rate->random ^= rate->random << 17;
	return rate->random;
}

/* ---- single rows --------------------------------------------------------------------------- */

static void count_kept(struct rate *rate, const struct rate_key *key, uint64_t weight)
{
	struct allowance *allowance = key->is_error ? &rate->errors : &rate->normal;

	rate->sampled += weight - 1;
	allowance->kept++;
	/* A burst that the last second did not announce: keep fewer and fewer. */
	if (rate->options.rows_per_second > 0 && allowance->kept >= allowance->next_doubling) {
		allowance->doublings++;
		allowance->next_doubling += MAX(rate->options.rows_per_second / 2, 1U);
	}
}

static bool write_candidate(
	struct rate *rate, const struct rate_key *key, struct rate_bucket *bucket, struct buf *rows)
{
	if (!rows || bucket->waiting == 0)
		return true;
	if (bucket->candidate.length == 0) {
		/* There was no memory to hold it. */
		rate->lost += bucket->waiting;
		bucket->waiting = 0;
		return true;
	}
	row_set_weight(bucket->candidate.data, bucket->waiting);
	if (buf_append(rows, bucket->candidate.data, bucket->candidate.length) != 0) {
		rows->error = 0;
		return false;
	}
	count_kept(rate, key, bucket->waiting);
	bucket->waiting = 0;
	return true;
}

static uint64_t stride_now(const struct rate *rate, const struct rate_key *key)
{
	const struct allowance *allowance = key->is_error ? &rate->errors : &rate->normal;

	return MIN(key->stride << MIN(allowance->doublings, DOUBLINGS), STRIDE_MAXIMUM);
}

static bool keeps_own_row(
	struct rate *rate, const struct rate_key *key, const struct request_event *event)
{
	if (stride_now(rate, key) == 1)
		return true;
	if (event->duration_ns < key->slow_ns ||
		rate->kept_slow >= rate->options.rows_per_second / 4)
		return false;
	rate->kept_slow++;
	return true;
}

static void keep_or_sample(struct rate *rate, const struct rate_key *key,
	struct rate_bucket *bucket, const struct request_event *event, struct buf *rows)
{
	uint64_t weight = MAX(event->weight, 1U);

	if (rows && keeps_own_row(rate, key, event) &&
		row_write(rows, &rate->options.request, &event->header, rate->options.timeline) ==
			0) {
		count_kept(rate, key, weight);
		return;
	}
	/* Each of the group is as likely to stand for it, in proportion to its own weight. */
	bucket->waiting += weight;
	if (next_random(rate) % bucket->waiting < weight) {
		buf_clear(&bucket->candidate);
		row_write(&bucket->candidate, &rate->options.request, &event->header,
			rate->options.timeline);
	}
	if (bucket->waiting >= stride_now(rate, key))
		write_candidate(rate, key, bucket, rows);
}

static void add_figures(
	struct rate_figures *figures, const struct request_event *event, uint64_t weight)
{
	figures->count += weight;
	figures->error_count += event->is_error ? weight : 0;
	figures->request_bytes += event->request_bytes * weight;
	figures->response_bytes += event->response_bytes * weight;
	figures->duration_sum_ns += event->duration_ns * weight;
	figures->duration_max_ns = MAX(figures->duration_max_ns, event->duration_ns);
}

void rate_add(struct rate *rate, const struct request_event *event, struct buf *rows)
{
	uint64_t wall_ns = timeline_wall(rate->options.timeline, event->header.time_ns);
	uint64_t weight = MAX(event->weight, 1U);
	struct rate_key *key = rate_table_key(&rate->table, event);
	struct rate_bucket *bucket =
		key ? rate_table_bucket(&rate->table, key, wall_ns - wall_ns % RATE_BUCKET_NS)
		    : NULL;

	rate->seen += weight;
	if (!bucket || histogram_add(&bucket->fresh_durations, event->duration_ns, weight) != 0) {
		rate->lost += weight;
		return;
	}
	key->recent += weight;
	key->idle_flushes = 0;
	add_figures(&bucket->fresh, event, weight);
	keep_or_sample(rate, key, bucket, event, rows);
}

/* ---- flush --------------------------------------------------------------------------------- */

static int write_bucket(
	struct rate *rate, const struct rate_key *key, struct rate_bucket *bucket, struct buf *rows)
{
	const struct rate_figures *fresh = &bucket->fresh;
	const uint64_t figures[] = { fresh->count, fresh->error_count, fresh->request_bytes,
		fresh->response_bytes, fresh->duration_sum_ns, fresh->duration_max_ns };
	struct row row;

	row_begin(&row, rows, rate->options.rate_table, bucket->rowid);
	row_put_number(&row, bucket->time_ns);
	row_put_number(&row, RATE_BUCKET_NS);
	row_put_values(&row, (struct slice){ key->bytes, key->length });
	for (unsigned int i = 0; i < ARRAY_LENGTH(figures); i++)
		row_put_number(&row, figures[i]);
	buf_clear(&rate->histogram);
	histogram_write(&bucket->fresh_durations, &rate->histogram);
	row_put_text(&row, buf_text(&rate->histogram), rate->histogram.length);
	if (row_end(&row) != 0)
		return -ENOBUFS;
	if (!write_candidate(rate, key, bucket, rows)) {
		rows->length = row.start;
		return -ENOBUFS;
	}
	return 0;
}

static void forget_fresh(struct rate_bucket *bucket)
{
	bucket->fresh = (struct rate_figures){ 0 };
	histogram_clear(&bucket->fresh_durations);
}

static void learn_what_is_slow(struct rate_key *key, struct rate_bucket *bucket)
{
	/* Without memory less is learned, and nothing is lost. */
	(void)histogram_merge(&bucket->durations, &bucket->fresh_durations);
	if (bucket->durations.count >= SLOW_COUNT)
		key->slow_ns = histogram_above(&bucket->durations, SLOW_QUANTILE);
}

/* Writes what changed; closes buckets that are over and did not change since the last flush. */
static int flush_key(
	struct rate *rate, struct rate_key *key, uint64_t now_bucket_ns, struct buf *rows)
{
	struct rate_bucket **link = &key->buckets;

	key->idle_flushes++;
	while (*link) {
		struct rate_bucket *bucket = *link;

		if (bucket->fresh.count > 0) {
			if (write_bucket(rate, key, bucket, rows) != 0)
				return -ENOBUFS;
			learn_what_is_slow(key, bucket);
			forget_fresh(bucket);
		} else if (bucket->time_ns != now_bucket_ns) {
			rate_table_drop_bucket(&rate->table, link);
			continue;
		}
		link = &bucket->next;
	}
	return 0;
}

int rate_flush(struct rate *rate, struct buf *rows)
{
	uint64_t now_ns =
		timeline_wall(rate->options.timeline, timeline_measure(rate->options.timeline));
	uint64_t now_bucket_ns = now_ns - now_ns % RATE_BUCKET_NS;

	for (unsigned int slot = 0; slot < RATE_SLOTS; slot++) {
		struct rate_key **link = &rate->table.slots[slot];

		while (*link) {
			struct rate_key *key = *link;

			if (flush_key(rate, key, now_bucket_ns, rows) != 0)
				return -ENOBUFS;
			if (key->buckets || key->idle_flushes < IDLE_FLUSHES) {
				link = &key->next;
				continue;
			}
			rate_table_drop_key(&rate->table, link);
		}
	}
	return 0;
}

void rate_give_up(struct rate *rate)
{
	for (unsigned int slot = 0; slot < RATE_SLOTS; slot++)
		for (struct rate_key *key = rate->table.slots[slot]; key; key = key->next)
			for (struct rate_bucket *bucket = key->buckets; bucket;
				bucket = bucket->next) {
				rate->lost += bucket->fresh.count;
				bucket->waiting = 0;
				forget_fresh(bucket);
			}
}

/* What all keys of one sort wanted in the last second; returns how many there are. */
static size_t collect_wants(struct rate *rate, bool is_error)
{
	size_t count = 0;

	for (unsigned int slot = 0; slot < RATE_SLOTS; slot++)
		for (struct rate_key *key = rate->table.slots[slot]; key; key = key->next)
			if (key->is_error == is_error && key->recent > 0 &&
				count < rate->table.keys_maximum)
				rate->wants[count++] = key->recent;
	return count;
}

/* Gives each key of one sort its stride; returns the rows that they will take. */
static uint64_t set_strides(struct rate *rate, bool is_error, uint64_t budget)
{
	size_t count = collect_wants(rate, is_error);
	uint64_t level = share_level(rate->wants, count, budget);
	uint64_t rows = 0;

	for (size_t i = 0; i < count; i++)
		rows += MIN(rate->wants[i], level);
	for (unsigned int slot = 0; slot < RATE_SLOTS; slot++) {
		for (struct rate_key *key = rate->table.slots[slot]; key; key = key->next) {
			if (key->is_error != is_error)
				continue;
			key->stride = level == UINT64_MAX ? 1 : (key->recent + level - 1) / level;
			key->stride = MAX(key->stride, 1U);
			key->recent = 0;
		}
	}
	return rows;
}

void rate_adapt(struct rate *rate)
{
	uint64_t budget = rate->options.rows_per_second;
	uint64_t errors;

	begin_allowances(rate);
	if (budget == 0)
		return;
	errors = set_strides(rate, true, MAX(budget / 2, 1));
	set_strides(rate, false, MAX(budget - MIN(errors, budget), 1));
}

void rate_set_rows(struct rate *rate, uint32_t rows_per_second)
{
	rate->options.rows_per_second = rows_per_second;
}

/* ---- figures ------------------------------------------------------------------------------- */

uint64_t rate_settled_rowid(const struct rate *rate)
{
	uint64_t rowid = rate->table.next_rowid;

	for (unsigned int slot = 0; slot < RATE_SLOTS; slot++)
		for (struct rate_key *key = rate->table.slots[slot]; key; key = key->next)
			for (struct rate_bucket *bucket = key->buckets; bucket;
				bucket = bucket->next)
				rowid = MIN(rowid, bucket->rowid);
	return rowid;
}

struct rate_counts rate_get_counts(const struct rate *rate)
{
	return (struct rate_counts){
		.seen = rate->seen,
		.sampled = rate->sampled,
		.folded = rate->table.folded,
		.lost = rate->lost,
		.keys = rate->table.keys,
		.buckets = rate->table.buckets,
	};
}
