/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks this program's own stack by its files' unwind rules and finds what libgcc's unwinder finds,
 * which reads the same sections by code of its own.
 */
#include <execinfo.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmocka.h>

#include "doors/stack_space.h"

#define FRAMES_MAXIMUM 4096

#if defined(__x86_64__)

struct walk {
	uint64_t ours[FRAMES_MAXIMUM];
	void *theirs[FRAMES_MAXIMUM];
	int our_count, their_count;
	enum unwind_step end;
};

static struct walk walk;
static struct stack_modules *modules;
static struct stack_spaces *spaces;
static volatile uint64_t sink;

/* Where the stack of this thread begins: the memory that may be read. */
static uint64_t stack_top(void)
{
	FILE *file = fopen("/proc/self/maps", "re");
	unsigned long long start, end,
		here = (unsigned long long)(uintptr_t)__builtin_frame_address(0);
	char line[512];

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx-%llx", &start, &end) == 2 && here >= start && here < end) {
			fclose(file);
			return end;
		}
	}
	fclose(file);
	return 0;
}

/* Leaves the copy to the sanitizer's blind eye: it reads the frames of others. */
static uint8_t copy[16 << 20];

__attribute__((no_sanitize("address"))) static size_t copy_stack(uint64_t from, uint64_t to)
{
	size_t length = MIN(to - from, sizeof(copy));
	const volatile uint8_t *bytes = (const volatile uint8_t *)(uintptr_t)from;

	for (size_t i = 0; i < length; i++)
		copy[i] = bytes[i];
	return length;
}

static void walk_from(uint64_t ip, uint64_t sp, uint64_t bp)
{
	struct unwind_registers registers = {
		.ip = ip, .sp = sp, .bp = bp, .is_bp_known = true, .is_exact = true
	};
	struct unwind_memory memory = { copy, sp, copy_stack(sp, stack_top()) };

	walk.our_count = 0;
	do {
		uint64_t at = registers.is_exact ? registers.ip : registers.ip - 1;
		const struct stack_mapping *mapping =
			stack_spaces_find(spaces, (uint32_t)getpid(), at);
		struct unwind_rule rule = { .kind = RULE_UNKNOWN };

		walk.ours[walk.our_count++] = registers.ip;
		if (mapping && mapping->module)
			rule = stack_module_rule(modules, mapping->module,
				stack_module_address(modules, mapping->module,
					at - mapping->start + mapping->offset));
		walk.end = unwind_step(&rule, &memory, &registers);
	} while (walk.end == STEP_FINE && walk.our_count < FRAMES_MAXIMUM);
}

/* Both unwinders begin here. */
static __attribute__((noinline)) void capture(void)
{
	uint64_t ip, sp, bp;

	walk.their_count = backtrace(walk.theirs, FRAMES_MAXIMUM);
	__asm__ volatile("lea 0(%%rip), %0\n\tmov %%rsp, %1\n\tmov %%rbp, %2"
			 : "=r"(ip), "=r"(sp), "=r"(bp));
	walk_from(ip, sp, bp);
	sink++;
}

/*
 * From our caller on all are the same. Before it libgcc may tell of a sanitizer's own frame, and
 * after the first function of what called that.
 */
static void assert_same(int at_least)
{
	int skipped = 0;

	while (skipped < 2 && (uint64_t)(uintptr_t)walk.theirs[1 + skipped] != walk.ours[1])
		skipped++;
	assert_int_equal(walk.end, STEP_END);
	assert_true(walk.our_count >= at_least);
	assert_in_range(walk.their_count - skipped, walk.our_count, walk.our_count + 1);
	for (int i = 1; i < walk.our_count; i++)
		assert_int_equal(walk.ours[i], (uint64_t)(uintptr_t)walk.theirs[i + skipped]);
}

static __attribute__((noinline)) void recurse(int depth)
{
	volatile char room[24] = { 0 };

	if (depth > 0)
		recurse(depth - 1);
	else
		capture();
	sink += (uint64_t)room[depth % 24];
}

static void plain(void **state)
{
	capture();
	assert_same(3);
}

static void deep(void **state)
{
	recurse(2000);
	assert_same(2003);
}

/* Frames whose size only run time knows keep a frame pointer. */
static __attribute__((noinline)) void use_room(size_t size)
{
	volatile char *room = __builtin_alloca(size);

	room[0] = 1;
	room[size - 1] = 2;
	recurse(3);
	sink += (uint64_t)room[0];
}

static void frames_of_any_size(void **state)
{
	use_room(16 + (size_t)(getpid() % 1000));
	assert_same(7);
}

/* The stack is made to begin at a multiple of 256, so that the frame is found through memory. */
static __attribute__((noinline)) void align(void)
{
	volatile char __attribute__((aligned(256))) room[256];

	room[0] = 1;
	recurse(2);
	sink += (uint64_t)room[0];
}

static void realigned(void **state)
{
	align();
	assert_same(6);
}

static void on_signal(int number)
{
	capture();
}

static void through_a_signal(void **state)
{
	struct sigaction action = { .sa_handler = on_signal }, before;

	sigaction(SIGUSR1, &action, &before);
	raise(SIGUSR1);
	sigaction(SIGUSR1, &before, NULL);
	assert_same(6);
}

static int compare(const void *left, const void *right)
{
	capture();
	return *(const int *)left - *(const int *)right;
}

/* A library's code between ours. */
static void through_a_library(void **state)
{
	int numbers[] = { 2, 1 };

	qsort(numbers, 2, sizeof(int), compare);
	assert_same(5);
}

static int set_up(void **state)
{
	modules = stack_modules_new(64 << 20);
	spaces = stack_spaces_new(modules);
	return modules && spaces ? 0 : -1;
}

static int tear_down(void **state)
{
	stack_spaces_free(spaces);
	stack_modules_free(modules);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(deep),
		cmocka_unit_test(frames_of_any_size),
		cmocka_unit_test(realigned),
		cmocka_unit_test(through_a_signal),
		cmocka_unit_test(through_a_library),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

#else

static void not_here(void **state)
{
	skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(not_here) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
