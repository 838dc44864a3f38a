/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PostgreSQL client sends (PostgreSQL's documentation, "Message Flow").
 */
#include "protocols/postgresql_match.h"
#include "protocols/postgresql_state.h"

#include "base/str.h"
#include "protocols/sql_text.h"
#include "protocols/text.h"

/* Under it the cache has nothing. */
#define STATEMENT_NONE 0

static uint64_t portal_statement(const struct postgresql *state, uint64_t key)
{
	for (size_t index = 0; index < POSTGRESQL_PORTALS; index++) {
		if (state->portals[index].key == key)
			return state->portals[index].statement;
	}
	return STATEMENT_NONE;
}

static void bind_portal(struct postgresql *state, struct slice name, uint64_t statement)
{
	struct postgresql_portal *portal = &state->portals[0];
	uint64_t key = statement_cache_key(name);

	for (size_t index = 1; index < POSTGRESQL_PORTALS && name.length > 0; index++) {
		if (state->portals[index].key == key)
			portal = &state->portals[index];
	}
	if (name.length > 0 && portal == &state->portals[0]) {
		state->portal_next = state->portal_next % (POSTGRESQL_PORTALS - 1) + 1;
		portal = &state->portals[state->portal_next];
	}
	*portal = (struct postgresql_portal){ key, statement };
}

static int begin(
	const struct postgresql_call *call, uint8_t waits_for, const struct message *request)
{
	struct sql_waiting *waiting = &call->state->waiting;
	int r = sql_waiting_push(waiting, waits_for, POSTGRESQL_WAITING);

	if (r == 0)
		call->sink->begin(call->sink, sql_waiting_last_number(waiting), request);
	return r;
}

static void add_to_last(const struct postgresql_call *call)
{
	call->sink->add(call->sink, sql_waiting_last_number(&call->state->waiting));
}

/* Without an Execute it is named by what it is for. */
static const char *unit_operation(uint8_t unit)
{
	if (unit & UNIT_EXECUTE)
		return NULL;
	if (unit & UNIT_PARSE)
		return "PREPARE";
	if (unit & UNIT_BIND)
		return "BIND";
	return unit & UNIT_DESCRIBE ? "DESCRIBE" : "CLOSE";
}

static bool is_whole(const struct postgresql *state)
{
	uint8_t waits_for = *sql_waiting_head(&state->waiting);

	return !(waits_for & PENDING_READY) && state->answers >= (waits_for & PENDING_ANSWERS);
}

void postgresql_seal(const struct postgresql_call *call)
{
	struct postgresql *state = call->state;
	const char *operation = unit_operation(state->unit);
	struct message *request;

	if (!state->is_unit_open)
		return;
	state->is_unit_open = false;
	request = call->sink->request(call->sink, sql_waiting_last_number(&state->waiting));
	if (request && operation)
		str_set(request->operation, operation);
	/* The answers may have come while more was still possible. */
	if (state->waiting.count == 1 && is_whole(state))
		postgresql_succeed(call);
}

/* May a message of this sort not join those that are there? */
static bool needs_new_unit(uint8_t unit, enum postgresql_unit sort)
{
	switch (sort) {
	case UNIT_PARSE:
	case UNIT_CLOSE:
		return unit & ~UNIT_CLOSE;
	case UNIT_BIND:
		return unit & UNIT_BIND;
	case UNIT_DESCRIBE:
	case UNIT_EXECUTE:
		return false;
	}
	return false;
}

static int join_unit(
	const struct postgresql_call *call, enum postgresql_unit sort, uint64_t statement)
{
	struct postgresql *state = call->state;
	uint8_t *last;

	if (state->is_unit_open &&
		(needs_new_unit(state->unit, sort) ||
			(*sql_waiting_last(&state->waiting) & PENDING_ANSWERS) == PENDING_ANSWERS))
		postgresql_seal(call);
	if (!state->is_unit_open) {
		struct message request = { 0 };
		int r;

		statement_cache_get(&state->statements, statement, &request);
		r = begin(call, 0, &request);
		if (r < 0)
			return r;
		state->is_unit_open = true;
		state->unit = 0;
	} else {
		struct message *request =
			call->sink->request(call->sink, sql_waiting_last_number(&state->waiting));

		if (request && state->unit_statement != statement)
			statement_cache_get(&state->statements, statement, request);
		add_to_last(call);
	}
	last = sql_waiting_last(&state->waiting);
	(*last)++;
	state->unit |= sort;
	state->unit_statement = statement;
	if (sort == UNIT_EXECUTE)
		postgresql_seal(call);
	return 0;
}

static int read_parse(const struct postgresql_call *call)
{
	struct slice rest = call->body;
	uint64_t key = statement_cache_key(postgresql_string(&rest));
	struct message statement = { 0 };

	sql_text(postgresql_string(&rest), SQL_POSTGRESQL, call->flags, &statement);
	statement_cache_put(&call->state->statements, key, &statement);
	/* Even under the same name it is another one now. */
	call->state->unit_statement = STATEMENT_NONE;
	return join_unit(call, UNIT_PARSE, key);
}

static int read_bind(const struct postgresql_call *call)
{
	struct slice rest = call->body;
	struct slice portal = postgresql_string(&rest);
	uint64_t statement = statement_cache_key(postgresql_string(&rest));

	bind_portal(call->state, portal, statement);
	return join_unit(call, UNIT_BIND, statement);
}

/* Of a Describe or Close: which statement is meant. */
static uint64_t named_statement(const struct postgresql_call *call)
{
	struct slice rest = call->body;
	bool is_statement = rest.length > 0 && rest.data[0] == 'S';
	uint64_t key;

	if (rest.length > 0) {
		rest.data++;
		rest.length--;
	}
	key = statement_cache_key(postgresql_string(&rest));
	return is_statement ? key : portal_statement(call->state, key);
}

static int read_close(const struct postgresql_call *call)
{
	struct postgresql *state = call->state;
	uint8_t *last = sql_waiting_last(&state->waiting);
	uint64_t statement = named_statement(call);
	int r = 0;

	/* Behind an Execute it is part of what the client waits for. */
	if (last && !state->is_unit_open && !(*last & PENDING_READY) &&
		(*last & PENDING_ANSWERS) < PENDING_ANSWERS) {
		(*last)++;
		add_to_last(call);
	} else {
		r = join_unit(call, UNIT_CLOSE, statement);
	}
	if (call->body.length > 0 && call->body.data[0] == 'S')
		statement_cache_remove(&state->statements, statement);
	return r;
}

static int read_sync(const struct postgresql_call *call)
{
	static const struct message sync = { .operation = "SYNC" };
	struct postgresql *state = call->state;
	uint8_t *last = sql_waiting_last(&state->waiting);

	/* The server ignores those that come while it copies, but for the last one. */
	if (state->is_copying) {
		call->sink->add(call->sink, state->waiting.number);
		return 0;
	}
	if (!last || *last & PENDING_READY)
		return begin(call, PENDING_READY | PENDING_SYNC, &sync);
	add_to_last(call);
	*last |= PENDING_READY;
	postgresql_seal(call);
	return 0;
}

static int read_query(const struct postgresql_call *call)
{
	struct slice rest = call->body;
	struct message request = { 0 };

	sql_text(postgresql_string(&rest), SQL_POSTGRESQL, call->flags, &request);
	return begin(call, PENDING_READY, &request);
}

static int read_function(const struct postgresql_call *call)
{
	struct message request = { .operation = "FUNCTION" };
	char number[STR_NUMBER_BYTES];

	if (call->body.length >= 4) {
		str_from_u64(number, sizeof(number), postgresql_word(call->body.data));
		str_set(request.target, number);
	}
	return begin(call, PENDING_READY, &request);
}

/* Messages of the extended protocol go with each other; any other one ends what was begun. */
static int read_extended(const struct postgresql_call *call, bool *ret_is_extended)
{
	const struct postgresql *state = call->state;
	struct slice rest = call->body;

	*ret_is_extended = true;
	switch (call->type) {
	case 'P':
		return read_parse(call);
	case 'B':
		return read_bind(call);
	case 'D':
		return join_unit(call, UNIT_DESCRIBE, named_statement(call));
	case 'E':
		return join_unit(call, UNIT_EXECUTE,
			portal_statement(state, statement_cache_key(postgresql_string(&rest))));
	case 'C':
		return read_close(call);
	case 'S':
		return read_sync(call);
	}
	*ret_is_extended = false;
	return 0;
}

int postgresql_read_client(const struct postgresql_call *call)
{
	struct postgresql *state = call->state;
	bool is_extended;
	int r;

	state->is_started = true;
	r = read_extended(call, &is_extended);
	if (r < 0 || is_extended)
		return r;
	switch (call->type) {
	case 'd': /* rows of a COPY, or what a standby says */
	case 'c':
	case 'f':
	case 'p': /* a password, which nobody looks at */
		if (state->waiting.count)
			call->sink->add(call->sink, state->waiting.number);
		return 0;
	case 'H':
		if (state->waiting.count)
			add_to_last(call);
		postgresql_seal(call);
		return 0;
	case 'Q':
		postgresql_seal(call);
		return read_query(call);
	case 'F':
		postgresql_seal(call);
		return read_function(call);
	case 'X':
		return 0;
	}
	return -EBADMSG;
}

/* "user alice, psql": what is known of who connects. */
static void describe_client(struct message *request, struct slice user, struct slice application)
{
	struct text text;

	text_init(&text, request->detail, sizeof(request->detail));
	text_string(&text, "user ");
	text_bytes(&text, user);
	if (application.length == 0)
		return;
	text_string(&text, ", ");
	text_bytes(&text, application);
}

static bool is_text(struct slice text, const char *expected)
{
	return text.length == strlen(expected) && memcmp(text.data, expected, text.length) == 0;
}

/* Names and values in turn. */
static int read_parameters(const struct postgresql_call *call, struct slice rest)
{
	struct message request = { .operation = "STARTUP" };
	struct slice user = { 0 }, application = { 0 }, database = { 0 };
	struct text target;

	while (rest.length > 0) {
		struct slice name = postgresql_string(&rest);
		struct slice value = postgresql_string(&rest);

		if (is_text(name, "user"))
			user = value;
		else if (is_text(name, "database"))
			database = value;
		else if (is_text(name, "application_name"))
			application = value;
	}
	text_init(&target, request.target, sizeof(request.target));
	text_bytes(&target, database.length > 0 ? database : user);
	describe_client(&request, user, application);
	return begin(call, PENDING_READY, &request);
}

int postgresql_read_startup(const struct postgresql_call *call)
{
	static const struct message cancel = { .operation = "CANCEL" };
	struct slice rest = call->body;
	uint32_t version;

	if (rest.length < 4)
		return -EBADMSG;
	version = postgresql_word(rest.data);
	rest.data += 4;
	rest.length -= 4;
	if (version == POSTGRESQL_TLS || version == POSTGRESQL_GSS) {
		/* Nobody asks more than twice. */
		return ++call->state->encryption_due > 2 ? -EBADMSG : 0;
	}
	/* Its answer is the end of the connection. */
	if (version == POSTGRESQL_CANCEL) {
		int r = begin(call, PENDING_READY, &cancel);

		if (r == 0)
			postgresql_pop(call, false);
		return r;
	}
	if (version >> 16 != 3)
		return -EBADMSG;
	call->state->is_started = true;
	return read_parameters(call, rest);
}
