/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU and memory of processes: see usage.h. In: the node's names, then /proc; out: JSON.
 */
#include "engine/usage.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/map.h"
#include "base/str.h"
#include "node/folder.h"
#include "node/node.h"
#include "node/proc.h"

#define PIDS_MAXIMUM	     65536 /* of a scope */
#define CGROUP_DEPTH_MAXIMUM 32
#define CHUNK_BYTES	     (64 * 1024) /* what is written at once */

struct usage {
	const struct agent *agent;
	struct clock_map clock;
	uint64_t boottime_minus_monotonic_ns;
	uint64_t page_bytes;
	bool has_processes;
	struct event_process *processes; /* by pid */
	size_t count;
	size_t maximum;
};

struct writing {
	struct usage *usage;
	FILE *stream;
	struct buf chunk;
	struct json json;
	struct map *scope; /* pids inside, NULL: all are */
};

/* ---- on the loop thread ---- */

static void keep(void *context, const struct event_process *process)
{
	struct usage *usage = context;

	if (usage->count < usage->maximum)
		usage->processes[usage->count++] = *process;
}

static int compare(const void *first, const void *second)
{
	const struct event_process *a = first, *b = second;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

int usage_new(struct agent *agent, bool has_processes, struct usage **ret_usage)
{
	_cleanup_(usage_freep)
	struct usage *usage = calloc(1, sizeof(*usage));

	if (!usage)
		return -ENOMEM;
	usage->agent = agent;
	usage->clock = agent->clock;
	usage->boottime_minus_monotonic_ns = clock_boottime_ns() - clock_monotonic_ns();
	usage->has_processes = has_processes;
	usage->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	usage->maximum = has_processes ? node_process_count(agent->node) : 0;
	usage->processes = calloc(usage->maximum + 1, sizeof(*usage->processes));
	if (!usage->processes)
		return -ENOMEM;
	node_each_process(agent->node, keep, usage);
	qsort(usage->processes, usage->count, sizeof(*usage->processes), compare);
	*ret_usage = TAKE(usage);
	return 0;
}

void usage_free(struct usage *usage)
{
	if (!usage)
		return;
	free(usage->processes);
	free(usage);
}

/* ---- the scope ---- */

static void add_pids(struct map *pids, int folder_fd)
{
	_cleanup_(buf_done)
	struct buf content = { 0 };
	char *rest = NULL, *line;

	buf_init(&content, PIDS_MAXIMUM * 12UL);
	if (file_read(folder_fd, "cgroup.procs", &content) < 0 || !content.data)
		return;
	for (line = strtok_r(content.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		uint32_t pid = (uint32_t)strtoul(line, NULL, 10);

		map_add(pids, &pid, NULL);
	}
}

static void add_cgroup(struct map *pids, int parent_fd, const char *name, unsigned int depth)
{
	_cleanup_(folder_closep)
	DIR *folder = folder_open(parent_fd, name);
	const struct dirent *entry;

	if (!folder || depth == 0)
		return;
	add_pids(pids, dirfd(folder));
	while ((entry = readdir(folder)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			add_cgroup(pids, dirfd(folder), entry->d_name, depth - 1);
}

static bool is_in_scope(const struct writing *writing, int process_fd, uint32_t pid)
{
	const struct scope *scope = &writing->usage->agent->scope;

	if (scope->kind == SCOPE_CGROUP)
		return map_find(writing->scope, &pid);
	if (scope->kind == SCOPE_PID)
		return pid == scope->pid;
	return scope->kind == SCOPE_HOST ||
	       proc_read_network_namespace(process_fd) == scope->netns_inode;
}

/* ---- writing ---- */

static int flush(struct writing *writing, size_t limit)
{
	struct buf *chunk = &writing->chunk;

	if (chunk->error)
		return chunk->error;
	if (chunk->length <= limit)
		return 0;
	if (fwrite(chunk->data, 1, chunk->length, writing->stream) != chunk->length)
		return -EPIPE;
	buf_clear(chunk);
	return 0;
}

/* What the agent knows of the process that has the pid now: the start decides. */
static const struct event_process *find_names(
	const struct usage *usage, const struct proc_stat *stat)
{
	const struct event_process key = { .pid = stat->pid };
	const struct event_process *found =
		bsearch(&key, usage->processes, usage->count, sizeof(*usage->processes), compare);

	return found && found->start_ns / PROC_TICK_NS == stat->start_ns / PROC_TICK_NS ? found
											: NULL;
}

static void write_process(
	struct writing *writing, const struct event_process *names, const struct proc_stat *stat)
{
	const struct usage *usage = writing->usage;
	struct json *json = &writing->json;
	const char state[2] = { stat->state };

	json_object_begin(json);
	json_member_u64(json, "pid", stat->pid);
	json_member_u64(json, "parent_pid", stat->parent_pid);
	json_member_string(json, "comm", stat->comm);
	json_member_string(json, "exe", names->exe);
	json_member_string(json, "service", names->service);
	json_member_string(json, "container", names->container);
	json_member_string(json, "pod", names->pod);
	json_member_string(json, "unit", names->unit);
	json_member_u64(json, "uid", names->uid);
	json_member_u64(json, "start_time_ns",
		clock_to_wall(&usage->clock, stat->start_ns - usage->boottime_minus_monotonic_ns));
	json_member_u64(json, "cpu_ns", stat->cpu_ns);
	json_member_u64(json, "resident_bytes", stat->resident_pages * usage->page_bytes);
	json_member_u64(json, "threads", stat->threads);
	json_member_string(json, "state", state);
	json_member_bool(json, "is_kernel_thread", stat->is_kernel_thread);
	json_object_end(json);
}

static void try_process(struct writing *writing, int proc_fd, uint32_t pid)
{
	static const struct event_process nobody;
	const struct event_process *names;
	struct proc_stat stat;
	_cleanup_(fd_closep)
	int process_fd = proc_open(proc_fd, pid);

	if (process_fd < 0 || !is_in_scope(writing, process_fd, pid) ||
		proc_read_stat(process_fd, &stat) < 0 || stat.is_zombie)
		return;
	names = find_names(writing->usage, &stat);
	write_process(writing, names ? names : &nobody, &stat);
}

static int write_processes(struct writing *writing, DIR *proc, const atomic_bool *cancel)
{
	const struct dirent *entry;
	int error = 0;

	json_key(&writing->json, "processes");
	json_array_begin(&writing->json);
	while (!error && writing->usage->has_processes && (entry = readdir(proc))) {
		uint64_t pid;

		if (cancel && atomic_load(cancel))
			return -ECANCELED;
		if (!isdigit((unsigned char)entry->d_name[0]) ||
			str_to_u64(entry->d_name, 1, UINT32_MAX, &pid) != 0)
			continue;
		try_process(writing, dirfd(proc), (uint32_t)pid);
		error = flush(writing, CHUNK_BYTES / 2);
	}
	json_array_end(&writing->json);
	return error;
}

/* The line "cpu" of /proc/stat: user nice system idle iowait irq softirq steal, in ticks. */
static uint64_t read_busy_ns(int proc_fd)
{
	unsigned long long ticks[8] = { 0 };
	char text[256];

	if (file_read_array(proc_fd, "stat", text, sizeof(text)) < 0 ||
		sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &ticks[0], &ticks[1],
			&ticks[2], &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7]) < 4)
		return 0;
	return (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7]) * PROC_TICK_NS;
}

static uint64_t read_memory(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	return line ? strtoull(line + strlen(name), NULL, 10) * 1024 : 0;
}

static void write_node(struct json *json, int proc_fd)
{
	char text[2048];

	if (file_read_array(proc_fd, "meminfo", text, sizeof(text)) < 0)
		text[0] = '\0';
	json_key(json, "node");
	json_object_begin(json);
	json_member_u64(json, "cores", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
	json_member_u64(json, "cpu_ns", read_busy_ns(proc_fd));
	json_member_u64(json, "memory_bytes", read_memory(text, "MemTotal:"));
	json_member_u64(json, "available_bytes", read_memory(text, "MemAvailable:"));
	json_object_end(json);
}

static int write_all(struct writing *writing, DIR *proc, const atomic_bool *cancel)
{
	int error;

	json_object_begin(&writing->json);
	json_member_u64(&writing->json, "time_ns", clock_wall_ns());
	write_node(&writing->json, dirfd(proc));
	error = write_processes(writing, proc, cancel);
	if (error)
		return error;
	json_object_end(&writing->json);
	buf_append_byte(&writing->chunk, '\n');
	return flush(writing, 0);
}

int usage_write(struct usage *usage, FILE *stream, const atomic_bool *cancel)
{
	struct writing writing = { .usage = usage, .stream = stream };
	const struct scope *scope = &usage->agent->scope;
	_cleanup_(map_freep)
	struct map *pids = NULL;
	_cleanup_(folder_closep)
	DIR *proc = folder_open(node_root_fd(usage->agent->node), "proc");
	int error;

	if (!proc)
		return -errno;
	if (usage->has_processes && scope->kind == SCOPE_CGROUP) {
		pids = writing.scope = map_new(sizeof(uint32_t), 1, PIDS_MAXIMUM);
		if (!pids)
			return -ENOMEM;
		add_cgroup(pids, scope->cgroup_fd, ".", CGROUP_DEPTH_MAXIMUM);
	}
	buf_init(&writing.chunk, CHUNK_BYTES);
	json_init(&writing.json, &writing.chunk);
	error = write_all(&writing, proc, cancel);
	buf_done(&writing.chunk);
	return error;
}
