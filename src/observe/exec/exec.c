/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes: who started what, with which arguments, and how it ended. In: forks, execs and
 * exits from the scheduler's tracepoints; out: the events `exec` and `exit`, and what the node
 * knows of every process.
 */
#include <bpf/libbpf.h>
#include <unistd.h>

#include "base/map.h"
#include "engine/abilities.h"
#include "engine/agent.h"
#include "engine/loader.h"
#include "engine/pipeline.h"
#include "engine/ring.h"
#include "exec.skel.h"
#include "node/node.h"
#include "observe/exec/arguments.h"
#include "observe/exec/descendants.h"
#include "observe/exec/exec_event.h"

/* Exits of processes with threads that are remembered, so that none is told twice. */
#define ENDED_MAXIMUM 4096

struct ended_key {
	uint64_t start_ns, pid;
};

struct exec {
	struct agent *agent;
	struct exec_bpf *bpf;
	const char *door;
	struct map *ended; /* struct ended_key → char */
	struct buf line, exe, directory;
	uint64_t reported;
	uint64_t repeated; /* exits that the kernel half told twice */
	uint64_t unsound;  /* records that contradict themselves */
};

static const struct event_kind *const exec_kinds[] = { &exec_kind, &exit_kind, NULL };

/* ---- records ---- */

static struct node_process node_process_of(const struct exec_process *process)
{
	return (struct node_process){
		.pid = process->pid,
		.parent_pid = process->parent_pid,
		.uid = process->uid,
		.network_namespace = process->network_namespace,
		.start_ns = process->start_ns,
		.parent_start_ns = process->parent_start_ns,
		.cgroup_id = process->cgroup_id,
		.memory_group_id = process->memory_group_id,
		.comm = process->comm,
		.parent_comm = process->parent_comm,
	};
}

static void consume_exec(struct exec *exec, const struct exec_exec *record)
{
	struct node_process process = node_process_of(&record->process);
	struct exec_event event = { .header.kind = &exec_kind };
	struct exec_parts parts;

	if (!exec_split(record, &parts)) {
		exec->unsound++;
		return;
	}
	/* The buffers hold any path of a record. */
	exec_join_path(parts.exe, record->flags & EXEC_EXE_IS_CUT,
		record->flags & EXEC_EXE_IS_DETACHED, &exec->exe);
	exec_join_path(
		parts.directory, record->flags & EXEC_DIRECTORY_IS_CUT, false, &exec->directory);
	process.exe = buf_text(&exec->exe);
	process.directory = buf_text(&exec->directory);
	if (!(record->flags & EXEC_ARGUMENTS_UNREAD))
		process.arguments = parts.arguments;
	node_process_executed(exec->agent->node, &process);
	if (record->flags & EXEC_ARGUMENTS_UNREAD)
		parts.arguments = node_arguments(exec->agent->node, process.pid, process.start_ns);

	buf_clear(&exec->line);
	if (exec->agent->config.unmask)
		arguments_join(parts.arguments, &exec->line);
	else
		arguments_join_masked(parts.arguments, &exec->line);
	event.header.time_ns = record->process.header.time_ns;
	event.process.pid = process.pid;
	event.process.start_ns = process.start_ns;
	event.arguments = buf_text(&exec->line);
	event.directory = process.directory;
	event.argument_bytes = record->argument_bytes;
	event.is_cut = parts.arguments.length < record->argument_bytes;
	exec->reported++;
	pipeline_emit(exec->agent->pipeline, &event.header);
}

/* True for the second record of one exit. */
static bool is_repeated(struct exec *exec, const struct exec_exit *record)
{
	struct ended_key key = { record->process.start_ns, record->process.pid };
	bool is_new = true;

	if (!record->may_repeat || !map_add_evict(exec->ended, &key, &is_new))
		return false;
	return !is_new;
}

static void consume_exit(struct exec *exec, const struct exec_exit *record)
{
	struct node_process process = node_process_of(&record->process);
	struct exit_event event = { .header.kind = &exit_kind };

	if (is_repeated(exec, record)) {
		exec->repeated++;
		return;
	}
	/* Its last name; and when all that came before was lost, at least this much is known. */
	process.exe = "";
	process.arguments = (struct slice){ (const uint8_t *)"", 0 };
	node_process_started(exec->agent->node, &process);
	node_process_exited(
		exec->agent->node, process.pid, process.start_ns, record->process.header.time_ns);
	event.header.time_ns = record->process.header.time_ns;
	event.process.pid = process.pid;
	event.process.start_ns = process.start_ns;
	event.duration_ns = record->duration_ns;
	exit_read_status(record->status, &event);
	exec->reported++;
	pipeline_emit(exec->agent->pipeline, &event.header);
}

static void exec_consume(void *state, const struct record_header *header)
{
	struct exec *exec = state;
	const void *record = header;
	struct node_process process;

	if (header->type == EXEC_FORK && header->size >= sizeof(struct exec_process)) {
		process = node_process_of(record);
		node_process_started(exec->agent->node, &process);
	} else if (header->type == EXEC_EXEC && header->size >= sizeof(struct exec_exec)) {
		consume_exec(exec, record);
	} else if (header->type == EXEC_EXIT && header->size >= sizeof(struct exec_exit)) {
		consume_exit(exec, record);
	} else {
		exec->unsound++;
	}
}

