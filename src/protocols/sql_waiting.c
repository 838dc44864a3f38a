/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of bytes that grows.
 */
#include "protocols/sql_waiting.h"

#define CAPACITY_FIRST 16 /* most connections need no more */

static uint8_t *place(const struct sql_waiting *waiting, uint32_t index)
{
	return &waiting->entries[(waiting->first + index) & (waiting->capacity - 1)];
}

void sql_waiting_done(struct sql_waiting *waiting)
{
	free(waiting->entries);
	*waiting = (struct sql_waiting){ 0 };
}

/* Twice as large, with the head in front. */
static int grow(struct sql_waiting *waiting, uint32_t maximum)
{
	uint32_t capacity = MAX((uint32_t)CAPACITY_FIRST, waiting->capacity * 2);
	uint8_t *larger;

	if (capacity > maximum)
		return -ENOBUFS;
	larger = malloc(capacity);
	if (!larger)
		return -ENOMEM;
	for (uint32_t index = 0; index < waiting->count; index++)
		larger[index] = *place(waiting, index);
	free(waiting->entries);
	waiting->entries = larger;
	waiting->capacity = capacity;
	waiting->first = 0;
	return 0;
}

int sql_waiting_push(struct sql_waiting *waiting, uint8_t entry, uint32_t maximum)
{
	int r = waiting->count == waiting->capacity ? grow(waiting, maximum) : 0;

	if (r < 0)
		return r;
	*place(waiting, waiting->count++) = entry;
	return 0;
}

void sql_waiting_pop(struct sql_waiting *waiting)
{
	waiting->first = (waiting->first + 1) & (waiting->capacity - 1);
	waiting->count--;
	waiting->number++;
}

uint8_t *sql_waiting_head(const struct sql_waiting *waiting)
{
	return waiting->count ? place(waiting, 0) : NULL;
}

uint8_t *sql_waiting_last(const struct sql_waiting *waiting)
{
	return waiting->count ? place(waiting, waiting->count - 1) : NULL;
}

uint64_t sql_waiting_last_number(const struct sql_waiting *waiting)
{
	return waiting->number + waiting->count - 1;
}
