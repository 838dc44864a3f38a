/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mappings of processes, sorted and shared by forks until one of them changes. See stack_space.h.
 */
#include "doors/stack_space.h"

#include <stdio.h>
#include <sys/sysmacros.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/str.h"

#define DEAD_NS (2 * NS_PER_S)

struct space {
	uint32_t references;
	uint32_t count, capacity;
	struct stack_mapping mappings[]; /* by address, apart from each other */
};

struct process_space {
	struct space *space; /* NULL: not known to have any */
	bool is_read;	     /* complete: told from its exec on, or read from /proc */
	uint64_t dead_ns;    /* 0: alive */
};

struct stack_spaces {
	struct stack_modules *modules;
	struct map *by_pid; /* uint32_t → struct process_space */
};

/* ---- one space ---- */

static size_t space_bytes(uint32_t capacity)
{
	return sizeof(struct space) + capacity * sizeof(struct stack_mapping);
}

static void space_unref(struct stack_spaces *spaces, struct space *space)
{
	if (!space || --space->references > 0)
		return;
	for (uint32_t i = 0; i < space->count; i++)
		stack_module_unref(space->mappings[i].module);
	free(space);
}

/* One that belongs to nobody else and has room for two more. NULL when that cannot be had. */
static struct space *space_own(struct stack_spaces *spaces, struct space *old)
{
	uint32_t count = old ? old->count : 0;
	uint32_t capacity = old ? old->capacity : 0;
	struct space *space;

	if (old && old->references == 1 && count + 2 <= capacity)
		return old;
	if (count + 2 > capacity)
		capacity = MAX(8U, count + count / 2 + 2);
	if (count + 2 > STACK_MAPPINGS_MAXIMUM)
		return NULL;
	space = calloc(1, space_bytes(capacity));
	if (!space)
		return NULL;
	space->references = 1;
	space->capacity = capacity;
	space->count = count;
	for (uint32_t i = 0; i < count; i++) {
		space->mappings[i] = old->mappings[i];
		(void)stack_module_ref(space->mappings[i].module);
	}
	space_unref(spaces, old);
	return space;
}

