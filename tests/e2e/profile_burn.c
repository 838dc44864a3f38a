/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Burns CPU in known places: profile_burn shares N | deep DEPTH N | signal N | threads N | once N.
 * N is in units of about a hundred thousand rounds. Compiled without frame pointers.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

static volatile uint64_t sink;

static __attribute__((noinline)) void spin(uint64_t rounds)
{
	for (uint64_t i = 0; i < rounds; i++)
		sink += i * i;
}

/* Length of this turn in percent. */
static uint64_t turn = 100;

/* From 50 to 150 without an order (xorshift): turns that are all alike could keep time with the
 * clock of the samples, which would then fall on one place of them again and again. */
static uint64_t next_turn(void)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return 50 + state % 101;
}

/* Each adds after its call, so that the call is no jump. */
#define BURNER(name, rounds)                                                                       \
	__attribute__((noinline)) static void name(void)                                           \
	{                                                                                          \
		spin((rounds)*turn / 100);                                                         \
		sink++;                                                                            \
	}

BURNER(burn_half, 50000)
BURNER(burn_third, 30000)
BURNER(burn_fifth, 20000)

static __attribute__((noinline)) void shares(long rounds)
{
	for (; rounds > 0; rounds--) {
		turn = next_turn();
		burn_half();
		burn_third();
		burn_fifth();
	}
	sink++;
}

static __attribute__((noinline)) void deep(long depth, long rounds)
{
	if (depth > 1)
		deep(depth - 1, rounds);
	else
		shares(rounds);
	sink++;
}

static long signal_rounds;

static void on_signal(int number)
{
	(void)number;
	shares(signal_rounds);
}

static void *in_thread(void *rounds)
{
	prctl(PR_SET_NAME, "burner");
	shares(*(long *)rounds);
	return NULL;
}

int main(int argc, char **argv)
{
	long rounds = argc > 2 ? atol(argv[argc - 1]) : 0;
	pthread_t thread;

	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "deep") == 0) {
		deep(atol(argv[2]), rounds);
	} else if (strcmp(argv[1], "signal") == 0) {
		signal_rounds = rounds;
		signal(SIGUSR1, on_signal);
		raise(SIGUSR1);
	} else if (strcmp(argv[1], "threads") == 0) {
		pthread_create(&thread, NULL, in_thread, &rounds);
		pthread_join(thread, NULL);
	} else {
		shares(rounds);
	}
	return 0;
}
