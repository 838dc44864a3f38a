/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Perf maps of processes: see stack_jit.h.
 */
#include "doors/stack_jit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/map.h"
#include "node/perf_map.h"

/* How often a file is looked at: for what it does not tell of sooner, for one that is not there
 * ever later. */
#define LOOK_NS		  NS_PER_S
#define SOON_NS		  (100 * NS_PER_MS)
#define DOUBLINGS_MAXIMUM 6
/* Read in one go; a file that is longer waits for the next look. */
#define READ_BYTES	  (4U << 20)

struct process {
	struct perf_map *map; /* NULL: it wrote none */
	int fd_or_zero;	      /* of the file, plus one: it is read on when the process is gone */
	uint64_t read_bytes;
	uint64_t looked_ns;
	uint32_t number;
	uint32_t misses;
};

struct stack_jit {
	struct map *processes; /* uint32_t pid → struct process */
	uint32_t next_number;
};

static void process_close(struct process *process)
{
	int fd = process->fd_or_zero - 1;

	perf_map_free(process->map);
	fd_closep(&fd);
	*process = (struct process){ .looked_ns = process->looked_ns };
}

static void process_removed(void *context, const void *key, void *value)
{
	process_close(value);
}

struct stack_jit *stack_jit_new(void)
{
	struct stack_jit *jit = calloc(1, sizeof(*jit));

	if (!jit)
		return NULL;
	jit->processes =
		map_new(sizeof(uint32_t), sizeof(struct process), STACK_JIT_PROCESSES_MAXIMUM);
	if (!jit->processes) {
		free(jit);
		return NULL;
	}
	map_on_remove(jit->processes, process_removed, NULL);
	return jit;
}

void stack_jit_free(struct stack_jit *jit)
{
	if (!jit)
		return;
	map_free(jit->processes);
	free(jit);
}

void stack_jit_unload(struct stack_jit *jit)
{
	map_clear(jit->processes);
}

/* True when something came. */
static bool read_more(struct process *process)
{
	uint64_t end = process->read_bytes + READ_BYTES;
	bool has_more = false;
	char bytes[16384];

	while (process->read_bytes < end) {
		ssize_t length = pread(
			process->fd_or_zero - 1, bytes, sizeof(bytes), (off_t)process->read_bytes);

		if (length <= 0)
			break;
		process->read_bytes += (uint64_t)length;
		has_more = true;
		/* Without room what is known stays, and the rest is not named. */
		if (!perf_map_add(process->map, bytes, (size_t)length))
			process->read_bytes = UINT64_MAX / 2;
	}
	return has_more;
}

/* One that was written anew, or thrown away, is another one. */
static bool is_same(const struct process *process)
{
	struct stat status;

	return process->map && fstat(process->fd_or_zero - 1, &status) == 0 &&
	       status.st_nlink > 0 &&
	       ((uint64_t)status.st_size >= process->read_bytes ||
		       process->read_bytes >= UINT64_MAX / 2);
}

static void look(struct stack_jit *jit, struct process *process, uint32_t pid)
{
	_cleanup_(fd_closep)
	int fd = -1;

	if (!is_same(process)) {
		fd = perf_map_open(pid);
		/* What one that is gone wrote is still true for samples that are on their way. */
		if (fd < 0) {
			process->misses = MIN(process->misses + 1, DOUBLINGS_MAXIMUM);
			return;
		}
		process_close(process);
		process->map = perf_map_new();
		if (!process->map)
			return;
		process->fd_or_zero = fd_take(&fd) + 1;
	}
	if (read_more(process) || process->number == 0)
		process->number = ++jit->next_number;
}

static bool is_due(const struct process *process, uint64_t now_ns, uint64_t found_ns)
{
	return now_ns - process->looked_ns >=
	       (process->map ? found_ns : SOON_NS << process->misses);
}

/* Those asked for longest ago give way, never the one in hand. */
static void shed(struct stack_jit *jit, const struct process *kept)
{
	size_t bytes = 0;

	MAP_FOREACH(jit->processes, value) {
		const struct process *process = value;

		bytes += process->map ? perf_map_bytes(process->map) : 0;
	}
	MAP_FOREACH(jit->processes, oldest) {
		struct process *process = oldest;

		if (bytes <= STACK_JIT_BYTES_MAXIMUM)
			return;
		if (process == kept || !process->map)
			continue;
		bytes -= perf_map_bytes(process->map);
		process_close(process);
	}
}

enum stack_jit_answer stack_jit_find(struct stack_jit *jit, uint32_t pid, uint64_t address,
	struct stack_jit_function *ret_function)
{
	struct process *process = map_add_evict(jit->processes, &pid, NULL);
	uint64_t now_ns = clock_monotonic_ns();

	if (!process)
		return JIT_NO_MAP;
	map_touch(jit->processes, process);
	ret_function->name = NULL;
	/* Twice at most: a map that has no such function has grown, most likely. */
	for (uint64_t wait_ns = LOOK_NS; !ret_function->name; wait_ns = SOON_NS) {
		bool is_looked_at = is_due(process, now_ns, wait_ns);

		if (is_looked_at) {
			process->looked_ns = now_ns;
			look(jit, process, pid);
			shed(jit, process);
		}
		if (process->map)
			ret_function->name =
				perf_map_find(process->map, address, &ret_function->start);
		if (!is_looked_at && wait_ns == SOON_NS)
			break;
	}
	ret_function->number = process->number;
	if (!process->map)
		return JIT_NO_MAP;
	return ret_function->name ? JIT_FOUND : JIT_NOT_IN_MAP;
}