/* The first mapping that ends behind the address. */
static uint32_t space_lower(const struct space *space, uint64_t address)
{
	uint32_t low = 0, high = space->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (space->mappings[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void space_insert(struct space *space, uint32_t at, const struct stack_mapping *mapping)
{
	memmove(&space->mappings[at + 1], &space->mappings[at],
		(space->count - at) * sizeof(*mapping));
	space->mappings[at] = *mapping;
	space->count++;
}

static void space_remove(struct space *space, uint32_t at)
{
	stack_module_unref(space->mappings[at].module);
	space->count--;
	memmove(&space->mappings[at], &space->mappings[at + 1],
		(space->count - at) * sizeof(space->mappings[0]));
}

/* Takes what lies within start and end out; a mapping on both sides becomes two. */
static void space_clear(struct space *space, uint64_t start, uint64_t end)
{
	uint32_t at = space_lower(space, start);

	while (at < space->count && space->mappings[at].start < end) {
		struct stack_mapping *mapping = &space->mappings[at];
		struct stack_mapping rest = *mapping;

		if (mapping->start < start) {
			mapping->end = start;
			if (rest.end <= end) {
				at++;
				continue;
			}
			rest.offset += end - rest.start;
			rest.start = end;
			(void)stack_module_ref(rest.module);
			space_insert(space, at + 1, &rest);
			return;
		}
		if (rest.end > end) {
			mapping->offset += end - mapping->start;
			mapping->start = end;
			return;
		}
		space_remove(space, at);
	}
}

/* ---- processes ---- */

static void process_removed(void *context, const void *key, void *value)
{
	struct process_space *process = value;

	space_unref(context, process->space);
}

struct stack_spaces *stack_spaces_new(struct stack_modules *modules)
{
	struct stack_spaces *spaces = calloc(1, sizeof(*spaces));

	if (!spaces)
		return NULL;
	spaces->modules = modules;
	spaces->by_pid =
		map_new(sizeof(uint32_t), sizeof(struct process_space), STACK_SPACES_MAXIMUM);
	if (!spaces->by_pid) {
		free(spaces);
		return NULL;
	}
	map_on_remove(spaces->by_pid, process_removed, spaces);
	return spaces;
}

void stack_spaces_free(struct stack_spaces *spaces)
{
	if (!spaces)
		return;
	map_free(spaces->by_pid);
	free(spaces);
}

static void process_map(struct stack_spaces *spaces, struct process_space *process,
	const struct stack_file *file, uint64_t offset)
{
	bool has_file = file->inode != 0 || str_equal(file->path, "[vdso]");
	struct stack_mapping mapping = { file->start, file->end, offset, NULL };
	struct space *space = space_own(spaces, process->space);

	if (!space || file->end <= file->start)
		return;
	process->space = space;
	space_clear(space, file->start, file->end);
	if (has_file)
		mapping.module = stack_module_get(spaces->modules, file);
	space_insert(space, space_lower(space, file->start), &mapping);
}

void stack_spaces_map(struct stack_spaces *spaces, const struct stack_file *file, uint64_t offset)
{
	struct process_space *process = map_find(spaces->by_pid, &file->pid);

	/* What nobody asked for yet is read whole when somebody does. */
	if (process)
		process_map(spaces, process, file, offset);
}

void stack_spaces_exec(struct stack_spaces *spaces, uint32_t pid)
{
	struct process_space *process = map_add_evict(spaces->by_pid, &pid, NULL);

	if (!process)
		return;
	space_unref(spaces, process->space);
	*process = (struct process_space){ .is_read = true };
	map_touch(spaces->by_pid, process);
}

void stack_spaces_fork(struct stack_spaces *spaces, uint32_t parent_pid, uint32_t pid)
{
	struct process_space *parent = map_find(spaces->by_pid, &parent_pid), *process;

	(void)map_remove(spaces->by_pid, &pid);
	if (!parent || !parent->is_read)
		return;
	process = map_add_evict(spaces->by_pid, &pid, NULL);
	/* To make room the parent itself may have gone. */
	parent = map_find(spaces->by_pid, &parent_pid);
	if (!process || !parent)
		return;
	*process = (struct process_space){ .space = parent->space, .is_read = true };
	if (process->space)
		process->space->references++;
}

void stack_spaces_exit(struct stack_spaces *spaces, uint32_t pid, uint64_t now_ns)
{
	struct process_space *process = map_find(spaces->by_pid, &pid);

	if (process)
		process->dead_ns = now_ns;
}

void stack_spaces_expire(struct stack_spaces *spaces, uint64_t now_ns)
{
	MAP_FOREACH(spaces->by_pid, value) {
		const struct process_space *process = value;

		if (process->dead_ns && now_ns > process->dead_ns + DEAD_NS)
			map_remove(spaces->by_pid, map_key(value));
	}
}

void stack_spaces_forget(struct stack_spaces *spaces)
{
	map_clear(spaces->by_pid);
}

/* ---- /proc ---- */

/* "start-end perms offset major:minor inode path" (proc_pid_maps(5)) */
static void read_line(
	struct stack_spaces *spaces, struct process_space *process, uint32_t pid, char *line)
{
	unsigned long long start, end, offset, inode;
	unsigned int major, minor;
	char permissions[5];
	struct stack_file file;
	int path = 0;

	if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu %n", &start, &end, permissions, &offset,
		    &major, &minor, &inode, &path) < 7 ||
		permissions[2] != 'x')
		return;
	line[strcspn(line, "\n")] = '\0';
	file = (struct stack_file){
		.device = makedev(major, minor),
		.inode = inode,
		.path = line + path,
		.pid = pid,
		.start = start,
		.end = end,
	};
	process_map(spaces, process, &file, offset);
}

static void read_process(struct stack_spaces *spaces, struct process_space *process, uint32_t pid)
{
	char path[32], line[4352];
	FILE *file;

	process->is_read = true;
	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		read_line(spaces, process, pid, line);
	fclose(file);
}

const struct stack_mapping *stack_spaces_find(
	struct stack_spaces *spaces, uint32_t pid, uint64_t address)
{
	struct process_space *process = map_add_evict(spaces->by_pid, &pid, NULL);
	const struct space *space;
	uint32_t at;

	if (!process)
		return NULL;
	if (!process->is_read)
		read_process(spaces, process, pid);
	map_touch(spaces->by_pid, process);
	space = process->space;
	if (!space)
		return NULL;
	at = space_lower(space, address);
	return at < space->count && space->mappings[at].start <= address ? &space->mappings[at]
									 : NULL;
}
