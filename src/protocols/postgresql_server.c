/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PostgreSQL server sends (PostgreSQL's documentation, "Message Flow", "Error and Notice
 * Message Fields").
 */
#include "protocols/postgresql_state.h"

#include "base/str.h"
#include "protocols/sql_state.h"
#include "protocols/text.h"

/* No exchange of the ring has it. */
#define NOTIFICATION_NUMBER UINT64_MAX

static const struct message answer_begun;

/* The message belongs to the exchange at the head, if there is one. */
static void add_answer(const struct postgresql_call *call)
{
	struct postgresql *state = call->state;

	if (!state->waiting.count)
		return;
	if (state->is_answered)
		call->sink->add(call->sink, state->waiting.number);
	else
		call->sink->answer(call->sink, state->waiting.number, &answer_begun);
	state->is_answered = true;
}

static void answer(const struct postgresql_call *call, const struct message *message)
{
	struct postgresql *state = call->state;

	call->sink->answer(call->sink, state->waiting.number, message);
	state->is_answered = true;
}

/* One of the messages that end the answer to one of the client's. */
static void count_answer(const struct postgresql_call *call)
{
	struct postgresql *state = call->state;
	const uint8_t *head = sql_waiting_head(&state->waiting);
	bool is_open = state->is_unit_open && state->waiting.count == 1;

	if (!head)
		return;
	add_answer(call);
	/* A query's answers are of any number, up to ReadyForQuery. */
	if (state->answers < PENDING_ANSWERS)
		state->answers++;
	if (is_open || *head & PENDING_READY || state->answers < (*head & PENDING_ANSWERS))
		return;
	postgresql_succeed(call);
}

/* What the server skips after an error. */
static void abort_head(const struct postgresql_call *call)
{
	struct message message = { .status = "aborted" };

	message.is_error = call->state->is_failure_server;
	message.is_client_error = !message.is_error;
	answer(call, &message);
	postgresql_pop(call, false);
}

/* Is the head one whose ReadyForQuery may come now? */
static bool is_ready_due(const struct postgresql *state)
{
	uint8_t waits_for = *sql_waiting_head(&state->waiting);

	if (state->is_failed)
		return true;
	/* But for that to a Sync some answer stands before it. */
	return waits_for & PENDING_READY && state->answers >= (waits_for & PENDING_ANSWERS) &&
	       (state->is_answered || waits_for & PENDING_SYNC);
}

static void end_head(const struct postgresql_call *call)
{
	if (!call->state->is_head_failed) {
		postgresql_succeed(call);
		return;
	}
	add_answer(call);
	postgresql_pop(call, false);
}

/* Those that wait end, up to the one that this is the end of. */
static void read_ready(const struct postgresql_call *call)
{
	struct postgresql *state = call->state;

	state->is_copying = false;
	while (state->waiting.count && is_ready_due(state)) {
		uint8_t waits_for = *sql_waiting_head(&state->waiting);
		bool is_skipped =
			state->is_failed && !state->is_head_failed && waits_for & PENDING_ANSWERS;

		if (is_skipped)
			abort_head(call);
		else
			end_head(call);
		if (waits_for & PENDING_READY)
			break;
	}
	state->is_failed = false;
}

struct error_fields {
	char severity[8];
	char code[6];
};

static void parse_error(struct slice body, struct error_fields *ret_fields)
{
	*ret_fields = (struct error_fields){ 0 };
	while (body.length > 1 && body.data[0] != '\0') {
		uint8_t type = body.data[0];
		struct slice value;

		body.data++;
		body.length--;
		value = postgresql_string(&body);
		/* S is in the language of the server; V, since 9.6, is not. */
		if (type == 'V' || (type == 'S' && ret_fields->severity[0] == '\0'))
			str_copy_slice(ret_fields->severity, sizeof(ret_fields->severity), value);
		else if (type == 'C')
			str_copy_slice(ret_fields->code, sizeof(ret_fields->code), value);
	}
}

/* The statement failed, and with it what follows it up to the next Sync. */
static void read_error(const struct postgresql_call *call)
{
	struct postgresql *state = call->state;
	struct message message = { 0 };
	struct error_fields fields;
	struct text status;
	bool is_fatal;

	if (!state->waiting.count)
		return;
	parse_error(call->body, &fields);
	is_fatal = str_equal(fields.severity, "FATAL") || str_equal(fields.severity, "PANIC");
	message.is_client_error = sql_state_blames_client(fields.code);
	message.is_error = !message.is_client_error;
	text_init(&status, message.status, sizeof(message.status));
	text_string(&status, fields.code[0] ? "" : "error");
	text_bytes(&status, (struct slice){ (uint8_t *)fields.code, strlen(fields.code) });
	if (state->waiting.count == 1)
		postgresql_seal(call);
	if (!state->waiting.count)
		return;
	answer(call, &message);
	state->is_head_failed = true;
	state->is_failed = true;
	state->is_failure_server = message.is_error;
	if (is_fatal || !(*sql_waiting_head(&state->waiting) & PENDING_READY))
		postgresql_pop(call, false);
	while (is_fatal && state->waiting.count)
		abort_head(call);
}

/* Process, channel and payload, of which the last is not shown. */
static void read_notification(const struct postgresql_call *call)
{
	struct message message = { .operation = "NOTIFICATION" };
	struct slice rest = call->body;
	struct text target;

	rest.data += MIN(rest.length, 4U);
	rest.length -= MIN(rest.length, 4U);
	text_init(&target, message.target, sizeof(message.target));
	text_bytes(&target, postgresql_string(&rest));
	call->sink->begin(call->sink, NOTIFICATION_NUMBER, &message);
	call->sink->end(call->sink, NOTIFICATION_NUMBER, false);
}

/* A standby's stream goes on for good: what was asked for is that it begins. */
static void read_copy_both(const struct postgresql_call *call)
{
	if (!call->state->waiting.count)
		return;
	postgresql_succeed(call);
}

int postgresql_read_server(const struct postgresql_call *call)
{
	switch (call->type) {
	case 'Z':
		read_ready(call);
		return 0;
	case 'E':
		read_error(call);
		return 0;
	case 'A':
		read_notification(call);
		return 0;
	case 'W':
		read_copy_both(call);
		return 0;
	case '1': /* ends the answer to Parse, Bind, Close, Describe, Execute */
	case '2':
	case '3':
	case 'n':
	case 'T':
	case 'C':
	case 'I':
	case 's':
		count_answer(call);
		return 0;
	case 'G':
		call->state->is_copying = call->state->waiting.count;
		break;
	case 'D':
	case 'H':
	case 'K':
	case 'N':
	case 'R':
	case 'S':
	case 'V':
	case 'c':
	case 'd':
	case 't':
	case 'v':
		break;
	default:
		return -EBADMSG;
	}
	add_answer(call);
	return 0;
}
