/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations with MySQL and MariaDB, packet by packet, and what is told of them.
 */
#include "protocols/mysql_match.h"
#include "protocols/mysql_state.h"

#define SCENE_PROTOCOL mysql_protocol
#include "../tests/sql_scene.h"

static void packet(struct scene *scene, enum dialogue_side side, uint8_t number, const char *body,
	size_t length)
{
	uint8_t bytes[1024] = { (uint8_t)length, (uint8_t)(length >> 8), 0, number };

	assert_true(length + MYSQL_HEAD_BYTES <= sizeof(bytes));
	memcpy(bytes + MYSQL_HEAD_BYTES, body, length);
	feed(scene, side, bytes, length + MYSQL_HEAD_BYTES);
}

#define CLIENT(number, body) packet(scene, DIALOGUE_CLIENT, number, body, sizeof(body) - 1)
#define SERVER(number, body) packet(scene, DIALOGUE_SERVER, number, body, sizeof(body) - 1)

#define OK(number)	SERVER(number, "\0\0\0\2\0\0\0")
#define OK_MORE(number) SERVER(number, "\0\0\0\xa\0\0\0")
#define EOF_OLD(number) SERVER(number, "\xfe\0\0\2\0")
#define EOF_NEW(number) SERVER(number, "\xfe\0\0\2\0\0\0")
#define COLUMN(number)	SERVER(number, "\3def\0\0\0\1a\0\xc\x3f\0\0\0\0\0\0\0\0\0\0")
#define ROW(number)	SERVER(number, "\0011")

/* The greeting of a server that can all but TLS, and an answer to it. */
static void greet(struct scene *scene, const char *capabilities)
{
	uint8_t response[64] = { 0 };
	static const char names[] = "ann\0\0shop";

	SERVER(0, "\12"
		  "8.0.1\0\1\0\0\0abcdefgh\0\xff\xff\x21\2\0\xff\xff\x15\0\0\0\0\0\0\0\0\0\0ab\0");
	memcpy(response, capabilities, 4);
	memcpy(response + 32, names, sizeof(names));
	packet(scene, DIALOGUE_CLIENT, 1, (char *)response, 32 + sizeof(names));
	SERVER(2, "\xfe"
		  "caching_sha2_password\0salt");
	CLIENT(3, "secret");
	OK(4);
}

#define OLD_STYLE "\x08\x02\0\0" /* database, 4.1 */
#define NEW_STYLE "\x08\x02\0\1" /* and no EOF between columns and rows */

static void start(struct scene *scene, const char *capabilities)
{
	greet(scene, capabilities);
	expect(scene, "STARTUP shop OK");
}

SCENE(test_startup)
{
	start(scene, OLD_STYLE);
	assert_string_equal(scene->exchanges[0].request.detail, "user ann");
	CLIENT(0, "\x0e");
	OK(1);
	CLIENT(0, "\2other");
	OK(1);
	CLIENT(0, "\x11"
		  "bob\0");
	SERVER(1, "\xfe"
		  "plugin\0salt");
	CLIENT(2, "secret");
	SERVER(3, "\xff\x15\4#28000Access denied");
	expect(scene, "PING OK, USE other OK, CHANGE USER 1045?");
	CLIENT(0, "\1");
	expect(scene, "");
}

SCENE(test_refused)
{
	SERVER(0, "\xff\x10\4Too many connections");
	expect(scene, "STARTUP 1040!");
}

SCENE(test_tls)
{
	uint8_t request[32] = { 0, 0x0a, 0, 0 };

	SERVER(0, "\12"
		  "8.0.1\0\1\0\0\0abcdefgh\0\xff\xff\x21\2\0\xff\xff\x15\0\0\0\0\0\0\0\0\0\0ab\0");
	packet(scene, DIALOGUE_CLIENT, 1, (char *)request, sizeof(request));
	assert_true(scene->starts_tls);
	/* What follows inside has no greeting of its own. */
	request[0] = 0x08;
	packet(scene, DIALOGUE_CLIENT, 2,
		"\x08\x0a\0\1"
		"aaaabbbbccccddddeeeeffffgggguser\0\0shop",
		43);
	OK(3);
	expect(scene, "STARTUP shop OK");
}

