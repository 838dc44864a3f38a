/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations with PostgreSQL, message by message, and what is told of them. Golden cases have
 * whole ones of real programs; here stands what they rarely do.
 */
#include "protocols/postgresql_state.h"

#include <arpa/inet.h>

#define SCENE_PROTOCOL postgresql_protocol
#include "../tests/sql_scene.h"

/* A message of a type, whose texts are given, each with its NUL. */
static void say(
	struct scene *scene, enum dialogue_side side, char type, const char *body, size_t length)
{
	uint8_t message[1024] = { (uint8_t)type };
	uint32_t total = htonl((uint32_t)length + 4);

	assert_true(length + POSTGRESQL_HEAD_BYTES <= sizeof(message));
	memcpy(message + 1, &total, sizeof(total));
	memcpy(message + POSTGRESQL_HEAD_BYTES, body, length);
	feed(scene, side, message, length + POSTGRESQL_HEAD_BYTES);
}

#define CLIENT(type, body) say(scene, DIALOGUE_CLIENT, type, body, sizeof(body) - 1)
#define SERVER(type, body) say(scene, DIALOGUE_SERVER, type, body, sizeof(body) - 1)
#define READY()		   SERVER('Z', "I")
#define FAIL(code)	   SERVER('E', "SERROR\0VERROR\0C" code "\0Msecret\0\0")
#define FAIL_FATAL(code)   SERVER('E', "SFATAL\0VFATAL\0C" code "\0Mx\0\0")

SCENE(test_startup)
{
	static const char startup[] = "\0\0\0\x36\0\3\0\0user\0ann\0database\0shop\0"
				      "application_name\0psql\0\0";

	feed(scene, DIALOGUE_CLIENT, "\0\0\0\x8\x4\xd2\x16\x30", 8);
	feed(scene, DIALOGUE_SERVER, "N", 1);
	feed(scene, DIALOGUE_CLIENT, "\0\0\0\x8\x4\xd2\x16\x2f", 8);
	assert_false(scene->starts_tls);
	feed(scene, DIALOGUE_SERVER, "S", 1);
	assert_true(scene->starts_tls);
	feed(scene, DIALOGUE_CLIENT, startup, 0x36);
	assert_string_equal(scene->exchanges[0].request.detail, "user ann, psql");
	SERVER('R', "\0\0\0\5abcd");
	CLIENT('p', "md5secret\0");
	SERVER('R', "\0\0\0\0");
	SERVER('S', "a\0b\0");
	SERVER('K', "12345678");
	expect(scene, "");
	READY();
	expect(scene, "STARTUP shop OK");
}

SCENE(test_refused)
{
	feed(scene, DIALOGUE_CLIENT, "\0\0\0\x12\0\3\0\0user\0ann\0\0", 0x12);
	FAIL_FATAL("28P01");
	expect(scene, "STARTUP ann 28P01?");
}

SCENE(test_cancel)
{
	feed(scene, DIALOGUE_CLIENT, "\0\0\0\x10\x4\xd2\x16\x2e\0\0\0\1\0\0\0\2", 16);
	expect(scene, "CANCEL");
}

SCENE(test_simple)
{
	CLIENT('Q', "SELECT a FROM t; UPDATE u SET b = 1\0");
	SERVER('T', "x");
	SERVER('D', "x");
	SERVER('C', "SELECT 1\0");
	SERVER('N', "x");
	SERVER('C', "UPDATE 1\0");
	expect(scene, "");
	READY();
	expect(scene, "SELECT t OK");
	assert_string_equal(
		scene->exchanges[0].request.detail, "SELECT a FROM t; UPDATE u SET b = ?");
	CLIENT('Q', "SELECT nothing\0");
	FAIL("42703");
	READY();
	expect(scene, "SELECT 42703?");
	CLIENT('Q', "COMMIT\0");
	FAIL("53100");
	READY();
	CLIENT('Q', "\0");
	SERVER('I', "");
	READY();
	CLIENT('F', "\0\0\4\1x");
	SERVER('V', "x");
	READY();
	expect(scene, "COMMIT 53100!, OTHER OK, FUNCTION 1025 OK");
}

