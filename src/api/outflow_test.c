/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue between a writer and a connection: order across the wrap, bounds, ends, cancelling a
 * writer that waits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "api/outflow.h"

static void count_wake(void *context)
{
	__atomic_fetch_add((int *)context, 1, __ATOMIC_SEQ_CST);
}

static void offers_are_all_or_nothing(void **state)
{
	int wakes = 0;
	_cleanup_(outflow_unrefp)
	struct outflow *outflow = outflow_new(8, count_wake, &wakes);
	char bytes[8];

	assert_false(outflow_is_ready(outflow));
	assert_int_equal(outflow_read(outflow, bytes, 8), 0);
	assert_int_equal(outflow_offer(outflow, "abcdef", 6), 0);
	assert_int_equal(outflow_offer(outflow, "ghi", 3), -ENOBUFS);
	assert_int_equal(outflow_offer(outflow, "gh", 2), 0);
	assert_int_equal(wakes, 1);
	assert_int_equal(outflow_read(outflow, bytes, 5), 5);
	assert_memory_equal(bytes, "abcde", 5);
	assert_int_equal(outflow_offer(outflow, "ijklm", 5), 0);
	assert_int_equal(outflow_read(outflow, bytes, 8), 8);
	assert_memory_equal(bytes, "fghijklm", 8);
	outflow_end(outflow, NULL);
	assert_int_equal(outflow_read(outflow, bytes, 8), -ENODATA);
}

static void failure_before_the_first_byte(void **state)
{
	int wakes = 0;
	_cleanup_(outflow_unrefp)
	struct outflow *early = outflow_new(8, count_wake, &wakes);
	_cleanup_(outflow_unrefp)
	struct outflow *late = outflow_new(8, count_wake, &wakes);
	struct fail fail, found = { 0 };
	char bytes[8];

	fail_set(&fail, -EINVAL, "no such column: x");
	outflow_end(early, &fail);
	assert_true(outflow_is_ready(early));
	assert_true(outflow_failure(early, &found));
	assert_string_equal(found.text, "no such column: x");

	assert_int_equal(outflow_offer(late, "row", 3), 0);
	outflow_end(late, &fail);
	assert_false(outflow_failure(late, &found));
	assert_int_equal(outflow_read(late, bytes, 8), 3);
	assert_int_equal(outflow_read(late, bytes, 8), -EPIPE);
}

struct writer {
	struct outflow *outflow;
	int result;
};

static void *write_much(void *argument)
{
	struct writer *writer = argument;

	for (int i = 0; i < 1000 && writer->result == 0; i++)
		writer->result = outflow_write(writer->outflow, "0123456789", 10);
	outflow_end(writer->outflow, NULL);
	return NULL;
}

static void a_writer_waits_for_room(void **state)
{
	int wakes = 0;
	_cleanup_(outflow_unrefp)
	struct outflow *outflow = outflow_new(64, count_wake, &wakes);
	struct writer writer = { outflow, 0 };
	size_t total = 0;
	pthread_t thread;
	ssize_t got;

	assert_int_equal(pthread_create(&thread, NULL, write_much, &writer), 0);
	do {
		char bytes[7];

		got = outflow_read(outflow, bytes, sizeof(bytes));
		for (ssize_t i = 0; i < got; i++)
			assert_int_equal(bytes[i], '0' + (total + (size_t)i) % 10);
		total += got > 0 ? (size_t)got : 0;
	} while (got >= 0);
	pthread_join(thread, NULL);
	assert_int_equal(got, -ENODATA);
	assert_int_equal(total, 10000);
}

static void cancelling_frees_a_writer(void **state)
{
	int wakes = 0;
	_cleanup_(outflow_unrefp)
	struct outflow *outflow = outflow_new(64, count_wake, &wakes);
	struct writer writer = { outflow, 0 };
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, write_much, &writer), 0);
	outflow_cancel(outflow);
	pthread_join(thread, NULL);
	assert_int_equal(writer.result, -ECANCELED);
	assert_int_equal(outflow_offer(outflow, "x", 1), -ECANCELED);
}

static void a_deadline_frees_a_writer(void **state)
{
	int wakes = 0;
	_cleanup_(outflow_unrefp)
	struct outflow *outflow = outflow_new(64, count_wake, &wakes);
	struct writer writer = { outflow, 0 };
	char bytes[64];
	pthread_t thread;

	outflow_set_deadline(outflow, 1);
	assert_int_equal(pthread_create(&thread, NULL, write_much, &writer), 0);
	pthread_join(thread, NULL);
	assert_int_equal(writer.result, -ETIMEDOUT);
	/* What found room is there; with room writing goes on. */
	assert_int_equal(outflow_read(outflow, bytes, 64), 64);
	assert_int_equal(outflow_write(outflow, "x", 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offers_are_all_or_nothing),
		cmocka_unit_test(failure_before_the_first_byte),
		cmocka_unit_test(a_writer_waits_for_room),
		cmocka_unit_test(cancelling_frees_a_writer),
		cmocka_unit_test(a_deadline_frees_a_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
