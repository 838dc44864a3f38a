/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows that `skep top` shows. Each sort is a kind with a field table, so that the filter
 * language, JSON and CSV fit them as they fit events; exchanges and steps of connections are
 * events themselves. header.time_ns is wall time here: encode with an empty struct clock_map. Plain
 * data, any thread.
 */
#ifndef SKEP_CLI_TOP_ROW_H
#define SKEP_CLI_TOP_ROW_H

#include <jansson.h>

#include "event/request.h"

#define TOP_TREND 12 /* steps of a trend */

struct top_trend {
	uint64_t requests[TOP_TREND];
	uint64_t p99_ns[TOP_TREND];
};

/* What a service, or an endpoint of one, had to do. */
struct top_load {
	struct event_header header;
	char service[EVENT_SERVICE_BYTES];
	uint8_t role; /* enum request_role: what the figures are of */
	char protocol[12];
	char operation[24];
	char target[192];
	uint64_t requests;
	uint64_t errors;
	uint64_t p50_ns;
	uint64_t p95_ns;
	uint64_t p99_ns;
	uint64_t max_ns;
	uint64_t response_bytes;
	uint64_t window_ns;
	uint64_t badness_ns;
	uint64_t cpu_ns; /* a second */
	uint64_t memory_bytes;
	uint32_t cpu; /* percent of a core */
	uint32_t processes;
	struct top_trend trend;
};

/* Connections of a service with one peer at one port. */
struct top_connection {
	struct event_header header;
	char service[EVENT_SERVICE_BYTES];
	uint8_t role;
	char peer[EVENT_SERVICE_BYTES];
	uint16_t port;
	uint64_t opened;
	uint64_t closed;
	uint64_t failed;
	uint64_t retransmits;
	uint64_t rtt_ns;
	uint64_t handshake_ns;
	uint64_t sent_bytes;
	uint64_t received_bytes;
	uint64_t window_ns;
};

struct top_process {
	struct event_header header;
	struct event_process process;
	uint32_t cpu;
	uint64_t cpu_ns;
	uint64_t memory_bytes;
	uint64_t threads;
	uint64_t age_ns;
	char state[4];
};

struct top_program {
	struct event_header header;
	uint32_t id;
	char name[20];
	char type[40];
	char feature[24]; /* of skep's own, else "" */
	char owners[128];
	uint64_t runs; /* a second */
	uint64_t ns_per_run;
	uint32_t cpu;
	uint64_t cpu_ns;
	uint64_t memory_bytes;
	uint64_t age_ns;
};

extern const struct event_kind top_service_kind;
extern const struct event_kind top_endpoint_kind;
extern const struct event_kind top_connection_kind;
extern const struct event_kind top_process_kind;
extern const struct event_kind top_program_kind;

/* A list of rows of one kind, one behind the other. */
struct top_rows {
	const struct event_kind *kind;
	char *data;
	size_t count;
	size_t capacity;
};

#define TOP_ROWS_MAXIMUM 20000

void top_rows_done(struct top_rows *rows);
/* A zeroed row of the kind at the end; NULL when there are enough or without memory. Rows may move.
 */
void *top_rows_add(struct top_rows *rows);
static inline void *top_rows_at(const struct top_rows *rows, size_t index)
{
	return rows->data + index * rows->kind->size;
}

/* Fills the fields that the object has; the rest stays. Long texts are left out. */
void top_row_read(const struct event_kind *kind, const json_t *object, void *row);
/*
 * What services are sorted by at first: the p99, and more so the more of the requests fail. What a
 * service only asks for counts half: the one that it asks has the first say.
 */
uint64_t top_badness(const struct top_load *load);
/* The same for the same thing in the next list: made from what identifies a row. */
uint64_t top_row_identity(const struct event_header *row);

#endif
