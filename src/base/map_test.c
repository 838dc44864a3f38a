/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map: order of age, eviction, stable pointers, every length of key, a random comparison with a
 * plain array.
 */
#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void adds_finds_removes(void **state)
{
	_cleanup_(map_freep)
	struct map *map = map_new(sizeof(int), sizeof(long), 10);
	bool is_new = false;
	int key = 5;
	long *value;

	assert_null(map_find(map, &key));
	value = map_add(map, &key, &is_new);
	assert_true(is_new);
	assert_int_equal(*value, 0);
	*value = 42;
	assert_ptr_equal(map_add(map, &key, &is_new), value);
	assert_false(is_new);
	assert_ptr_equal(map_find(map, &key), value);
	assert_int_equal(*value, 42);
	assert_int_equal(*(const int *)map_key(value), 5);
	assert_int_equal(map_count(map), 1);
	assert_true(map_remove(map, &key));
	assert_false(map_remove(map, &key));
	assert_null(map_find(map, &key));
	assert_int_equal(map_count(map), 0);
	assert_null(map_first(map));
}

static void a_full_map_refuses(void **state)
{
	_cleanup_(map_freep)
	struct map *map = map_new(sizeof(int), 0, 3);
	bool is_new = false;

	for (int key = 0; key < 3; key++)
		assert_non_null(map_add(map, &key, NULL));
	assert_null(map_add(map, &(int){ 3 }, &is_new));
	assert_false(is_new);
	assert_non_null(map_add(map, &(int){ 2 }, NULL));
	assert_int_equal(map_count(map), 3);
	map_remove(map, &(int){ 0 });
	assert_non_null(map_add(map, &(int){ 3 }, &is_new));
	assert_true(is_new);
	assert_int_equal(map_evicted(map), 0);
}

static void maximum_of_zero_counts_as_one(void **state)
{
	_cleanup_(map_freep)
	struct map *map = map_new(sizeof(int), 0, 0);

	assert_non_null(map_add_evict(map, &(int){ 1 }, NULL));
	assert_non_null(map_add_evict(map, &(int){ 2 }, NULL));
	assert_int_equal(map_count(map), 1);
	assert_null(map_find(map, &(int){ 1 }));
}

static void evicts_what_was_touched_longest_ago(void **state)
{
	_cleanup_(map_freep)
	struct map *map = map_new(sizeof(int), sizeof(int), 3);
	static const int expected[] = { 0, 3, 4 };
	int at = 0;

	for (int key = 0; key < 3; key++)
		map_add_evict(map, &key, NULL);
	map_touch(map, map_find(map, &(int){ 0 }));
	/* Neither finding nor adding again makes it younger. */
	map_find(map, &(int){ 1 });
	map_add_evict(map, &(int){ 1 }, NULL);
	map_add_evict(map, &(int){ 3 }, NULL);
	assert_null(map_find(map, &(int){ 1 }));
	map_add_evict(map, &(int){ 4 }, NULL);
	assert_null(map_find(map, &(int){ 2 }));
	assert_int_equal(map_evicted(map), 2);
	MAP_FOREACH(map, value)
		assert_int_equal(*(const int *)map_key(value), expected[at++]);
	assert_int_equal(at, 3);
}

static void touch_works_at_both_ends(void **state)
{
	_cleanup_(map_freep)
	struct map *map = map_new(sizeof(int), 0, 3);
	static const int expected[] = { 1, 2, 0 };
	int at = 0;

	map_touch(map, map_add(map, &(int){ 0 }, NULL));
	map_add(map, &(int){ 1 }, NULL);
	map_touch(map, map_add(map, &(int){ 2 }, NULL));
	map_touch(map, map_find(map, &(int){ 0 }));
	MAP_FOREACH(map, value)
		assert_int_equal(*(const int *)map_key(value), expected[at++]);
}

static void pointers_stay_while_it_grows(void **state)
{
	enum { COUNT = 5000 };
	_cleanup_(map_freep)
	struct map *map = map_new(sizeof(int), sizeof(int), COUNT);
	static int *values[COUNT];

	for (int key = 0; key < COUNT; key++) {
		values[key] = map_add(map, &key, NULL);
		assert_int_equal((uintptr_t)values[key] % _Alignof(max_align_t), 0);
		*values[key] = key;
	}
	assert_int_equal(map_count(map), COUNT);
	for (int key = 0; key < COUNT; key++) {
		assert_ptr_equal(map_find(map, &key), values[key]);
		assert_int_equal(*values[key], key);
	}
}

