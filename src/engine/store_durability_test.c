/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store when things go wrong: killed at any moment, no space, a damaged or a foreign file, an
 * older and a newer layout; and its limits of bytes and age.
 */
#include "engine/store_test.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

/* ---- crashes ------------------------------------------------------------------------------- */

/* Writes until it is killed; tells after every commit how many requests are safe. The moments in
 * between, and those within commits, are when it is killed. */
static void write_until_killed(struct scene *scene, int report)
{
	struct store_counts counts = { 0 };
	uint64_t sent = 0;

	scene_open(scene);
	for (;;) {
		uint64_t written = counts.written;

		for (int row = 0; row < 200; row++, sent++) {
			struct request_event event = scene_request(scene, row % 3 ? "/a" : "/b");

			event.is_error = row == 7;
			scene_write(scene, &event);
			scene_pass(scene, NS_PER_S / 400);
		}
		store_tick(scene->store);
		do
			store_get_counts(scene->store, &counts);
		while (counts.written == written);
		if (write(report, &sent, sizeof(sent)) != sizeof(sent))
			_exit(1);
	}
}

/* Reads reports until the child has made some progress, then kills it. Returns the requests
 * that it was told are safe. */
static uint64_t crash_once(struct scene *scene, unsigned int reports)
{
	uint64_t safe = 0;
	uint64_t value;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ends[0]);
		write_until_killed(scene, ends[1]);
	}
	close(ends[1]);
	for (unsigned int i = 0; i < reports; i++)
		if (read(ends[0], &value, sizeof(value)) == sizeof(value))
			safe = value;
	kill(pid, SIGKILL);
	/* What was still in the pipe was said before the end. */
	while (read(ends[0], &value, sizeof(value)) == sizeof(value))
		safe = value;
	close(ends[0]);
	waitpid(pid, NULL, 0);
	return safe;
}

static void crash_loses_nothing_that_was_safe(void **state)
{
	struct scene *scene = *state;
	uint32_t seed = 7;

	scene->options.rows_per_second = 300;
	for (int round = 0; round < 15; round++) {
		int64_t before = access(scene->path, F_OK) == 0
					 ? scene_number(scene, "SELECT sum(weight) FROM request")
					 : 0;
		uint64_t safe;
		int64_t after;

		seed = seed * 1664525 + 1013904223;
		safe = crash_once(scene, 1 + (seed >> 16) % 20);
		after = scene_number(scene, "SELECT sum(weight) FROM request");
		assert_true(after - before >= (int64_t)safe);
		/* At most the one batch more that was just being written. */
		assert_true(after - before <= (int64_t)safe + 200);
		scene_assert_sound(scene);
		scene_check_equation(scene);
		scene_pass(scene, 100 * NS_PER_S);
	}
}

/* With this and the test above a crash takes at most what came since the last flush. */
static void rows_are_handed_over_within_a_second(void **state)
{
	struct scene *scene = *state;

	scene_open(scene);
	for (int i = 1; i <= 10; i++) {
		scene_write_one(scene, "/a");
		for (int tick = 0; tick < 6; tick++) {
			scene_pass(scene, NS_PER_S / 10);
			store_tick(scene->store);
		}
		while (scene_number(scene, "SELECT count(*) FROM request") < i)
			sched_yield();
	}
}

/* ---- no space ------------------------------------------------------------------------------ */

static void fill_file(const char *path, size_t bytes)
{
	static char block[65536];
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (size_t written = 0; written < bytes; written += sizeof(block))
		if (fwrite(block, 1, sizeof(block), file) != sizeof(block))
			break;
	fclose(file);
}

/* In a mount namespace of its own. Returns the exit code: 0 fine, 2 not allowed here, else the
 * line that went wrong. */
