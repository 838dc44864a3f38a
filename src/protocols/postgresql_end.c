/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How exchanges of a PostgreSQL connection end, and what its messages are made of.
 */
#include "protocols/postgresql_state.h"

void postgresql_pop(const struct postgresql_call *call, bool is_incomplete)
{
	struct postgresql *state = call->state;

	call->sink->end(call->sink, state->waiting.number, is_incomplete);
	sql_waiting_pop(&state->waiting);
	state->answers = 0;
	state->is_answered = false;
	state->is_head_failed = false;
	if (state->waiting.count == 0)
		state->is_unit_open = false;
}

void postgresql_succeed(const struct postgresql_call *call)
{
	static const struct message fine = { .status = "OK" };

	call->sink->answer(call->sink, call->state->waiting.number, &fine);
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
