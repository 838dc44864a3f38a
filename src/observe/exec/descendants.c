/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads every process's parent, then passes the mark of the first one on to its children until
 * nobody gets it who has not got it.
 */
#include "observe/exec/descendants.h"

#include <fcntl.h>

#include "base/fd.h"
#include "base/map.h"
#include "base/str.h"
#include "node/folder.h"
#include "node/proc.h"

struct relation {
	uint32_t parent_pid;
	bool is_marked;
};

/* by_pid: uint32_t → struct relation */
static void read_relations(struct map *by_pid, int proc_fd, DIR *folder)
{
	const struct dirent *entry;

	while ((entry = readdir(folder))) {
		struct proc_stat stat;
		uint64_t pid;

		if (str_to_u64(entry->d_name, 1, UINT32_MAX, &pid) < 0)
			continue;
		_cleanup_(fd_closep)
		int fd = proc_open(proc_fd, (uint32_t)pid);
		if (fd < 0 || proc_read_stat(fd, &stat) < 0)
			continue;
		struct relation *relation = map_add(by_pid, &stat.pid, NULL);
		if (!relation)
			return;
		relation->parent_pid = stat.parent_pid;
	}
}

static int pass_mark(struct map *by_pid, void (*found)(void *context, uint32_t pid), void *context)
{
	int marked = 0;

	MAP_FOREACH(by_pid, value) {
		struct relation *relation = value;
		const struct relation *parent = map_find(by_pid, &relation->parent_pid);

		if (relation->is_marked || !parent || !parent->is_marked)
			continue;
		relation->is_marked = true;
		found(context, *(const uint32_t *)map_key(relation));
		marked++;
	}
	return marked;
}

int descendants_find(uint32_t pid, void (*found)(void *context, uint32_t pid), void *context)
{
	_cleanup_(fd_closep)
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(folder_closep)
	DIR *folder = proc_fd < 0 ? NULL : folder_open(proc_fd, ".");
	_cleanup_(map_freep)
	struct map *by_pid = NULL;
	int count = 1, marked;

	if (!folder)
		return -errno;
	by_pid = map_new(sizeof(uint32_t), sizeof(struct relation), DESCENDANTS_MAXIMUM);
	if (!by_pid)
		return -ENOMEM;
	read_relations(by_pid, proc_fd, folder);
	struct relation *first = map_find(by_pid, &pid);
	if (!first)
		return 0;
	first->is_marked = true;
	found(context, pid);
	while ((marked = pass_mark(by_pid, found, context)) > 0)
		count += marked;
	return count;
}
