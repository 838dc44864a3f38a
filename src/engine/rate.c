/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys in a hash table, each with its open buckets. A bucket holds at most one request back: of
 * every `stride` requests of a key one, drawn at random among them, is stored and stands for all.
 * What is left of a group at a flush gets a row as well, so nothing is ever estimated.
 */
#include "engine/rate.h"

#include <sys/random.h>

#include "engine/histogram.h"
#include "engine/share.h"

#define HASH_SLOTS     8192 /* a power of two; twice the usual keys_maximum */
#define KEY_BYTES      2048
#define KEY_FIELDS     32
#define RESERVED_KEYS  8 /* for keys that lost all their texts: role and is_error remain */
#define IDLE_FLUSHES   60
#define ROW_BYTES      (256 * 1024)
#define SLOW_QUANTILE  0.99
#define SLOW_COUNT     100 /* fewer durations do not tell what is slow */
#define STRIDE_MAXIMUM (UINT64_MAX >> 16)

struct rate_bucket {
	struct rate_bucket *next;
	uint64_t time_ns; /* wall */
	uint64_t rowid;
	uint64_t count;
	uint64_t error_count;
	uint64_t request_bytes;
	uint64_t response_bytes;
	uint64_t duration_sum_ns;
	uint64_t duration_max_ns;
	struct histogram durations;
	bool is_changed;      /* since the last flush */
	uint64_t waiting;     /* requests that the candidate stands for so far */
	struct buf candidate; /* a whole row */
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
	char bytes[]; /* the key's columns as row.h writes them */
};

/* What one sort of keys has used up since the last rate_adapt. */
struct allowance {
	uint64_t kept;
	uint64_t next_doubling; /* at so many rows the strides double */
	unsigned int doublings;
};

struct rate {
	struct rate_options options;
	const struct field *fields[KEY_FIELDS];
	unsigned int field_count;
	struct rate_key *slots[HASH_SLOTS];
	struct buf key;	      /* scratch */
	struct buf histogram; /* scratch */
	uint64_t *wants;      /* scratch, keys_maximum long */
	uint64_t random;
	struct allowance normal;
	struct allowance errors; /* few as long as all is well: they do not pay for the rest */
	uint64_t kept_slow;	 /* rows since the last rate_adapt because they were slow */
	struct rate_counts counts;
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

	if (!rate)
		return -ENOMEM;
	rate->options = *options;
	buf_init(&rate->key, KEY_BYTES);
	buf_init(&rate->histogram, HISTOGRAM_TEXT_BYTES);
	rate->wants = calloc(options->keys_maximum, sizeof(*rate->wants));
	if (!rate->wants)
		return -ENOMEM;
	for (unsigned int i = 0; i < request_kind.field_count; i++) {
		if (!(request_kind.fields[i].flags & FIELD_IS_KEY))
			continue;
		if (rate->field_count == KEY_FIELDS)
			return -E2BIG;
		rate->fields[rate->field_count++] = &request_kind.fields[i];
	}
	if (getrandom(&rate->random, sizeof(rate->random), 0) != sizeof(rate->random))
		return -errno;
	rate->random |= 1; /* xorshift stays at zero */
	begin_allowances(rate);
	*ret_rate = TAKE(rate);
	return 0;
}

static void bucket_free(struct rate *rate, struct rate_bucket *bucket)
{
	histogram_done(&bucket->durations);
	buf_done(&bucket->candidate);
	free(bucket);
	rate->counts.buckets--;
}

