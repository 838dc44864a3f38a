/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions from people: what is refused, the limits, parameters, and how answers are printed.
 */
#include "engine/store_test.h"

#include <sqlite3.h>

#include "engine/result_print.h"
#include "engine/store_schema.h"

static int with_rows(void **state)
{
	struct scene *scene;

	scene_new(state);
	scene = *state;
	scene_open(scene);
	for (int i = 0; i < 10; i++) {
		struct request_event event = scene_request(scene, i % 2 ? "/a" : "/b");

		event.header.id = (uint64_t)i + 1;
		scene_write(scene, &event);
		scene_pass(scene, NS_PER_S);
	}
	scene_close(scene);
	return 0;
}

static int count_row(void *context, const struct query_value *values, unsigned int count)
{
	uint64_t *rows = context;

	(*rows)++;
	return 0;
}

/* Runs a query that is to fail with the code. */
static struct fail refuse(struct scene *scene, struct store_query query, int code)
{
	struct fail fail = { 0 };
	struct query_result result;
	uint64_t rows = 0;
	int got;

	query.path = query.path ? query.path : scene->path;
	query.sink = (struct query_sink){ .context = &rows, .row = count_row };
	got = store_query_run(&query, &result, &fail);
	if (got != code)
		fail_msg("%s: %d (%s), not %d", query.sql, got, fail.text, code);
	return fail;
}

static void only_reading_is_allowed(void **state)
{
	struct scene *scene = *state;
	static const char *const refused[] = {
		"INSERT INTO request(time_ns) VALUES (1)",
		"DELETE FROM request",
		"UPDATE request SET weight = 5",
		"CREATE TABLE a(b)",
		"CREATE TEMP TABLE a(b)",
		"DROP TABLE request",
		"ATTACH '/tmp/other.db' AS other",
		"VACUUM INTO '/tmp/skep-never.db'",
		"PRAGMA journal_mode = DELETE",
		"PRAGMA wal_checkpoint",
		"PRAGMA user_version = 7",
		"PRAGMA query_only = OFF",
		"BEGIN",
		"SELECT load_extension('/tmp/x.so')",
		"SELECT fts3_tokenizer('simple')",
		"SELECT json_patch('{}', '{}')",
		"WITH a AS (SELECT 1) DELETE FROM request",
		"EXPLAIN DELETE FROM request",
	};

	for (unsigned int i = 0; i < ARRAY_LENGTH(refused); i++)
		refuse(scene, (struct store_query){ .sql = refused[i] }, -EPERM);
	assert_int_equal(scene_number(scene, "SELECT sum(weight) FROM request"), 10);
	assert_int_equal(
		scene_number(scene, "SELECT count(*) FROM pragma_table_info('request') "
				    "WHERE name IN ('time_ns', 'weight', 'id', 'service')"),
		4);
}

static void mistakes_are_explained(void **state)
{
	struct scene *scene = *state;
	struct fail fail;

	fail = refuse(
		scene, (struct store_query){ .sql = "SELECT nonsense FROM request" }, -EINVAL);
	assert_string_equal(fail.text, "no such column: nonsense");
	fail = refuse(scene, (struct store_query){ .sql = "SELEKT 1" }, -EINVAL);
	assert_non_null(strstr(fail.text, "syntax error"));
	refuse(scene, (struct store_query){ .sql = " ; " }, -EINVAL);
	fail = refuse(
		scene, (struct store_query){ .sql = "SELECT 1; DELETE FROM request" }, -EINVAL);
	assert_non_null(strstr(fail.text, "one statement"));
	refuse(scene, (struct store_query){ .sql = "SELECT quantile(1, 2)" }, -EINVAL);
	refuse(scene, (struct store_query){ .sql = "UPDATE sqlite_master SET sql = ''" }, -EINVAL);
	refuse(scene, (struct store_query){ .sql = "SELECT histogram_merge('x')" }, -EINVAL);
	refuse(scene, (struct store_query){ .sql = "SELECT 1", .path = "/nonexistent/store.db" },
		-ENOENT);
	refuse(scene, (struct store_query){ .sql = "SELECT 1", .path = "/etc/passwd" }, -EUCLEAN);
}

