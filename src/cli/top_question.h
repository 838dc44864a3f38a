/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one picture of `skep top` needs to know, asked of the agent: only what is on the screen. One
 * thread at a time. What has to be remembered between two questions (CPU times so far, who owns a
 * program) is in struct top_memory.
 */
#ifndef SKEP_CLI_TOP_QUESTION_H
#define SKEP_CLI_TOP_QUESTION_H

#include "base/fail.h"
#include "base/map.h"
#include "cli/top_column.h"

/* What is looked at. */
struct top_wish {
	enum top_screen screen;
	uint64_t window_ns;
	char service[EVENT_SERVICE_BYTES]; /* of what is below a service */
	uint8_t role;
	char protocol[12];
	char operation[24];
	char target[192];
	char peer[EVENT_SERVICE_BYTES]; /* of connections */
	uint16_t port;
	uint32_t pid;		       /* of what is below a process, else 0 */
	struct request_event exchange; /* of TOP_EXCHANGE */
	const char *order;	       /* of exchanges and steps: the field, static text */
	bool is_rising;
};

/* The line at the top. */
struct top_totals {
	uint64_t requests;
	uint64_t errors;
	uint64_t p99_ns;
	uint64_t window_ns;
	struct top_trend trend;
	double busy_cores; /* negative: not known yet */
	uint64_t cores;
	uint64_t memory_bytes;
	uint64_t available_bytes;
	uint64_t lost; /* since the agent's start */
	char host[65];
};

/* One answer. */
struct top_snapshot {
	struct top_wish wish;
	struct top_totals totals;
	struct top_rows rows;
	struct request_event other_end; /* of TOP_EXCHANGE */
	bool has_other_end;
	bool is_measured; /* programs */
	struct fail fail; /* code 0: all is there */
};

void top_snapshot_free(struct top_snapshot *snapshot); /* accepts NULL */
DEFINE_CLEANUP(struct top_snapshot *, top_snapshot_free);

struct top_memory {
	const char *directory;	 /* of the agent */
	int stop_fd;		 /* readable: questions end with -ECANCELED; 0: none */
	struct map *process_cpu; /* pid → the CPU time that it had */
	struct map *programs;	 /* id → what is known of it */
	uint64_t process_time_ns;
	uint64_t program_time_ns;
	uint64_t node_cpu_ns;
	uint64_t node_time_ns;
	uint64_t status_time_ns; /* monotonic */
	uint64_t start_time_ns;	 /* of the agent, wall */
	uint64_t lost;
	char host[65];
};

int top_memory_init(struct top_memory *memory, const char *directory); /* 0 or -ENOMEM */
void top_memory_done(struct top_memory *memory);

/* Asks. Always gives a snapshot, with the reason where there is nothing to show; NULL without
 * memory. */
struct top_snapshot *top_ask(struct top_memory *memory, const struct top_wish *wish);
/* Whether a figure of the screen is a difference of two answers, so that the first has none. */
bool top_needs_two(enum top_screen screen);
/* What the rows of a screen are. */
const struct event_kind *top_screen_kind(enum top_screen screen);

/* The parts, for top_ask. */
int top_ask_json(
	struct top_memory *memory, const char *path, json_t **ret_document, struct fail *fail);
/* Adds a row of the kind for each row of the answer. */
int top_ask_rows(
	struct top_memory *memory, const char *sql, struct top_rows *rows, struct fail *fail);
void top_sql_text(struct buf *sql, const char *text); /* quoted */
/* The part about processes and programs: top_machine.c. */
int top_ask_processes(struct top_memory *memory, struct top_snapshot *snapshot, struct fail *fail);
int top_ask_programs(struct top_memory *memory, struct top_snapshot *snapshot, struct fail *fail);
/* From loads to machine: CPU and memory of the processes of each service in the rows. */
void top_add_usage(struct top_rows *services, const struct top_rows *processes);

#endif
