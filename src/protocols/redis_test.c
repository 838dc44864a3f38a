/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis connections, written as both sides send them, and the exchanges that come of them.
 */
#include "protocols/dialogue.h"
#include "protocols/redis_command.h"
#include "protocols/redis_match.h"

#include "base/buf.h"
#include "base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

extern const struct protocol redis_protocol;

#define SAID_BYTES 8192

/* One connection, and a line for each thing that was told. */
struct connection {
	struct dialogue_sink sink; /* first */
	char state[1024];
	char said[SAID_BYTES];
	size_t length;
	struct message requests[64];
	uint64_t numbers[64];
	size_t count;
};

static struct connection *connection_of(struct dialogue_sink *sink)
{
	return (struct connection *)sink;
}

static void say(struct connection *connection, const char *what, uint64_t number, const char *text)
{
	char name[32] = "x";

	if (number != UINT64_MAX)
		snprintf(name, sizeof(name), "%d", (int)number);
	connection->length += (size_t)snprintf(connection->said + connection->length,
		SAID_BYTES - connection->length, "%s%s%s%s%s\n", name, what[0] ? " " : "", what,
		text[0] ? " " : "", text);
	assert_true(connection->length < SAID_BYTES);
}

static void begin(struct dialogue_sink *sink, uint64_t number, const struct message *request)
{
	char text[800];

	snprintf(text, sizeof(text), "[%s] [%s] [%s]", request->operation, request->target,
		request->detail);
	say(connection_of(sink), "", number, text);
}

static void add(struct dialogue_sink *sink, uint64_t number)
{
}

static void answer(struct dialogue_sink *sink, uint64_t number, const struct message *message)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%s", message->status,
		message->is_error	   ? " error"
		: message->is_client_error ? " client error"
					   : "");
	say(connection_of(sink), "=", number, text);
}

static void end(struct dialogue_sink *sink, uint64_t number, bool is_incomplete)
{
	say(connection_of(sink), is_incomplete ? "incomplete" : "end", number, "");
}

static void connection_init(struct connection *connection)
{
	memset(connection, 0, sizeof(*connection));
	connection->sink =
		(struct dialogue_sink){ .begin = begin, .add = add, .answer = answer, .end = end };
	assert_true(redis_protocol.dialogue->state_bytes <= sizeof(connection->state));
}

/* Feeds the bytes, first as many as split, then step more each time; returns what is left over, or
 * -errno. */
static int64_t feed(struct connection *connection, enum dialogue_side side, struct slice bytes,
	size_t split, size_t step)
{
	size_t at = 0, there = split;
	int64_t r = 1;

	while (at < bytes.length && r >= 0) {
		size_t length = MIN(there, bytes.length) - at;
		uint8_t *exact;

		if (there <= at) {
			there += step;
			continue;
		}
		exact = malloc(length);
		assert_non_null(exact);
		memcpy(exact, bytes.data + at, length);
		r = redis_protocol.dialogue->read(connection->state, side,
			(struct slice){ exact, length }, 0, &connection->sink);
		free(exact);
		if (r > 0)
			at += (size_t)r;
		else if (r == 0 && there >= bytes.length)
			break;
		else
			there += step;
	}
	return r < 0 ? r : (int64_t)bytes.length - (int64_t)MIN(at, bytes.length);
}

static int64_t client(struct connection *connection, const char *text)
{
	return feed(connection, DIALOGUE_CLIENT,
		(struct slice){ (const uint8_t *)text, strlen(text) }, strlen(text), 1);
}

static int64_t server(struct connection *connection, const char *text)
{
	return feed(connection, DIALOGUE_SERVER,
		(struct slice){ (const uint8_t *)text, strlen(text) }, strlen(text), 1);
}

static void expect(struct connection *connection, const char *said)
{
	assert_string_equal(connection->said, said);
	connection->said[0] = '\0';
	connection->length = 0;
}

