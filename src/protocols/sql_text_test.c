/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements, their normal form and what they are about.
 */
#include "protocols/sql_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* An exact copy, so that the sanitizer sees a lexer that reads on. */
static struct message read_statement(
	const char *statement, enum sql_dialect dialect, unsigned int flags)
{
	struct message message = { 0 };
	size_t length = strlen(statement);
	uint8_t *copy = malloc(MAX(length, 1U));

	assert_non_null(copy);
	if (length > 0)
		memcpy(copy, statement, length);
	sql_text((struct slice){ copy, length }, dialect, flags, &message);
	free(copy);
	return message;
}

static void check(const char *statement, const char *detail)
{
	struct message message = read_statement(statement, SQL_POSTGRESQL, 0);

	assert_string_equal(message.detail, detail);
}

static void check_mysql(const char *statement, const char *detail)
{
	struct message message = read_statement(statement, SQL_MYSQL, 0);

	assert_string_equal(message.detail, detail);
}

static void check_subject(const char *statement, const char *operation, const char *target)
{
	struct message message = read_statement(statement, SQL_POSTGRESQL, 0);

	assert_string_equal(message.operation, operation);
	assert_string_equal(message.target, target);
}

static void test_literals(void **state)
{
	check("SELECT 1", "SELECT ?");
	check("SELECT 'a', 'it''s', '\\'", "SELECT ?, ?, ?");
	check("SELECT E'a\\'b', U&'\\0041', x'ff', B'01', n'c'", "SELECT ?, ?, ?, ?, ?");
	check("SELECT 'a' 'b'\n'c'", "SELECT ?");
	check("SELECT $$it's $1$$, $x$ $$ $y$ $x$", "SELECT ?, ?");
	check("SELECT 1.5, .5, 1e10, 1.5E-7, 0x1F, 1_000", "SELECT ?, ?, ?, ?, ?, ?");
	check("SELECT -5, a-5, a -5, (+3), b[1]-2", "SELECT ?, a-?, a -?, (?), b[?]-?");
	check("SELECT a1, \"x y\".\"b\"\"c\", t.c2", "SELECT a1, \"x y\".\"b\"\"c\", t.c2");
	check("SELECT * FROM t WHERE a = $1 AND b = $23", "SELECT * FROM t WHERE a = ? AND b = ?");
	check("SELECT true, NULL, a::int, a->>'b' ? 'c'", "SELECT true, NULL, a::int, a->>? ? ?");
	check("ALTER USER x PASSWORD 'secret'", "ALTER USER x PASSWORD ?");
}

static void test_blanks_and_comments(void **state)
{
	check("  SELECT\n\t a  ,b ;\n", "SELECT a ,b");
	check("SELECT a -- it's\nFROM b--c", "SELECT a FROM b");
	check("/* x /* nested */ 'y */SELECT/**/1", "SELECT ?");
	check("SELECT 1; SELECT 2;", "SELECT ?; SELECT ?");
	check("SELECT 1 /* without end", "SELECT ?");
	check("SELECT 'without end", "SELECT ?");
	check("SELECT $a$without end", "SELECT ?");
	check("SELECT \"without end", "SELECT \"without end");
	check("", "");
	check(" ;; ", "");
	check("SELECT a\001b \xff", "SELECT a%01b %FF");
	check("SELECT \"caf\xc3\xa9\"", "SELECT \"caf\xc3\xa9\"");
}

static void test_mysql(void **state)
{
	check_mysql("SELECT 'it\\'s', \"say \\\"x\\\"\", `a``b`", "SELECT ?, ?, `a``b`");
	check_mysql("SELECT 1 # 'x\n+ 1", "SELECT ? + ?");
	check_mysql("SELECT a--1, b -- c\n", "SELECT a-?, b");
	check_mysql("/*!40101 SET NAMES 'utf8' */", "SET NAMES ?");
	check_mysql("SELECT /*+ NO_ICP(t) */ 1 FROM t", "SELECT ? FROM t");
	check_mysql("SELECT * FROM t WHERE a = ? LIMIT ?, 10",
		"SELECT * FROM t WHERE a = ? LIMIT ?, ?");
	check_mysql("SELECT /* a /* b */ 1", "SELECT ?");
	check_mysql("SELECT x'ff', b'1', N'a', 0xff, e'a'", "SELECT ?, ?, ?, ?, e?");
	check_mysql("/*!", "");
}