static int live_through_full_disk(struct scene *scene)
{
#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return __LINE__ - 100;                                                     \
	} while (0)
	char filler[96];
	struct store_counts counts;
	uint64_t sent = 0;

	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("skep", scene->directory, "tmpfs", 0, "size=4m") != 0)
		return 2;
	scene->options.maximum_bytes = 64 << 20;
	scene_open(scene);
	scene_write_one(scene, "/before");
	counts = scene_flush_and_wait(scene, 2);
	EXPECT(counts.problem.code == 0);
	snprintf(filler, sizeof(filler), "%s/filler", scene->directory);
	fill_file(filler, 8 << 20);
	for (sent = 1; counts.problem.code == 0 && sent < 100000; sent++) {
		scene_write_one(scene, "/during");
		if (sent % 1000 == 0)
			counts = scene_flush_and_wait(scene, 0);
	}
	EXPECT(counts.problem.code == -ENOSPC);
	EXPECT(strstr(counts.problem.text, "disk is full"));
	unlink(filler);
	/* The clock of the scene stands still: days of it would go by, and rows expire. */
	while (counts.problem.code != 0) {
		sched_yield();
		store_get_counts(scene->store, &counts);
	}
	scene_write_one(scene, "/after");
	sent++;
	store_close(TAKE(scene->store), &counts);
	EXPECT(counts.lost == 0 && counts.uncounted == 0);
	EXPECT(scene_number(scene, "SELECT sum(weight) FROM request") == (int64_t)sent);
	EXPECT(scene_number(scene, "SELECT sum(\"count\") FROM request_rate") == (int64_t)sent);
	EXPECT(scene_number(scene, "SELECT count(*) FROM request WHERE target = '/after'") == 1);
	return 0;
}

static void full_disk_is_lived_through(void **state)
{
	struct scene *scene = *state;
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(live_through_full_disk(scene));
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 2)
		skip(); /* no file system may be mounted here */
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- other layouts ------------------------------------------------------------------------- */

static void newer_file_is_refused(void **state)
{
	struct scene *scene = *state;
	struct fail fail = { 0 };

	scene_open(scene);
	scene_write_one(scene, "/a");
	scene_close(scene);
	scene_edit(scene, "PRAGMA user_version = 99");
	assert_int_equal(store_open(&scene->options, &scene->store, &fail), -EPROTO);
	assert_non_null(strstr(fail.text, "newer skep"));
	assert_null(scene->store);
	scene_edit(scene, "PRAGMA user_version = 1");
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM request"), 1);
}

static void foreign_file_is_refused(void **state)
{
	struct scene *scene = *state;
	struct fail fail = { 0 };

	scene_edit(scene, "CREATE TABLE request(a)");
	assert_int_equal(store_open(&scene->options, &scene->store, &fail), -EPROTO);
	assert_non_null(strstr(fail.text, "another program"));
	assert_int_equal(scene_count_files(scene, "damaged"), 0);
}

static void older_file_gets_its_columns(void **state)
{
	struct scene *scene = *state;
	struct store_counts counts;

	scene_edit(scene, "PRAGMA application_id = 0x736b6570; PRAGMA user_version = 1;"
			  "CREATE TABLE request(time_ns INTEGER, target TEXT, gone TEXT);"
			  "INSERT INTO request VALUES (1769860800000000000, '/old', 'x')");
	scene_open(scene);
	scene_write_one(scene, "/new");
	counts = scene_close(scene);
	assert_int_equal(counts.written, 2);
	assert_int_equal(scene_number(scene, "SELECT sum(weight) FROM request"), 2);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM request WHERE service = '' "
					     "AND duration_ns = 0 AND target = '/old'"),
		1);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM http"), 1);
}

/* ---- limits -------------------------------------------------------------------------------- */

static uint64_t bytes_on_disk(struct scene *scene)
{
	DIR *stream = opendir(scene->directory);
	struct dirent *entry;
	struct stat status;
	uint64_t bytes = 0;

	while ((entry = readdir(stream)))
		if (!strstr(entry->d_name, "-shm") && entry->d_name[0] != '.' &&
			fstatat(dirfd(stream), entry->d_name, &status, 0) == 0)
			bytes += (uint64_t)status.st_size;
	closedir(stream);
	return bytes;
}