SCENE(test_extended)
{
	CLIENT('P', "\0SELECT a FROM t WHERE b = $1\0\0\0");
	CLIENT('B', "\0\0\0\0\0\1\0\0\0\1x\0\0");
	CLIENT('D', "P\0");
	CLIENT('E', "\0\0\0\0\0");
	CLIENT('S', "");
	SERVER('1', "");
	SERVER('2', "");
	SERVER('T', "x");
	SERVER('D', "x");
	SERVER('C', "SELECT 1\0");
	/* The transaction ends with the Sync. */
	expect(scene, "");
	READY();
	expect(scene, "SELECT t OK");
	assert_string_equal(scene->exchanges[0].request.detail, "SELECT a FROM t WHERE b = ?");
}

SCENE(test_prepared)
{
	CLIENT('P', "one\0INSERT INTO t VALUES ($1)\0\0\0");
	CLIENT('D', "Sone\0");
	CLIENT('S', "");
	SERVER('1', "");
	SERVER('t', "x");
	SERVER('n', "");
	READY();
	expect(scene, "PREPARE t OK");
	for (size_t round = 0; round < 2; round++) {
		CLIENT('B', "\0one\0\0\0\0\0\0\0");
		CLIENT('E', "\0\0\0\0\0");
		CLIENT('S', "");
		SERVER('2', "");
		SERVER('C', "INSERT 0 1\0");
		READY();
		expect(scene, "INSERT t OK");
	}
	assert_true(
		scene->exchanges[1].request.fingerprint == scene->exchanges[0].request.fingerprint);
	/* asyncpg waits for the answer before it goes on. */
	CLIENT('P', "two\0SELECT 1\0\0\0");
	CLIENT('D', "Stwo\0");
	CLIENT('H', "");
	SERVER('1', "");
	SERVER('t', "x");
	expect(scene, "");
	SERVER('T', "x");
	expect(scene, "PREPARE OK");
	CLIENT('B', "\0two\0\0\0\0\0\0\0");
	CLIENT('E', "\0\0\0\0\0");
	CLIENT('S', "");
	SERVER('2', "");
	SERVER('C', "SELECT 1\0");
	READY();
	CLIENT('C', "Stwo\0");
	CLIENT('S', "");
	SERVER('3', "");
	READY();
	expect(scene, "SELECT OK, CLOSE OK");
	CLIENT('B', "\0two\0\0\0\0\0\0\0");
	CLIENT('E', "\0\0\0\0\0");
	CLIENT('S', "");
	FAIL("26000");
	READY();
	expect(scene, "EXECUTE 26000?");
	assert_string_equal(scene->exchanges[6].request.detail, STATEMENT_UNKNOWN);
}

/* The JDBC driver closes what it needs no more in front of the next statement. */
SCENE(test_close_in_front)
{
	CLIENT('C', "SS_1\0");
	CLIENT('P', "\0BEGIN\0\0\0");
	CLIENT('B', "\0\0\0\0\0\0\0\0");
	CLIENT('E', "\0\0\0\0\0");
	CLIENT('P', "S_2\0SELECT a FROM t\0\0\0");
	CLIENT('B', "C_1\0S_2\0\0\0\0\0\0\0");
	CLIENT('D', "PC_1\0");
	CLIENT('E', "C_1\0\0\0\0\5");
	CLIENT('S', "");
	SERVER('3', "");
	SERVER('1', "");
	SERVER('2', "");
	expect(scene, "");
	SERVER('C', "BEGIN\0");
	expect(scene, "BEGIN OK");
	SERVER('1', "");
	SERVER('2', "");
	SERVER('T', "x");
	SERVER('D', "x");
	SERVER('s', "");
	READY();
	expect(scene, "SELECT t OK");
	/* The next rows of the same portal. */
	CLIENT('E', "C_1\0\0\0\0\5");
	CLIENT('S', "");
	SERVER('C', "SELECT 1\0");
	READY();
	expect(scene, "SELECT t OK");
}

static void pipeline_one(struct scene *scene)
{
	CLIENT('P', "\0SELECT a FROM t\0\0\0");
	CLIENT('B', "\0\0\0\0\0\0\0\0");
	CLIENT('D', "P\0");
	CLIENT('E', "\0\0\0\0\0");
}

