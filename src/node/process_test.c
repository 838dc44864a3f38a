/* SPDX-License-Identifier: Apache-2.0 */
/* The table of processes: identity, reuse of pids, bounds. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clock.h"
#include "node/process.h"

static void finds_by_pid_and_start(void **state)
{
	_cleanup_(process_table_freep)
	struct process_table *table = process_table_new(8, 8);
	struct process *first = process_add(table, 7, 1000000001, 1);

	assert_ptr_equal(process_find(table, 7, 1000000001), first);
	assert_ptr_equal(process_find(table, 7, 0), first);
	assert_null(process_find(table, 7, 1000000002));
	assert_null(process_find(table, 8, 0));
}

static void takes_proc_ticks_for_exact_times(void **state)
{
	_cleanup_(process_table_freep)
	struct process_table *table = process_table_new(8, 8);
	struct process *process = process_add(table, 7, 1000000000, 1);

	assert_ptr_equal(process_find(table, 7, 1009999999), process);
	assert_int_equal(process->described.start_ns, 1009999999);
	assert_ptr_equal(process_find(table, 7, 1000000000), process);
	assert_null(process_find(table, 7, 1010000000));
	assert_null(process_find(table, 7, 1009999998));
}

static void keeps_owners_of_one_pid_apart(void **state)
{
	_cleanup_(process_table_freep)
	struct process_table *table = process_table_new(8, 8);
	struct process *first = process_add(table, 7, 1000000001, 1);
	struct process *second = process_add(table, 7, 2000000001, 2);
	struct process *late = process_add(table, 7, 1500000001, 3);

	assert_true(first->is_dead);
	assert_false(second->is_dead);
	assert_true(late->is_dead);
	assert_ptr_equal(process_find(table, 7, 0), second);
	assert_ptr_equal(process_find(table, 7, 1000000001), first);
	assert_ptr_equal(process_find(table, 7, 1500000001), late);
	assert_int_equal(process_live_count(table), 1);
	assert_int_equal(process_dead_count(table), 2);
}

static void forgets_the_dead_in_time(void **state)
{
	_cleanup_(process_table_freep)
	struct process_table *table = process_table_new(8, 8);
	struct process *first = process_add(table, 7, 1000000001, 0);

	process_bury(table, first, 5 * NS_PER_S);
	process_bury(table, first, 50 * NS_PER_S);
	process_expire(table, 64 * NS_PER_S);
	assert_ptr_equal(process_find(table, 7, 1000000001), first);
	process_expire(table, 65 * NS_PER_S);
	assert_null(process_find(table, 7, 1000000001));
	assert_null(process_find(table, 7, 0));
}

static void stays_within_bounds(void **state)
{
	_cleanup_(process_table_freep)
	struct process_table *table = process_table_new(4, 3);

	for (uint32_t pid = 1; pid <= 100; pid++) {
		struct process *process = process_add(table, pid, pid * NS_PER_S + 1, pid);
		assert_non_null(process);
		process_set_arguments(process, (struct slice){ (const uint8_t *)"a\0b", 4 });
		if (pid % 2)
			process_bury(table, process, pid);
	}
	assert_int_equal(process_live_count(table), 4);
	assert_int_equal(process_dead_count(table), 3);
	assert_non_null(process_find(table, 100, 0));
	assert_non_null(process_find(table, 99, 0));
	assert_null(process_find(table, 1, 0));
	assert_null(process_find(table, 2, 0));
	/* One pid over and over: its chain is bounded by the dead. */
	for (uint64_t round = 1; round <= 50; round++)
		process_add(table, 500, round * NS_PER_S + 3, round);
	assert_int_equal(process_dead_count(table), 3);
	assert_non_null(process_find(table, 500, 50 * NS_PER_S + 3));
	assert_null(process_find(table, 500, 1 * NS_PER_S + 3));
}

static void rotates(void **state)
{
	_cleanup_(process_table_freep)
	struct process_table *table = process_table_new(4, 3);
	struct process *first = process_add(table, 1, 11, 0);
	struct process *second = process_add(table, 2, 22, 0);

	process_rotate(table, first);
	assert_ptr_equal(process_first(table), second);
	assert_ptr_equal(process_next(second), first);
	assert_null(process_next(first));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_by_pid_and_start),
		cmocka_unit_test(takes_proc_ticks_for_exact_times),
		cmocka_unit_test(keeps_owners_of_one_pid_apart),
		cmocka_unit_test(forgets_the_dead_in_time),
		cmocka_unit_test(stays_within_bounds),
		cmocka_unit_test(rotates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
