/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table of its own: a key is found by its bytes, whatever their length, without copying them
 * into a fixed array, and what it holds lives beside it.
 */
#include "engine/rate_table.h"

#include <sys/random.h>

#include "engine/rate.h"

#define CANDIDATE_BYTES (256 * 1024)
#define RESERVED_KEYS	8 /* for keys that lost all their texts: role and is_error remain */

int rate_table_init(struct rate_table *table, uint32_t keys_maximum, uint64_t next_rowid)
{
	size_t bytes = sizeof(struct row_header);

	table->keys_maximum = MAX(keys_maximum, 2U * RESERVED_KEYS);
	table->buckets_maximum = 2 * table->keys_maximum;
	table->next_rowid = next_rowid;
	if (getrandom(&table->seed, sizeof(table->seed), 0) != sizeof(table->seed))
		return -errno;
	for (unsigned int i = 0; i < request_kind.field_count; i++) {
		const struct field *field = &request_kind.fields[i];

		if (!(field->flags & FIELD_IS_KEY))
			continue;
		bytes += field->size + 2 * sizeof(uint64_t);
		if (table->field_count == RATE_FIELDS || bytes > ROW_BYTES)
			return -E2BIG;
		table->fields[table->field_count++] = field;
	}
	return 0;
}

void rate_table_drop_bucket(struct rate_table *table, struct rate_bucket **link)
{
	struct rate_bucket *bucket = *link;

	*link = bucket->next;
	histogram_done(&bucket->fresh_durations);
	histogram_done(&bucket->durations);
	buf_done(&bucket->candidate);
	free(bucket);
	table->buckets--;
}

void rate_table_drop_key(struct rate_table *table, struct rate_key **link)
{
	struct rate_key *key = *link;

	*link = key->next;
	while (key->buckets)
		rate_table_drop_bucket(table, &key->buckets);
	free(key);
	table->keys--;
}

void rate_table_done(struct rate_table *table)
{
	for (unsigned int slot = 0; slot < RATE_SLOTS; slot++)
		while (table->slots[slot])
			rate_table_drop_key(table, &table->slots[slot]);
}

/* How much of a key is given up when there are too many. */
enum fold { FOLD_NOTHING, FOLD_TARGET, FOLD_TEXTS };

static void write_key(struct rate_table *table, const struct request_event *event, enum fold fold)
{
	struct row *row = &table->scratch;

	row_begin(row, NULL, 0, 0);
	for (unsigned int i = 0; i < table->field_count; i++) {
		const struct field *field = table->fields[i];
		bool is_text = field->type == FIELD_TEXT || field->type == FIELD_CODE;
		bool is_target = field->offset == offsetof(struct request_event, target);

		if (is_text && (fold == FOLD_TEXTS || (fold == FOLD_TARGET && is_target)))
			row_put_text(row, RATE_OTHER, strlen(RATE_OTHER));
		else
			row_put_field(row, field, event);
	}
}

static struct slice scratch_key(const struct rate_table *table)
{
	return (struct slice){ (const uint8_t *)table->scratch.bytes + sizeof(struct row_header),
		table->scratch.used - sizeof(struct row_header) };
}

/* Spreads keys over slots, differently in each run, so that nobody can choose targets that share
 * one; equality is decided on the bytes. */
static uint64_t hash_key(const struct rate_table *table, struct slice key)
{
	const uint8_t *bytes = key.data;
	size_t length = key.length;
	uint64_t hash = table->seed ^ length;
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

static struct rate_key *find_key(const struct rate_table *table, uint64_t hash, struct slice bytes)
{
	struct rate_key *key = table->slots[hash % RATE_SLOTS];

	while (key && (key->hash != hash || key->length != bytes.length ||
			      memcmp(key->bytes, bytes.data, bytes.length) != 0))
		key = key->next;
	return key;
}

static struct rate_key *add_key(
	struct rate_table *table, uint64_t hash, struct slice bytes, bool is_error)
{
	struct rate_key *key = calloc(1, sizeof(*key) + bytes.length);

	if (!key)
		return NULL;
	key->hash = hash;
	key->length = bytes.length;
	memcpy(key->bytes, bytes.data, bytes.length);
	key->stride = 1;
	key->slow_ns = UINT64_MAX;
	key->is_error = is_error;
	key->next = table->slots[hash % RATE_SLOTS];
	table->slots[hash % RATE_SLOTS] = key;
	table->keys++;
	return key;
}

struct rate_key *rate_table_key(struct rate_table *table, const struct request_event *event)
{
	const uint32_t limits[] = { table->keys_maximum / 4 * 3,
		table->keys_maximum - RESERVED_KEYS, UINT32_MAX };

	for (enum fold fold = FOLD_NOTHING; fold <= FOLD_TEXTS; fold++) {
		struct slice bytes;
		struct rate_key *key;
		uint64_t hash;

		write_key(table, event, fold);
		bytes = scratch_key(table);
		hash = hash_key(table, bytes);
		key = find_key(table, hash, bytes);
		if (!key && table->keys < limits[fold])
			key = add_key(table, hash, bytes, event->is_error);
		if (!key)
			continue;
		if (fold != FOLD_NOTHING)
			table->folded++;
		return key;
	}
	return NULL;
}

struct rate_bucket *rate_table_bucket(
	struct rate_table *table, struct rate_key *key, uint64_t time_ns)
{
	struct rate_bucket *bucket = key->buckets;

	while (bucket && bucket->time_ns != time_ns)
		bucket = bucket->next;
	if (bucket)
		return bucket;
	if (table->buckets >= table->buckets_maximum)
		return NULL;
	bucket = calloc(1, sizeof(*bucket));
	if (!bucket)
		return NULL;
	bucket->time_ns = time_ns;
	bucket->rowid = table->next_rowid++;
	buf_init(&bucket->candidate, CANDIDATE_BYTES);
	bucket->next = key->buckets;
	key->buckets = bucket;
	table->buckets++;
	return bucket;
}