static void test_lists(void **state)
{
	check("SELECT a FROM t WHERE b IN (1, 2, 3)", "SELECT a FROM t WHERE b IN (?)");
	check("SELECT a FROM t WHERE b in($1,$2) AND c IN ('x')",
		"SELECT a FROM t WHERE b in(?) AND c IN (?)");
	check("SELECT a IN (1, b, 2)", "SELECT a IN (?, b, ?)");
	check("SELECT a IN (-1, -2)", "SELECT a IN (?)");
	check("SELECT a IN (SELECT 1, 2)", "SELECT a IN (SELECT ?, ?)");
	check("SELECT a IN (1, 2", "SELECT a IN (?");
	check("SELECT a IN (1,", "SELECT a IN (?");
	check("SELECT ARRAY[1,2,3], f(1, 2)", "SELECT ARRAY[?], f(?, ?)");
	check("INSERT INTO t (a, b) VALUES (1, 'x'), (2, f(3)), (4, 5)",
		"INSERT INTO t (a, b) VALUES (?, ?)");
	check("INSERT INTO t VALUES (1), (2) ON CONFLICT DO NOTHING",
		"INSERT INTO t VALUES (?) ON CONFLICT DO NOTHING");
	check_mysql("INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = VALUES(a), b = VALUES(b)",
		"INSERT INTO t VALUES (?) ON DUPLICATE KEY UPDATE a = VALUES(a), b = VALUES(b)");
}

static void test_raw(void **state)
{
	struct message message =
		read_statement("SELECT 'a  b',\n 1 /* c */", SQL_POSTGRESQL, MESSAGE_UNMASKED);
	struct message masked = read_statement("select 'x',2", SQL_POSTGRESQL, 0);

	assert_string_equal(message.detail, "SELECT 'a b', 1 /* c */");
	assert_true(message.fingerprint == masked.fingerprint);
}

static uint64_t fingerprint(const char *statement)
{
	return read_statement(statement, SQL_POSTGRESQL, 0).fingerprint;
}

static void test_fingerprints(void **state)
{
	/* Stored, so that it may not change from version to version. */
	assert_int_equal(fingerprint("SELECT a FROM t WHERE b = 1"), 0xe5e42cf80226);
	assert_int_equal(fingerprint("select A from T where B='x' -- c"), 0xe5e42cf80226);
	assert_true(fingerprint("SELECT a FROM t WHERE b = $1") == 0xe5e42cf80226);
	assert_true(fingerprint("SELECT a FROM t WHERE b IN (1)") ==
		    fingerprint("SELECT a FROM t WHERE b IN (1, 2, 3)"));
	assert_true(fingerprint("SELECT a b") != fingerprint("SELECT ab"));
	assert_true(fingerprint("SELECT \"A\"") != fingerprint("SELECT \"a\""));
	assert_true(fingerprint("SELECT a") < 1ULL << 52);
}

static void test_long(void **state)
{
	char statement[4096] = "SELECT ";
	struct message message;

	memset(statement + 7, 'a', sizeof(statement) - 8);
	statement[sizeof(statement) - 1] = '\0';
	message = read_statement(statement, SQL_POSTGRESQL, 0);
	assert_int_equal(strlen(message.detail), sizeof(message.detail) - 1);
}

