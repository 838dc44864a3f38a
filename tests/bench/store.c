/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many rows a second one core can put into the store, and what a row takes on disk. Requests
 * with texts of usual length go through store_write as from the pipeline; CPU time of both threads,
 * loop and writer, is counted. Prints rows as lib.py says.
 * Usage: store [ROWS [MEGABYTES [ROWS_PER_SECOND]]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "engine/store.h"

#define TARGETS	 200
#define SERVICES 20

static uint64_t number(char **argv, int argc, int at, uint64_t otherwise)
{
	uint64_t value;

	if (at >= argc || str_to_u64(argv[at], 0, UINT64_MAX, &value) != 0)
		return otherwise;
	return value;
}

static double cpu_seconds(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
	       1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void fill(struct request_event *event, uint64_t i, uint64_t now_ns)
{
	unsigned int service = (unsigned int)(i * 7919 % SERVICES);

	request_event_init(event);
	event->header.id = i + 1;
	event->header.time_ns = now_ns;
	event->role = ROLE_SERVER;
	event->is_error = i % 97 == 0;
	event->local_port = 8080;
	event->peer_port = (uint16_t)(30000 + i % 20000);
	address_parse("10.0.12.15", &event->local_address);
	address_parse("10.0.33.200", &event->peer_address);
	event->request_bytes = 200 + i % 300;
	event->response_bytes = 1000 + i % 50000;
	event->duration_ns = 100000 + i * 2654435761U % 100000000;
	event->first_byte_ns = event->duration_ns / 2;
	event->connection = i / 10;
	str_set(event->protocol, "http");
	str_set(event->operation, i % 5 ? "GET" : "POST");
	str_set(event->status, event->is_error ? "500" : "200");
	snprintf(event->target, sizeof(event->target), "/api/v1/things-%u/{id}/parts",
		(unsigned int)(i * 31 % TARGETS));
	snprintf(event->detail, sizeof(event->detail), "/api/v1/things-%u/%u/parts?page=%u",
		(unsigned int)(i * 31 % TARGETS), (unsigned int)(i % 100000),
		(unsigned int)(i % 10));
	str_set(event->host, "shop.example.com");
	event->process.pid = 1000 + service;
	event->process.parent_pid = 1;
	event->process.uid = 33;
	event->process.network_namespace = 4026531840U;
	str_set(event->process.comm, "nginx");
	str_set(event->process.exe, "/usr/sbin/nginx");
	snprintf(event->process.service, sizeof(event->process.service), "shop-frontend-%u",
		service);
	str_set(event->process.unit, "nginx.service");
	str_set(event->process.parent_comm, "systemd");
}

static int run(const struct store_options *options, uint64_t rows)
{
	struct store_counts counts;
	struct store *store;
	struct fail fail = { 0 };
	struct request_event event;
	double prepared;
	double loop;
	double all;
	uint64_t now_ns = 0;
	uint64_t start_ns;

	/* What making the events themselves costs is taken off. */
	loop = cpu_seconds(RUSAGE_THREAD);
	for (uint64_t i = 0; i < rows; i++)
		fill(&event, i, i);
	prepared = cpu_seconds(RUSAGE_THREAD) - loop;
	if (store_open(options, &store, &fail) != 0) {
		fprintf(stderr, "store: %s\n", fail.text);
		return 1;
	}
	start_ns = clock_monotonic_ns();
	loop = cpu_seconds(RUSAGE_THREAD);
	all = cpu_seconds(RUSAGE_SELF);
	for (uint64_t i = 0; i < rows; i++) {
		/* Events come from a ring in bursts and are all a little old. */
		if (i % 100 == 0)
			now_ns = clock_monotonic_ns();
		fill(&event, i, now_ns);
		store_write(store, &event.header);
		if (i % 1000 == 0)
			store_tick(store);
		/* Without a budget the question is what the writer can take: wait for it. */
		while (i % 1000 == 0 && options->rows_per_second == 0 && store_is_behind(store)) {
			usleep(1000);
			store_tick(store);
		}
	}
	loop = cpu_seconds(RUSAGE_THREAD) - loop - prepared;
	store_close(store, &counts);
	all = cpu_seconds(RUSAGE_SELF) - all - prepared;
	printf("{\"row\":\"rows into the store\",\"unit\":\"a second a core\",\"value\":%.0f,"
	       "\"budget\":\">= 200000\",\"note\":\"%.2f s by the clock, longest commit %.1f "
	       "ms\"}\n",
		(double)counts.written / all, (double)(clock_monotonic_ns() - start_ns) * 1e-9,
		(double)counts.commit_longest_ns * 1e-6);
	printf("{\"row\":\"the loop's part of a row\",\"unit\":\"ns\",\"value\":%.0f}\n",
		loop / (double)rows * 1e9);
	printf("{\"row\":\"a row on disk\",\"unit\":\"bytes\",\"value\":%.1f,\"note\":"
	       "\"%llu bytes, %llu rows expired\"}\n",
		(double)counts.bytes / (double)(counts.written - counts.expired),
		(unsigned long long)counts.bytes, (unsigned long long)counts.expired);
	printf("{\"row\":\"events that the store neither wrote nor counted in a row's weight\","
	       "\"unit\":\"events\",\"value\":%llu,\"budget\":\"== 0\",\"note\":\"%llu events, "
	       "%llu "
	       "rows, %llu sampled\"}\n",
		(unsigned long long)(counts.lost + counts.uncounted), (unsigned long long)rows,
		(unsigned long long)counts.written, (unsigned long long)counts.sampled);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct event_kind *const kinds[] = { &request_kind, NULL };
	char directory[] = "/tmp/skep-bench-XXXXXX";
	struct store_options options = { .directory = directory, .kinds = kinds };
	uint64_t rows = number(argv, argc, 1, 1000000);
	char path[64];
	int status;

	options.maximum_bytes = number(argv, argc, 2, 2048) << 20;
	options.rows_per_second = (uint32_t)number(argv, argc, 3, 0);
	if (!mkdtemp(directory))
		return 1;
	status = run(&options, rows);
	snprintf(path, sizeof(path), "%s/" STORE_FILE, directory);
	unlink(path);
	rmdir(directory);
	return status;
}