static void test_commands(void **context)
{
	static const struct {
		const char *bytes, *said;
	} cases[] = {
		{ "*3\r\n$3\r\nset\r\n$12\r\nuser:42:cart\r\n$5\r\nvalue\r\n",
			"1 [SET] [user:{id}:cart] [SET ? ?]\n" },
		{ "*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n$2\r\nex\r\n$2\r\n10\r\n",
			"1 [SET] [k] [SET ? ? EX ?]\n" },
		{ "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n", "1 [AUTH] [] [AUTH ?]\n" },
		{ "*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n",
			"1 [HELLO] [] [HELLO ? ? ? ?]\n" },
		{ "*3\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n$4\r\nsave\r\n",
			"1 [CONFIG GET] [] [CONFIG GET ?]\n" },
		{ "*3\r\n$6\r\nMEMORY\r\n$5\r\nusage\r\n$3\r\na|7\r\n",
			"1 [MEMORY USAGE] [a|{id}] [MEMORY USAGE ?]\n" },
		{ "*3\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n0\r\n", "1 [EVAL] [] [EVAL ? ?]\n" },
		{ "*6\r\n$5\r\nXREAD\r\n$5\r\nCOUNT\r\n$1\r\n2\r\n$7\r\nSTREAMS\r\n$4\r\nlogs\r\n$"
		  "1\r\n0\r\n",
			"1 [XREAD] [logs] [XREAD COUNT ? STREAMS ? ?]\n" },
		{ "*2\r\n$8\r\nJSON.GET\r\n$5\r\ndoc:7\r\n",
			"1 [JSON.GET] [doc:{id}] [JSON.GET ?]\n" },
		{ "GET \"a b\" 'c'\r\n", "1 [GET] [a%20b] [GET ? ?]\n" },
		{ "ping\n", "1 [PING] [] [PING]\n" },
		{ "\r\n*0\r\n*-1\r\n", "" },
		{ "*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n",
			"1 [PING] [] [PING]\n2 [ECHO] [] [ECHO ?]\n" },
	};

	for (size_t index = 0; index < ARRAY_LENGTH(cases); index++) {
		struct connection connection;

		connection_init(&connection);
		assert_int_equal(client(&connection, cases[index].bytes), 0);
		expect(&connection, cases[index].said);
	}
}

static void test_unmasked(void **context)
{
	static const char bytes[] = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\na b\xff\n\r\n";
	struct connection connection;

	connection_init(&connection);
	assert_int_equal(redis_protocol.dialogue->read(connection.state, DIALOGUE_CLIENT,
				 (struct slice){ (const uint8_t *)bytes, sizeof(bytes) - 1 },
				 MESSAGE_UNMASKED, &connection.sink),
		sizeof(bytes) - 1);
	expect(&connection, "1 [SET] [k] [SET k a%20b%FF%0A]\n");
}