static void loop_may_remove_the_current_entry(void **state)
{
	_cleanup_(map_freep)
	struct map *map = map_new(sizeof(int), 0, 100);
	int seen = 0;

	for (int key = 0; key < 100; key++)
		map_add(map, &key, NULL);
	MAP_FOREACH(map, value) {
		const int *key = map_key(value);

		assert_int_equal(*key, seen++);
		if (*key % 3 != 0)
			map_remove(map, key);
	}
	assert_int_equal(seen, 100);
	assert_int_equal(map_count(map), 34);
}

struct goodbye {
	int calls;
	int sum;
};

static void say_goodbye(void *context, const void *key, void *value)
{
	struct goodbye *goodbye = context;

	assert_int_equal(*(const int *)key * 2, *(int *)value);
	goodbye->calls++;
	goodbye->sum += *(const int *)key;
}

static void every_way_out_is_told(void **state)
{
	struct map *map = map_new(sizeof(int), sizeof(int), 4);
	struct goodbye goodbye = { 0 };

	map_on_remove(map, say_goodbye, &goodbye);
	for (int key = 1; key <= 5; key++)
		*(int *)map_add_evict(map, &key, NULL) = key * 2;
	assert_int_equal(goodbye.sum, 1);
	map_remove(map, &(int){ 2 });
	assert_int_equal(goodbye.sum, 3);
	map_clear(map);
	assert_int_equal(goodbye.sum, 15);
	assert_int_equal(map_count(map), 0);
	*(int *)map_add(map, &(int){ 6 }, NULL) = 12;
	map_free(map);
	assert_int_equal(goodbye.calls, 6);
	map_free(NULL);
}

/* The hash reads words of eight bytes and a rest. */
static void keys_of_every_length(void **state)
{
	for (size_t length = 1; length <= 33; length++) {
		_cleanup_(map_freep)
		struct map *map = map_new(length, 1, 100);
		uint8_t key[33] = { 0 };

		for (size_t i = 0; i < length; i++) {
			key[i] = 1;
			*(uint8_t *)map_add(map, key, NULL) = (uint8_t)i;
			key[i] = 0;
		}
		assert_int_equal(map_count(map), length);
		for (size_t i = 0; i < length; i++) {
			key[i] = 1;
			assert_int_equal(*(uint8_t *)map_find(map, key), i);
			key[i] = 0;
		}
		assert_null(map_find(map, key));
	}
}

/* A map of 64 entries with keys below 256 against an array of ages: 0 is absent. */
static void agrees_with_a_plain_array(void **state)
{
	enum { KEYS = 256, MAXIMUM = 64, STEPS = 20000 };
	_cleanup_(map_freep)
	struct map *map = map_new(1, sizeof(int), MAXIMUM);
	int ages[KEYS] = { 0 };
	uint32_t random = 1;
	size_t count = 0;

	for (int step = 1; step <= STEPS; step++) {
		uint8_t key;
		int oldest = -1;

		random = random * 1664525 + 1013904223;
		key = (uint8_t)(random >> 24);
		if (random >> 8 & 1) {
			assert_int_equal(map_remove(map, &key), ages[key] > 0);
			count -= ages[key] > 0;
			ages[key] = 0;
			continue;
		}
		for (int i = 0; i < KEYS; i++) {
			if (ages[i] > 0 && (oldest < 0 || ages[i] < ages[oldest]))
				oldest = i;
		}
		if (ages[key] == 0 && count == MAXIMUM) {
			ages[oldest] = 0;
			count--;
		}
		count += ages[key] == 0;
		map_touch(map, map_add_evict(map, &key, NULL));
		ages[key] = step;
		assert_int_equal(map_count(map), count);
	}
	for (int i = 0; i < KEYS; i++)
		assert_int_equal(map_find(map, &(uint8_t){ (uint8_t)i }) != NULL, ages[i] > 0);
	assert_true(map_evicted(map) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_finds_removes),
		cmocka_unit_test(a_full_map_refuses),
		cmocka_unit_test(maximum_of_zero_counts_as_one),
		cmocka_unit_test(evicts_what_was_touched_longest_ago),
		cmocka_unit_test(touch_works_at_both_ends),
		cmocka_unit_test(pointers_stay_while_it_grows),
		cmocka_unit_test(loop_may_remove_the_current_entry),
		cmocka_unit_test(every_way_out_is_told),
		cmocka_unit_test(keys_of_every_length),
		cmocka_unit_test(agrees_with_a_plain_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
