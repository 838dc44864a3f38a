/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes and programs for `skep top`: answers of GET /api/processes and GET /api/programs, where
 * CPU times are sums; the difference to the answer before is what is used now.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/top_question.h"

#define PROCESSES_MAXIMUM 65536

struct process_before {
	uint64_t start_ns;
	uint64_t cpu_ns;
	uint64_t seen_ns; /* the answer that it was in */
};

struct program_before {
	uint64_t runs;
	uint64_t run_time_ns;
	uint64_t seen_ns;
	char owners[MEMBER_SIZE(struct top_program, owners)];
};

int top_memory_init(struct top_memory *memory, const char *directory)
{
	*memory = (struct top_memory){ .directory = directory };
	memory->process_cpu =
		map_new(sizeof(uint32_t), sizeof(struct process_before), PROCESSES_MAXIMUM);
	memory->programs = map_new(sizeof(uint32_t), sizeof(struct program_before), 4096);
	if (memory->process_cpu && memory->programs)
		return 0;
	top_memory_done(memory);
	return -ENOMEM;
}

void top_memory_done(struct top_memory *memory)
{
	map_free(memory->process_cpu);
	map_free(memory->programs);
	memory->process_cpu = memory->programs = NULL;
}

static uint64_t number_of(const json_t *object, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(object, name));
}

/* What grew by `grown` between two times, a second. */
static uint64_t per_second(uint64_t grown, uint64_t from_ns, uint64_t to_ns)
{
	return to_ns > from_ns ? (uint64_t)((double)grown * 1e9 / (double)(to_ns - from_ns)) : 0;
}

/* ---- processes ---- */

static void read_node(struct top_memory *memory, const json_t *document, struct top_totals *totals)
{
	const json_t *node = json_object_get(document, "node");
	uint64_t time_ns = number_of(document, "time_ns"), cpu_ns = number_of(node, "cpu_ns");
	uint64_t before_ns = memory->node_time_ns;

	totals->cores = number_of(node, "cores");
	totals->memory_bytes = number_of(node, "memory_bytes");
	totals->available_bytes = number_of(node, "available_bytes");
	if (before_ns && time_ns > before_ns && cpu_ns >= memory->node_cpu_ns && totals->cores)
		totals->busy_cores =
			(double)per_second(cpu_ns - memory->node_cpu_ns, before_ns, time_ns) / 1e9;
	memory->node_time_ns = time_ns;
	memory->node_cpu_ns = cpu_ns;
}

static void add_process(
	struct top_memory *memory, const json_t *object, uint64_t time_ns, struct top_rows *rows)
{
	struct top_process *row = top_rows_add(rows);
	uint64_t cpu_ns = number_of(object, "cpu_ns");
	uint64_t start_ns = number_of(object, "start_time_ns");
	struct process_before *before;

	if (!row)
		return;
	top_row_read(rows->kind, object, row);
	row->header.time_ns = time_ns;
	row->cpu_ns = 0;
	row->memory_bytes = number_of(object, "resident_bytes");
	row->age_ns = time_ns > start_ns ? time_ns - start_ns : 0;
	before = map_add_evict(memory->process_cpu, &row->process.pid, NULL);
	/* The start is rounded to a tick and shifted between clocks: nearly equal is equal. */
	if (before && before->seen_ns && cpu_ns >= before->cpu_ns &&
		start_ns + NS_PER_S > before->start_ns && before->start_ns + NS_PER_S > start_ns)
		row->cpu_ns = per_second(cpu_ns - before->cpu_ns, before->seen_ns, time_ns);
	row->cpu = (uint32_t)(row->cpu_ns / 10000000);
	if (before)
		*before = (struct process_before){ start_ns, cpu_ns, time_ns };
}

static void forget_processes(struct top_memory *memory, uint64_t time_ns)
{
	MAP_FOREACH(memory->process_cpu, value) {
		uint32_t pid = *(const uint32_t *)map_key(value);

		if (((struct process_before *)value)->seen_ns != time_ns)
			map_remove(memory->process_cpu, &pid);
	}
}

/* Screens that show no process want only the machine's own figures. */
static bool wants_processes(enum top_screen screen)
{
	return screen == TOP_SERVICES || screen == TOP_PROCESSES;
}

