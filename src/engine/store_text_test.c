/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text functions on connections of people: the same answers as SQLite's own, in linear time. What
 * takes minutes with those is what the test's own time limit would end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "engine/store_memory.h"
#include "engine/store_text.h"

struct pair {
	sqlite3 *plain;
	sqlite3 *ours;
};

static int setup(void **state)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	store_memory_init();
	assert_int_equal(sqlite3_open(":memory:", &pair->plain), SQLITE_OK);
	assert_int_equal(sqlite3_open(":memory:", &pair->ours), SQLITE_OK);
	assert_int_equal(store_text_register(pair->ours), SQLITE_OK);
	*state = pair;
	return 0;
}

static int teardown(void **state)
{
	struct pair *pair = *state;

	sqlite3_close(pair->plain);
	sqlite3_close(pair->ours);
	free(pair);
	return 0;
}

static sqlite3_stmt *ask(sqlite3 *database, const char *sql)
{
	sqlite3_stmt *statement;

	assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
	return statement;
}

static void compare(struct pair *pair, const char *sql)
{
	sqlite3_stmt *wanted = ask(pair->plain, sql);
	sqlite3_stmt *found = ask(pair->ours, sql);

	assert_int_equal(sqlite3_step(wanted), SQLITE_ROW);
	assert_int_equal(sqlite3_step(found), SQLITE_ROW);
	if (sqlite3_column_type(found, 0) != sqlite3_column_type(wanted, 0) ||
		sqlite3_column_bytes(found, 0) != sqlite3_column_bytes(wanted, 0) ||
		(sqlite3_column_bytes(found, 0) > 0 &&
			memcmp(sqlite3_column_blob(found, 0), sqlite3_column_blob(wanted, 0),
				(size_t)sqlite3_column_bytes(found, 0)) != 0))
		fail_msg("%s: wanted '%s', found '%s'", sql,
			(const char *)sqlite3_column_text(wanted, 0),
			(const char *)sqlite3_column_text(found, 0));
	sqlite3_finalize(wanted);
	sqlite3_finalize(found);
}

static const char *const values[] = { "NULL", "''", "'a'", "'abcabc'", "'bc'", "'aaaa'", "'aa'",
	"12312", "23", "1.5", "x''", "x'616263'", "x'6263'", "x'00ff00'", "x'ff'", "'äöüäß'", "'ü'",
	"'öü'", "' b '", "'ä a'", "'x'", "cast(x'c3' as text)", "cast(x'a4' as text)",
	"cast(x'c3a4a4' as text)", "'cab'" };

static void answers_are_those_of_sqlite(void **state)
{
	static const char *const forms[][2] = {
		{ "instr(", ")" },
		{ "trim(", ")" },
		{ "ltrim(", ")" },
		{ "rtrim(", ")" },
		{ "replace(", ", 'ab')" },
		{ "replace(", ", '')" },
		{ "replace('abcaabc', ", ")" },
	};
	char sql[256];

	for (unsigned int form = 0; form < ARRAY_LENGTH(forms); form++)
		for (unsigned int i = 0; i < ARRAY_LENGTH(values); i++)
			for (unsigned int j = 0; j < ARRAY_LENGTH(values); j++) {
				snprintf(sql, sizeof(sql), "SELECT %s%s, %s%s", forms[form][0],
					values[i], values[j], forms[form][1]);
				compare(*state, sql);
			}
}

static void work_is_linear(void **state)
{
	static const char *const bombs[] = {
		"SELECT instr(hex(zeroblob(8000000)), hex(zeroblob(4000000)) || '1')",
		"SELECT length(replace(hex(zeroblob(8000000)), hex(zeroblob(4000000)) || '1', ''))",
	};
	struct pair *pair = *state;

	for (unsigned int i = 0; i < ARRAY_LENGTH(bombs); i++) {
		sqlite3_stmt *statement = ask(pair->ours, bombs[i]);

		assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
		sqlite3_finalize(statement);
	}
}

static void refuse(sqlite3 *database, const char *sql, int code)
{
	sqlite3_stmt *statement = ask(database, sql);

	assert_int_equal(sqlite3_step(statement), code);
	sqlite3_finalize(statement);
}

static void what_would_grow_too_large_is_refused(void **state)
{
	struct pair *pair = *state;

	refuse(pair->ours, "SELECT trim('a', hex(zeroblob(100)))", SQLITE_ERROR);
	sqlite3_limit(pair->ours, SQLITE_LIMIT_LENGTH, 100000);
	refuse(pair->ours, "SELECT replace(hex(zeroblob(40000)), '0', hex(zeroblob(40000)))",
		SQLITE_TOOBIG);
	refuse(pair->ours, "SELECT replace(hex(zeroblob(40000)), '0', '00')", SQLITE_TOOBIG);
	refuse(pair->ours, "SELECT replace(hex(zeroblob(40000)), '0', '1')", SQLITE_ROW);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_are_those_of_sqlite),
		TEST(work_is_linear),
		TEST(what_would_grow_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