static void test_answers(void **context)
{
	static const struct {
		const char *bytes, *said;
	} cases[] = {
		{ "+OK\r\n", "1 = OK\n1 end\n" },
		{ ":7\r\n", "1 = OK\n1 end\n" },
		{ "$-1\r\n", "1 = NIL\n1 end\n" },
		{ "*-1\r\n", "1 = NIL\n1 end\n" },
		{ "_\r\n", "1 = NIL\n1 end\n" },
		{ "$0\r\n\r\n", "1 = OK\n1 end\n" },
		{ "-WRONGTYPE Operation against a key\r\n", "1 = WRONGTYPE client error\n1 end\n" },
		{ "-OOM command not allowed\r\n", "1 = OOM error\n1 end\n" },
		{ "-MOVED 3999 127.0.0.1:6381\r\n", "1 = MOVED\n1 end\n" },
		{ "-no code\r\n", "1 = ERR client error\n1 end\n" },
		{ "!10\r\nERR a\r\nb!!\r\n", "1 = ERR client error\n1 end\n" },
		{ "*2\r\n*2\r\n:1\r\n$1\r\na\r\n*0\r\n", "1 = OK\n1 end\n" },
		{ "%2\r\n+a\r\n#t\r\n+b\r\n,1.5\r\n", "1 = OK\n1 end\n" },
		{ "~2\r\n(12345678901234567890\r\n=7\r\ntxt:abc\r\n", "1 = OK\n1 end\n" },
		{ "|1\r\n+ttl\r\n:3600\r\n$-1\r\n", "1 = NIL\n1 end\n" },
		{ "+QUEUED\r\n", "1 = QUEUED\n1 end\n" },
	};

	for (size_t index = 0; index < ARRAY_LENGTH(cases); index++) {
		struct connection connection;

		connection_init(&connection);
		client(&connection, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
		expect(&connection, "1 [GET] [k] [GET ?]\n");
		assert_int_equal(server(&connection, cases[index].bytes), 0);
		expect(&connection, cases[index].said);
	}
}

static void test_what_it_is_not(void **context)
{
	static const char *const commands[] = { "*1\r\n+PING\r\n", "*1x\r\n", "*2\r\n$-2\r\n",
		"*1\r\n$4\r\nPINGxx", "\x01\x02\r\n", "*1\r\n$1\r\n9\r\n", "{\"a\": 1}\r\n",
		"*1\r\n$99999999999999\r\n", "*2\r\n$5\r\nalice\r\n$3\r\nbob\r\n",
		"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n",
		"*123456789012345678901234567890" };
	static const char *const answers[] = { "HTTP/1.1 200 OK\r\n", "+OK\n", "$5\r\nhelloXX",
		"*?\r\n", "$1x\r\n", "%-1\r\n" };

	for (size_t index = 0; index < ARRAY_LENGTH(commands); index++) {
		struct connection connection;

		connection_init(&connection);
		assert_int_equal(client(&connection, commands[index]), -EBADMSG);
		expect(&connection, "");
	}
	for (size_t index = 0; index < ARRAY_LENGTH(answers); index++) {
		struct connection connection;

		connection_init(&connection);
		assert_int_equal(server(&connection, answers[index]), -EBADMSG);
		expect(&connection, "");
	}
}

static void test_subscribers(void **context)
{
	struct connection connection;

	connection_init(&connection);
	client(&connection, "*3\r\n$9\r\nSUBSCRIBE\r\n$3\r\nn:1\r\n$1\r\nb\r\n");
	expect(&connection, "1 [SUBSCRIBE] [n:{id}] [SUBSCRIBE ? ?]\n");
	server(&connection, "*3\r\n$9\r\nsubscribe\r\n$3\r\nn:1\r\n:1\r\n");
	expect(&connection, "1 = OK\n");
	server(&connection, "*3\r\n$7\r\nmessage\r\n$3\r\nn:1\r\n$2\r\nhi\r\n");
	expect(&connection, "x [MESSAGE] [n:{id}] [MESSAGE]\nx end\n");
	server(&connection, "*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n");
	expect(&connection, "1 = OK\n1 end\n");
	client(&connection, "*1\r\n$11\r\nUNSUBSCRIBE\r\n");
	server(&connection, "*3\r\n$11\r\nunsubscribe\r\n$3\r\nn:1\r\n:1\r\n*3\r\n$"
			    "11\r\nunsubscribe\r\n$1\r\nb\r\n:0\r\n");
	expect(&connection, "2 [UNSUBSCRIBE] [] [UNSUBSCRIBE]\n2 = OK\n2 end\n");
	/* Version 3: pushes come among answers. */
	client(&connection, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
	server(&connection, ">4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\na\r\n$1\r\nm\r\n>2\r\n$"
			    "10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n$1\r\nv\r\n");
	expect(&connection,
		"3 [GET] [k] [GET ?]\nx [PMESSAGE] [*] [PMESSAGE]\nx end\nx [INVALIDATE] [] "
		"[INVALIDATE]\nx end\n3 = OK\n3 end\n");
	client(&connection, "*1\r\n$7\r\nMONITOR\r\n");
	server(&connection, "+OK\r\n+1339518083.107412 [0 127.0.0.1:60866] \"keys\" \"*\"\r\n");
	expect(&connection, "4 [MONITOR] [] [MONITOR]\n4 = OK\n4 end\n");
}

static void test_replies_off(void **context)
{
	struct connection connection;

	connection_init(&connection);
	client(&connection,
		"*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$4\r\nSKIP\r\n*1\r\n$4\r\nPING\r\n");
	client(&connection,
		"*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$3\r\nOFF\r\n*1\r\n$4\r\nPING\r\n");
	client(&connection, "*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$2\r\nON\r\n");
	expect(&connection,
		"x [CLIENT REPLY] [] [CLIENT REPLY ?]\nx end\nx [PING] [] [PING]\nx end\n"
		"x [CLIENT REPLY] [] [CLIENT REPLY ?]\nx end\nx [PING] [] [PING]\nx end\n"
		"1 [CLIENT REPLY] [] [CLIENT REPLY ?]\n");
	server(&connection, "+OK\r\n");
	expect(&connection, "1 = OK\n1 end\n");
}

static void test_replica(void **context)
{
	struct connection connection;

	connection_init(&connection);
	client(&connection, "*3\r\n$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n");
	server(&connection, "\n+FULLRESYNC 1234 0\r\n");
	expect(&connection, "1 [PSYNC] [] [PSYNC ? ?]\n1 = OK\n1 end\n");
	assert_int_equal(server(&connection, "$9\r\nREDIS0011 and whatever"), 0);
	assert_int_equal(client(&connection, "*3\r\n$8\r\nREPLCONF"), 0);
	expect(&connection, "");
}

static void append(struct buf *bytes, const char *text)
{
	assert_return_code(buf_append(bytes, text, strlen(text)), 0);
}

/* The same, wherever the bytes are split, for values far longer than a piece. */
static void test_long_values(void **context)
{
	_cleanup_(buf_done)
	struct buf bytes = { .maximum = 1 << 20 };
	char filler[5000];

	memset(filler, 'x', sizeof(filler));
	append(&bytes, "*5\r\n$3\r\nSET\r\n$2\r\nk1\r\n$5000\r\n");
	buf_append(&bytes, filler, sizeof(filler));
	append(&bytes, "\r\n$2\r\nEX\r\n$2\r\n10\r\n*61\r\n$4\r\nMGET\r\n");
	for (int key = 0; key < 60; key++)
		append(&bytes, "$21\r\nuser:12345678901:cart\r\n");
	append(&bytes, "PING ");
	buf_append(&bytes, filler, sizeof(filler));
	append(&bytes, "\r\n*1\r\n$4\r\nPING\r\n");
	for (size_t split = 0; split < bytes.length; split += 7) {
		struct connection connection;
		struct slice all = { (const uint8_t *)bytes.data, bytes.length };

		connection_init(&connection);
		assert_int_equal(
			feed(&connection, DIALOGUE_CLIENT, all, split, split ? 1 << 20 : 1), 0);
		assert_non_null(strstr(connection.said,
			"1 [SET] [k1] [SET ? ? ...]\n2 [MGET] [user:{id}:cart] [MGET ?"));
		assert_non_null(strstr(
			connection.said, "...]\n3 [PING] [] [PING ?]\n4 [PING] [] [PING]\n"));
	}
}

static void test_losses(void **context)
{
	struct connection connection;
	static const char get[] = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
	struct slice bytes = { (const uint8_t *)get, sizeof(get) - 1 };

	connection_init(&connection);
	client(&connection, get);
	expect(&connection, "1 [GET] [k] [GET ?]\n");
	assert_false(redis_protocol.dialogue->resume(
		connection.state, DIALOGUE_CLIENT, (struct slice){ bytes.data + 4, 8 }));
	assert_true(redis_protocol.dialogue->resume(connection.state, DIALOGUE_CLIENT, bytes));
	client(&connection, get);
	expect(&connection, "1 incomplete\nx [GET] [k] [GET ?]\nx incomplete\n");
	/* Two answers come, of which one belongs to what was lost. */
	server(&connection, "+a\r\n+b\r\n");
	expect(&connection, "");
	client(&connection, get);
	server(&connection, "$-1\r\n");
	expect(&connection, "2 [GET] [k] [GET ?]\n2 = NIL\n2 end\n");
	/* One more than was asked for: nothing can be trusted. */
	server(&connection, "$-1\r\n");
	client(&connection, get);
	expect(&connection, "x [GET] [k] [GET ?]\nx incomplete\n");
}

static void test_match(void **context)
{
	static const struct {
		const char *bytes;
		bool is_match;
	} cases[] = { { "*1\r\n$4\r\nPING\r\n", true }, { "*3\r\n$3\r\nSET\r\n$1", true },
		{ "*100\r\n$12\r\nSUBSC", true }, { "*1000\r\n$4\r\nMSET\r", true },
		{ "PING\r\n", true }, { "INFO\r\n", true }, { "PING foo\r\n", false },
		{ "*0\r\n", false }, { "*3\r\n:3\r\n:4\r\n:5\r\n", false },
		{ "*3\r\n$0\r\n\r\n$3\r\nab", false }, { "*2\r\n$2\r\n42\r\n$1\r", false },
		{ "*\r\n$4\r\nPING\r\n", false }, { "+OK\r\n", false } };

	for (size_t index = 0; index < ARRAY_LENGTH(cases); index++) {
		uint8_t start[REDIS_MATCH_BYTES] = { 0 };
		size_t length = strlen(cases[index].bytes);

		memcpy(start, cases[index].bytes, MIN(length, sizeof(start)));
		if (!!redis_match(start, (uint32_t)length) != cases[index].is_match)
			fail_msg("%s", cases[index].bytes);
	}
	assert_int_equal(
		redis_protocol.requests(
			(struct slice){
				(const uint8_t *)"*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n*1", 31 },
			true),
		2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_unmasked),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_what_it_is_not),
		cmocka_unit_test(test_subscribers),
		cmocka_unit_test(test_replies_off),
		cmocka_unit_test(test_replica),
		cmocka_unit_test(test_long_values),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
