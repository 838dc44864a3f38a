/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The prepared statements of a connection by name or number, as people may see them, within bounds:
 * those that were not used for the longest time go first. A zeroed cache is an empty one.
 */
#ifndef SKEP_STATEMENT_CACHE_H
#define SKEP_STATEMENT_CACHE_H

#include "protocols/message.h"

#define STATEMENT_CACHE_COUNT 512
#define STATEMENT_CACHE_BYTES (64 * 1024) /* of texts */
/* What it may hold together with its table. */
#define STATEMENT_CACHE_LIMIT (STATEMENT_CACHE_BYTES + STATEMENT_CACHE_COUNT * 48)

/* What detail says of a statement that is not there. */
#define STATEMENT_UNKNOWN "prepared statement, text unknown"

struct statement;

struct statement_cache {
	struct statement *statements;
	uint32_t count;
	uint32_t capacity;
	uint32_t bytes;
	uint32_t clock; /* rises with each use */
};

void statement_cache_done(struct statement_cache *cache);
/* Keeps operation, target, detail and fingerprint of the message under the key, in place of what
 * was there. Without memory it is forgotten. */
void statement_cache_put(
	struct statement_cache *cache, uint64_t key, const struct message *message);
/* Fills the same fields; those of an unknown statement when it is not there. */
void statement_cache_get(struct statement_cache *cache, uint64_t key, struct message *message);
void statement_cache_remove(struct statement_cache *cache, uint64_t key);
/* The key of a name. */
uint64_t statement_cache_key(struct slice name);

#endif
