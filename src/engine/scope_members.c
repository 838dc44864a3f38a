/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks the scope's cgroup for the pids in it.
 */
#include "engine/scope_members.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/map.h"

#define PIDS_MAXIMUM  65536
#define DEPTH_MAXIMUM 16

struct scope_members {
	const struct scope *scope;
	struct map *pids; /* uint32_t → char; NULL: no cgroup is the scope */
};

static void read_pids(int folder_fd, struct map *pids)
{
	int fd = openat(folder_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	uint32_t pid;

	if (!file && fd >= 0)
		close(fd);
	while (file && fscanf(file, "%u", &pid) == 1)
		map_add(pids, &pid, NULL);
	if (file)
		fclose(file);
}

/* Takes over the descriptor. */
static void read_cgroup(int folder_fd, unsigned int depth, struct map *pids)
{
	DIR *folder = fdopendir(folder_fd);
	const struct dirent *entry;

	if (!folder) {
		close(folder_fd);
		return;
	}
	read_pids(folder_fd, pids);
	while (depth < DEPTH_MAXIMUM && (entry = readdir(folder))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		int fd = openat(folder_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			read_cgroup(fd, depth + 1, pids);
	}
	closedir(folder);
}

static int read_scope(struct scope_members *members)
{
	int fd;

	if (members->scope->kind != SCOPE_CGROUP)
		return 0;
	members->pids = map_new(sizeof(uint32_t), sizeof(char), PIDS_MAXIMUM);
	if (!members->pids)
		return -ENOMEM;
	fd = openat(members->scope->cgroup_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	read_cgroup(fd, 0, members->pids);
	return 0;
}

int scope_members_new(const struct scope *scope, struct scope_members **ret_members)
{
	_cleanup_(scope_members_freep)
	struct scope_members *members = calloc(1, sizeof(*members));
	int r;

	if (!members)
		return -ENOMEM;
	members->scope = scope;
	r = read_scope(members);
	if (r < 0)
		return r;
	*ret_members = TAKE(members);
	return 0;
}

void scope_members_free(struct scope_members *members)
{
	if (!members)
		return;
	map_free(members->pids);
	free(members);
}

bool scope_members_has(
	const struct scope_members *members, uint32_t pid, uint32_t network_namespace)
{
	const struct scope *scope = members->scope;

	if (pid == (uint32_t)getpid())
		return false;
	switch (scope->kind) {
	case SCOPE_HOST:
		return true;
	case SCOPE_CGROUP:
		return map_find(members->pids, &pid) != NULL;
	case SCOPE_NETNS:
		return network_namespace == scope->netns_inode;
	case SCOPE_PID:
		return pid == scope->pid;
	}
	return false;
}