void rate_free(struct rate *rate)
{
	if (!rate)
		return;
	for (unsigned int slot = 0; slot < HASH_SLOTS; slot++) {
		while (rate->slots[slot]) {
			struct rate_key *key = rate->slots[slot];

			rate->slots[slot] = key->next;
			while (key->buckets) {
				struct rate_bucket *bucket = key->buckets;

				key->buckets = bucket->next;
				bucket_free(rate, bucket);
			}
			free(key);
		}
	}
	buf_done(&rate->key);
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

/* ---- keys ---------------------------------------------------------------------------------- */

/* How much of a key is given up when there are too many. */
enum fold { FOLD_NOTHING, FOLD_TARGET, FOLD_TEXTS };

static void write_key(struct rate *rate, const struct request_event *event, enum fold fold)
{
	buf_clear(&rate->key);
	for (unsigned int i = 0; i < rate->field_count; i++) {
		const struct field *field = rate->fields[i];
		bool is_text = field->type == FIELD_TEXT || field->type == FIELD_CODE;
		bool is_target = field->offset == offsetof(struct request_event, target);

		if (is_text && (fold == FOLD_TEXTS || (fold == FOLD_TARGET && is_target)))
			row_put_text(&rate->key, RATE_OTHER, strlen(RATE_OTHER));
		else
			row_put_field(&rate->key, field, event);
	}
}

/* Only spreads keys over slots: equality is decided on the bytes. */
static uint64_t hash_bytes(const char *bytes, size_t length)
{
	uint64_t hash = length * 0x9e3779b97f4a7c15ULL;
	uint64_t word;

	for (; length >= sizeof(word); bytes += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = (hash ^ word) * 0x9fb21c651e98df25ULL;
		hash ^= hash >> 32;
	}
	word = 0;
	memcpy(&word, bytes, length);
	hash = (hash ^ word) * 0x9fb21c651e98df25ULL;
	return hash ^ hash >> 32;
}

static struct rate_key *find_key(struct rate *rate, uint64_t hash)
{
	struct rate_key *key = rate->slots[hash % HASH_SLOTS];

	while (key && (key->hash != hash || key->length != rate->key.length ||
			      memcmp(key->bytes, rate->key.data, key->length) != 0))
		key = key->next;
	return key;
}

static struct rate_key *add_key(struct rate *rate, uint64_t hash, bool is_error)
{
	struct rate_key *key = calloc(1, sizeof(*key) + rate->key.length);

	if (!key)
		return NULL;
	key->hash = hash;
	key->length = rate->key.length;
	memcpy(key->bytes, rate->key.data, key->length);
	key->stride = 1;
	key->slow_ns = UINT64_MAX;
	key->is_error = is_error;
	key->next = rate->slots[hash % HASH_SLOTS];
	rate->slots[hash % HASH_SLOTS] = key;
	rate->counts.keys++;
	return key;
}

/* The key of an event, folded as far as it must be; NULL when there is no memory. */
static struct rate_key *key_of(struct rate *rate, const struct request_event *event)
{
	const uint32_t maximum = rate->options.keys_maximum;
	const uint32_t limits[] = { maximum / 4 * 3, maximum - RESERVED_KEYS, UINT32_MAX };

	for (enum fold fold = FOLD_NOTHING; fold <= FOLD_TEXTS; fold++) {
		struct rate_key *key;
		uint64_t hash;

		write_key(rate, event, fold);
		if (rate->key.error != 0)
			return NULL;
		hash = hash_bytes(rate->key.data, rate->key.length);
		key = find_key(rate, hash);
		if (!key && rate->counts.keys < limits[fold])
			key = add_key(rate, hash, event->is_error);
		if (!key)
			continue;
		if (fold != FOLD_NOTHING)
			rate->counts.folded++;
		return key;
	}
	return NULL;
}

static struct rate_bucket *bucket_of(struct rate *rate, struct rate_key *key, uint64_t time_ns)
{
	struct rate_bucket *bucket = key->buckets;

	while (bucket && bucket->time_ns != time_ns)
		bucket = bucket->next;
	if (bucket)
		return bucket;
	if (rate->counts.buckets >= 2 * rate->options.keys_maximum)
		return NULL;
	bucket = calloc(1, sizeof(*bucket));
	if (!bucket)
		return NULL;
	bucket->time_ns = time_ns;
	bucket->rowid = rate->options.next_rowid++;
	buf_init(&bucket->candidate, ROW_BYTES);
	bucket->next = key->buckets;
	key->buckets = bucket;
	rate->counts.buckets++;
	return bucket;
}

/* ---- single rows --------------------------------------------------------------------------- */

static void count_kept(struct rate *rate, const struct rate_key *key, uint64_t weight)
{
	struct allowance *allowance = key->is_error ? &rate->errors : &rate->normal;

	rate->counts.sampled += weight - 1;
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
		rate->counts.lost += bucket->waiting;
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

	return MIN(key->stride << MIN(allowance->doublings, 16U), STRIDE_MAXIMUM);
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
		row_write(rows, rate->options.request, &event->header, rate->options.timeline) ==
			0) {
		count_kept(rate, key, weight);
		return;
	}
	/* Each of the group is as likely to stand for it, in proportion to its own weight. */
	bucket->waiting += weight;
	if (next_random(rate) % bucket->waiting < weight) {
		buf_clear(&bucket->candidate);
		row_write(&bucket->candidate, rate->options.request, &event->header,
			rate->options.timeline);
	}
	if (bucket->waiting >= stride_now(rate, key))
		write_candidate(rate, key, bucket, rows);
}

