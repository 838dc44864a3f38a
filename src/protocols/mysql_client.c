/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client of MySQL or MariaDB sends (MySQL's source documentation, "Connection Phase",
 * "Command Phase").
 */
#include "protocols/mysql_state.h"

#include "base/str.h"
#include "protocols/sql_text.h"
#include "protocols/text.h"

/* No command that waits has it: nobody answers these. */
#define SILENT_NUMBER UINT64_MAX
/* The number by which MariaDB's clients call the statement that was prepared last. */
#define LAST_PREPARED 0xffffffff

/* A client that speaks 4.1 says so in these many bytes, which are all when it wants TLS first. */
#define RESPONSE_LEAST 32

static const char *const command_words[MYSQL_LAST] = {
	[MYSQL_INIT_DB] = "USE",
	[MYSQL_QUERY] = "OTHER",
	[MYSQL_FIELD_LIST] = "FIELD LIST",
	[0x05] = "CREATE",
	[0x06] = "DROP",
	[0x07] = "FLUSH",
	[0x08] = "SHUTDOWN",
	[MYSQL_STATISTICS] = "STATISTICS",
	[0x0a] = "SHOW",
	[0x0b] = "CONNECT",
	[0x0c] = "KILL",
	[0x0d] = "DEBUG",
	[0x0e] = "PING",
	[MYSQL_CHANGE_USER] = "CHANGE USER",
	[MYSQL_BINLOG_DUMP] = "BINLOG DUMP",
	[MYSQL_TABLE_DUMP] = "TABLE DUMP",
	[0x15] = "REGISTER REPLICA",
	[MYSQL_STMT_PREPARE] = "PREPARE",
	[MYSQL_STMT_EXECUTE] = "EXECUTE",
	[MYSQL_STMT_LONG_DATA] = "LONG DATA",
	[MYSQL_STMT_CLOSE] = "CLOSE",
	[MYSQL_STMT_RESET] = "RESET",
	[0x1b] = "SET OPTION",
	[MYSQL_STMT_FETCH] = "FETCH",
	[MYSQL_BINLOG_DUMP_GTID] = "BINLOG DUMP",
	[0x1f] = "RESET CONNECTION",
};

uint64_t mysql_take_number(struct slice *bytes, size_t size)
{
	struct slice taken = mysql_take_bytes(bytes, size);
	uint64_t number = 0;

	for (size_t at = 0; at < taken.length; at++)
		number |= (uint64_t)taken.data[at] << (8 * at);
	return number;
}

uint64_t mysql_take_lenenc(struct slice *bytes)
{
	uint64_t first = mysql_take_number(bytes, 1);

	if (first < 0xfb)
		return first;
	if (first == 0xfc)
		return mysql_take_number(bytes, 2);
	if (first == 0xfd)
		return mysql_take_number(bytes, 3);
	return first == 0xfe ? mysql_take_number(bytes, 8) : 0;
}

struct slice mysql_take_bytes(struct slice *bytes, size_t size)
{
	struct slice taken = { bytes->data, MIN(size, bytes->length) };

	bytes->data += taken.length;
	bytes->length -= taken.length;
	return taken;
}

struct slice mysql_take_string(struct slice *bytes)
{
	const uint8_t *end = bytes->length ? memchr(bytes->data, '\0', bytes->length) : NULL;
	struct slice text =
		mysql_take_bytes(bytes, end ? (size_t)(end - bytes->data) : bytes->length);

	mysql_take_bytes(bytes, end != NULL);
	return text;
}

static int begin(const struct mysql_call *call, uint8_t command, const struct message *request)
{
	struct sql_waiting *waiting = &call->state->waiting;
	int r = sql_waiting_push(waiting, command, MYSQL_WAITING);

	if (r == 0)
		call->sink->begin(call->sink, sql_waiting_last_number(waiting), request);
	return r;
}

static void set_text(char *destination, size_t size, const char *before, struct slice bytes)
{
	struct text text;

	text_init(&text, destination, size);
	text_string(&text, before);
	text_bytes(&text, bytes);
}

/* Behind the password: as long as it says, in one of three ways. */
static void skip_password(struct slice *body, uint32_t can)
{
	if (can & MYSQL_CAN_LENENC_AUTH)
		mysql_take_bytes(body, (size_t)mysql_take_lenenc(body));
	else if (can & MYSQL_CAN_SECURE)
		mysql_take_bytes(body, (size_t)mysql_take_number(body, 1));
	else
		mysql_take_string(body);
}

/* The answer to the greeting. */
static int read_response(const struct mysql_call *call)
{
	struct message request = { .operation = "STARTUP" };
	struct mysql *state = call->state;
	struct slice body = call->body;
	uint32_t can = (uint32_t)mysql_take_number(&body, 4);
	bool is_compressed;

	if (!(can & MYSQL_CAN_PROTOCOL_41) || call->length < RESPONSE_LEAST)
		return -EBADMSG;
	if (can & MYSQL_CAN_TLS && call->length == RESPONSE_LEAST) {
		call->sink->starts_tls(call->sink);
		return 0;
	}
	state->can = state->server_can ? can & state->server_can : can;
	state->is_known = true;
	state->is_started = true;
	/* Longest packet, character set, nothing. */
	mysql_take_bytes(&body, 28);
	/* What comes after the startup is not read then, which shall have its reason. */
	is_compressed = state->can & (MYSQL_CAN_COMPRESS | MYSQL_CAN_ZSTD);
	set_text(request.detail, sizeof(request.detail),
		is_compressed ? "compressed, user " : "user ", mysql_take_string(&body));
	skip_password(&body, can);
	if (can & MYSQL_CAN_CONNECT_WITH_DB)
		set_text(request.target, sizeof(request.target), "", mysql_take_string(&body));
	return begin(call, MYSQL_CONNECT, &request);
}