static void answer_one(struct scene *scene)
{
	SERVER('1', "");
	SERVER('2', "");
	SERVER('T', "x");
	SERVER('C', "SELECT 0\0");
}

SCENE(test_pipeline)
{
	pipeline_one(scene);
	pipeline_one(scene);
	pipeline_one(scene);
	CLIENT('S', "");
	pipeline_one(scene);
	CLIENT('S', "");
	answer_one(scene);
	expect(scene, "SELECT t OK");
	answer_one(scene);
	answer_one(scene);
	expect(scene, "SELECT t OK");
	READY();
	expect(scene, "SELECT t OK");
	answer_one(scene);
	READY();
	expect(scene, "SELECT t OK");
	/* Answers come before the Sync, which is an exchange of its own then. */
	pipeline_one(scene);
	answer_one(scene);
	CLIENT('S', "");
	READY();
	expect(scene, "SELECT t OK, SYNC OK");
}

SCENE(test_pipeline_fails)
{
	pipeline_one(scene);
	pipeline_one(scene);
	pipeline_one(scene);
	pipeline_one(scene);
	CLIENT('S', "");
	pipeline_one(scene);
	CLIENT('S', "");
	answer_one(scene);
	SERVER('1', "");
	FAIL("22012");
	expect(scene, "SELECT t OK, SELECT t 22012?");
	READY();
	expect(scene, "SELECT t aborted?, SELECT t aborted?");
	answer_one(scene);
	READY();
	expect(scene, "SELECT t OK");
}

SCENE(test_answer_before_execute)
{
	/* The server's buffer was full, so that answers come early. */
	CLIENT('P', "\0SELECT a FROM t\0\0\0");
	SERVER('1', "");
	CLIENT('B', "\0\0\0\0\0\0\0\0");
	SERVER('2', "");
	CLIENT('E', "\0\0\0\0\0");
	CLIENT('S', "");
	SERVER('C', "SELECT 0\0");
	READY();
	expect(scene, "SELECT t OK");
}

SCENE(test_copy)
{
	CLIENT('Q', "COPY t FROM STDIN\0");
	SERVER('G', "x");
	CLIENT('d', "row");
	CLIENT('d', "row");
	CLIENT('c', "");
	SERVER('C', "COPY 2\0");
	READY();
	CLIENT('Q', "COPY t TO STDOUT\0");
	SERVER('H', "x");
	SERVER('d', "row");
	SERVER('c', "");
	SERVER('C', "COPY 1\0");
	READY();
	expect(scene, "COPY t OK, COPY t OK");
	/* In the extended protocol there are two Syncs and one answer. */
	CLIENT('P', "\0COPY t FROM STDIN\0\0\0");
	CLIENT('B', "\0\0\0\0\0\0\0\0");
	CLIENT('D', "P\0");
	CLIENT('E', "\0\0\0\0\0");
	CLIENT('S', "");
	SERVER('1', "");
	SERVER('2', "");
	SERVER('n', "");
	SERVER('G', "x");
	CLIENT('d', "row");
	CLIENT('f', "no\0");
	CLIENT('S', "");
	FAIL("57014");
	READY();
	expect(scene, "COPY t 57014!");
	CLIENT('Q', "SELECT 1\0");
	SERVER('C', "SELECT 1\0");
	READY();
	expect(scene, "SELECT OK");
}

SCENE(test_replication)
{
	CLIENT('Q', "START_REPLICATION SLOT s LOGICAL 0/0\0");
	SERVER('W', "x");
	expect(scene, "START_REPLICATION OK");
	SERVER('d', "x");
	CLIENT('d', "x");
	expect(scene, "");
}

SCENE(test_notification)
{
	CLIENT('Q', "LISTEN jobs\0");
	SERVER('C', "LISTEN\0");
	READY();
	SERVER('A', "\0\0\0\1jobs\0secret\0");
	expect(scene, "LISTEN jobs OK, NOTIFICATION jobs");
}

SCENE(test_fatal)
{
	pipeline_one(scene);
	pipeline_one(scene);
	CLIENT('S', "");
	FAIL_FATAL("57P01");
	expect(scene, "SELECT t 57P01!, SELECT t aborted!");
}

