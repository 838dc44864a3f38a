/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /api/processes and GET /api/programs: what runs on this machine and what it uses, now. Both
 * are read on a thread; CPU times are sums, so that two answers give the use in between.
 */
#include "engine/usage.h"
#include "api/routes.h"
#include "api/worker.h"
#include "engine/agent.h"
#include "engine/privilege.h"
#include "engine/program_list.h"

/* ---- processes ---- */

struct processes_work {
	struct work work;
	struct usage *usage;
};

static int processes_run(
	struct work *work, FILE *stream, const atomic_bool *cancel, struct fail *fail)
{
	int error = usage_write(((struct processes_work *)work)->usage, stream, cancel);

	return error ? fail_set(fail, error, "cannot read /proc: %s", strerror(-error)) : 0;
}

static void processes_free(struct work *work)
{
	usage_free(((struct processes_work *)work)->usage);
	free(work);
}

struct processes_params {
	bool has_list;
};

static int processes_handle(
	const struct route_request *request, struct route_reply *reply, struct fail *fail)
{
	const struct processes_params *params = request->params;
	struct processes_work *processes = calloc(1, sizeof(*processes));

	if (!processes || usage_new(request->agent, params->has_list, &processes->usage) < 0) {
		free(processes);
		return fail_set(fail, -ENOMEM, "no memory for the list of processes");
	}
	processes->work = (struct work){
		.run = processes_run, .free = processes_free, .privileges = privilege_of_agent
	};
	reply->content_type = "application/json";
	return route_start_work(request, &processes->work, reply, fail);
}

static const struct option_row processes_rows[] = {
	OPTION(processes_params, has_list, "list", 0, OPTION_BOOL, .initial = "yes",
		.help = "the processes; without them only the machine's own figures"),
};

const struct route processes_route = {
	.method = "GET",
	.path = "/api/processes",
	.summary = "the processes that live now: names, CPU time so far, memory; and the machine's",
	.rows = processes_rows,
	.row_count = ARRAY_LENGTH(processes_rows),
	.params_bytes = sizeof(struct processes_params),
	.handle = processes_handle,
};

/* ---- programs ---- */

struct programs_params {
	bool has_owners;
};

struct programs_work {
	struct work work;
	struct program_list *list;
	bool has_owners;
};

static int programs_run(
	struct work *work, FILE *stream, const atomic_bool *cancel, struct fail *fail)
{
	const struct programs_work *programs = (const struct programs_work *)work;
	_cleanup_(buf_done)
	struct buf answer = { 0 };
	struct json json;
	int error;

	buf_init(&answer, ROUTE_REPLY_MAXIMUM);
	json_init(&json, &answer);
	error = program_list_write(programs->list, programs->has_owners, cancel, &json, fail);
	if (error)
		return error;
	buf_append_byte(&answer, '\n');
	return fputs(buf_text(&answer), stream) < 0 ? fail_set(fail, -EPIPE, "nobody reads") : 0;
}

static void programs_free(struct work *work)
{
	program_list_free(((struct programs_work *)work)->list);
	free(work);
}

static int programs_handle(
	const struct route_request *request, struct route_reply *reply, struct fail *fail)
{
	const struct programs_params *params = request->params;
	struct programs_work *programs = calloc(1, sizeof(*programs));

	if (!programs || program_list_new(request->agent, &programs->list) < 0) {
		free(programs);
		return fail_set(fail, -ENOMEM, "no memory for the list of programs");
	}
	programs->work = (struct work){
		.run = programs_run, .free = programs_free, .privileges = privilege_of_agent
	};
	programs->has_owners = params->has_owners;
	reply->content_type = "application/json";
	return route_start_work(request, &programs->work, reply, fail);
}

static const struct option_row programs_rows[] = {
	OPTION(programs_params, has_owners, "owners", 0, OPTION_BOOL, .initial = "yes",
		.help = "also which processes hold each program; looks at every open file, so "
			"ask for it only when there are new programs"),
};

const struct route programs_route = {
	.method = "GET",
	.path = "/api/programs",
	.summary = "every BPF program of this machine with what it costs; the kernel measures "
		   "them for ten seconds after each request",
	.rows = programs_rows,
	.row_count = ARRAY_LENGTH(programs_rows),
	.params_bytes = sizeof(struct programs_params),
	.handle = programs_handle,
};
