/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash map with chained entries, each in memory of its own, and a list of
 * them by age. The hash is SipHash-1-3 with a random key per map.
 */
#include "base/map.h"

#include <sys/random.h>

#define FIRST_BUCKETS 16

/* In memory: this, the value, the key. */
struct entry {
	struct entry *next_in_bucket;
	struct entry *older;
	struct entry *younger;
	uint64_t hash;
	const void *key;
	_Alignas(max_align_t) unsigned char value[];
};

struct map {
	struct entry **buckets;
	size_t bucket_count; /* a power of two */
	size_t count;
	size_t maximum;
	size_t key_bytes;
	size_t value_bytes;
	uint64_t seed[2];
	uint64_t evicted;
	struct entry *oldest;
	struct entry *youngest;
	void (*removed)(void *context, const void *key, void *value);
	void *context;
};

static uint64_t rotate(uint64_t value, unsigned int bits)
{
	return value << bits | value >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32) + v[3];
	v[2] += v[1];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

/* SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012). Words in the
 * machine's byte order: nobody else reads these hashes. */
static uint64_t hash_key(const struct map *map, const uint8_t *key)
{
	uint64_t v[4] = { map->seed[0] ^ 0x736f6d6570736575ULL,
		map->seed[1] ^ 0x646f72616e646f6dULL, map->seed[0] ^ 0x6c7967656e657261ULL,
		map->seed[1] ^ 0x7465646279746573ULL };
	uint64_t last = (uint64_t)map->key_bytes << 56;
	size_t length = map->key_bytes;
	uint64_t word;

	for (; length >= sizeof(word); length -= sizeof(word), key += sizeof(word)) {
		memcpy(&word, key, sizeof(word));
		sip_word(v, word);
	}
	word = 0;
	memcpy(&word, key, length);
	sip_word(v, last ^ word);
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct map *map_new(size_t key_bytes, size_t value_bytes, size_t maximum)
{
	struct map *map = calloc(1, sizeof(*map));

	if (!map)
		return NULL;
	map->buckets = calloc(FIRST_BUCKETS, sizeof(struct entry *));
	map->bucket_count = FIRST_BUCKETS;
	map->maximum = MAX(maximum, 1);
	map->key_bytes = key_bytes;
	map->value_bytes = value_bytes;
	if (!map->buckets ||
		getrandom(map->seed, sizeof(map->seed), 0) != (ssize_t)sizeof(map->seed)) {
		map_free(map);
		return NULL;
	}
	return map;
}

void map_free(struct map *map)
{
	if (!map)
		return;
	map_clear(map);
	free(map->buckets);
	free(map);
}

void map_on_remove(struct map *map, void (*removed)(void *context, const void *key, void *value),
	void *context)
{
	map->removed = removed;
	map->context = context;
}

static struct entry *entry_of(const void *value)
{
	return (struct entry *)((char *)value - offsetof(struct entry, value));
}

static struct entry **bucket_of(const struct map *map, uint64_t hash)
{
	return &map->buckets[hash & (map->bucket_count - 1)];
}

static struct entry *find(const struct map *map, const void *key, uint64_t hash)
{
	struct entry *entry = *bucket_of(map, hash);

	while (entry && (entry->hash != hash || memcmp(entry->key, key, map->key_bytes) != 0))
		entry = entry->next_in_bucket;
	return entry;
}

void *map_find(struct map *map, const void *key)
{
	struct entry *entry = find(map, key, hash_key(map, key));

	return entry ? entry->value : NULL;
}

static void age_unlink(struct map *map, struct entry *entry)
{
	*(entry->older ? &entry->older->younger : &map->oldest) = entry->younger;
	*(entry->younger ? &entry->younger->older : &map->youngest) = entry->older;
}

static void age_append(struct map *map, struct entry *entry)
{
	entry->older = map->youngest;
	entry->younger = NULL;
	*(map->youngest ? &map->youngest->younger : &map->oldest) = entry;
	map->youngest = entry;
}

/* Doubles the buckets. Without memory the chains get longer, which is slower but right. */
static void grow(struct map *map)
{
	size_t bucket_count = map->bucket_count * 2;
	struct entry **buckets = calloc(bucket_count, sizeof(struct entry *));

	if (!buckets)
		return;
	free(map->buckets);
	map->buckets = buckets;
	map->bucket_count = bucket_count;
	for (struct entry *entry = map->oldest; entry; entry = entry->younger) {
		struct entry **bucket = bucket_of(map, entry->hash);

		entry->next_in_bucket = *bucket;
		*bucket = entry;
	}
}

static struct entry *entry_new(const struct map *map, const void *key, uint64_t hash)
{
	struct entry *entry = calloc(1, sizeof(*entry) + map->value_bytes + map->key_bytes);
	unsigned char *key_memory;

	if (!entry)
		return NULL;
	key_memory = entry->value + map->value_bytes;
	memcpy(key_memory, key, map->key_bytes);
	entry->key = key_memory;
	entry->hash = hash;
	return entry;
}

static void remove_entry(struct map *map, struct entry *entry)
{
	struct entry **link = bucket_of(map, entry->hash);

	if (map->removed)
		map->removed(map->context, entry->key, entry->value);
	while (*link != entry)
		link = &(*link)->next_in_bucket;
	*link = entry->next_in_bucket;
	age_unlink(map, entry);
	map->count--;
	free(entry);
}

static void *add(struct map *map, const void *key, bool may_evict, bool *ret_is_new)
{
	uint64_t hash = hash_key(map, key);
	struct entry *entry = find(map, key, hash);
	bool is_new = !entry;
	struct entry **bucket;

	if (is_new) {
		if (map->count >= map->maximum && !may_evict)
			return NULL;
		entry = entry_new(map, key, hash);
		if (!entry)
			return NULL;
		if (map->count >= map->maximum) {
			remove_entry(map, map->oldest);
			map->evicted++;
		} else if (map->count >= map->bucket_count) {
			grow(map);
		}
		bucket = bucket_of(map, hash);
		entry->next_in_bucket = *bucket;
		*bucket = entry;
		age_append(map, entry);
		map->count++;
	}
	if (ret_is_new)
		*ret_is_new = is_new;
	return entry->value;
}

void *map_add(struct map *map, const void *key, bool *ret_is_new)
{
	return add(map, key, false, ret_is_new);
}

void *map_add_evict(struct map *map, const void *key, bool *ret_is_new)
{
	return add(map, key, true, ret_is_new);
}

void map_touch(struct map *map, void *value)
{
	struct entry *entry = entry_of(value);

	age_unlink(map, entry);
	age_append(map, entry);
}

bool map_remove(struct map *map, const void *key)
{
	struct entry *entry = find(map, key, hash_key(map, key));

	if (!entry)
		return false;
	remove_entry(map, entry);
	return true;
}

void map_clear(struct map *map)
{
	while (map->oldest)
		remove_entry(map, map->oldest);
}

size_t map_count(const struct map *map)
{
	return map->count;
}

uint64_t map_evicted(const struct map *map)
{
	return map->evicted;
}

const void *map_key(const void *value)
{
	return entry_of(value)->key;
}

void *map_first(struct map *map)
{
	return map->oldest ? map->oldest->value : NULL;
}

void *map_next(struct map *map, void *value)
{
	struct entry *entry = entry_of(value)->younger;

	return entry ? entry->value : NULL;
}