SCENE(test_compressed)
{
	const struct dialogue *dialogue = mysql_protocol.dialogue;

	start(scene, "\x28\x02\0\0");
	assert_string_equal(scene->exchanges[0].request.detail, "compressed, user ann");
	assert_int_equal(
		dialogue->read(scene->state, DIALOGUE_CLIENT,
			(struct slice){ (const uint8_t *)"\1\0\0\0\1\0\0\0", 8 }, 0, &scene->sink),
		-EBADMSG);
}

SCENE(test_query_old)
{
	start(scene, OLD_STYLE);
	CLIENT(0, "\3SELECT a FROM t WHERE b = 'x'");
	SERVER(1, "\2");
	COLUMN(2);
	COLUMN(3);
	EOF_OLD(4);
	ROW(5);
	ROW(6);
	expect(scene, "");
	EOF_OLD(7);
	expect(scene, "SELECT t OK");
	assert_string_equal(scene->exchanges[1].request.detail, "SELECT a FROM t WHERE b = ?");
	/* Without rows. */
	CLIENT(0, "\3SELECT a FROM t");
	SERVER(1, "\1");
	COLUMN(2);
	EOF_OLD(3);
	EOF_OLD(4);
	CLIENT(0, "\3UPDATE t SET a = 1");
	OK(1);
	CLIENT(0, "\3nonsense");
	SERVER(1, "\xff\x28\4#42000You have");
	CLIENT(0, "\3COMMIT");
	SERVER(1, "\xff\xb5\4#40001Deadlock");
	expect(scene, "SELECT t OK, UPDATE t OK, OTHER 1064?, COMMIT 1205!");
}

SCENE(test_query_new)
{
	start(scene, NEW_STYLE);
	CLIENT(0, "\3SELECT a FROM t");
	SERVER(1, "\1");
	COLUMN(2);
	ROW(3);
	EOF_NEW(4);
	CLIENT(0, "\3SELECT a FROM t");
	SERVER(1, "\1");
	COLUMN(2);
	EOF_NEW(3);
	CLIENT(0, "\3SELECT a FROM t");
	SERVER(1, "\1");
	COLUMN(2);
	ROW(3);
	SERVER(4, "\xff\x25\5#70100Query execution was interrupted");
	expect(scene, "SELECT t OK, SELECT t OK, SELECT t 1317!");
}

SCENE(test_results)
{
	start(scene, NEW_STYLE);
	CLIENT(0, "\3UPDATE t SET a = 1; SELECT 2; DELETE FROM u");
	OK_MORE(1);
	SERVER(2, "\1");
	COLUMN(3);
	ROW(4);
	SERVER(5, "\xfe\0\0\xa\0\0\0");
	expect(scene, "");
	OK(6);
	expect(scene, "UPDATE t OK");
	/* How far it is, as MariaDB says. */
	CLIENT(0, "\3ALTER TABLE t ADD b int");
	SERVER(1, "\xff\xff\xff\1\1\2abc\0");
	OK(2);
	expect(scene, "ALTER t OK");
}

static void prepare(struct scene *scene, bool is_old)
{
	CLIENT(0, "\x16SELECT a FROM t WHERE b = ? AND c = ?");
	SERVER(1, "\0\7\0\0\0\1\0\2\0\0\0\0");
	COLUMN(2);
	COLUMN(3);
	if (is_old)
		EOF_OLD(4);
	expect(scene, "");
	COLUMN(5);
	if (is_old)
		EOF_OLD(6);
	expect(scene, "PREPARE t OK");
}

