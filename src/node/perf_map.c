/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Perf maps: see perf_map.h. Functions are sorted when somebody asks.
 */
#include "node/perf_map.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/str.h"

#define LINE_MAXIMUM 1024
/* Older functions that reach over the one that begins nearest are looked for so far back. */
#define STEPS_BACK   8

struct function {
	uint64_t start;
	uint32_t size;
	uint32_t name;
	uint32_t order; /* of its line */
};

struct perf_map {
	struct function *functions;
	size_t count, capacity;
	uint32_t lines;
	bool is_sorted;
	struct buf names;
	char line[LINE_MAXIMUM]; /* one that is not whole yet */
	size_t line_length;
};

struct perf_map *perf_map_new(void)
{
	struct perf_map *map = calloc(1, sizeof(*map));

	if (map)
		buf_init(&map->names, PERF_MAP_NAMES_MAXIMUM);
	return map;
}

void perf_map_free(struct perf_map *map)
{
	if (!map)
		return;
	free(map->functions);
	buf_done(&map->names);
	free(map);
}

size_t perf_map_bytes(const struct perf_map *map)
{
	return sizeof(*map) + map->capacity * sizeof(struct function) + map->names.length;
}

/* ---- reading ---- */

static bool grow(struct perf_map *map)
{
	size_t capacity = map->capacity ? map->capacity * 2 : 1024;
	struct function *grown;

	if (map->count < map->capacity)
		return true;
	if (capacity > PERF_MAP_FUNCTIONS_MAXIMUM)
		return false;
	grown = reallocarray(map->functions, capacity, sizeof(*grown));
	if (!grown)
		return false;
	map->functions = grown;
	map->capacity = capacity;
	return true;
}

/* False only without room: what is no line is no function. */
static bool add_line(struct perf_map *map)
{
	unsigned long long start, size;
	int name = 0;

	map->line[map->line_length] = '\0';
	if (sscanf(map->line, "%llx %llx %n", &start, &size, &name) < 2 || name == 0 ||
		!map->line[name] || size == 0)
		return true;
	if (!grow(map))
		return false;
	map->functions[map->count] = (struct function){ .start = start,
		.size = (uint32_t)MIN(size, (unsigned long long)UINT32_MAX),
		.name = (uint32_t)map->names.length,
		.order = map->lines++ };
	if (buf_append(&map->names, map->line + name, strlen(map->line + name) + 1) < 0)
		return false;
	map->count++;
	map->is_sorted = false;
	return true;
}

bool perf_map_add(struct perf_map *map, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n') {
			if (!add_line(map))
				return false;
			map->line_length = 0;
		} else if (map->line_length < sizeof(map->line) - 1) {
			/* The rest of a name that is too long is left out. */
			map->line[map->line_length++] = text[i] ? text[i] : '?';
		}
	}
	return true;
}

/* ---- asking ---- */

/* At one address the latest line comes last. */
static int compare(const void *left, const void *right)
{
	const struct function *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void sort(struct perf_map *map)
{
	if (!map->is_sorted && map->count > 0)
		qsort(map->functions, map->count, sizeof(*map->functions), compare);
	map->is_sorted = true;
}

const char *perf_map_find(struct perf_map *map, uint64_t address, uint64_t *ret_start)
{
	const struct function *found = NULL;
	size_t low = 0, high;

	sort(map);
	high = map->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->functions[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* Of those that hold it the latest. */
	for (size_t step = 0; step < STEPS_BACK && low > 0; step++) {
		const struct function *function = &map->functions[--low];

		if (address - function->start < function->size &&
			(!found || function->order > found->order))
			found = function;
	}
	if (!found)
		return NULL;
	*ret_start = found->start;
	return (const char *)map->names.data + found->name;
}

/* ---- finding the file ---- */

/* Its number in the innermost namespace is the last one of "NSpid:" (proc_pid_status(5)). */
static uint32_t number_inside(uint32_t pid)
{
	char path[64], line[256];
	uint32_t number = pid;
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	stream = fopen(path, "re");
	while (stream && fgets(line, sizeof(line), stream)) {
		const char *last = strrchr(line, '\t');

		if (str_starts_with(line, "NSpid:") && last)
			number = (uint32_t)strtoul(last, NULL, 10);
	}
	if (stream)
		fclose(stream);
	return number;
}

/* No link leads out of the root of the process. */
static int open_inside(int root_fd, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

int perf_map_open(uint32_t pid)
{
	_cleanup_(fd_closep)
	int root_fd = -1, fd = -1;
	struct stat file, process;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/root", pid);
	root_fd = open(path, O_PATH | O_CLOEXEC | O_DIRECTORY);
	if (root_fd < 0)
		return -errno;
	snprintf(path, sizeof(path), "tmp/perf-%u.map", number_inside(pid));
	fd = open_inside(root_fd, path);
	if (fd < 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%u", pid);
	if (fstat(fd, &file) < 0 || stat(path, &process) < 0)
		return -errno;
	if (!S_ISREG(file.st_mode) || (file.st_uid != process.st_uid && file.st_uid != 0))
		return -EPERM;
	return fd_take(&fd);
}
