/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A damaged file is set aside and a new one begun, also while the store runs; and the end of the
 * store leaves nothing behind.
 */
#include "engine/store_test.h"

static void overwrite(struct scene *scene, long from, size_t bytes)
{
	FILE *file = fopen(scene->path, "r+");

	assert_non_null(file);
	fseek(file, from, SEEK_SET);
	for (size_t i = 0; i < bytes; i++)
		fputc(0xa5, file);
	fclose(file);
}

static void damaged_file_is_set_aside(void **state)
{
	struct scene *scene = *state;
	struct store_counts counts;

	/* The head, then everything but the first page. */
	for (long from = 0; from <= 8192; from += 8192) {
		scene_open(scene);
		scene_write_one(scene, "/old");
		scene_close(scene);
		overwrite(scene, from, 200000);

		scene_open(scene);
		scene_write_one(scene, "/new");
		counts = scene_close(scene);
		assert_non_null(strstr(counts.set_aside, "store.db.damaged-"));
		assert_int_equal(access(counts.set_aside, F_OK), 0);
		assert_int_equal(counts.lost, 0);
		assert_int_equal(scene_number(scene, "SELECT count(*) FROM request"), 1);
		scene_assert_sound(scene);
		/* Only the newest is kept. */
		assert_int_equal(scene_count_files(scene, "damaged-"), 1);
		unlink(scene->path);
	}
}

static void damage_while_running_is_set_aside(void **state)
{
	struct scene *scene = *state;
	struct store_counts counts = { 0 };

	scene_open(scene);
	for (int i = 0; i < 3000; i++)
		scene_write_one(scene, "/old");
	scene_close(scene);
	scene_open(scene);
	scene_write_one(scene, "/new");
	scene_flush_and_wait(scene, 2);
	overwrite(scene, 3 * 8192, 4 << 20);
	/* What is damaged shows when it is read: the old rows are to go. */
	scene_pass(scene, 8 * 24 * HOUR_NS);
	for (int i = 0; counts.set_aside[0] == '\0' && i < 100; i++) {
		scene_write_one(scene, "/new");
		scene_pass(scene, 20 * NS_PER_S);
		counts = scene_flush_and_wait(scene, 0);
	}
	scene_write_one(scene, "/after");
	counts = scene_close(scene);
	assert_true(counts.set_aside[0] != '\0');
	assert_int_equal(counts.problem.code, 0);
	assert_int_equal(
		scene_number(scene, "SELECT count(*) FROM request WHERE target = '/after'"), 1);
	scene_assert_sound(scene);
}

/* Buckets are open while the file is replaced: what is in the new one is whole in itself. */
static void damage_leaves_rows_and_counts_equal(void **state)
{
	struct scene *scene = *state;
	struct store_counts counts = { 0 };

	scene->options.rows_per_second = 20;
	/* Upkeep, which meets the damage, comes in the middle of buckets. */
	scene_pass(scene, 5 * NS_PER_S);
	scene_open(scene);
	for (int i = 0; i < 3000; i++)
		scene_write_one(scene, "/a");
	scene_flush_and_wait(scene, 1);
	scene_edit(scene, "PRAGMA wal_checkpoint(TRUNCATE)");
	overwrite(scene, 0, 4 << 20);
	for (int i = 0; counts.set_aside[0] == '\0' && i < 100; i++) {
		for (int j = 0; j < 50; j++)
			scene_write_one(scene, "/a");
		counts = scene_flush_and_wait(scene, 0);
	}
	scene_write_one(scene, "/a");
	counts = scene_close(scene);
	assert_true(counts.set_aside[0] != '\0');
	assert_int_equal(counts.lost + counts.uncounted, 0);
	assert_true(scene_number(scene, "SELECT count(*) FROM request_rate") > 0);
	scene_check_equation(scene);
	scene_assert_sound(scene);
}

/* The last flush is larger than a batch, and one that finds no room at all is counted. */
static void the_last_flush_is_whole(void **state)
{
	struct scene *scene = *state;
	struct store_counts counts;
	char target[16];

	scene->options.batch_bytes = 64 << 10;
	scene_open(scene);
	for (int i = 0; i < 2000; i++) {
		snprintf(target, sizeof(target), "/%d", i);
		scene_write_one(scene, target);
	}
	counts = scene_close(scene);
	assert_int_equal(counts.lost + counts.uncounted, 0);
	assert_int_equal(scene_number(scene, "SELECT sum(weight) FROM request"), 2000);
	assert_int_equal(scene_number(scene, "SELECT sum(\"count\") FROM request_rate"), 2000);
	scene_check_equation(scene);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(damaged_file_is_set_aside),
		TEST(damage_while_running_is_set_aside),
		TEST(damage_leaves_rows_and_counts_equal),
		TEST(the_last_flush_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