#define ENDLESS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "

static void limits_hold(void **state)
{
	struct scene *scene = *state;
	atomic_bool cancel = true;

	refuse(scene,
		(struct store_query){
			.sql = ENDLESS "SELECT count(*) FROM n", .timeout_ns = 50 * NS_PER_MS },
		-ETIMEDOUT);
	refuse(scene,
		(struct store_query){
			.sql = ENDLESS "SELECT i FROM n ORDER BY i DESC", .memory_bytes = 4 << 20 },
		-ENOMEM);
	refuse(scene,
		(struct store_query){ .sql = "SELECT length(zeroblob(900000) || 'x') FROM "
					     "request a, request b",
			.memory_bytes = 1 << 20 },
		-ENOMEM);
	refuse(scene, (struct store_query){ .sql = "SELECT zeroblob(2000000)" }, -EINVAL);
	refuse(scene,
		(struct store_query){ .sql = ENDLESS "SELECT count(*) FROM n", .cancel = &cancel },
		-ECANCELED);
	/* Nothing of it stays: the next one has its full share. */
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM request"), 10);
}

/* Between two steps of a statement the limits hold by themselves; here each call is a long one.
 * The test's own time limit ends what does not end. */
static void no_function_takes_forever(void **state)
{
	static const char *const bombs[] = {
		"SELECT trim(hex(zeroblob(400000)), replace(hex(zeroblob(100000)), '0', 'x') "
		"|| '0')",
		"SELECT instr(hex(zeroblob(500000)), hex(zeroblob(250000)) || '1')",
		"SELECT replace(hex(zeroblob(500000)), hex(zeroblob(250000)) || '1', '')",
		"SELECT length(hex(randomblob(500000)))",
		"SELECT hex(zeroblob(500000)) LIKE '%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%1'",
		"SELECT hex(zeroblob(500000)) GLOB '*[abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq"
		"rstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmno]1'",
		"SELECT printf('%.900000f %,900000d', 1.0, 1)",
	};
	char sql[1024];

	for (unsigned int i = 0; i < ARRAY_LENGTH(bombs); i++) {
		struct store_query query = { .sql = sql, .timeout_ns = 50 * NS_PER_MS };
		struct query_result result;
		struct fail fail = { 0 };
		uint64_t rows = 0;

		/* As often as it can. */
		snprintf(sql, sizeof(sql), ENDLESS "SELECT count((%s || i)) FROM n", bombs[i]);
		query.path = ((struct scene *)*state)->path;
		query.sink = (struct query_sink){ .context = &rows, .row = count_row };
		assert_int_not_equal(store_query_run(&query, &result, &fail), 0);
		assert_true(fail.code == -ETIMEDOUT || fail.code == -EINVAL);
	}
}

static void rows_maximum_cuts(void **state)
{
	struct scene *scene = *state;
	struct query_result result;
	uint64_t rows = 0;
	struct store_query query = { .path = scene->path,
		.sql = "SELECT * FROM request",
		.rows_maximum = 3,
		.sink = { .context = &rows, .row = count_row } };

	assert_int_equal(store_query_run(&query, &result, NULL), 0);
	assert_int_equal(rows, 3);
	assert_int_equal(result.rows, 3);
	assert_true(result.is_cut);
	query.rows_maximum = 10;
	assert_int_equal(store_query_run(&query, &result, NULL), 0);
	assert_false(result.is_cut);
}