int top_ask_processes(struct top_memory *memory, struct top_snapshot *snapshot, struct fail *fail)
{
	bool is_wanted = wants_processes(snapshot->wish.screen);
	struct top_rows rows = { .kind = &top_process_kind };
	json_t *document, *object;
	size_t index;
	uint64_t time_ns;
	int error = top_ask_json(
		memory, is_wanted ? "/api/processes" : "/api/processes?list=no", &document, fail);

	if (error)
		return error;
	time_ns = number_of(document, "time_ns");
	read_node(memory, document, &snapshot->totals);
	json_array_foreach(json_object_get(document, "processes"), index, object)
	{
		add_process(memory, object, time_ns, &rows);
	}
	json_decref(document);
	if (is_wanted)
		forget_processes(memory, time_ns);
	if (snapshot->wish.screen == TOP_PROCESSES) {
		snapshot->rows = rows;
		return 0;
	}
	top_add_usage(&snapshot->rows, &rows);
	top_rows_done(&rows);
	return 0;
}

void top_add_usage(struct top_rows *services, const struct top_rows *processes)
{
	for (size_t i = 0; services->kind == &top_service_kind && i < processes->count; i++) {
		const struct top_process *process = top_rows_at(processes, i);

		for (size_t j = 0; process->process.service[0] && j < services->count; j++) {
			struct top_load *load = top_rows_at(services, j);

			if (!str_equal(load->service, process->process.service))
				continue;
			load->cpu_ns += process->cpu_ns;
			load->cpu = (uint32_t)(load->cpu_ns / 10000000);
			load->memory_bytes += process->memory_bytes;
			load->processes++;
			break;
		}
	}
}

/* ---- programs ---- */

/* "nginx 12, systemd 1" */
static void read_owners(const json_t *program, char *destination, size_t size)
{
	const json_t *owner;
	size_t index;

	str_copy(destination, size, "");
	json_array_foreach(json_object_get(program, "owners"), index, owner)
	{
		size_t length = strlen(destination);
		const char *comm = json_string_value(json_object_get(owner, "comm"));

		snprintf(destination + length, size - length, "%s%s %llu", length ? ", " : "",
			comm ? comm : "", (unsigned long long)number_of(owner, "pid"));
	}
}

static void add_program(
	struct top_memory *memory, const json_t *object, uint64_t time_ns, struct top_rows *rows)
{
	struct top_program *row = top_rows_add(rows);
	uint64_t runs = number_of(object, "runs"), run_ns = number_of(object, "run_time_ns");
	uint64_t load_ns = number_of(object, "load_time_ns");
	struct program_before *before;

	if (!row)
		return;
	top_row_read(rows->kind, object, row);
	row->header.time_ns = time_ns;
	row->runs = 0;
	row->age_ns = time_ns > load_ns ? time_ns - load_ns : 0;
	before = map_add_evict(memory->programs, &row->id, NULL);
	if (!before)
		return;
	if (json_is_array(json_object_get(object, "owners")))
		read_owners(object, before->owners, sizeof(before->owners));
	str_set(row->owners, before->owners);
	if (before->seen_ns && runs >= before->runs && run_ns >= before->run_time_ns) {
		row->runs = per_second(runs - before->runs, before->seen_ns, time_ns);
		row->cpu_ns = per_second(run_ns - before->run_time_ns, before->seen_ns, time_ns);
		row->cpu = (uint32_t)(row->cpu_ns / 10000000);
		if (runs > before->runs)
			row->ns_per_run = (run_ns - before->run_time_ns) / (runs - before->runs);
	}
	before->runs = runs;
	before->run_time_ns = run_ns;
	before->seen_ns = time_ns;
}

/* Whether the answer without owners has a program whose owners were never asked for. */
static bool has_stranger(const struct top_memory *memory, const json_t *document)
{
	const json_t *object;
	size_t index;

	json_array_foreach(json_object_get(document, "programs"), index, object)
	{
		uint32_t id = (uint32_t)number_of(object, "id");

		if (!map_find(memory->programs, &id))
			return true;
	}
	return false;
}

static void forget_programs(struct top_memory *memory, uint64_t time_ns)
{
	MAP_FOREACH(memory->programs, value) {
		uint32_t id = *(const uint32_t *)map_key(value);

		if (((struct program_before *)value)->seen_ns != time_ns)
			map_remove(memory->programs, &id);
	}
}

int top_ask_programs(struct top_memory *memory, struct top_snapshot *snapshot, struct fail *fail)
{
	json_t *document, *object;
	uint64_t time_ns;
	size_t index;
	int error = top_ask_json(memory, "/api/programs?owners=no", &document, fail);

	if (!error && has_stranger(memory, document)) {
		json_decref(document);
		error = top_ask_json(memory, "/api/programs?owners=yes", &document, fail);
	}
	if (error)
		return error;
	time_ns = number_of(document, "time_ns");
	snapshot->is_measured = json_is_true(json_object_get(document, "is_measured"));
	json_array_foreach(json_object_get(document, "programs"), index, object)
	{
		add_program(memory, object, time_ns, &snapshot->rows);
	}
	forget_programs(memory, time_ns);
	json_decref(document);
	return 0;
}
