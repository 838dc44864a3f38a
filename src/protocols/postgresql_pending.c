/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exchanges of a PostgreSQL connection that wait for their answers, in their order.
 */
#include "protocols/postgresql_state.h"

#define PENDING_FIRST 16 /* most connections need no more */

static uint8_t *place(const struct postgresql *state, uint32_t index)
{
	return &state->pending[(state->pending_first + index) & (state->pending_capacity - 1)];
}

/* Twice as large, with the head in front. */
static int grow(struct postgresql *state)
{
	uint32_t capacity = MAX((uint32_t)PENDING_FIRST, state->pending_capacity * 2);
	uint8_t *larger;

	if (capacity > POSTGRESQL_PENDING)
		return -ENOBUFS;
	larger = malloc(capacity);
	if (!larger)
		return -ENOMEM;
	for (uint32_t index = 0; index < state->pending_count; index++)
		larger[index] = *place(state, index);
	free(state->pending);
	state->pending = larger;
	state->pending_capacity = capacity;
	state->pending_first = 0;
	return 0;
}

int postgresql_push(struct postgresql *state, uint8_t waits_for)
{
	int r = state->pending_count == state->pending_capacity ? grow(state) : 0;

	if (r < 0)
		return r;
	*place(state, state->pending_count++) = waits_for;
	return 0;
}

uint8_t *postgresql_head(const struct postgresql *state)
{
	return state->pending_count ? place(state, 0) : NULL;
}

uint8_t *postgresql_last(const struct postgresql *state)
{
	return state->pending_count ? place(state, state->pending_count - 1) : NULL;
}

uint64_t postgresql_last_number(const struct postgresql *state)
{
	return state->first_number + state->pending_count - 1;
}

void postgresql_pop(const struct postgresql_call *call, bool is_incomplete)
{
	struct postgresql *state = call->state;

	call->sink->end(call->sink, state->first_number, is_incomplete);
	state->pending_first = (state->pending_first + 1) & (state->pending_capacity - 1);
	state->pending_count--;
	state->first_number++;
	state->answers = 0;
	state->is_answered = false;
	state->is_head_failed = false;
	if (state->pending_count == 0)
		state->is_unit_open = false;
}

void postgresql_succeed(const struct postgresql_call *call)
{
	static const struct message fine = { .status = "OK" };

	call->sink->answer(call->sink, call->state->first_number, &fine);
	postgresql_pop(call, false);
}

struct slice postgresql_string(struct slice *bytes)
{
	const uint8_t *end = bytes->length ? memchr(bytes->data, '\0', bytes->length) : NULL;
	struct slice text = { bytes->data, end ? (size_t)(end - bytes->data) : bytes->length };
	size_t used = text.length + (end != NULL);

	bytes->data += used;
	bytes->length -= used;
	return text;
}
