/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exchanges of a connection that are answered in their order: a byte of each, and its number. A
 * zeroed one is empty.
 */
#ifndef SKEP_SQL_WAITING_H
#define SKEP_SQL_WAITING_H

#include "base/base.h"

struct sql_waiting {
	uint8_t *entries; /* a ring; owned */
	uint32_t first;
	uint32_t count;
	uint32_t capacity;
	uint64_t number; /* of the exchange at the head */
};

void sql_waiting_done(struct sql_waiting *waiting);
/* 0, -ENOMEM, or -ENOBUFS beyond the maximum, which is a power of two. */
int sql_waiting_push(struct sql_waiting *waiting, uint8_t entry, uint32_t maximum);
/* There is one at least. */
void sql_waiting_pop(struct sql_waiting *waiting);
/* NULL when none waits; valid until the next push. */
uint8_t *sql_waiting_head(const struct sql_waiting *waiting);
uint8_t *sql_waiting_last(const struct sql_waiting *waiting);
uint64_t sql_waiting_last_number(const struct sql_waiting *waiting);

#endif
