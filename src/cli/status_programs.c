/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two answers of GET /api/programs with a second between them: the difference is what is used now.
 */
#include "cli/status_programs.h"

#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "cli/client.h"
#include "cli/table.h"

#define ANSWER_MAXIMUM	 (4 * 1024 * 1024)
#define PROGRAMS_MAXIMUM 256

struct cost {
	const char *feature; /* of the second answer */
	const char *name;
	double runs_per_second;
	double ns_per_run;
};

static int ask(const char *directory, json_t **ret_answer, struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf answer = { 0 };
	int error;

	buf_init(&answer, ANSWER_MAXIMUM);
	error = client_fetch(directory, "/api/programs?owners=no", &answer, fail);
	if (error != 0)
		return error;
	*ret_answer = json_loadb(buf_text(&answer), answer.length, 0, NULL);
	return *ret_answer ? 0 : fail_set(fail, -EBADMSG, "the agent's answer is not JSON");
}

static double number_of(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

static const json_t *find(const json_t *programs, json_int_t id)
{
	const json_t *program;
	size_t index;

	json_array_foreach(programs, index, program) if (json_integer_value(json_object_get(program,
								 "id")) == id) return program;
	return NULL;
}

static int compare(const void *first, const void *second)
{
	const struct cost *a = first, *b = second;
	double cost_a = a->runs_per_second * a->ns_per_run;
	double cost_b = b->runs_per_second * b->ns_per_run;

	return (cost_a < cost_b) - (cost_a > cost_b);
}

/* Those of skep that both answers have. Returns how many. */
static unsigned int read_costs(const json_t *before, const json_t *after, struct cost *costs)
{
	const json_t *programs = json_object_get(after, "programs");
	double seconds = (number_of(after, "time_ns") - number_of(before, "time_ns")) / 1e9;
	unsigned int count = 0;
	const json_t *program;
	size_t index;

	json_array_foreach(programs, index, program)
	{
		const json_t *old = find(json_object_get(before, "programs"),
			json_integer_value(json_object_get(program, "id")));
		const char *feature = json_string_value(json_object_get(program, "feature"));
		double runs = number_of(program, "runs") - number_of(old, "runs");
		double time_ns = number_of(program, "run_time_ns") - number_of(old, "run_time_ns");

		if (!old || !feature || !feature[0] || count == PROGRAMS_MAXIMUM)
			continue;
		costs[count++] = (struct cost){
			.feature = feature,
			.name = json_string_value(json_object_get(program, "name")),
			.runs_per_second = seconds > 0 ? runs / seconds : 0,
			.ns_per_run = runs > 0 ? time_ns / runs : 0,
		};
	}
	qsort(costs, count, sizeof(*costs), compare);
	return count;
}

static void print_costs(const struct cost *costs, unsigned int count)
{
	_cleanup_(table_done)
	struct table table;
	char percent[24];

	table_init(&table, 5);
	table_cell(&table, "FEATURE");
	table_cell(&table, "BPF PROGRAM");
	table_cell(&table, "RUNS/S");
	table_cell(&table, "NS/RUN");
	table_cell(&table, "CPU OF A CORE");
	for (unsigned int i = 0; i < count; i++) {
		snprintf(percent, sizeof(percent), "%.3f %%",
			costs[i].runs_per_second * costs[i].ns_per_run / 1e7);
		table_cell(&table, costs[i].feature);
		table_cell(&table, costs[i].name ? costs[i].name : "");
		table_number(&table, (uint64_t)(costs[i].runs_per_second + 0.5));
		table_number(&table, (uint64_t)(costs[i].ns_per_run + 0.5));
		table_cell(&table, percent);
	}
	table_print(&table, stdout);
}

static int show(const char *directory, json_t **before, json_t **after, struct fail *fail)
{
	const struct timespec second = { .tv_sec = 1 };
	struct cost costs[PROGRAMS_MAXIMUM];
	int error = ask(directory, before, fail);

	if (error == 0)
		nanosleep(&second, NULL);
	if (error == 0)
		error = ask(directory, after, fail);
	if (error != 0)
		return error;
	if (!json_is_true(json_object_get(*after, "is_measured")))
		return fail_set(fail, -EPERM, "this kernel does not measure BPF programs for skep");
	print_costs(costs, read_costs(*before, *after, costs));
	return 0;
}

int status_programs_show(const char *directory, struct fail *fail)
{
	json_t *before = NULL, *after = NULL;
	int error = show(directory, &before, &after, fail);

	json_decref(before);
	json_decref(after);
	return error;
}
