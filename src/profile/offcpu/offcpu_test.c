/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "profile/offcpu/offcpu_choice.h"
#include "profile/offcpu/waits.h"

/* ---- which waits are taken ---- */

static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 16;
}

struct outcome {
	uint64_t real_us, told_us;
	uint64_t real_count, told_count, taken;
};

/* Waits at one place, as the kernel half handles them; wait_us says how long the next one is. */
static struct outcome run(
	uint32_t us_a_sample, unsigned int count, uint64_t (*wait_us)(unsigned int))
{
	struct offcpu_place place = { 0 };
	struct outcome outcome = { .real_count = count };

	for (unsigned int i = 0; i < count; i++) {
		uint32_t weight = offcpu_weight(&place, 7, us_a_sample, 0);
		uint64_t us = wait_us(i);

		outcome.real_us += us;
		if (weight > 1 && next_random() % weight)
			continue;
		offcpu_learn(&place, 7, us << 10);
		outcome.taken++;
		outcome.told_us += us * weight;
		outcome.told_count += weight;
	}
	return outcome;
}

static uint64_t always_short(unsigned int i)
{
	return 100;
}

static uint64_t always_long(unsigned int i)
{
	return 60000;
}

/* Half of the time in one of a thousand. */
static uint64_t rarely_long(unsigned int i)
{
	return next_random() % 1000 ? 100 : 100000;
}

static void assert_near(uint64_t wanted, uint64_t found, unsigned int percent)
{
	assert_in_range(found, wanted * (100 - percent) / 100, wanted * (100 + percent) / 100);
}

static void long_waits_are_all_taken(void **state)
{
	struct outcome outcome = run(50000, 1000, always_long);

	assert_int_equal(outcome.taken, 1000);
	assert_int_equal(outcome.told_us, outcome.real_us);
}

static void short_waits_stand_for_others(void **state)
{
	struct outcome outcome = run(50000, 1000000, always_short);

	/* A sample for each 50 ms of waiting, and those that were needed to learn how long they
	 * are.
	 */
	assert_in_range(outcome.taken, 1800, 2500);
	assert_near(outcome.real_us, outcome.told_us, 10);
	assert_near(outcome.real_count, outcome.told_count, 10);
}

static void rare_long_waits_do_not_spoil_the_sum(void **state)
{
	struct outcome outcome = run(50000, 1000000, rarely_long);

	assert_true(outcome.taken < 500000);
	assert_near(outcome.real_us, outcome.told_us, 15);
	assert_near(outcome.real_count, outcome.told_count, 10);
}

static void a_place_is_learnt_before_it_is_left_out(void **state)
{
	struct offcpu_place place = { 0 };

	assert_int_equal(offcpu_weight(&place, 7, 50000, 0), 1);
	for (unsigned int i = 0; i < 4; i++)
		offcpu_learn(&place, 7, 1 << 10);
	assert_int_equal(offcpu_weight(&place, 7, 50000, 0), 2);
	for (unsigned int i = 0; i < 1000; i++)
		offcpu_learn(&place, 7, 1 << 10);
	assert_int_equal(offcpu_weight(&place, 7, 50000, 0), OFFCPU_WEIGHT_MAXIMUM);
	/* Another place in its slot knows nothing. */
	assert_int_equal(offcpu_weight(&place, 8, 50000, 0), 1);
	offcpu_learn(&place, 8, ~0ULL);
	assert_int_equal(offcpu_weight(&place, 8, 200000000, 1), 1);
	assert_int_equal(offcpu_weight(&place, 9, 50000, 1), OFFCPU_SHED_FACTOR);
}

/* ---- stacks and their ends ---- */

static const struct stack_sum_key key = { .task = { .pid = 7 }, .state = STATE_LOCK };

static struct stack_record begin_of(uint32_t thread, uint64_t time_ns, uint32_t weight)
{
	return (struct stack_record){ .header = { .time_ns = time_ns },
		.task = { .pid = 7, .thread = thread },
		.weight = weight };
}

static struct offcpu_end end_of(
	uint32_t thread, uint64_t begin_ns, uint64_t woken_ns, uint64_t end_ns)
{
	return (struct offcpu_end){ .header = { .time_ns = end_ns },
		.thread = thread,
		.begin_ns = begin_ns,
		.woken_ns = woken_ns };
}

