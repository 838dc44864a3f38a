/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory that SQLite takes, counted by thread without a lock: its own count takes a global
 * mutex for each allocation, a tenth of the writer's time, and cannot tell one query from another.
 */
#ifndef SKEP_STORE_MEMORY_H
#define SKEP_STORE_MEMORY_H

#include "base/base.h"

/* Before the first other call of SQLite; any thread, any number of times. */
void store_memory_init(void);
/* From now on SQLite gets at most so many bytes more on this thread; SQLITE_NOMEM follows. */
void store_memory_limit(uint64_t bytes);
void store_memory_unlimited(void);

#endif
