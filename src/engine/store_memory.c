/* SPDX-License-Identifier: Apache-2.0 */
/*
 * malloc of libc under SQLite, with an account per thread. Memory that one thread takes and another
 * gives back shifts their accounts; a limit only looks at what changed since it was set, on a
 * thread whose connection lives and ends there.
 */
#include "engine/store_memory.h"

#include <malloc.h>
#include <pthread.h>
#include <sqlite3.h>

#define UNLIMITED (INT64_MAX / 2) /* far from what taken could make overflow */

static __thread int64_t taken;
static __thread int64_t limit = UNLIMITED;

static void *take(int size)
{
	void *memory;

	if (size > limit - taken)
		return NULL;
	memory = malloc((size_t)size);
	if (memory)
		taken += (int64_t)malloc_usable_size(memory);
	return memory;
}

static void give(void *memory)
{
	taken -= (int64_t)malloc_usable_size(memory);
	free(memory);
}

static void *resize(void *memory, int size)
{
	int64_t before = (int64_t)malloc_usable_size(memory);
	void *changed;

	if (size - before > limit - taken)
		return NULL;
	changed = realloc(memory, (size_t)size);
	if (changed)
		taken += (int64_t)malloc_usable_size(changed) - before;
	return changed;
}

static int size_of(void *memory)
{
	return (int)malloc_usable_size(memory);
}

static int round_up(int size)
{
	return (size + 7) & ~7;
}

static int begin(void *context)
{
	return SQLITE_OK;
}

static void end(void *context)
{
}

static void configure(void)
{
	static const sqlite3_mem_methods methods = { take, give, resize, size_of, round_up, begin,
		end, NULL };

	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}

void store_memory_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, configure);
}

void store_memory_limit(uint64_t bytes)
{
	limit = taken + (int64_t)MIN(bytes, (uint64_t)UNLIMITED / 2);
}

void store_memory_unlimited(void)
{
	limit = UNLIMITED;
}