static void a_wait_and_the_queue_are_told_apart(void **state)
{
	struct waits *waits = waits_new();
	struct stack_record begin = begin_of(8, 1000, 3);
	struct offcpu_waker waker = { .thread = 8, .begin_ns = 1000 };
	struct offcpu_end end = end_of(8, 1000, 1500, 1600);
	struct stack_sum_key found;
	struct stack_sum sum;

	assert_true(waits_begin(waits, &begin, &key));
	assert_int_equal(waits_count(waits), 1);
	waits_woken(waits, &waker, "holder");
	assert_true(waits_end(waits, &end, &found, &sum));
	assert_string_equal(found.waker, "holder");
	assert_int_equal(found.state, STATE_LOCK);
	assert_int_equal(sum.count, 1);
	assert_int_equal(sum.waits, 3);
	assert_int_equal(sum.wait_ns, 1500);
	assert_int_equal(sum.run_queue_ns, 300);
	assert_int_equal(sum.first_ns, 1000);
	assert_int_equal(waits_count(waits), 0);
	assert_false(waits_end(waits, &end, &found, &sum));
	waits_free(waits);
}

static void who_is_preempted_waits_for_a_cpu_only(void **state)
{
	struct waits *waits = waits_new();
	struct stack_sum_key preempted = { .state = STATE_PREEMPTED }, found;
	struct stack_record begin = begin_of(8, 1000, 1);
	struct offcpu_end end = end_of(8, 1000, 0, 1600);
	struct stack_sum sum;

	assert_true(waits_begin(waits, &begin, &preempted));
	assert_true(waits_end(waits, &end, &found, &sum));
	assert_int_equal(sum.wait_ns, 0);
	assert_int_equal(sum.run_queue_ns, 600);
	waits_free(waits);
}

static void a_wait_that_goes_on_is_told_in_parts(void **state)
{
	struct waits *waits = waits_new();
	struct stack_record begin = begin_of(8, 1000, 2), other = begin_of(9, 5000, 1);
	struct offcpu_end end = end_of(8, 1000, 7000, 8000);
	struct wait_id id;
	struct stack_sum_key found;
	struct stack_sum sum;

	assert_true(waits_begin(waits, &begin, &key));
	assert_true(waits_begin(waits, &other, &key));
	assert_true(waits_oldest(waits, 6000, 2000, &id));
	assert_int_equal(id.thread, 8);
	assert_int_equal(id.pid, 7);
	assert_int_equal(id.begin_ns, 1000);
	waits_pass(waits, id.thread, 6000, &found, &sum);
	assert_int_equal(sum.wait_ns, 2 * 5000);
	assert_int_equal(sum.count, 0);
	assert_false(waits_oldest(waits, 6000, 2000, &id));
	assert_true(waits_end(waits, &end, &found, &sum));
	assert_int_equal(sum.wait_ns, 2 * 1000);
	assert_int_equal(sum.run_queue_ns, 2 * 1000);
	assert_int_equal(sum.count, 1);
	assert_true(waits_oldest(waits, 9000, 2000, &id));
	assert_int_equal(id.thread, 9);
	waits_forget(waits, id.thread);
	assert_int_equal(waits_count(waits), 0);
	waits_free(waits);
}

static void a_stack_whose_end_was_lost_gives_way(void **state)
{
	struct waits *waits = waits_new();
	struct stack_record first = begin_of(8, 1000, 1), second = begin_of(8, 3000, 1);
	struct offcpu_end lost = end_of(8, 1000, 0, 2000), end = end_of(8, 3000, 0, 3500);
	struct stack_sum_key found;
	struct stack_sum sum;

	assert_true(waits_begin(waits, &first, &key));
	assert_true(waits_begin(waits, &second, &key));
	assert_int_equal(waits_count(waits), 1);
	assert_false(waits_end(waits, &lost, &found, &sum));
	assert_true(waits_end(waits, &end, &found, &sum));
	assert_int_equal(sum.wait_ns, 500);
	waits_free(waits);
}

static void there_are_so_many_at_most(void **state)
{
	struct waits *waits = waits_new();

	for (uint32_t thread = 0; thread < WAITS_MAXIMUM; thread++) {
		struct stack_record begin = begin_of(thread, 1000, 1);

		assert_true(waits_begin(waits, &begin, &key));
	}
	struct stack_record begin = begin_of(WAITS_MAXIMUM, 1000, 1);

	assert_false(waits_begin(waits, &begin, &key));
	waits_free(waits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_waits_are_all_taken),
		cmocka_unit_test(short_waits_stand_for_others),
		cmocka_unit_test(rare_long_waits_do_not_spoil_the_sum),
		cmocka_unit_test(a_place_is_learnt_before_it_is_left_out),
		cmocka_unit_test(a_wait_and_the_queue_are_told_apart),
		cmocka_unit_test(who_is_preempted_waits_for_a_cpu_only),
		cmocka_unit_test(a_wait_that_goes_on_is_told_in_parts),
		cmocka_unit_test(a_stack_whose_end_was_lost_gives_way),
		cmocka_unit_test(there_are_so_many_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