/* The agent came while answers were under way. */
SCENE(test_older)
{
	SERVER('D', "x");
	SERVER('C', "SELECT 1\0");
	CLIENT('Q', "SELECT 1\0");
	READY();
	expect(scene, "");
	SERVER('C', "SELECT 1\0");
	READY();
	expect(scene, "SELECT OK");
	CLIENT('B', "\0s\0\0\0\0\0\0\0");
	CLIENT('E', "\0\0\0\0\0");
	CLIENT('S', "");
	SERVER('2', "");
	SERVER('C', "SELECT 1\0");
	READY();
	expect(scene, "EXECUTE OK");
}

/* Answers were lost, and with them the exchanges that waited for them. */
SCENE(test_resumed)
{
	const struct dialogue *dialogue = postgresql_protocol.dialogue;

	CLIENT('Q', "SELECT 1\0");
	scene->count = 0;
	assert_false(dialogue->resume(
		scene->state, DIALOGUE_SERVER, (struct slice){ (const uint8_t *)"abcdefgh", 8 }));
	assert_true(dialogue->resume(
		scene->state, DIALOGUE_SERVER, (struct slice){ (const uint8_t *)"Z\0\0\0\5I", 6 }));
	READY();
	CLIENT('Q', "SELECT a FROM t\0");
	SERVER('C', "SELECT 1\0");
	READY();
	expect(scene, "SELECT t OK");
	/* Of who does not wait it would not be known whose answer comes. */
	assert_int_equal(dialogue->read(scene->state, DIALOGUE_CLIENT,
				 (struct slice){ (const uint8_t *)"Q\0\0\0\6;\0Q\0\0\0\6;\0", 14 },
				 0, &scene->sink),
		7);
	assert_false(dialogue->resume(
		scene->state, DIALOGUE_SERVER, (struct slice){ (const uint8_t *)"Z\0\0\0\5I", 6 }));
}

SCENE(test_rows)
{
	static const uint8_t rows[] = "D\0\0\0\6abD\0\0\0\5cD\0\0\1\0d";
	struct slice bytes = { rows, sizeof(rows) - 1 };

	CLIENT('Q', "SELECT 1\0");
	/* As many as there are, the last one goes on. */
	assert_int_equal(postgresql_protocol.dialogue->read(
				 scene->state, DIALOGUE_SERVER, bytes, 0, &scene->sink),
		7 + 6 + 257);
}

SCENE(test_nonsense)
{
	const struct dialogue *dialogue = postgresql_protocol.dialogue;
	static const struct slice bytes[] = {
		{ (const uint8_t *)"GET / HTTP/1.1\r\n\r\n", 18 },
		{ (const uint8_t *)"Q\0\0\0\3", 5 },
		{ (const uint8_t *)"Q\x7f\0\0\3", 5 },
		{ (const uint8_t *)"\0\0\0\7\0\3\0\0", 8 },
		{ (const uint8_t *)"\0\0\0\x10\0\2\0\0abcdefgh", 16 },
		{ (const uint8_t *)"\xff\0\0\0\5", 5 },
	};

	for (size_t index = 0; index < ARRAY_LENGTH(bytes); index++)
		assert_int_equal(dialogue->read(scene->state, DIALOGUE_CLIENT, bytes[index], 0,
					 &scene->sink),
			-EBADMSG);
	assert_int_equal(dialogue->read(scene->state, DIALOGUE_SERVER,
				 (struct slice){ (const uint8_t *)"abcdefgh", 8 }, 0, &scene->sink),
		-EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_startup),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_simple),
		cmocka_unit_test(test_extended),
		cmocka_unit_test(test_prepared),
		cmocka_unit_test(test_close_in_front),
		cmocka_unit_test(test_pipeline),
		cmocka_unit_test(test_pipeline_fails),
		cmocka_unit_test(test_answer_before_execute),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_replication),
		cmocka_unit_test(test_notification),
		cmocka_unit_test(test_fatal),
		cmocka_unit_test(test_older),
		cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests_name("postgresql", tests, NULL, NULL);
}