static void parameters_are_bound(void **state)
{
	struct scene *scene = *state;
	struct scene_answer answer = { .is_there = false };
	struct query_result result;
	struct query_parameter parameters[] = {
		{ ":since",
			{ .type = QUERY_INTEGER, .integer = (int64_t)(NOON_NS + 5 * NS_PER_S) } },
		{ ":target", { .type = QUERY_TEXT, .text = { (const uint8_t *)"/a", 2 } } },
		{ ":unused", { .type = QUERY_NULL } },
	};
	struct store_query query = { .path = scene->path,
		.sql = "SELECT count(*) FROM http WHERE time_ns >= :since AND target = :target",
		.parameters = parameters,
		.parameter_count = ARRAY_LENGTH(parameters),
		.sink = { .context = &answer, .row = scene_take } };

	assert_int_equal(store_query_run(&query, &result, NULL), 0);
	assert_int_equal(answer.value.integer, 3);
}

/* ---- printing ------------------------------------------------------------------------------ */

static char *print(struct scene *scene, enum result_format format, const char *sql)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	struct result_printer *printer = result_printer_new(format, stream);
	struct store_query query = { .path = scene->path, .sql = sql };
	struct query_result result;
	struct fail fail = { 0 };

	query.sink = result_printer_sink(printer);
	if (store_query_run(&query, &result, &fail) != 0)
		fail_msg("%s: %s", sql, fail.text);
	assert_int_equal(result_printer_end(printer), 0);
	result_printer_free(printer);
	fclose(stream);
	return text;
}

static void assert_printed(
	struct scene *scene, enum result_format format, const char *sql, const char *expected)
{
	_cleanup_(freep)
	char *text = print(scene, format, sql);

	assert_string_equal(text, expected);
}

static void tables_are_aligned(void **state)
{
	assert_printed(*state, RESULT_TABLE,
		"SELECT target, count(*) AS requests, avg(duration_ns) AS mean FROM request "
		"GROUP BY target UNION ALL SELECT '/long/path', 123456789, NULL",
		"target       requests     mean\n"
		"/a                  5  5000000\n"
		"/b                  5  5000000\n"
		"/long/path  123456789         \n");
	assert_printed(*state, RESULT_TABLE, "SELECT target FROM request WHERE 0", "target\n");
}

static void json_keeps_types(void **state)
{
	assert_printed(*state, RESULT_JSON,
		"SELECT 1 AS a, 2.5 AS b, 'x\"y' AS c, NULL AS d, x'00ff' AS e, "
		"status FROM request LIMIT 1",
		"{\"a\":1,\"b\":2.5,\"c\":\"x\\\"y\",\"d\":null,\"e\":\"00ff\",\"status\":200}\n");
	assert_printed(*state, RESULT_JSON, "SELECT 1 WHERE 0", "");
}

static void csv_quotes(void **state)
{
	assert_printed(*state, RESULT_CSV,
		"SELECT 'a,b' AS \"x,y\", 'say \"no\"' AS b, NULL AS c, 7 AS d",
		"\"x,y\",b,c,d\n\"a,b\",\"say \"\"no\"\"\",,7\n");
}

static void hostile_text_is_inert(void **state)
{
	static const enum result_format formats[] = { RESULT_TABLE, RESULT_CSV };

	for (unsigned int i = 0; i < ARRAY_LENGTH(formats); i++) {
		_cleanup_(freep)
		char *text = print(*state, formats[i],
			"SELECT char(27) || '[2J' || char(10) || char(0x202e) || x'ff' AS "
			"\"\033[31m\"");

		assert_null(strchr(text, '\033'));
		assert_null(strstr(text, "\xe2\x80\xae"));
		assert_null(strchr(text, '\xff'));
		/* One line of names and one row: no line break came through. */
		assert_ptr_equal(strchr(strchr(text, '\n') + 1, '\n'), text + strlen(text) - 1);
	}
}

static int refuse_row(void *context, const struct query_value *values, unsigned int count)
{
	return -EPIPE;
}

static void sink_ends_the_query(void **state)
{
	struct scene *scene = *state;
	struct query_result result;
	struct store_query query = {
		.path = scene->path, .sql = "SELECT * FROM request", .sink = { .row = refuse_row }
	};

	assert_int_equal(store_query_run(&query, &result, NULL), -EPIPE);
}

