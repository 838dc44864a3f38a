/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of what waits: see memcached_wait.h.
 */
#include "protocols/memcached_wait.h"

#define CAPACITY_LEAST 16

static int grow(struct memcached_wait *wait)
{
	size_t capacity = MAX(wait->capacity * 2, (size_t)CAPACITY_LEAST);
	uint64_t first = wait->next - wait->count;
	struct memcached_waiting *ring;

	if (capacity > MEMCACHED_WAIT_MAXIMUM)
		return -ENOBUFS;
	ring = calloc(capacity, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	for (size_t i = 0; i < wait->count; i++)
		ring[(first + i) % capacity] = wait->ring[(first + i) % wait->capacity];
	free(wait->ring);
	wait->ring = ring;
	wait->capacity = capacity;
	return 0;
}

int memcached_wait_add(struct memcached_wait *wait, const struct memcached_waiting *waiting)
{
	int r = wait->count == wait->capacity ? grow(wait) : 0;

	if (r < 0)
		return r;
	wait->ring[wait->next++ % wait->capacity] = *waiting;
	wait->count++;
	return 0;
}

uint64_t memcached_wait_number(const struct memcached_wait *wait)
{
	return wait->next - wait->count;
}

const struct memcached_waiting *memcached_wait_first(const struct memcached_wait *wait)
{
	if (wait->count == 0)
		return NULL;
	return &wait->ring[memcached_wait_number(wait) % wait->capacity];
}

void memcached_wait_drop(struct memcached_wait *wait)
{
	wait->count--;
	/* A connection that waits for its next request holds nothing. */
	if (wait->count == 0 && wait->capacity > CAPACITY_LEAST)
		memcached_wait_done(wait);
}

void memcached_wait_done(struct memcached_wait *wait)
{
	free(wait->ring);
	wait->ring = NULL;
	wait->capacity = 0;
}

/* FNV-1a (Fowler, Noll, Vo; 32 bits). */
uint32_t memcached_hash(struct slice bytes)
{
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < bytes.length; i++)
		hash = (hash ^ bytes.data[i]) * 16777619U;
	return hash ? hash : 1;
}

static bool is_code(const struct memcached_told *told, const char *code)
{
	return told->word.length == 2 && memcmp(told->word.data, code, 2) == 0;
}

bool memcached_can_be_told(
	const struct memcached_waiting *waiting, const struct memcached_told *told)
{
	bool is_noop = waiting->kind == MEMCACHED_META_NOOP;

	if (!waiting->is_quiet)
		return true;
	if (is_code(told, "MN") != is_noop)
		return false;
	if ((told->key && told->key != waiting->key) ||
		(told->opaque && told->opaque != waiting->opaque))
		return false;
	if (waiting->kind == MEMCACHED_META_GET)
		return !is_code(told, "EN") && !is_code(told, "NF");
	/* That a key was not there some versions tell who deletes it. */
	return !is_code(told, "HD") && (!is_code(told, "NF") || waiting->may_be_absent);
}