SCENE(test_prepared)
{
	start(scene, OLD_STYLE);
	prepare(scene, true);
	CLIENT(0, "\x17\7\0\0\0\0\1\0\0\0\0\1secret");
	SERVER(1, "\1");
	COLUMN(2);
	EOF_OLD(3);
	SERVER(4, "\0\0\1\0\0\0");
	EOF_OLD(5);
	expect(scene, "SELECT t OK");
	assert_string_equal(
		scene->exchanges[2].request.detail, "SELECT a FROM t WHERE b = ? AND c = ?");
	/* With a cursor the rows come later. */
	CLIENT(0, "\x17\7\0\0\0\1\1\0\0\0");
	SERVER(1, "\1");
	COLUMN(2);
	SERVER(3, "\xfe\0\0\x42\0");
	CLIENT(0, "\x1c\7\0\0\0\5\0\0\0");
	SERVER(1, "\0\0\1\0\0\0");
	SERVER(2, "\xfe\0\0\x82\0");
	CLIENT(0, "\x1a\7\0\0\0");
	OK(1);
	expect(scene, "SELECT t OK, FETCH t OK, RESET t OK");
	/* Nobody answers these. */
	CLIENT(0, "\x18\7\0\0\0\0\0data");
	CLIENT(0, "\x19\7\0\0\0");
	expect(scene, "LONG DATA t, CLOSE t");
	CLIENT(0, "\x17\7\0\0\0\0\1\0\0\0");
	SERVER(1, "\xff\xdb\4#HY000Unknown prepared statement");
	expect(scene, "EXECUTE 1243?");
}

SCENE(test_prepared_new)
{
	start(scene, NEW_STYLE);
	prepare(scene, false);
	CLIENT(0, "\x16nonsense");
	SERVER(1, "\xff\x28\4#42000You have");
	CLIENT(0, "\x16"
		  "DELETE FROM t");
	SERVER(1, "\0\x8\0\0\0\0\0\0\0\0\0\0");
	/* MariaDB's clients send the next without its number. */
	CLIENT(0, "\x17\xff\xff\xff\xff\0\1\0\0\0");
	OK(1);
	expect(scene, "PREPARE 1064?, PREPARE t OK, DELETE t OK");
}

SCENE(test_pipelined)
{
	start(scene, NEW_STYLE);
	CLIENT(0, "\3INSERT INTO a VALUES (1)");
	CLIENT(0, "\3INSERT INTO b VALUES (1)");
	CLIENT(0, "\x0e");
	OK(1);
	expect(scene, "INSERT a OK");
	OK(1);
	OK(1);
	expect(scene, "INSERT b OK, PING OK");
}

SCENE(test_file)
{
	start(scene, NEW_STYLE);
	CLIENT(0, "\3LOAD DATA LOCAL INFILE 'x' INTO TABLE t");
	SERVER(1, "\xfbx");
	CLIENT(2, "1\tone\n");
	/* Numbers go round. */
	CLIENT(0, "\3no command\n");
	CLIENT(1, "");
	OK(2);
	CLIENT(0, "\x0e");
	OK(1);
	expect(scene, "LOAD t OK, PING OK");
}

SCENE(test_others)
{
	start(scene, NEW_STYLE);
	CLIENT(0, "\x09");
	SERVER(1, "Uptime: 1");
	CLIENT(0, "\x1b\0\0");
	EOF_OLD(1);
	CLIENT(0, "\4t\0");
	COLUMN(1);
	EOF_NEW(2);
	CLIENT(0, "\x1f");
	OK(1);
	CLIENT(0, "\x12\4\0\0\0\0\0\1\0\0\0log");
	SERVER(1, "\0event");
	SERVER(2, "\0event");
	expect(scene, "STATISTICS OK, SET OPTION OK, FIELD LIST t OK, RESET CONNECTION OK, "
		      "BINLOG DUMP OK");
}

