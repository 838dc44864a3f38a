/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash map from fixed-size keys (compared as bytes: zero the padding) to
 * fixed-size values, with a maximum number of entries. Entries stay where they are
 * until removed, so pointers to values are stable (and aligned
 * for any type); keys are hashed with a secret seed, so that nobody can choose
 * keys that collide. All but clear and free take constant time. Not thread-safe.
 */
#ifndef SKEP_MAP_H
#define SKEP_MAP_H

#include "base/base.h"

struct map;

/* NULL without memory. maximum: entries, at least 1. Takes little memory until entries come. */
struct map *map_new(size_t key_bytes, size_t value_bytes, size_t maximum);
void map_free(struct map *map);
DEFINE_CLEANUP(struct map *, map_free);
/*
 * Called with (context, key, value) before an entry goes, by map_remove, map_clear, eviction or
 * map_free. It may read the map but not change it.
 */
void map_on_remove(struct map *map, void (*removed)(void *context, const void *key, void *value),
	void *context);

void *map_find(struct map *map, const void *key); /* NULL when absent; does not change the age */
/*
 * The value of key, added zeroed and as the youngest when absent (then *ret_is_new is true; may be
 * NULL); one that is there keeps its age. NULL when the map is full or memory is out.
 */
void *map_add(struct map *map, const void *key, bool *ret_is_new);
/* Like map_add, but when full the entry that was touched longest ago is removed first. */
void *map_add_evict(struct map *map, const void *key, bool *ret_is_new);
void map_touch(struct map *map, void *value); /* makes it the youngest */
bool map_remove(struct map *map, const void *key);
void map_clear(struct map *map);
size_t map_count(const struct map *map);
uint64_t map_evicted(const struct map *map); /* entries that map_add_evict removed */
const void *map_key(const void *value);	     /* the key of a value that this module returned */

/* Oldest to youngest; NULL at the end. */
void *map_first(struct map *map);
void *map_next(struct map *map, void *value);

/* for (void *value : map), oldest first. The current entry may be removed inside, no other. */
#define MAP_FOREACH(map, value)                                                                    \
	for (void *value = map_first(map), *value##_next = value ? map_next(map, value) : NULL;    \
		value; value = value##_next, value##_next = value ? map_next(map, value) : NULL)

#endif
