/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: descriptors, timers, messages from threads.
 */
#include "engine/loop.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

struct world {
	struct loop *loop;
	int pipe[2];
	int other[2];
	unsigned int calls;
	unsigned int wanted;
	uint64_t numbers[8192];
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_int_equal(loop_new(&world->loop, NULL), 0);
	assert_int_equal(pipe(world->pipe), 0);
	assert_int_equal(pipe(world->other), 0);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	for (int i = 0; i < 2; i++) {
		close(world->pipe[i]);
		close(world->other[i]);
	}
	loop_free(world->loop);
	free(world);
	return 0;
}

static void count_and_stop(struct world *world)
{
	if (++world->calls >= world->wanted)
		loop_stop(world->loop);
}

static void on_readable(void *context, uint32_t epoll_events)
{
	struct world *world = context;
	char byte;

	assert_true(epoll_events & EPOLLIN);
	assert_int_equal(read(world->pipe[0], &byte, 1), 1);
	count_and_stop(world);
}

static void a_readable_descriptor_is_told(void **state)
{
	struct world *world = *state;

	world->wanted = 3;
	assert_int_equal(loop_add(world->loop, world->pipe[0], EPOLLIN, on_readable, world), 0);
	assert_int_equal(write(world->pipe[1], "abc", 3), 3);
	assert_int_equal(loop_run(world->loop), 0);
	assert_int_equal(world->calls, 3);
}

static void on_remove_both(void *context, uint32_t epoll_events)
{
	struct world *world = context;

	world->calls++;
	loop_remove(world->loop, world->pipe[0]);
	loop_remove(world->loop, world->other[0]);
	loop_stop(world->loop);
}

static void a_removed_descriptor_is_silent_within_the_round(void **state)
{
	struct world *world = *state;

	loop_add(world->loop, world->pipe[0], EPOLLIN, on_remove_both, world);
	loop_add(world->loop, world->other[0], EPOLLIN, on_remove_both, world);
	assert_int_equal(write(world->pipe[1], "a", 1), 1);
	assert_int_equal(write(world->other[1], "a", 1), 1);
	assert_int_equal(loop_run(world->loop), 0);
	assert_int_equal(world->calls, 1);
}

static void the_table_of_descriptors_is_bounded(void **state)
{
	struct world *world = *state;
	int copies[257];

	for (int i = 0; i < 256; i++) {
		copies[i] = dup(world->pipe[0]);
		assert_int_equal(loop_add(world->loop, copies[i], EPOLLIN, on_readable, world), 0);
	}
	copies[256] = dup(world->pipe[0]);
	assert_int_equal(loop_add(world->loop, copies[256], EPOLLIN, on_readable, world), -ENOSPC);
	for (int i = 0; i < 257; i++) {
		loop_remove(world->loop, copies[i]);
		close(copies[i]);
	}
	assert_int_equal(loop_add(world->loop, world->pipe[0], EPOLLIN, on_readable, world), 0);
	assert_int_equal(loop_add(world->loop, -1, EPOLLIN, on_readable, world), -EBADF);
}

static void on_timer(void *context, uint64_t now_ns)
{
	struct world *world = context;

	world->numbers[world->calls] = now_ns;
	count_and_stop(world);
}

static void a_timer_comes_back_and_is_never_early(void **state)
{
	struct world *world = *state;
	const uint64_t period_ns = 2 * NS_PER_MS;

	world->wanted = 4;
	assert_int_equal(loop_every(world->loop, period_ns, on_timer, world), 0);
	assert_int_equal(loop_run(world->loop), 0);
	for (unsigned int i = 1; i < world->calls; i++)
		assert_true(world->numbers[i] / period_ns > world->numbers[i - 1] / period_ns);
}

static void on_slow_timer(void *context, uint64_t now_ns)
{
	fail_msg("a timer of an hour fired");
}

static void a_timer_takes_a_new_period_and_can_be_stopped(void **state)
{
	struct world *world = *state;

	world->wanted = 1;
	assert_int_equal(loop_every(world->loop, 3600 * NS_PER_S, on_slow_timer, world), 0);
	assert_int_equal(loop_every(world->loop, 3600 * NS_PER_S, on_timer, world), 0);
	assert_int_equal(loop_every(world->loop, NS_PER_MS, on_timer, world), 0);
	assert_int_equal(loop_run(world->loop), 0);
	loop_every_stop(world->loop, on_timer, world);
	for (unsigned int i = 0; i < 63; i++)
		assert_int_equal(
			loop_every(world->loop, 3600 * NS_PER_S, on_timer, &world->numbers[i]), 0);
	assert_int_equal(loop_every(world->loop, NS_PER_S, on_timer, world), -ENOSPC);
	assert_int_equal(loop_every(world->loop, NS_PER_MS - 1, on_timer, world), -EINVAL);
}

struct number {
	struct world *world;
	uint64_t value;
};

static void on_number(void *context)
{
	struct number *number = context;

	number->world->numbers[number->world->calls] = number->value;
	count_and_stop(number->world);
}

static void *post_all(void *context)
{
	struct number *numbers = context;

	for (unsigned int i = 0; i < 1000; i++)
		if (loop_post(numbers[i].world->loop, on_number, &numbers[i]) < 0)
			return context;
	return NULL;
}

static void posts_of_threads_arrive_once_and_in_order(void **state)
{
	static struct number numbers[3][1000];
	struct world *world = *state;
	uint64_t next[3] = { 0 };
	pthread_t threads[3];

	world->wanted = 3000;
	for (unsigned int t = 0; t < 3; t++) {
		for (unsigned int i = 0; i < 1000; i++)
			numbers[t][i] = (struct number){ world, (uint64_t)t << 32 | i };
		assert_int_equal(pthread_create(&threads[t], NULL, post_all, numbers[t]), 0);
	}
	assert_int_equal(loop_run(world->loop), 0);
	for (unsigned int t = 0; t < 3; t++) {
		void *refused;

		pthread_join(threads[t], &refused);
		assert_null(refused);
	}
	for (unsigned int i = 0; i < 3000; i++)
		assert_int_equal((uint32_t)world->numbers[i], next[world->numbers[i] >> 32]++);
}

static void the_queue_of_messages_is_bounded(void **state)
{
	struct world *world = *state;
	struct number number = { world, 1 };

	world->wanted = 4096;
	for (unsigned int i = 0; i < 4096; i++)
		assert_int_equal(loop_post(world->loop, on_number, &number), 0);
	assert_int_equal(loop_post(world->loop, on_number, &number), -EAGAIN);
	assert_int_equal(loop_run(world->loop), 0);
	assert_int_equal(world->calls, 4096);
	assert_int_equal(loop_post(world->loop, on_number, &number), 0);
}

static void a_stop_before_the_run_holds(void **state)
{
	struct world *world = *state;

	loop_stop(world->loop);
	assert_int_equal(loop_run(world->loop), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_readable_descriptor_is_told),
		TEST(a_removed_descriptor_is_silent_within_the_round),
		TEST(the_table_of_descriptors_is_bounded),
		TEST(a_timer_comes_back_and_is_never_early),
		TEST(a_timer_takes_a_new_period_and_can_be_stopped),
		TEST(posts_of_threads_arrive_once_and_in_order),
		TEST(the_queue_of_messages_is_bounded),
		TEST(a_stop_before_the_run_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
