/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server of MySQL or MariaDB sends (MySQL's source documentation, "Generic Response
 * Packets", "COM_QUERY Response").
 */
#include "protocols/mysql_state.h"

#include "base/str.h"
#include "protocols/sql_state.h"

#define HEAD_OK	  0x00
#define HEAD_FILE 0xfb
#define HEAD_EOF  0xfe
#define HEAD_ERR  0xff

/* No command that waits has it: a connection that is refused in place of a greeting. */
#define REFUSED_NUMBER (UINT64_MAX - 1)

/* In place of an error's code: how far a command of MariaDB is. */
#define PROGRESS 0xffff

static const struct message answer_begun;
static const struct message answer_fine = { .status = "OK" };

/* The packet belongs to the command at the head. */
static void add_answer(const struct mysql_call *call)
{
	struct mysql *state = call->state;

	if (state->is_answered)
		call->sink->add(call->sink, state->waiting.number);
	else
		call->sink->answer(call->sink, state->waiting.number, &answer_begun);
	state->is_answered = true;
}

static void end_head(const struct mysql_call *call, const struct message *answer)
{
	struct mysql *state = call->state;

	call->sink->answer(call->sink, state->waiting.number, answer);
	call->sink->end(call->sink, state->waiting.number, false);
	sql_waiting_pop(&state->waiting);
	state->is_answered = false;
	state->is_file_sent = false;
	state->answer = MYSQL_ANSWER_FIRST;
}

static void fill_error(struct slice body, struct message *message)
{
	char sql_state[6] = "";
	uint64_t code;

	mysql_take_bytes(&body, 1);
	code = mysql_take_number(&body, 2);
	if (body.length >= 6 && body.data[0] == '#')
		str_copy_slice(sql_state, sizeof(sql_state), (struct slice){ body.data + 1, 5 });
	str_from_u64(message->status, sizeof(message->status), code);
	message->is_client_error =
		sql_state_blames_client(sql_state) || sql_number_blames_client(code);
	message->is_error = !message->is_client_error;
}

static bool is_progress(const struct mysql_call *call)
{
	struct slice body = call->body;

	mysql_take_bytes(&body, 1);
	return mysql_take_number(&body, 2) == PROGRESS;
}

static void read_error(const struct mysql_call *call)
{
	struct message message = { 0 };

	if (is_progress(call)) {
		add_answer(call);
		return;
	}
	fill_error(call->body, &message);
	end_head(call, &message);
}

/* Flags of an OK, and of an EOF in its old and its new form. */
static uint32_t result_flags(const struct mysql_call *call)
{
	struct slice body = call->body;

	mysql_take_bytes(&body, 1);
	if (call->length == 5 && call->body.data[0] == HEAD_EOF) {
		mysql_take_bytes(&body, 2);
		return (uint32_t)mysql_take_number(&body, 2);
	}
	mysql_take_lenenc(&body);
	mysql_take_lenenc(&body);
	return (uint32_t)mysql_take_number(&body, 2);
}

/* A result is whole; more may follow. */
static void end_result(const struct mysql_call *call)
{
	if (!(result_flags(call) & MYSQL_STATUS_MORE)) {
		end_head(call, &answer_fine);
		return;
	}
	add_answer(call);
	call->state->answer = MYSQL_ANSWER_FIRST;
}

/* The statement has got its number; descriptions of its parameters and columns follow. */
static void read_prepared(const struct mysql_call *call)
{
	struct mysql *state = call->state;
	uint64_t unnumbered = 1ULL << 63 | state->waiting.number;
	struct slice body = call->body;
	struct message statement = { 0 };
	uint32_t columns, parameters;
	bool has_border = state->is_known && !(state->can & MYSQL_CAN_DEPRECATE_EOF);

	mysql_take_bytes(&body, 1);
	state->last_prepared = mysql_take_number(&body, 4);
	columns = (uint32_t)mysql_take_number(&body, 2);
	parameters = (uint32_t)mysql_take_number(&body, 2);
	statement_cache_get(&state->statements, unnumbered, &statement);
	statement_cache_remove(&state->statements, unnumbered);
	statement_cache_put(&state->statements, state->last_prepared, &statement);
	state->left = columns + parameters;
	if (has_border)
		state->left += (columns > 0) + (parameters > 0);
	if (state->left == 0) {
		end_head(call, &answer_fine);
		return;
	}
	add_answer(call);
	state->answer = MYSQL_ANSWER_PREPARED;
}

static void read_columns(const struct mysql_call *call)
{
	struct slice body = call->body;
	uint64_t count = mysql_take_lenenc(&body);
	/* MariaDB's clients may know the columns from the time before. */
	bool is_left_out = body.length == 1 && body.data[0] == 0;

	add_answer(call);
	call->state->left = is_left_out ? 0 : (uint32_t)MIN(count, 4096U);
	call->state->answer = MYSQL_ANSWER_COLUMNS;
	if (call->state->left == 0)
		call->state->answer = MYSQL_ANSWER_BORDER;
}

/* The first packet of a result, or the only one. */
static void read_first(const struct mysql_call *call, uint8_t command)
{
	uint8_t head = call->body.data[0];

	if (head == HEAD_ERR) {
		read_error(call);
	} else if (command == MYSQL_STMT_PREPARE && head == HEAD_OK) {
		read_prepared(call);
	} else if (head == HEAD_OK || head == HEAD_EOF) {
		end_result(call);
	} else if (head == HEAD_FILE) {
		add_answer(call);
		call->state->is_file_sent = true;
	} else {
		read_columns(call);
	}
}

static void read_row(const struct mysql_call *call)
{
	uint8_t head = call->body.data[0];

	/* A row that begins so has a value that fills more than a packet. */
	if (head == HEAD_EOF && call->length < MYSQL_LONGEST)
		end_result(call);
	else if (head == HEAD_ERR)
		read_error(call);
	else
		add_answer(call);
}

static void read_border(const struct mysql_call *call)
{
	bool is_border = call->body.data[0] == HEAD_EOF && call->length == 5;

	call->state->answer = MYSQL_ANSWER_ROWS;
	if (!is_border)
		read_row(call);
	else if (result_flags(call) & MYSQL_STATUS_CURSOR)
		end_head(call, &answer_fine); /* the rows are fetched later */
	else
		add_answer(call);
}

uint32_t mysql_bulk(const struct mysql *state)
{
	const uint8_t *command = sql_waiting_head(&state->waiting);

	if (!command)
		return 0;
	if (*command == MYSQL_STMT_FETCH || *command == MYSQL_FIELD_LIST ||
		state->answer == MYSQL_ANSWER_ROWS)
		return UINT32_MAX;
	return state->answer == MYSQL_ANSWER_COLUMNS || state->answer == MYSQL_ANSWER_PREPARED
		       ? state->left
		       : 0;
}

void mysql_read_bulk(const struct mysql_call *call, uint32_t packets)
{
	struct mysql *state = call->state;

	add_answer(call);
	if (state->answer != MYSQL_ANSWER_COLUMNS && state->answer != MYSQL_ANSWER_PREPARED)
		return;
	state->left -= packets;
	if (state->left > 0)
		return;
	if (state->answer == MYSQL_ANSWER_PREPARED)
		end_head(call, &answer_fine);
	else
		state->answer = state->is_known && state->can & MYSQL_CAN_DEPRECATE_EOF
					? MYSQL_ANSWER_ROWS
					: MYSQL_ANSWER_BORDER;
}

/* One that is none of a column: a border between them, which is counted only where it was to be
 * expected. */
static void read_description(const struct mysql_call *call)
{
	if (call->body.data[0] == HEAD_ERR)
		read_error(call);
	else
		mysql_read_bulk(call, call->state->is_known ? 1 : 0);
}

static void read_login(const struct mysql_call *call, uint8_t command)
{
	struct mysql *state = call->state;
	uint8_t head = call->body.data[0];

	if (head == HEAD_ERR) {
		read_error(call);
	} else if (head == HEAD_OK) {
		state->is_compressed = command == MYSQL_CONNECT &&
				       state->can & (MYSQL_CAN_COMPRESS | MYSQL_CAN_ZSTD);
		end_head(call, &answer_fine);
	} else {
		add_answer(call);
	}
}

/* The log is sent for good: what was asked for is that it begins. */
static void read_log(const struct mysql_call *call)
{
	if (call->body.data[0] == HEAD_ERR) {
		read_error(call);
		return;
	}
	call->state->is_streaming = true;
	end_head(call, &answer_fine);
}

static void read_answer(const struct mysql_call *call, uint8_t command)
{
	switch (command) {
	case MYSQL_CONNECT:
	case MYSQL_CHANGE_USER:
		read_login(call, command);
		return;
	case MYSQL_STATISTICS:
		end_head(call, &answer_fine);
		return;
	case MYSQL_BINLOG_DUMP:
	case MYSQL_BINLOG_DUMP_GTID:
	case MYSQL_TABLE_DUMP:
		read_log(call);
		return;
	case MYSQL_FIELD_LIST:
	case MYSQL_STMT_FETCH:
		read_row(call);
		return;
	}
	switch ((enum mysql_answer)call->state->answer) {
	case MYSQL_ANSWER_FIRST:
		read_first(call, command);
		return;
	case MYSQL_ANSWER_BORDER:
		read_border(call);
		return;
	case MYSQL_ANSWER_COLUMNS:
	case MYSQL_ANSWER_PREPARED:
		read_description(call);
		return;
	case MYSQL_ANSWER_ROWS:
		read_row(call);
		return;
	}
}

static int read_greeting(const struct mysql_call *call)
{
	struct message message = { .operation = "STARTUP" };
	struct mysql *state = call->state;
	struct slice body = call->body;
	uint8_t version = (uint8_t)mysql_take_number(&body, 1);

	state->is_greeted = true;
	if (version == HEAD_ERR) {
		call->sink->begin(call->sink, REFUSED_NUMBER, &message);
		fill_error(call->body, &message);
		call->sink->answer(call->sink, REFUSED_NUMBER, &message);
		call->sink->end(call->sink, REFUSED_NUMBER, false);
		return 0;
	}
	if (version != 10)
		return -EBADMSG;
	/* Version, thread, salt, filler; capabilities in two halves with character set and status
	 * between them. */
	mysql_take_string(&body);
	mysql_take_bytes(&body, 13);
	state->server_can = (uint32_t)mysql_take_number(&body, 2);
	mysql_take_bytes(&body, 3);
	state->server_can |= (uint32_t)mysql_take_number(&body, 2) << 16;
	return 0;
}

int mysql_read_server(const struct mysql_call *call)
{
	struct mysql *state = call->state;
	const uint8_t *command = sql_waiting_head(&state->waiting);

	if (!state->is_greeted && !state->is_started && call->number == 0)
		return call->length > 0 ? read_greeting(call) : -EBADMSG;
	state->is_greeted = true;
	/* The agent came later. */
	if (!command)
		return 0;
	if (call->body.length == 0)
		add_answer(call);
	else
		read_answer(call, *command);
	return 0;
}
