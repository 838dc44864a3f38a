/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the store share: a folder, a clock that they set, requests, and questions
 * to the file.
 */
#ifndef SKEP_STORE_TEST_H
#define SKEP_STORE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "engine/store.h"
#include "engine/store_query.h"

#define HOUR_NS (3600 * NS_PER_S)
/* 2026-01-31 12:00:00 UTC. */
#define NOON_NS (1769860800ULL * NS_PER_S)

struct scene {
	char directory[64];
	char path[96];
	pthread_mutex_t mutex; /* of the clock: the writer reads it too */
	uint64_t monotonic_ns;
	uint64_t wall_ns;
	struct store_options options;
	struct store *store;
};

static inline void scene_clock(void *context, uint64_t *ret_monotonic_ns, uint64_t *ret_wall_ns)
{
	struct scene *scene = context;

	pthread_mutex_lock(&scene->mutex);
	*ret_monotonic_ns = scene->monotonic_ns;
	*ret_wall_ns = scene->wall_ns;
	pthread_mutex_unlock(&scene->mutex);
}

static inline void scene_pass(struct scene *scene, uint64_t ns)
{
	pthread_mutex_lock(&scene->mutex);
	scene->monotonic_ns += ns;
	scene->wall_ns += ns;
	pthread_mutex_unlock(&scene->mutex);
}

/* Sets the wall clock ahead, or back. */
static inline void scene_step(struct scene *scene, int64_t ns)
{
	pthread_mutex_lock(&scene->mutex);
	scene->wall_ns += (uint64_t)ns;
	pthread_mutex_unlock(&scene->mutex);
}

static const struct event_kind *const scene_kinds[] = { &request_kind, NULL };
static const char *const scene_protocols[] = { "http", "redis", NULL };

/* A setup function: a fresh folder, the clock at noon; the store is not open yet. */
static inline int scene_new(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	/* In memory where possible: the many commits of a test wait for no disk. */
	str_set(scene->directory, access("/dev/shm", W_OK) == 0 ? "/dev/shm/skep-store-XXXXXX"
								: "/tmp/skep-store-XXXXXX");
	assert_non_null(mkdtemp(scene->directory));
	snprintf(scene->path, sizeof(scene->path), "%s/%s", scene->directory, STORE_FILE);
	pthread_mutex_init(&scene->mutex, NULL);
	scene->monotonic_ns = 1000 * NS_PER_S;
	scene->wall_ns = NOON_NS;
	scene->options = (struct store_options){ .directory = scene->directory,
		.kinds = scene_kinds,
		.protocols = scene_protocols,
		.read = scene_clock,
		.context = scene };
	*state = scene;
	return 0;
}

static inline int scene_free(void **state)
{
	struct scene *scene = *state;
	struct dirent *entry;
	DIR *stream;

	store_close(scene->store, NULL);
	stream = opendir(scene->directory);
	while (stream && (entry = readdir(stream)))
		unlinkat(dirfd(stream), entry->d_name, 0);
	if (stream)
		closedir(stream);
	rmdir(scene->directory);
	free(scene);
	return 0;
}

static inline void scene_open(struct scene *scene)
{
	struct fail fail = { 0 };

	if (store_open(&scene->options, &scene->store, &fail) != 0)
		fail_msg("%s", fail.text);
}

/* Everything is in the file afterwards. */
static inline struct store_counts scene_close(struct scene *scene)
{
	struct store_counts counts;

	store_close(TAKE(scene->store), &counts);
	return counts;
}

static inline struct request_event scene_request(struct scene *scene, const char *target)
{
	struct request_event event;

	request_event_init(&event);
	event.header.time_ns = scene->monotonic_ns;
	event.role = ROLE_SERVER;
	event.duration_ns = 5 * NS_PER_MS;
	event.request_bytes = 100;
	event.response_bytes = 1000;
	str_set(event.protocol, "http");
	str_set(event.operation, "GET");
	str_set(event.status, "200");
	str_set(event.process.service, "shop");
	str_set(event.target, target);
	str_set(event.detail, target);
	return event;
}

static inline void scene_write(struct scene *scene, const struct request_event *event)
{
	store_write(scene->store, &event->header);
}

/* The first value of the first row. */
struct scene_answer {
	struct query_value value;
	char text[4096];
	bool is_there;
};

static inline int scene_take(void *context, const struct query_value *values, unsigned int count)
{
	struct scene_answer *answer = context;

	if (answer->is_there)
		return 0;
	answer->is_there = true;
	answer->value = values[0];
	if (values[0].type == QUERY_TEXT)
		str_copy_slice(answer->text, sizeof(answer->text), values[0].text);
	return 0;
}

static inline struct scene_answer scene_ask(struct scene *scene, const char *sql)
{
	struct scene_answer answer = { .is_there = false };
	struct store_query query = {
		.path = scene->path, .sql = sql, .sink = { .context = &answer, .row = scene_take }
	};
	struct query_result result;
	struct fail fail = { 0 };

	if (store_query_run(&query, &result, &fail) != 0)
		fail_msg("%s: %s", sql, fail.text);
	return answer;
}

static inline int64_t scene_number(struct scene *scene, const char *sql)
{
	return scene_ask(scene, sql).value.integer;
}

/* Runs SQL on the file as another program would. */
static inline void scene_edit(struct scene *scene, const char *sql)
{
	sqlite3 *database;
	char *message = NULL;

	assert_int_equal(sqlite3_open(scene->path, &database), SQLITE_OK);
	if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s", message);
	sqlite3_close(database);
}

static inline void scene_assert_sound(struct scene *scene)
{
	sqlite3 *database;
	sqlite3_stmt *statement;

	assert_int_equal(sqlite3_open(scene->path, &database), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(database, "PRAGMA integrity_check", -1, &statement, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(statement, 0), "ok");
	sqlite3_finalize(statement);
	sqlite3_close(database);
}

static inline void scene_write_one(struct scene *scene, const char *target)
{
	struct request_event event = scene_request(scene, target);

	scene_write(scene, &event);
}

/* Ticks over the next flush and waits until the writer has done what it was given. */
static inline struct store_counts scene_flush_and_wait(struct scene *scene, uint64_t rows)
{
	struct store_counts counts;

	scene_pass(scene, NS_PER_S);
	store_tick(scene->store);
	do {
		sched_yield();
		store_get_counts(scene->store, &counts);
	} while (counts.written < rows && counts.problem.code == 0);
	return counts;
}

/* Files of the folder with that in their name. */
static inline unsigned int scene_count_files(struct scene *scene, const char *part)
{
	DIR *stream = opendir(scene->directory);
	struct dirent *entry;
	unsigned int count = 0;

	while ((entry = readdir(stream)))
		count += strstr(entry->d_name, part) != NULL;
	closedir(stream);
	return count;
}

/* The promise of the store: for each key and bucket, weights restore the counts. */
static inline void scene_check_equation(struct scene *scene)
{
	static const char sql[] =
		"SELECT count(*) FROM (SELECT t, k, sum(w) AS d FROM ("
		"SELECT time_ns - time_ns % 10000000000 AS t, target || status || service AS k, "
		"weight AS w FROM request UNION ALL "
		"SELECT time_ns, target || status || service, -\"count\" FROM request_rate) "
		"GROUP BY t, k HAVING d <> 0)";

	assert_int_equal(scene_number(scene, sql), 0);
}

#endif