/* ---- schema -------------------------------------------------------------------------------- */

static const char *const words[] = { "none", "some", NULL };

struct thing {
	struct event_header header;
	uint64_t size;
	uint8_t sort;
	bool is_bad;
	char name[8];
	char code[8];
	struct address from;
};

static const struct field thing_fields[] = {
	FIELD_TIME(thing),
	FIELD_(FIELD_U64, UNIT_BYTES, thing, size, 0, NULL, ""),
	{ .name = "sort",
		.type = FIELD_WORD,
		.offset = offsetof(struct thing, sort),
		.size = 1,
		.words = words },
	FIELD_(FIELD_BOOL, UNIT_NONE, thing, is_bad, FIELD_IS_INDEXED, NULL, ""),
	FIELD_(FIELD_TEXT, UNIT_NONE, thing, name, FIELD_IS_INDEXED, NULL, ""),
	FIELD_(FIELD_CODE, UNIT_NONE, thing, code, 0, NULL, ""),
	FIELD_(FIELD_ADDRESS, UNIT_NONE, thing, from, 0, NULL, ""),
};
static const struct event_kind thing_kind = { .name = "thing",
	.fields = thing_fields,
	.field_count = ARRAY_LENGTH(thing_fields),
	.size = sizeof(struct thing) };

static void tables_follow_the_fields(void **state)
{
	struct scene *scene = *state;
	static const struct event_kind *const kinds[] = { &thing_kind, NULL };
	struct thing thing = { .header = { .kind = &thing_kind },
		.size = UINT64_MAX,
		.sort = 1,
		.name = "it's",
		.code = "42" };
	_cleanup_(freep)
	char *schema = NULL;
	_cleanup_(freep)
	char *row = NULL;

	unlink(scene->path);
	scene->options.kinds = kinds;
	scene_open(scene);
	thing.header.time_ns = scene->monotonic_ns;
	store_write(scene->store, &thing.header);
	scene_close(scene);
	schema = print(scene, RESULT_CSV, "SELECT sql AS s FROM sqlite_schema ORDER BY name");
	assert_string_equal(schema,
		"s\n"
		"\"CREATE TABLE \"\"thing\"\"(\"\"time_ns\"\" INTEGER DEFAULT 0, \"\"size\"\" "
		"INTEGER DEFAULT 0, \"\"sort\"\" TEXT DEFAULT '', \"\"is_bad\"\" INTEGER DEFAULT "
		"0, "
		"\"\"name\"\" TEXT DEFAULT '', \"\"code\"\" NUMERIC DEFAULT '', \"\"from\"\" TEXT "
		"DEFAULT '')\"\n"
		"\"CREATE INDEX \"\"thing_by_is_bad\"\" ON \"\"thing\"\"(time_ns) WHERE "
		"\"\"is_bad\"\"\"\n"
		"\"CREATE INDEX \"\"thing_by_name\"\" ON \"\"thing\"\"(\"\"name\"\", time_ns)\"\n"
		"\"CREATE INDEX \"\"thing_by_time_ns\"\" ON \"\"thing\"\"(\"\"time_ns\"\")\"\n");
	row = print(scene, RESULT_JSON, "SELECT * FROM thing");
	assert_non_null(strstr(row, "\"sort\":\"some\",\"is_bad\":0,\"name\":\"it's\",\"code\":42,"
				    "\"from\":\"\"}"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, with_rows, scene_free)
	const struct CMUnitTest tests[] = {
		TEST(only_reading_is_allowed),
		TEST(mistakes_are_explained),
		TEST(limits_hold),
		TEST(no_function_takes_forever),
		TEST(rows_maximum_cuts),
		TEST(parameters_are_bound),
		TEST(tables_are_aligned),
		TEST(json_keeps_types),
		TEST(csv_quotes),
		TEST(hostile_text_is_inert),
		TEST(sink_ends_the_query),
		TEST(tables_follow_the_fields),
	};

	return cmocka_run_group_tests_name("store query", tests, NULL, NULL);
}