SCENE(test_attributes)
{
	start(scene, "\x08\x02\0\x09");
	CLIENT(0, "\3\0\1SELECT a FROM t");
	OK(1);
	CLIENT(0, "\3\1\1\0\1\3\0\1a\1xSELECT a FROM t");
	OK(1);
	expect(scene, "SELECT t OK, OTHER OK");
}

/* A statement of more than 16 MiB, and a row. */
SCENE(test_long)
{
	const struct dialogue *dialogue = mysql_protocol.dialogue;
	uint8_t *bytes = calloc(1, MYSQL_PIECE_BYTES);
	struct slice piece = { bytes, MYSQL_PIECE_BYTES };

	assert_non_null(bytes);
	start(scene, NEW_STYLE);
	memcpy(bytes, "\xff\xff\xff\0\3SELECT a FROM t WHERE b = 'x", 32);
	assert_int_equal(
		dialogue->read(scene->state, DIALOGUE_CLIENT, piece, MESSAGE_CUT, &scene->sink),
		MYSQL_LONGEST + MYSQL_HEAD_BYTES);
	memcpy(bytes, "\5\0\0\1\3\3\3\3\3", 9);
	piece.length = 9;
	assert_int_equal(dialogue->read(scene->state, DIALOGUE_CLIENT, piece, 0, &scene->sink), 9);
	SERVER(2, "\1");
	COLUMN(3);
	memcpy(bytes, "\xff\xff\xff\4\xfe\0\0\0\1", 9);
	piece.length = MYSQL_PIECE_BYTES;
	assert_int_equal(dialogue->read(scene->state, DIALOGUE_SERVER, piece, 0, &scene->sink),
		MYSQL_LONGEST + MYSQL_HEAD_BYTES);
	memcpy(bytes, "\5\0\0\5\xfe\0\0\2\0", 9);
	piece.length = 9;
	assert_int_equal(dialogue->read(scene->state, DIALOGUE_SERVER, piece, 0, &scene->sink), 9);
	expect(scene, "");
	EOF_NEW(6);
	expect(scene, "SELECT t OK");
	free(bytes);
}

/* The agent came while answers were under way. */
SCENE(test_older)
{
	ROW(5);
	EOF_NEW(6);
	CLIENT(0, "\3SELECT a FROM t");
	SERVER(1, "\1");
	COLUMN(2);
	EOF_OLD(3);
	ROW(4);
	EOF_OLD(5);
	CLIENT(0, "\3SELECT a FROM t");
	SERVER(1, "\1");
	COLUMN(2);
	EOF_NEW(3);
	CLIENT(0, "\x17\7\0\0\0\0\1\0\0\0");
	OK(1);
	expect(scene, "SELECT t OK, SELECT t OK, EXECUTE OK");
	assert_string_equal(scene->exchanges[2].request.detail, STATEMENT_UNKNOWN);
}

/* Answers were lost, and with them the exchanges that waited for them. */
SCENE(test_resumed)
{
	const struct dialogue *dialogue = mysql_protocol.dialogue;
	static const uint8_t two[] = "\5\0\0\0\x19\7\0\0\0\4\0\0\0\3SET";
	static const uint8_t answer[] = "\7\0\0\1\0\0\0\2\0\0\0";

	start(scene, NEW_STYLE);
	CLIENT(0, "\3SELECT a FROM t");
	scene->count = 0;
	assert_false(dialogue->resume(
		scene->state, DIALOGUE_SERVER, (struct slice){ (const uint8_t *)"abcdefgh", 8 }));
	assert_true(dialogue->resume(
		scene->state, DIALOGUE_SERVER, (struct slice){ answer, sizeof(answer) - 1 }));
	OK(1);
	expect(scene, "");
	CLIENT(0, "\3SELECT a FROM u");
	OK(1);
	expect(scene, "SELECT u OK");
	assert_true(dialogue->resume(
		scene->state, DIALOGUE_CLIENT, (struct slice){ two, sizeof(two) - 1 }));
	assert_false(dialogue->resume(
		scene->state, DIALOGUE_CLIENT, (struct slice){ two + 1, sizeof(two) - 2 }));
	assert_int_equal(mysql_protocol.requests((struct slice){ two, sizeof(two) - 1 }, true), 2);
}

