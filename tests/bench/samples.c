/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a long profile takes on disk: hours of `sample` and `stack` rows go into a store whose clock
 * runs ahead, as fast as they are written. Of the stacks few are hot and most are rare (Zipf); each
 * is told again every hour that it is seen in, as the profiler does.
 * Usage: samples [HOURS [ROWS_PER_SECOND [STACKS]]]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "doors/stack_event.h"
#include "engine/store.h"

#define INTERVAL_NS (10 * NS_PER_S)
#define HOUR_NS	    (3600 * NS_PER_S)
#define SERVICES    12
#define THREADS	    6
#define FRAMES	    24

struct world {
	pthread_mutex_t mutex;
	uint64_t passed_ns;
	uint64_t *told_ns; /* by stack; 0: never */
	uint64_t stacks, rows;
	uint64_t state; /* of chance */
	char frames[FRAMES * 64];
};

static void read_clock(void *context, uint64_t *ret_monotonic_ns, uint64_t *ret_wall_ns)
{
	struct world *world = context;

	pthread_mutex_lock(&world->mutex);
	*ret_monotonic_ns = NS_PER_S + world->passed_ns;
	*ret_wall_ns = 1769860800ULL * NS_PER_S + world->passed_ns;
	pthread_mutex_unlock(&world->mutex);
}

static uint64_t number(char **argv, int argc, int at, uint64_t otherwise)
{
	uint64_t value;

	if (at >= argc || str_to_u64(argv[at], 0, UINT64_MAX, &value) != 0)
		return otherwise;
	return value;
}

/* xorshift */
static uint64_t chance(struct world *world)
{
	world->state ^= world->state << 13;
	world->state ^= world->state >> 7;
	world->state ^= world->state << 17;
	return world->state >> 11;
}

/* The lower of a number the likelier, as one over it: the logarithm is spread evenly. */
static uint64_t choose_stack(struct world *world)
{
	uint64_t below = world->stacks;

	while (below > 1 && chance(world) % 8)
		below = below * 3 / 4;
	return chance(world) % (below ? below : 1);
}

static uint64_t id_of(uint64_t stack)
{
	return ((stack + 1) * 0x9e3779b97f4a7c15ULL >> 11) | 1;
}

static void tell_stack(struct store *store, struct world *world, uint64_t stack, uint64_t now_ns)
{
	struct stack_event event = {
		.header = { .kind = &stack_kind, .time_ns = now_ns },
		.stack_id = id_of(stack),
		.frames = world->frames,
	};
	size_t at = 0;

	for (unsigned int i = 0; i < FRAMES; i++)
		at += (size_t)snprintf(world->frames + at, sizeof(world->frames) - at,
			"%snamespace_%llu::a_function_of_some_length_%llu", i ? ";" : "",
			(unsigned long long)(stack * (i + 1) % 97),
			(unsigned long long)(stack * (i + 3) % 9973));
	world->told_ns[stack] = now_ns;
	store_write(store, &event.header);
}

static void write_sample(struct store *store, struct world *world, uint64_t now_ns)
{
	uint64_t stack = choose_stack(world);
	struct sample_event event = {
		.header = { .kind = &sample_kind, .time_ns = now_ns + chance(world) % INTERVAL_NS },
		.stack_id = id_of(stack),
		.count = 1 + (uint32_t)(chance(world) % 4),
		.process = { .pid = 1000 + (uint32_t)(stack % SERVICES), .parent_pid = 1 },
	};

	if (chance(world) % 3) {
		event.cpu_ns = event.count * (NS_PER_S / 19);
	} else {
		event.state = STATE_LOCK + (uint8_t)(stack % 8);
		event.waits = event.count * (1 + chance(world) % 40);
		event.wait_ns = event.waits * (1000 + chance(world) % 5000000);
		event.run_queue_ns = event.waits * (chance(world) % 100000);
		str_set(event.waker, SAMPLE_WAKER_INTERRUPT);
	}
	snprintf(event.thread, sizeof(event.thread), "worker-%u", (unsigned int)(stack % THREADS));
	str_set(event.process.comm, "checkout");
	str_set(event.process.exe, "/usr/bin/checkout");
	str_set(event.process.unit, "checkout.service");
	snprintf(event.process.service, sizeof(event.process.service), "service-%u",
		(unsigned int)(stack % SERVICES));
	if (!world->told_ns[stack] || now_ns - world->told_ns[stack] > HOUR_NS)
		tell_stack(store, world, stack, now_ns);
	store_write(store, &event.header);
	world->rows++;
}

static uint64_t bytes_of(const char *directory)
{
	struct stat status;
	char path[256];

	snprintf(path, sizeof(path), "%s/" STORE_FILE, directory);
	return stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
}

static int run(struct world *world, const char *directory, uint64_t hours, uint64_t rows_a_second)
{
	static const struct event_kind *const kinds[] = { &request_kind, &sample_kind, &stack_kind,
		NULL };
	struct store_options options = { .directory = directory,
		.kinds = kinds,
		.maximum_bytes = 8ULL << 30,
		.read = read_clock,
		.context = world };
	struct store_counts counts;
	struct fail fail = { 0 };
	struct store *store;

	if (store_open(&options, &store, &fail) != 0) {
		fprintf(stderr, "store: %s\n", fail.text);
		return 1;
	}
	for (uint64_t interval = 0; interval < hours * 360; interval++) {
		uint64_t now_ns = NS_PER_S + world->passed_ns;

		for (uint64_t i = 0; i < rows_a_second * 10; i++)
			write_sample(store, world, now_ns);
		pthread_mutex_lock(&world->mutex);
		world->passed_ns += INTERVAL_NS;
		pthread_mutex_unlock(&world->mutex);
		store_tick(store);
		if (!store_wait(store, store_mark(store), 60 * NS_PER_S))
			return 1;
	}
	store_close(store, &counts);
	printf("%llu hours, %llu rows a second of %llu stacks: %llu rows written, %.1f MB on disk, "
	       "%llu expired, %llu lost\n",
		(unsigned long long)hours, (unsigned long long)rows_a_second,
		(unsigned long long)world->stacks, (unsigned long long)counts.written,
		(double)bytes_of(directory) / 1e6, (unsigned long long)counts.expired,
		(unsigned long long)(counts.lost + counts.shed));
	return 0;
}

int main(int argc, char **argv)
{
	char directory[32], path[64];
	struct world world = { .mutex = PTHREAD_MUTEX_INITIALIZER,
		.stacks = number(argv, argc, 3, 20000),
		.state = 88172645463325252 };
	int code = 1;

	/* In memory where possible: the many commits wait for no disk. */
	str_set(directory, access("/dev/shm", W_OK) == 0 ? "/dev/shm/skep-samples-XXXXXX"
							 : "/tmp/skep-samples-XXXXXX");
	world.told_ns = calloc(world.stacks, sizeof(uint64_t));
	if (world.told_ns && mkdtemp(directory)) {
		code = run(&world, directory, number(argv, argc, 1, 48), number(argv, argc, 2, 30));
		for (unsigned int i = 0; i < 3; i++) {
			snprintf(path, sizeof(path), "%s/" STORE_FILE "%s", directory,
				i == 0	 ? ""
				: i == 1 ? "-wal"
					 : "-shm");
			unlink(path);
		}
		rmdir(directory);
	}
	free(world.told_ns);
	return code;
}