/* ---- opening ---- */

static void choose_door(struct exec *exec)
{
	struct exec_bpf *bpf = exec->bpf;
	bool is_btf = abilities_has(exec->agent->abilities, ABILITY_TP_BTF);

	bpf_program__set_autoload(bpf->progs.on_fork, is_btf);
	bpf_program__set_autoload(bpf->progs.on_exec, is_btf);
	bpf_program__set_autoload(bpf->progs.on_exit, is_btf);
	bpf_program__set_autoload(bpf->progs.on_fork_raw, !is_btf);
	bpf_program__set_autoload(bpf->progs.on_exec_raw, !is_btf);
	bpf_program__set_autoload(bpf->progs.on_exit_raw, !is_btf);
	exec->door = is_btf ? "tp_btf" : "raw_tp";
}

static int configure(struct exec *exec)
{
	const struct agent *agent = exec->agent;
	const struct scope *scope = &agent->scope;
	struct exec_bpf *bpf = exec->bpf;
	int cpu_count = libbpf_num_possible_cpus();

	if (cpu_count < 0)
		return cpu_count;
	bpf->rodata->wake_bytes = ring_wake_bytes(agent->ring);
	SCOPE_TELL(bpf->rodata, scope);
	if (scope->kind != SCOPE_PID)
		bpf_map__set_max_entries(bpf->maps.scope_pids, 1);
	return bpf_map__set_max_entries(bpf->maps.scratch_by_cpu, (uint32_t)cpu_count);
}

static void scope_add(void *context, uint32_t pid)
{
	struct exec *exec = context;
	uint8_t one = 1;

	/* One that does not fit is missed; the kernel half counts such at forks. */
	(void)bpf_map__update_elem(
		exec->bpf->maps.scope_pids, &pid, sizeof(pid), &one, sizeof(one), BPF_ANY);
}

/* Twice: what was started by one that was not yet in the map is there at the second look. */
static int scope_fill(struct exec *exec)
{
	uint32_t pid = exec->agent->scope.pid;
	int r = descendants_find(pid, scope_add, exec);

	return r < 0 ? r : descendants_find(pid, scope_add, exec);
}

static int exec_load(struct exec *exec, struct fail *fail)
{
	int r;

	exec->bpf = exec_bpf__open();
	r = loader_open(exec->agent, "exec", exec->bpf ? exec->bpf->skeleton : NULL, fail);
	if (r < 0)
		return r;
	choose_door(exec);
	r = configure(exec);
	if (r < 0)
		return loader_explain(fail, r, "configuring");
	r = loader_load(exec->bpf->skeleton, fail);
	if (r < 0)
		return r;
	r = loader_attach(exec->bpf->skeleton, fail);
	if (r < 0 || exec->agent->scope.kind != SCOPE_PID)
		return r;
	r = scope_fill(exec);
	return r < 0 ? loader_explain(fail, r, "reading /proc") : 0;
}

static void exec_close(void *state)
{
	struct exec *exec = state;

	if (!exec)
		return;
	if (exec->bpf) {
		loader_forget(exec->agent, exec->bpf->skeleton);
		exec_bpf__destroy(exec->bpf);
	}
	map_free(exec->ended);
	buf_done(&exec->line);
	buf_done(&exec->exe);
	buf_done(&exec->directory);
	free(exec);
}
DEFINE_CLEANUP(void *, exec_close);

static int exec_open(struct agent *agent, const void *options, void **ret_state, struct fail *fail)
{
	_cleanup_(exec_closep)
	void *state = calloc(1, sizeof(struct exec));
	struct exec *exec = state;
	int r;

	if (!exec)
		return fail_set(fail, -ENOMEM, "out of memory");
	exec->agent = agent;
	buf_init(&exec->line, ARGUMENTS_LINE_BYTES);
	buf_init(&exec->exe, 2 * EXEC_PATH_MAXIMUM);
	buf_init(&exec->directory, 2 * EXEC_PATH_MAXIMUM);
	exec->ended = map_new(sizeof(struct ended_key), sizeof(char), ENDED_MAXIMUM);
	if (!exec->ended)
		return fail_set(fail, -ENOMEM, "out of memory");
	r = exec_load(exec, fail);
	if (r < 0)
		return r;
	*ret_state = TAKE(state);
	return 0;
}

static void exec_counts(void *state, struct feature_counts *ret_counts)
{
	struct exec *exec = state;
	struct feature_counts counts = { 0 };

	if (loader_sum_counts(exec->bpf->maps.counts, &counts) < 0)
		return;
	counts.seen -= MIN(counts.seen, exec->repeated);
	counts.lost[COUNT_LOST_READ] += exec->unsound;
	counts.reported = exec->reported;
	*ret_counts = counts;
}

static const char *exec_door(void *state)
{
	struct exec *exec = state;

	return exec->door;
}

const struct feature exec_feature = {
	.name = "exec",
	.summary = "processes: programs started, with arguments and parents, and how they ended",
	.kinds = exec_kinds,
	.open = exec_open,
	.consume = exec_consume,
	.counts = exec_counts,
	.door = exec_door,
	.close = exec_close,
};