static void test_queries(void **state)
{
	check_subject("SELECT * FROM Users", "SELECT", "users");
	check_subject("select a from public.\"Users\" u", "SELECT", "public.Users");
	check_subject("(SELECT a FROM b) UNION (SELECT c FROM d)", "SELECT", "b");
	check_subject("SELECT 1", "SELECT", "");
	check_subject("SELECT extract(year FROM x) FROM t", "SELECT", "t");
	check_subject("SELECT (SELECT max(a) FROM b) FROM c", "SELECT", "c");
	check_subject("SELECT * FROM (SELECT * FROM (SELECT 1 FROM deep) x) y", "SELECT", "deep");
	check_subject("SELECT * FROM ONLY parent", "SELECT", "parent");
	check_subject("SELECT a IS DISTINCT FROM b FROM t", "SELECT", "t");
	check_subject("SELECT * FROM generate_series(1, 2)", "SELECT", "generate_series");
	check_subject("SELECT 1; SELECT * FROM t", "SELECT", "");
	check_subject("SELECT a FROM d.s.t.x", "SELECT", "d.s.t");
	check_subject("TABLE t", "TABLE", "t");
	check_subject("VALUES (1)", "VALUES", "");
	check_subject("EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM t", "EXPLAIN", "t");
	check_subject("EXPLAIN ANALYZE VERBOSE DELETE FROM t", "EXPLAIN", "t");
}

static void test_with(void **state)
{
	check_subject("WITH x AS (SELECT 1 FROM a) SELECT * FROM b", "SELECT", "b");
	check_subject("WITH x AS (SELECT 1 FROM s.a) SELECT * FROM x", "SELECT", "s");
	check_subject("WITH RECURSIVE x(n) AS (SELECT 1 UNION SELECT n FROM x) INSERT INTO t "
		      "SELECT * FROM x",
		"INSERT", "t");
	check_subject("WITH d AS (DELETE FROM a RETURNING *), e AS (SELECT 2) UPDATE b SET c = 1",
		"UPDATE", "b");
}

static void test_changes(void **state)
{
	check_subject("INSERT INTO a.b (c) VALUES (1)", "INSERT", "a.b");
	check_subject("UPDATE ONLY t SET a = 1", "UPDATE", "t");
	check_subject("DELETE FROM t USING u", "DELETE", "t");
	check_subject("DELETE a, b FROM t a JOIN u b", "DELETE", "t");
	check_subject("MERGE INTO t USING s ON true", "MERGE", "t");
	check_subject("INSERT IGNORE INTO t VALUES (1)", "INSERT", "t");
	check_subject("LOAD DATA LOCAL INFILE 'x' INTO TABLE t", "LOAD", "t");
	check_subject("COPY t (a) FROM STDIN", "COPY", "t");
	check_subject("COPY (SELECT * FROM t) TO STDOUT", "COPY", "t");
}

static void test_others(void **state)
{
	check_subject("CREATE TABLE IF NOT EXISTS s.t (a int)", "CREATE", "s.t");
	check_subject("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)", "CREATE", "t");
	check_subject("CREATE OR REPLACE VIEW v AS SELECT 1 FROM t", "CREATE", "v");
	check_subject("ALTER TABLE ONLY t ADD COLUMN a int", "ALTER", "t");
	check_subject("DROP TABLE IF EXISTS t", "DROP", "t");
	check_subject("TRUNCATE t", "TRUNCATE", "t");
	check_subject("VACUUM (VERBOSE, ANALYZE) t", "VACUUM", "t");
	check_subject("VACUUM", "VACUUM", "");
	check_subject("GRANT SELECT ON TABLE t TO u", "GRANT", "t");
	check_subject("SET LOCAL statement_timeout = 5", "SET", "statement_timeout");
	check_subject("begin", "BEGIN", "");
	check_subject("START TRANSACTION", "START", "");
	check_subject("LISTEN c", "LISTEN", "c");
	check_subject("CALL p(1)", "CALL", "p");
	check_subject("START_REPLICATION SLOT \"s\" LOGICAL 0/0", "START_REPLICATION", "");
	check_subject("nonsense from t", "OTHER", "");
	check_subject("", "OTHER", "");
	check_subject("(((", "OTHER", "");
	check_subject("DECLARE c CURSOR FOR SELECT 1", "DECLARE", "c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_blanks_and_comments),
		cmocka_unit_test(test_mysql),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_fingerprints),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_with),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests_name("sql_text", tests, NULL, NULL);
}