SCENE(test_rows)
{
	static const uint8_t rows[] = "\2\0\0\3\1a\1\0\0\4\xfb\5\0\0\5\1a\xfe\0\0\2\0";
	struct slice bytes = { rows, sizeof(rows) - 1 };

	start(scene, NEW_STYLE);
	CLIENT(0, "\3SELECT a FROM t");
	SERVER(1, "\1");
	COLUMN(2);
	assert_int_equal(mysql_protocol.dialogue->read(
				 scene->state, DIALOGUE_SERVER, bytes, 0, &scene->sink),
		6 + 5 + 9);
	/* The end stands alone. */
	bytes = (struct slice){ (const uint8_t *)"\1\0\0\3\xfb\5\0\0\4\xfe\0\0\2\0", 14 };
	assert_int_equal(mysql_protocol.dialogue->read(
				 scene->state, DIALOGUE_SERVER, bytes, 0, &scene->sink),
		5);
}

static enum mysql_match match(const char *bytes, size_t length)
{
	uint8_t head[MYSQL_MATCH_BYTES] = { 0 };

	memcpy(head, bytes, MIN(length, sizeof(head)));
	return mysql_match(head, (uint32_t)MIN(length, sizeof(head)));
}

#define MATCH(text) match(text, sizeof(text) - 1)

static void test_match(void **state)
{
	assert_int_equal(MATCH("\x4a\0\0\0\12"
			       "8.0.35\0\x8\0\0\0"),
		MYSQL_MATCH_GREETING);
	assert_int_equal(MATCH("\x6e\0\0\0\12"
			       "5.5.5-10.11.6"),
		MYSQL_MATCH_GREETING);
	assert_int_equal(MATCH("\x6e\0\0\0\12"
			       "11.4.2-Mar"),
		MYSQL_MATCH_GREETING);
	assert_int_equal(MATCH("\x9\0\0\0\3SELECT 1"), MYSQL_MATCH_REQUEST);
	assert_int_equal(MATCH("\xb\0\0\0\3\0\1SELECT 1"), MYSQL_MATCH_REQUEST);
	assert_int_equal(MATCH("\x9\0\0\0\x16SELECT ?"), MYSQL_MATCH_REQUEST);
	assert_int_equal(MATCH("\xa\0\0\0\x17\1\0\0\0\0\1\0\0\0"), MYSQL_MATCH_REQUEST);
	assert_int_equal(MATCH("\1\0\0\0\xe"), MYSQL_MATCH_REQUEST);
	assert_int_equal(MATCH("\7\0\0\1\0\0\0\2\0\0\0"), MYSQL_MATCH_ANSWER);
	assert_int_equal(MATCH("\1\0\0\1\1\x17\0\0\2\3def"), MYSQL_MATCH_ANSWER);
	assert_int_equal(MATCH("GET / HTTP/1.1\r\n"), MYSQL_MATCH_NO);
	assert_int_equal(MATCH("\0\0\0\0\0\0\0\0\0\0\0\0"), MYSQL_MATCH_NO);
	assert_int_equal(MATCH("\x10\0\0\0\3\0\0\0\1\0\0\0"), MYSQL_MATCH_NO);
	assert_int_equal(MATCH(""), MYSQL_MATCH_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_startup),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_compressed),
		cmocka_unit_test(test_query_old),
		cmocka_unit_test(test_query_new),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_prepared),
		cmocka_unit_test(test_prepared_new),
		cmocka_unit_test(test_pipelined),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_older),
		cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests_name("mysql", tests, NULL, NULL);
}
