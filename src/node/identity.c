/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for one process. In: its folder in /proc and what is known of containers; out: container,
 * image, pod, unit and service in its entry.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "node/container.h"
#include "node/identity.h"
#include "node/proc.h"
#include "node/service.h"

struct identity {
	int cgroup_fd; /* the v2 tree, -1 without one */
	struct container_cache *containers;
	bool is_hybrid;
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
	identity->is_hybrid = has_v1_groups(root_fd);
	identity->containers = container_cache_new(root_fd);
	if (!identity->containers) {
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
	fd_closep(&identity->cgroup_fd);
	free(identity);
}

/* The number of the v2 group, which is the inode of its folder (kernfs, since 5.5 in 64 bits). */
static uint64_t cgroup_id_of(const struct identity *identity, const char *path)
{
	struct stat status;

	path += strspn(path, "/");
	if (identity->cgroup_fd < 0 ||
		fstatat(identity->cgroup_fd, *path ? path : ".", &status, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return status.st_ino;
}

bool identity_is_hybrid(const struct identity *identity)
{
	return identity->is_hybrid;
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

bool identity_place(
	struct identity *identity, struct process *process, int process_fd, uint64_t now_ns)
{
	struct event_process *described = &process->described;
	struct placement placement;
	char text[16384];

	if (process_fd < 0 || file_read_array(process_fd, "cgroup", text, sizeof(text)) <= 0)
		return false;
	uint64_t hash = hash_text(text);
	if (hash == process->cgroup_hash && !process->is_container_open)
		return true;
	process->cgroup_hash = hash;
	placement_parse(text, &placement);
	str_set(described->unit, placement.unit);
	described->container[0] = described->image[0] = described->pod[0] = '\0';
	described->service[0] = process->container[0] = '\0';
	process->is_container_open = false;
	uint64_t cgroup_id = placement.path[0] ? cgroup_id_of(identity, placement.path) : 0;
	if (cgroup_id)
		described->cgroup_id = cgroup_id;
	const struct container *container =
		container_find(identity->containers, &placement, described->pid, now_ns);
	if (container)
		set_container(process, &placement, container);
	/* A container that nobody named is not its engine's unit: it is what runs in it. */
	if (!container) {
		struct service_name name;
		service_from_unit(placement.unit, &name);
		str_set(described->service, name.text);
	}
	process->is_named_by_program = !described->service[0];
	return true;
}

void identity_name_by_program(struct process *process, int process_fd)
{
	struct service_name name;
	char directory[512] = "";

	struct program program = {
		.comm = process->described.comm,
		.exe = process->described.exe,
		.directory = directory,
		.arguments = { process->arguments, process->argument_bytes },
	};
	if (process_fd >= 0 && program_uses_directory(&program))
		proc_read_link(process_fd, "cwd", directory, sizeof(directory));
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
