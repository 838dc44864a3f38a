/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of a memcached connection that wait for an answer, in their order. Meta commands may ask
 * to be quiet: they are answered only when there is something to tell, so that an answer says which
 * of them it can be of. Private to protocols/memcached*.c.
 */
#ifndef SKEP_MEMCACHED_WAIT_H
#define SKEP_MEMCACHED_WAIT_H

#include "base/base.h"

enum memcached_kind {
	MEMCACHED_LINE,
	MEMCACHED_GET,
	MEMCACHED_STATS,
	MEMCACHED_META_GET,
	MEMCACHED_META_SET,
	MEMCACHED_META_DELETE, /* and arithmetic: quiet about the same */
	MEMCACHED_META_NOOP,
};

struct memcached_waiting {
	uint8_t kind;
	bool is_quiet;
	bool may_be_absent; /* the key has to be there */
	uint32_t key;	    /* its hash; 0: there is none */
	uint32_t opaque;    /* the same of the client's own mark */
};

/* What an answer says of whose it is. */
struct memcached_told {
	struct slice word;
	uint32_t key;
	uint32_t opaque;
};

#define MEMCACHED_WAIT_MAXIMUM 16384
#define MEMCACHED_WAIT_BYTES   (MEMCACHED_WAIT_MAXIMUM * sizeof(struct memcached_waiting))
/* The number of those that nobody answers. */
#define MEMCACHED_SILENT       UINT64_MAX

struct memcached_wait {
	struct memcached_waiting *ring;
	size_t capacity;
	size_t count;
	uint64_t next; /* number of the next one; the oldest is next - count */
};

/* 0, -ENOMEM, or -ENOBUFS beyond the maximum. */
int memcached_wait_add(struct memcached_wait *wait, const struct memcached_waiting *waiting);
const struct memcached_waiting *memcached_wait_first(const struct memcached_wait *wait);
uint64_t memcached_wait_number(const struct memcached_wait *wait); /* of the first */
void memcached_wait_drop(struct memcached_wait *wait);
void memcached_wait_done(struct memcached_wait *wait);

/* Never 0. */
uint32_t memcached_hash(struct slice bytes);
/* Whether the oldest is who the answer is for; if not, it was quiet because nothing was to tell. */
bool memcached_can_be_told(
	const struct memcached_waiting *waiting, const struct memcached_told *told);

#endif
