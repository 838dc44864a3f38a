/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for one process. In: its folder in /proc and what is known of containers; out: container,
 * image, pod, unit and service in its entry.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/map.h"
#include "base/str.h"
#include "node/container.h"
#include "node/identity.h"
#include "node/proc.h"
#include "node/service.h"

/* Groups whose meaning is kept, 2.5 KiB each. */
#define PLACEMENTS_MAXIMUM 1024

struct identity {
	int cgroup_fd;	     /* the v2 tree, -1 without one */
	int memory_group_fd; /* the v1 tree of that controller, -1 without one */
	bool is_mixed;	     /* there are v1 trees, but not that one: two numbers say nothing */
	struct container_cache *containers;
	struct map *placements; /* struct groups → struct placement */
};

/* On hybrid hosts the v2 tree lies beside those of the v1 controllers. */
static int open_cgroup(int root_fd)
{
	static const char *const paths[] = { "sys/fs/cgroup/unified", "sys/fs/cgroup" };

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		_cleanup_(fd_closep)
		int fd = openat(root_fd, paths[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && faccessat(fd, "cgroup.controllers", F_OK, 0) == 0)
			return fd_take(&fd);
	}
	return -1;
}

static bool has_v1_groups(int root_fd)
{
	char text[4096];

	if (file_read_array(root_fd, "proc/1/cgroup", text, sizeof(text)) <= 0)
		return true;
	return !str_starts_with(text, "0::") || strchr(text, '\n') != strrchr(text, '\n');
}

struct identity *identity_new(int root_fd)
{
	struct identity *identity = calloc(1, sizeof(*identity));

	if (!identity)
		return NULL;
	identity->cgroup_fd = open_cgroup(root_fd);
	identity->memory_group_fd =
		openat(root_fd, "sys/fs/cgroup/memory", O_PATH | O_DIRECTORY | O_CLOEXEC);
	identity->is_mixed = identity->memory_group_fd < 0 && has_v1_groups(root_fd);
	identity->containers = container_cache_new(root_fd);
	identity->placements =
		map_new(sizeof(struct groups), sizeof(struct placement), PLACEMENTS_MAXIMUM);
	if (!identity->containers || !identity->placements) {
		identity_free(identity);
		return NULL;
	}
	return identity;
}

void identity_free(struct identity *identity)
{
	if (!identity)
		return;
	container_cache_free(identity->containers);
	map_free(identity->placements);
	fd_closep(&identity->memory_group_fd);
	fd_closep(&identity->cgroup_fd);
	free(identity);
}

/* The number of a group, which is the inode of its folder (kernfs, since 5.5 in 64 bits). */
static uint64_t group_id_of(int tree_fd, const char *path)
{
	struct stat status;

	path += strspn(path, "/");
	if (tree_fd < 0 || fstatat(tree_fd, *path ? path : ".", &status, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return status.st_ino;
}

/* FNV-1a (Fowler, Noll, Vo): tells whether the text is the one of the last time. */
static uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
	return hash;
}

static void set_container(struct process *process, const struct placement *placement,
	const struct container *container)
{
	struct event_process *described = &process->described;

	str_set(process->container,
		placement->container[0] ? placement->container : container->name);
	str_set(described->container, container->name);
	str_set(described->image, container->image);
	char pod[sizeof(container->pod_namespace) + sizeof(container->pod_name)];
	snprintf(pod, sizeof(pod), "%s/%s", container->pod_namespace, container->pod_name);
	str_set(described->pod, container->pod_name[0] ? pod : "");
	process->is_container_open = !container->is_complete;
	/* The services of a system container are named like those of the host. */
	struct service_name unit = {};
	if (placement->is_machine)
		service_from_unit(placement->unit, &unit);
	str_set(described->service, unit.text[0] ? unit.text : container->service);
}

static void apply(struct identity *identity, struct process *process,
	const struct placement *placement, uint64_t now_ns)
{
	struct event_process *described = &process->described;

	str_set(described->unit, placement->unit);
	described->container[0] = described->image[0] = described->pod[0] = '\0';
	described->service[0] = process->container[0] = '\0';
	process->is_container_open = false;
	process->is_placed = true;
	const struct container *container =
		container_find(identity->containers, placement, described->pid, now_ns);
	if (container)
		set_container(process, placement, container);
	/* A container that nobody named is not its engine's unit: it is what runs in it. */
	if (!container) {
		struct service_name name;
		service_from_unit(placement->unit, &name);
		str_set(described->service, name.text);
	}
	process->is_named_by_program = !described->service[0];
}

bool identity_place(
	struct identity *identity, struct process *process, int process_fd, uint64_t now_ns)
{
	struct placement placement;
	char text[16384];

	if (process_fd < 0 || file_read_array(process_fd, "cgroup", text, sizeof(text)) <= 0)
		return false;
	uint64_t hash = hash_text(text);
	if (hash == process->cgroup_hash && !process->is_container_open)
		return true;
	process->cgroup_hash = hash;
	placement_parse(text, &placement);
	struct groups groups = {};
	if (placement.path[0])
		groups.cgroup_id = group_id_of(identity->cgroup_fd, placement.path);
	if (placement.memory_path[0])
		groups.memory_group_id =
			group_id_of(identity->memory_group_fd, placement.memory_path);
	if (groups.cgroup_id)
		process->described.cgroup_id = groups.cgroup_id;
	process->memory_group_id = groups.memory_group_id;
	struct placement *kept =
		groups.cgroup_id ? map_add_evict(identity->placements, &groups, NULL) : NULL;
	if (kept)
		*kept = placement;
	apply(identity, process, &placement, now_ns);
	return true;
}

bool identity_is_moved(
	const struct identity *identity, const struct process *process, struct groups groups)
{
	if (!groups.cgroup_id)
		return false;
	return identity->is_mixed || !process->is_placed ||
	       groups.cgroup_id != process->described.cgroup_id ||
	       (identity->memory_group_fd >= 0 &&
		       groups.memory_group_id != process->memory_group_id);
}

bool identity_place_known(
	struct identity *identity, struct process *process, struct groups groups, uint64_t now_ns)
{
	if (identity->memory_group_fd < 0)
		groups.memory_group_id = 0;
	process->described.cgroup_id = groups.cgroup_id;
	process->memory_group_id = groups.memory_group_id;
	process->cgroup_hash = 0;
	const struct placement *placement = map_find(identity->placements, &groups);
	process->is_placed = false;
	if (!placement || identity->is_mixed)
		return false;
	apply(identity, process, placement, now_ns);
	return true;
}

void identity_name_by_program(struct process *process, int process_fd, const char *directory)
{
	struct service_name name;
	char link[512] = "";

	struct program program = {
		.comm = process->described.comm,
		.exe = process->described.exe,
		.directory = directory ? directory : link,
		.arguments = { process->arguments, process->argument_bytes },
	};
	if (!directory && process_fd >= 0 && program_uses_directory(&program))
		proc_read_link(process_fd, "cwd", link, sizeof(link));
	service_from_program(&program, &name);
	str_set(process->described.service, name.text);
	process->is_named_by_program = true;
}

void identity_read_arguments(struct process *process, int process_fd)
{
	char text[PROCESS_ARGUMENTS_MAXIMUM + 1];
	ssize_t length = file_read_array(process_fd, "cmdline", text, sizeof(text));

	if (length > 0)
		process_set_arguments(
			process, (struct slice){ (const uint8_t *)text, (size_t)length });
}