void rate_add(struct rate *rate, const struct request_event *event, struct buf *rows)
{
	uint64_t wall_ns = timeline_wall(rate->options.timeline, event->header.time_ns);
	uint64_t weight = MAX(event->weight, 1U);
	struct rate_key *key = key_of(rate, event);
	struct rate_bucket *bucket =
		key ? bucket_of(rate, key, wall_ns - wall_ns % RATE_BUCKET_NS) : NULL;

	rate->counts.seen += weight;
	if (!bucket || histogram_add(&bucket->durations, event->duration_ns, weight) != 0) {
		rate->counts.lost += weight;
		return;
	}
	key->recent += weight;
	key->idle_flushes = 0;
	bucket->is_changed = true;
	bucket->count += weight;
	bucket->error_count += event->is_error ? weight : 0;
	bucket->request_bytes += event->request_bytes * weight;
	bucket->response_bytes += event->response_bytes * weight;
	bucket->duration_sum_ns += event->duration_ns * weight;
	bucket->duration_max_ns = MAX(bucket->duration_max_ns, event->duration_ns);
	keep_or_sample(rate, key, bucket, event, rows);
}

/* ---- flush --------------------------------------------------------------------------------- */

static int write_bucket(
	struct rate *rate, const struct rate_key *key, struct rate_bucket *bucket, struct buf *rows)
{
	const uint64_t figures[] = { bucket->count, bucket->error_count, bucket->request_bytes,
		bucket->response_bytes, bucket->duration_sum_ns, bucket->duration_max_ns };
	size_t start = row_begin(rows, rate->options.rate_table, bucket->rowid);

	row_put_number(rows, bucket->time_ns);
	row_put_number(rows, RATE_BUCKET_NS);
	buf_append(rows, key->bytes, key->length);
	for (unsigned int i = 0; i < ARRAY_LENGTH(figures); i++)
		row_put_number(rows, figures[i]);
	buf_clear(&rate->histogram);
	histogram_write(&bucket->durations, &rate->histogram);
	row_put_text(rows, buf_text(&rate->histogram), rate->histogram.length);
	if (row_end(rows, start) != 0)
		return -ENOBUFS;
	if (!write_candidate(rate, key, bucket, rows)) {
		rows->length = start;
		return -ENOBUFS;
	}
	bucket->is_changed = false;
	return 0;
}

static void learn_what_is_slow(struct rate_key *key, const struct rate_bucket *bucket)
{
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

		if (bucket->is_changed) {
			learn_what_is_slow(key, bucket);
			if (write_bucket(rate, key, bucket, rows) != 0)
				return -ENOBUFS;
		} else if (bucket->time_ns != now_bucket_ns) {
			*link = bucket->next;
			bucket_free(rate, bucket);
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

	for (unsigned int slot = 0; slot < HASH_SLOTS; slot++) {
		struct rate_key **link = &rate->slots[slot];

		while (*link) {
			struct rate_key *key = *link;

			if (flush_key(rate, key, now_bucket_ns, rows) != 0)
				return -ENOBUFS;
			if (key->buckets || key->idle_flushes < IDLE_FLUSHES) {
				link = &key->next;
				continue;
			}
			*link = key->next;
			free(key);
			rate->counts.keys--;
		}
	}
	return 0;
}

/* What all keys of one sort wanted in the last second; returns how many there are. */
static size_t collect_wants(struct rate *rate, bool is_error)
{
	size_t count = 0;

	for (unsigned int slot = 0; slot < HASH_SLOTS; slot++)
		for (struct rate_key *key = rate->slots[slot]; key; key = key->next)
			if (key->is_error == is_error && key->recent > 0 &&
				count < rate->options.keys_maximum)
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
	for (unsigned int slot = 0; slot < HASH_SLOTS; slot++) {
		for (struct rate_key *key = rate->slots[slot]; key; key = key->next) {
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

/* ---- figures ------------------------------------------------------------------------------- */

uint64_t rate_settled_rowid(const struct rate *rate)
{
	uint64_t rowid = rate->options.next_rowid;

	for (unsigned int slot = 0; slot < HASH_SLOTS; slot++)
		for (struct rate_key *key = rate->slots[slot]; key; key = key->next)
			for (struct rate_bucket *bucket = key->buckets; bucket;
				bucket = bucket->next)
				rowid = MIN(rowid, bucket->rowid);
	return rowid;
}

struct rate_counts rate_get_counts(const struct rate *rate)
{
	return rate->counts;
}
