/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many exchanges a second one core takes from ring records to events: parsed, with the process
 * named, and (a second row) with the store behind. The records are those of nginx under wrk, from
 * as many connections, read again and again from a memory as large as a ring. Nothing is attached.
 * Prints rows as lib.py says. Usage: events [EVENTS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "doors/stream.h"
#include "engine/agent.h"
#include "engine/pipeline.h"
#include "engine/store.h"
#include "node/node.h"

#define RECORDS	     8192
#define RECORD_BYTES 640
#define CONNECTIONS  64
#define TARGETS	     200
/* Between looks at the clock: the agent's ring hands over about as many at a time. */
#define BATCH	     1024

static const char answer[] = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n"
			     "Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
			     "Content-Type: application/octet-stream\r\nContent-Length: 3\r\n"
			     "Connection: keep-alive\r\n\r\nok\n";

struct bench {
	struct agent *agent;
	struct stream *stream;
	unsigned char *records; /* RECORDS of RECORD_BYTES */
	uint64_t events;
};

static void on_exchange(void *context, struct request_event *event)
{
	struct bench *bench = context;

	bench->events++;
	pipeline_emit(bench->agent->pipeline, &event->header);
}

static void fill(unsigned char *record, unsigned int i, const struct event_process *owner)
{
	struct packet_turn *turn = (struct packet_turn *)record;
	unsigned int connection = i % CONNECTIONS;
	char *request = (char *)record + sizeof(*turn) + sizeof(answer) - 1;
	int length = snprintf(request, RECORD_BYTES - sizeof(*turn) - sizeof(answer),
		"GET /things-%u/%u/parts HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n", i % TARGETS, i);

	memcpy(turn + 1, answer, sizeof(answer) - 1);
	*turn = (struct packet_turn){
		.common = {
			.header = { .source = SOURCE_packet, .type = PACKET_TURN,
				.size = (uint32_t)(sizeof(*turn) + sizeof(answer) - 1) + (uint32_t)length },
			.cookie = connection + 1,
			.owner = { .pid = owner->pid, .thread = owner->pid, .start_ns = owner->start_ns },
			.ends = { .local_port = 8080, .peer_port = (uint16_t)(40000 + connection),
				.network_namespace = owner->network_namespace },
			.role = ROLE_SERVER,
			.protocol = PROTOCOL_http,
			.turn = i / CONNECTIONS + 1,
		},
		.answer_seq = i * (uint32_t)sizeof(answer),
		.answer_bytes = sizeof(answer) - 1,
		.answer_captured = sizeof(answer) - 1,
		.request_bytes = (uint16_t)length,
		.request_offset = sizeof(*turn) + sizeof(answer) - 1,
	};
	address_parse("127.0.0.1", (struct address *)turn->common.ends.local_address);
	address_parse("127.0.0.1", (struct address *)turn->common.ends.peer_address);
}

static int bench_open(struct bench *bench, const char *directory, struct fail *fail)
{
	struct stream_options options = {
		.maximum_connections = CONNECTIONS, .exchange = on_exchange, .context = bench
	};
	struct event_process owner = { .pid = (uint32_t)getpid() };
	struct config config = { 0 };
	const struct option_table table = { config_rows, config_row_count, &config };
	int r;

	r = option_defaults(&table, 1, fail);
	if (r < 0)
		return r;
	snprintf(config.directory, sizeof(config.directory), "%s", directory);
	r = agent_new(&config, &bench->agent, fail);
	if (r < 0)
		return r;
	r = stream_new(&options, &bench->stream);
	bench->records = calloc(RECORDS, RECORD_BYTES);
	if (r < 0 || !bench->records)
		return fail_set(fail, -ENOMEM, "out of memory");
	node_describe(bench->agent->node, &owner);
	for (unsigned int i = 0; i < RECORDS; i++)
		fill(bench->records + (size_t)i * RECORD_BYTES, i, &owner);
	return 0;
}

static void bench_close(struct bench *bench)
{
	stream_free(bench->stream);
	agent_free(bench->agent);
	free(bench->records);
}

static void feed(struct bench *bench, uint64_t events)
{
	uint64_t next_tick_ns = 0;
	uint64_t now_ns = 0;

	for (uint64_t i = 0; i < events; i++) {
		struct packet_turn *turn =
			(struct packet_turn *)(bench->records + i % RECORDS * RECORD_BYTES);

		if (i % BATCH == 0)
			now_ns = clock_monotonic_ns();
		if (bench->agent->store && now_ns >= next_tick_ns) {
			store_tick(bench->agent->store);
			next_tick_ns = now_ns + 100 * NS_PER_MS;
		}
		turn->common.header.time_ns = now_ns;
		turn->request_ns = now_ns - 50000 - i % 1000;
		stream_turn(bench->stream, turn);
	}
}

static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
	       1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* One row: CPU of all threads, the store's last work included. */
static int measure(const char *name, const char *directory, uint64_t events, const char *budget)
{
	struct bench bench = { 0 };
	struct fail fail = { 0 };
	double seconds;
	int r = bench_open(&bench, directory, &fail);

	if (r == 0) {
		feed(&bench, RECORDS);
		bench.events = 0;
		seconds = cpu_seconds();
		feed(&bench, events);
		if (bench.agent->store)
			store_flush(bench.agent->store);
		seconds = cpu_seconds() - seconds;
		printf("{\"row\":\"%s\",\"unit\":\"a second a core\",\"value\":%.0f,%s"
		       "\"note\":\"%.0f ns each, %llu of %llu records\"}\n",
			name, (double)bench.events / seconds, budget,
			seconds / (double)bench.events * 1e9, (unsigned long long)bench.events,
			(unsigned long long)events);
	} else {
		fprintf(stderr, "events: %s\n", fail.text);
	}
	bench_close(&bench);
	return r;
}

int main(int argc, char **argv)
{
	static const char *const files[] = { STORE_FILE, "lock" };
	char directory[] = "/tmp/skep-bench-XXXXXX";
	char path[64];
	uint64_t events = 2000000;
	int r;

	if (argc > 1 && str_to_u64(argv[1], 1, UINT64_MAX, &events) != 0)
		return 2;
	r = measure("records to events, process named", "", events, "\"budget\":\">= 1000000\",");
	if (r < 0 || !mkdtemp(directory))
		return 1;
	r = measure("records to events, store behind", directory, events, "");
	for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		unlink(path);
	}
	return rmdir(directory) != 0 || r < 0;
}