/* MySQL's clients since 8.0.23 put attributes before the statement; false when it is not found. */
static bool skip_attributes(const struct mysql *state, struct slice *body)
{
	bool are_none = body->length >= 2 && body->data[0] == 0 && body->data[1] == 1;

	if (state->is_known && !(state->can & MYSQL_CAN_ATTRIBUTES))
		return true;
	if (are_none)
		mysql_take_bytes(body, 2);
	return are_none || !state->is_known;
}

static int read_query(const struct mysql_call *call, struct slice body)
{
	struct message request = { .operation = "OTHER", .detail = "query with attributes" };

	if (skip_attributes(call->state, &body))
		sql_text(body, SQL_MYSQL, call->flags, &request);
	return begin(call, MYSQL_QUERY, &request);
}

/* Under this key it is kept until the server has given it a number. */
static uint64_t unnumbered(uint64_t exchange)
{
	return 1ULL << 63 | exchange;
}

static int read_prepare(const struct mysql_call *call, struct slice body)
{
	struct message request = { 0 };
	int r;

	sql_text(body, SQL_MYSQL, call->flags, &request);
	r = sql_waiting_push(&call->state->waiting, MYSQL_STMT_PREPARE, MYSQL_WAITING);
	if (r < 0)
		return r;
	statement_cache_put(&call->state->statements,
		unnumbered(sql_waiting_last_number(&call->state->waiting)), &request);
	str_set(request.operation, "PREPARE");
	call->sink->begin(call->sink, sql_waiting_last_number(&call->state->waiting), &request);
	return 0;
}

static uint64_t named_statement(const struct mysql_call *call, struct slice body)
{
	uint64_t number = mysql_take_number(&body, 4);

	return number == LAST_PREPARED ? call->state->last_prepared : number;
}

/* Of a statement that was prepared. */
static int read_statement(const struct mysql_call *call, uint8_t command, struct slice body)
{
	struct statement_cache *statements = &call->state->statements;
	uint64_t statement = named_statement(call, body);
	struct message request = { 0 };

	statement_cache_get(statements, statement, &request);
	if (command == MYSQL_STMT_EXECUTE || command == MYSQL_STMT_BULK_EXECUTE)
		return begin(call, command, &request);
	str_set(request.operation, command_words[command]);
	if (command != MYSQL_STMT_CLOSE && command != MYSQL_STMT_LONG_DATA)
		return begin(call, command, &request);
	if (command == MYSQL_STMT_CLOSE)
		statement_cache_remove(statements, statement);
	call->sink->begin(call->sink, SILENT_NUMBER, &request);
	call->sink->end(call->sink, SILENT_NUMBER, false);
	return 0;
}

static int read_other(const struct mysql_call *call, uint8_t command, struct slice body)
{
	struct message request = { 0 };

	if (command >= MYSQL_LAST || !command_words[command])
		return -EBADMSG;
	str_set(request.operation, command_words[command]);
	if (command == MYSQL_INIT_DB || command == 0x05 || command == 0x06)
		set_text(request.target, sizeof(request.target), "", body);
	else if (command == MYSQL_FIELD_LIST)
		set_text(request.target, sizeof(request.target), "", mysql_take_string(&body));
	else if (command == MYSQL_CHANGE_USER)
		set_text(request.detail, sizeof(request.detail), "user ", mysql_take_string(&body));
	return begin(call, command, &request);
}

static int read_command(const struct mysql_call *call)
{
	struct slice body = call->body;
	uint8_t command = (uint8_t)mysql_take_number(&body, 1);

	switch (command) {
	case MYSQL_QUIT:
		return call->length == 1 ? 0 : -EBADMSG;
	case MYSQL_QUERY:
		return read_query(call, body);
	case MYSQL_STMT_PREPARE:
		return read_prepare(call, body);
	case MYSQL_STMT_EXECUTE:
	case MYSQL_STMT_BULK_EXECUTE:
	case MYSQL_STMT_FETCH:
	case MYSQL_STMT_RESET:
	case MYSQL_STMT_CLOSE:
	case MYSQL_STMT_LONG_DATA:
		return read_statement(call, command, body);
	}
	return read_other(call, command, body);
}

int mysql_read_client(const struct mysql_call *call)
{
	struct mysql *state = call->state;

	if (!state->is_started && call->number > 0)
		return read_response(call);
	/* The agent came later. */
	state->is_started = true;
	if (state->is_file_sent) {
		state->is_file_sent = call->length > 0;
		call->sink->add(call->sink, state->waiting.number);
		return 0;
	}
	/* More of the head's request: passwords. Commands begin with 0. */
	if (call->number > 0) {
		call->sink->add(call->sink, state->waiting.number);
		return 0;
	}
	return call->length > 0 ? read_command(call) : -EBADMSG;
}