static void bytes_stay_under_the_cap(void **state)
{
	struct scene *scene = *state;
	struct store_counts counts;
	uint64_t largest = 0;

	scene->options.maximum_bytes = 8 << 20;
	scene_open(scene);
	for (int i = 0; i < 100000; i++) {
		char target[96];

		snprintf(target, sizeof(target), "/%d/%064d", i % 20, 0);
		scene_write_one(scene, target);
		scene_pass(scene, 5 * NS_PER_MS);
		if (i % 500 == 0) {
			store_tick(scene->store);
			while (store_is_behind(scene->store))
				sched_yield();
			largest = MAX(largest, bytes_on_disk(scene));
		}
	}
	counts = scene_close(scene);
	largest = MAX(largest, bytes_on_disk(scene));
	assert_in_range(largest, 4 << 20, 8 << 20);
	/* How many rows came while the writer was behind, and were sampled, the machine says. */
	assert_true(counts.expired > (uint64_t)scene_number(scene, "SELECT count(*) FROM request"));
	assert_int_equal(counts.lost + counts.uncounted, 0);
	/* The newest are there, the oldest are gone; counts stay when single rows go. */
	assert_true(scene_number(scene, "SELECT max(time_ns) FROM request") >
		    (int64_t)(NOON_NS + 498 * NS_PER_S));
	assert_true(scene_number(scene, "SELECT min(time_ns) FROM request") >
		    (int64_t)(NOON_NS + 250 * NS_PER_S));
	assert_int_equal(scene_number(scene, "SELECT sum(\"count\") FROM request_rate"), 100000);
}

static void lower_cap_shrinks_the_file(void **state)
{
	struct scene *scene = *state;

	scene->options.maximum_bytes = 32 << 20;
	scene_open(scene);
	for (int i = 0; i < 70000; i++) {
		scene_write_one(scene, "/a");
		scene_pass(scene, NS_PER_MS);
		while (i % 1000 == 0 && store_is_behind(scene->store))
			sched_yield();
	}
	scene_close(scene);
	assert_true(bytes_on_disk(scene) > 6 << 20);
	scene->options.maximum_bytes = 5 << 20;
	scene_open(scene);
	scene_write_one(scene, "/last");
	scene_close(scene);
	assert_in_range(bytes_on_disk(scene), 2 << 20, 5 << 20);
	assert_int_equal(
		scene_number(scene, "SELECT count(*) FROM request WHERE target = '/last'"), 1);
	scene_assert_sound(scene);
}

/* The copy finds a reader in its way: tried once, and writing goes on. */
static void shrinking_is_no_condition(void **state)
{
	struct scene *scene = *state;
	struct store_counts counts;
	sqlite3 *reader;

	scene->options.maximum_bytes = 32 << 20;
	scene_open(scene);
	for (int i = 0; i < 37000; i++) {
		scene_write_one(scene, "/a");
		while (i % 1000 == 0 && store_is_behind(scene->store))
			sched_yield();
	}
	scene_close(scene);
	assert_int_equal(sqlite3_open(scene->path, &reader), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(reader,
			"PRAGMA journal_mode = DELETE; BEGIN; SELECT count(*) FROM request", NULL,
			NULL, NULL),
		SQLITE_OK);
	sqlite3_exec(reader,
		"COMMIT; PRAGMA journal_mode = WAL; BEGIN; SELECT count(*) FROM request", NULL,
		NULL, NULL);
	scene->options.maximum_bytes = 5 << 20;
	scene_open(scene);
	for (int i = 0; i < 10; i++) {
		scene_write_one(scene, "/b");
		counts = scene_flush_and_wait(scene, (uint64_t)i + 1);
		assert_int_equal(counts.problem.code, 0);
	}
	sqlite3_close(reader);
	scene_close(scene);
	assert_int_equal(
		scene_number(scene, "SELECT count(*) FROM request WHERE target = '/b'"), 10);
	scene_check_equation(scene);
}

/* A reader that never ends keeps the log from beginning anew: writing waits, nothing is lost. */
static void endless_reader_is_lived_with(void **state)
{
	struct scene *scene = *state;
	struct store_counts counts = { 0 };
	uint64_t sent = 1;
	sqlite3 *reader;

	scene->options.maximum_bytes = 16 << 20;
	scene_open(scene);
	scene_write_one(scene, "/a");
	scene_flush_and_wait(scene, 2);
	assert_int_equal(sqlite3_open(scene->path, &reader), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM request", NULL, NULL, NULL),
		SQLITE_OK);
	for (; counts.problem.code == 0 && sent < 200000; sent++) {
		scene_write_one(scene, "/a");
		if (sent % 500 == 0)
			counts = scene_flush_and_wait(scene, counts.written + 1);
	}
	assert_int_equal(counts.problem.code, -EBUSY);
	assert_true(bytes_on_disk(scene) <= 16 << 20);
	sqlite3_close(reader);
	while (counts.problem.code != 0)
		counts = scene_flush_and_wait(scene, 0);
	counts = scene_close(scene);
	assert_int_equal(counts.lost + counts.uncounted, 0);
	assert_int_equal(scene_number(scene, "SELECT sum(\"count\") FROM request_rate"), sent);
	assert_int_equal(scene_number(scene, "SELECT sum(weight) FROM request"), sent);
}

