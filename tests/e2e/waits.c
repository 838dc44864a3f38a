/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that wait in known places, each named after what it waits for: waits DIRECTORY. At its
 * end each prints its name and the nanoseconds that it waited, by the kernel's own accounts: what
 * passed, less what it ran and what it wanted to run (/proc/thread-self/schedstat). Compiled
 * without frame pointers.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S  1000000000LL
#define NS_PER_MS 1000000L

/* Each adds after its call, so that the call is no jump. */
static volatile uint64_t sink;

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* What it ran and wanted to run so far. */
static long long busy_ns(void)
{
	long long run, queue;
	FILE *stream = fopen("/proc/thread-self/schedstat", "r");

	if (!stream || fscanf(stream, "%lld %lld", &run, &queue) != 2)
		exit(3);
	fclose(stream);
	return run + queue;
}

static void rest(long ns)
{
	struct timespec time = { ns / NS_PER_S, ns % NS_PER_S };

	nanosleep(&time, NULL);
	sink++;
}

/* ---- the places ---- */

static __attribute__((noinline)) void sleep_long(void)
{
	rest(200 * NS_PER_MS);
	sink++;
}

static __attribute__((noinline)) void sleep_short(void)
{
	rest(NS_PER_MS);
	sink++;
}

/* About three quarters of it in long sleeps. */
static __attribute__((noinline)) void wait_for_sleep(void)
{
	for (int i = 0; i < 12; i++) {
		sleep_long();
		for (int j = 0; j < 60; j++)
			sleep_short();
	}
	sink++;
}

static __attribute__((noinline)) void wait_in_naps(void)
{
	for (int i = 0; i < 1500; i++)
		sleep_short();
	sink++;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile int is_over;

static __attribute__((noinline)) void hold_mutex(void)
{
	while (!is_over) {
		pthread_mutex_lock(&mutex);
		rest(20 * NS_PER_MS);
		pthread_mutex_unlock(&mutex);
		/* So that the other one gets it. */
		rest(NS_PER_MS);
	}
	sink++;
}

static __attribute__((noinline)) void fight_for_mutex(void)
{
	for (int i = 0; i < 60; i++) {
		pthread_mutex_lock(&mutex);
		sink++;
		pthread_mutex_unlock(&mutex);
		rest(NS_PER_MS);
	}
	is_over = 1;
	sink++;
}

static int pipe_ends[2], socket_ends[2];

static __attribute__((noinline)) void feed(int fd)
{
	for (int i = 0; i < 100; i++) {
		rest(10 * NS_PER_MS);
		if (write(fd, "x", 1) != 1)
			exit(3);
	}
	sink++;
}

static __attribute__((noinline)) void drain(int fd)
{
	char byte;

	for (int i = 0; i < 100; i++)
		if (read(fd, &byte, 1) != 1)
			exit(3);
	sink++;
}

static const char *directory;

static __attribute__((noinline)) void wait_for_disk(void)
{
	char path[512], block[4096] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/synced", directory);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	for (int i = 0; i < 50; i++)
		if (pwrite(fd, block, sizeof(block), (i % 8) * 4096L) != sizeof(block) ||
			fsync(fd) < 0)
			exit(3);
	close(fd);
	sink++;
}

static __attribute__((noinline)) void spin(void)
{
	for (long long end = now_ns() + NS_PER_S; now_ns() < end;)
		for (int i = 0; i < 100000; i++)
			sink += (uint64_t)i;
}

/* ---- threads ---- */

static void feed_pipe(void)
{
	feed(pipe_ends[1]);
}

static void drain_pipe(void)
{
	drain(pipe_ends[0]);
}

static void feed_socket(void)
{
	feed(socket_ends[1]);
}

static void drain_socket(void)
{
	drain(socket_ends[0]);
}

static const struct role {
	const char *name;
	void (*work)(void);
} roles[] = {
	{ "sleeper", wait_for_sleep },
	{ "napper", wait_in_naps },
	{ "holder", hold_mutex },
	{ "locker", fight_for_mutex },
	{ "piper", feed_pipe },
	{ "reader", drain_pipe },
	{ "sender", feed_socket },
	{ "receiver", drain_socket },
	{ "syncer", wait_for_disk },
	{ "spinner", spin },
};

#define ROLES (sizeof(roles) / sizeof(roles[0]))

static void *in_thread(void *context)
{
	const struct role *role = context;
	long long start_ns, busy, waited_ns;

	prctl(PR_SET_NAME, role->name);
	start_ns = now_ns();
	busy = busy_ns();
	role->work();
	waited_ns = now_ns() - start_ns - (busy_ns() - busy);
	printf("%s %lld\n", role->name, waited_ns);
	return NULL;
}

static void connect_ends(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	socket_ends[1] = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 1) < 0 ||
		getsockname(listener, (struct sockaddr *)&address, &length) < 0 ||
		connect(socket_ends[1], (struct sockaddr *)&address, length) < 0)
		exit(3);
	socket_ends[0] = accept(listener, NULL, NULL);
	close(listener);
}

int main(int argc, char **argv)
{
	pthread_t threads[ROLES];

	if (argc != 2 || pipe(pipe_ends) < 0)
		return 2;
	directory = argv[1];
	connect_ends();
	for (size_t i = 0; i < ROLES; i++)
		if (pthread_create(&threads[i], NULL, in_thread, (void *)&roles[i]) != 0)
			return 3;
	for (size_t i = 0; i < ROLES; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