static void old_rows_go(void **state)
{
	struct scene *scene = *state;

	scene->options.maximum_age_ns = 24 * HOUR_NS;
	scene_open(scene);
	scene_write_one(scene, "/old");
	scene_flush_and_wait(scene, 2);
	scene_pass(scene, 23 * HOUR_NS);
	scene_write_one(scene, "/young");
	scene_flush_and_wait(scene, 4);
	scene_pass(scene, 2 * HOUR_NS);
	scene_write_one(scene, "/new");
	scene_flush_and_wait(scene, 6);
	scene_close(scene);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM request"), 2);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM request_rate"), 2);
}

static void wrong_clock_deletes_nothing(void **state)
{
	struct scene *scene = *state;

	scene_open(scene);
	scene_write_one(scene, "/good");
	scene_flush_and_wait(scene, 2);
	scene_step(scene, (int64_t)(1000 * 24 * HOUR_NS));
	scene_pass(scene, 20 * NS_PER_S);
	scene_write_one(scene, "/future");
	scene_flush_and_wait(scene, 4);
	scene_step(scene, -(int64_t)(1000 * 24 * HOUR_NS));
	scene_pass(scene, 20 * NS_PER_S);
	scene_write_one(scene, "/again");
	scene_close(scene);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM request"), 3);
}

static void counts_get_coarser(void **state)
{
	struct scene *scene = *state;
	const uint64_t steps = 30 * 60 * 2; /* thirty hours, a request each 30 seconds */

	scene->options.maximum_age_ns = 240 * HOUR_NS;
	scene_open(scene);
	for (uint64_t i = 0; i < steps; i++) {
		scene_write_one(scene, i % 4 ? "/a" : "/b");
		scene_pass(scene, 30 * NS_PER_S);
		store_tick(scene->store);
		while (store_is_behind(scene->store))
			sched_yield();
	}
	scene_close(scene);
	assert_int_equal(scene_number(scene, "SELECT sum(\"count\") FROM request_rate"), steps);
	assert_int_equal(scene_number(scene, "SELECT sum(\"count\") FROM request_rate "
					     "WHERE target = '/b'"),
		steps / 4);
	assert_int_equal(scene_number(scene, "SELECT count(*) FROM request_rate "
					     "WHERE time_ns % bucket_ns <> 0"),
		0);
	assert_int_equal(
		scene_number(scene, "SELECT count(DISTINCT bucket_ns) FROM request_rate"), 3);
	/* Six hours of ten minutes, 23 of one minute, one of ten seconds; two keys; and the edges.
	 */
	assert_in_range(scene_number(scene, "SELECT count(*) FROM request_rate"), 2100, 2400);
	assert_int_equal(scene_number(scene, "SELECT histogram_quantile(histogram, 0.5) / 1000000 "
					     "FROM request_rate"),
		5);
	assert_true(
		scene_number(scene, "SELECT max(duration_sum_ns / \"count\") FROM request_rate") ==
		5 * NS_PER_MS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)
	const struct CMUnitTest tests[] = {
		TEST(crash_loses_nothing_that_was_safe),
		TEST(rows_are_handed_over_within_a_second),
		TEST(full_disk_is_lived_through),
		TEST(newer_file_is_refused),
		TEST(foreign_file_is_refused),
		TEST(older_file_gets_its_columns),
		TEST(bytes_stay_under_the_cap),
		TEST(lower_cap_shrinks_the_file),
		TEST(shrinking_is_no_condition),
		TEST(endless_reader_is_lived_with),
		TEST(old_rows_go),
		TEST(wrong_clock_deletes_nothing),
		TEST(counts_get_coarser),
	};

	return cmocka_run_group_tests_name("store durability", tests, NULL, NULL);
}
