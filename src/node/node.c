/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who runs on this node. In: forks, execs and exits as features report them, and /proc; out:
 * struct event_process, filled once per process and copied for each event.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "node/container.h"
#include "node/node.h"
#include "node/proc.h"
#include "node/process.h"
#include "node/service.h"

#define SCAN_NS_MAXIMUM (200 * NS_PER_MS)
/* Looked at each second; all of the live within about a minute. */
#define SWEEP_MINIMUM	16
#define SWEEP_SECONDS	60

struct node {
	int root_fd, proc_fd;
	int cgroup_fd; /* the v2 tree, -1 without one */
	struct process_table *processes;
	struct container_cache *containers;
	size_t open_containers; /* processes whose container has no name yet, about */
	uint64_t now_ns;	/* of the last tick */
};

/* The number of the v2 group, which is the inode of its folder (kernfs, since 5.5 in 64 bits). */
static uint64_t cgroup_id_of(const struct node *node, const char *path)
{
	struct stat status;

	path += strspn(path, "/");
	if (node->cgroup_fd < 0 ||
		fstatat(node->cgroup_fd, *path ? path : ".", &status, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return status.st_ino;
}

static void set_container(struct node *node, struct process *process,
	const struct placement *placement, const struct container *container)
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
	node->open_containers += process->is_container_open;
	/* The services of a system container are named like those of the host. */
	struct service_name unit = {};
	if (placement->is_machine)
		service_from_unit(placement->unit, &unit);
	str_set(described->service, unit.text[0] ? unit.text : container->service);
}

/* Container, pod and unit from the control groups; false when they cannot be read. */
static bool place(struct node *node, struct process *process, int process_fd)
{
	struct event_process *described = &process->described;
	struct placement placement;
	char text[16384];

	if (process_fd < 0 || file_read_array(process_fd, "cgroup", text, sizeof(text)) <= 0)
		return false;
	placement_parse(text, &placement);
	str_set(described->unit, placement.unit);
	described->container[0] = described->image[0] = described->pod[0] = '\0';
	described->service[0] = process->container[0] = '\0';
	process->is_container_open = false;
	uint64_t cgroup_id = placement.path[0] ? cgroup_id_of(node, placement.path) : 0;
	if (cgroup_id)
		described->cgroup_id = cgroup_id;
	const struct container *container =
		container_find(node->containers, &placement, described->pid, node->now_ns);
	if (container)
		set_container(node, process, &placement, container);
	/* A container that nobody named is not its engine's unit: it is what runs in it. */
	if (!container) {
		struct service_name name;
		service_from_unit(placement.unit, &name);
		str_set(described->service, name.text);
	}
	process->is_named_by_program = !described->service[0];
	return true;
}

static void name_by_program(struct process *process, int process_fd)
{
	struct service_name name;
	char directory[512] = "";

	if (process_fd >= 0)
		proc_read_link(process_fd, "cwd", directory, sizeof(directory));
	struct program program = {
		.comm = process->described.comm,
		.exe = process->described.exe,
		.directory = directory,
		.arguments = { process->arguments, process->argument_bytes },
	};
	service_from_program(&program, &name);
	str_set(process->described.service, name.text);
	process->is_named_by_program = true;
}

static void read_arguments(struct process *process, int process_fd)
{
	char text[PROCESS_ARGUMENTS_MAXIMUM + 1];
	ssize_t length = file_read_array(process_fd, "cmdline", text, sizeof(text));

	if (length > 0)
		process_set_arguments(
			process, (struct slice){ (const uint8_t *)text, (size_t)length });
}

static void set_parent(struct node *node, struct process *process, uint32_t parent_pid)
{
	struct process *parent = process_find(node->processes, parent_pid, 0);
	struct proc_stat stat;

	process->described.parent_pid = parent_pid;
	if (parent && parent != process && !parent->is_dead) {
		process->parent_start_ns = parent->described.start_ns;
		str_set(process->described.parent_comm, parent->described.comm);
		return;
	}
	_cleanup_(fd_closep)
	int fd = parent_pid ? proc_open(node->proc_fd, parent_pid) : -1;
	if (fd < 0 || proc_read_stat(fd, &stat) < 0)
		return;
	process->parent_start_ns = stat.start_ns;
	str_set(process->described.parent_comm, stat.comm);
}

static void read_process(
	struct node *node, struct process *process, int process_fd, const struct proc_stat *stat)
{
	struct event_process *described = &process->described;

	str_set(described->comm, stat->comm);
	set_parent(node, process, stat->parent_pid);
	proc_read_uid(process_fd, &described->uid);
	proc_read_link(process_fd, "exe", described->exe, sizeof(described->exe));
	described->network_namespace = proc_read_network_namespace(process_fd);
	read_arguments(process, process_fd);
	place(node, process, process_fd);
	if (!described->service[0])
		name_by_program(process, process_fd);
}

/* An entry that says that nothing is known, so that /proc is not asked for each event. */
static struct process *learn_nothing(struct node *node, uint32_t pid, uint64_t start_ns)
{
	if (!start_ns)
		return NULL;
	struct process *process = process_add(node->processes, pid, start_ns, node->now_ns);
	if (process)
		process_bury(node->processes, process, node->now_ns);
	return process;
}

/* Reads a process that the table does not have; start_ns 0: whoever has the pid. */
static struct process *learn(struct node *node, uint32_t pid, uint64_t start_ns)
{
	_cleanup_(fd_closep)
	int fd = proc_open(node->proc_fd, pid);
	struct proc_stat stat;

	if (fd < 0 || proc_read_stat(fd, &stat) < 0)
		return learn_nothing(node, pid, start_ns);
	if (start_ns && start_ns / PROC_TICK_NS != stat.start_ns / PROC_TICK_NS)
		return learn_nothing(node, pid, start_ns);
	struct process *known = process_find(node->processes, pid, stat.start_ns);
	if (known)
		return known;
	struct process *process = process_add(
		node->processes, pid, start_ns ? start_ns : stat.start_ns, node->now_ns);
	if (process)
		read_process(node, process, fd, &stat);
	return process;
}

static struct process *find_or_learn(struct node *node, uint32_t pid, uint64_t start_ns)
{
	struct process *process = process_find(node->processes, pid, start_ns);

	if (process && (start_ns || !process->is_dead))
		return process;
	if (!pid)
		return NULL;
	struct process *learned = learn(node, pid, start_ns);
	return learned ? learned : process;
}

void node_describe(struct node *node, struct event_process *process)
{
	uint32_t pid = process->pid;
	uint64_t start_ns = process->start_ns;
	const struct process *known = find_or_learn(node, pid, start_ns);

	if (known)
		*process = known->described;
	else
		memset(process, 0, sizeof(*process));
	process->pid = pid;
	if (start_ns)
		process->start_ns = start_ns;
}

struct slice node_arguments(struct node *node, uint32_t pid, uint64_t start_ns)
{
	const struct process *process = find_or_learn(node, pid, start_ns);

	if (!process)
		return (struct slice){};
	return (struct slice){ process->arguments, process->argument_bytes };
}

/* What an event says goes over what is known; what it leaves out stays. */
static void take_event(struct process *process, const struct node_process *event)
{
	struct event_process *described = &process->described;

	described->uid = event->uid;
	if (event->cgroup_id)
		described->cgroup_id = event->cgroup_id;
	if (event->comm)
		str_set(described->comm, event->comm);
	if (event->exe)
		str_set(described->exe, event->exe);
	if (event->arguments.data)
		process_set_arguments(process, event->arguments);
}

static void inherit(struct process *child, const struct process *parent)
{
	struct event_process *described = &child->described;
	uint64_t start_ns = described->start_ns;
	uint32_t pid = described->pid;

	*described = parent->described;
	described->pid = pid;
	described->start_ns = start_ns;
	described->parent_pid = parent->described.pid;
	str_set(described->parent_comm, parent->described.comm);
	child->parent_start_ns = parent->described.start_ns;
	child->is_named_by_program = parent->is_named_by_program;
	child->is_container_open = parent->is_container_open;
	str_set(child->container, parent->container);
	process_set_arguments(child, (struct slice){ parent->arguments, parent->argument_bytes });
}

void node_process_started(struct node *node, const struct node_process *process)
{
	struct process *child = process_find(node->processes, process->pid, process->start_ns);

	if (child && child->described.comm[0])
		return;
	struct process *parent = find_or_learn(node, process->parent_pid, 0);
	if (!parent) {
		child = child ? child : learn(node, process->pid, process->start_ns);
		if (child)
			take_event(child, process);
		return;
	}
	if (!child)
		child = process_add(node->processes, process->pid, process->start_ns, node->now_ns);
	/* Adding may have discarded the parent when the table is full. */
	parent = process_find(node->processes, process->parent_pid, 0);
	if (!child || !parent)
		return;
	inherit(child, parent);
	bool is_moved = process->cgroup_id && process->cgroup_id != child->described.cgroup_id;
	take_event(child, process);
	if (!is_moved)
		return;
	/* Born into another group (clone3 with CLONE_INTO_CGROUP). */
	_cleanup_(fd_closep)
	int fd = proc_open(node->proc_fd, process->pid);
	if (place(node, child, fd) && child->is_named_by_program)
		name_by_program(child, fd);
}

/* The folder of the process only when it is still the same one. */
static int open_same(const struct node *node, uint32_t pid, uint64_t start_ns)
{
	_cleanup_(fd_closep)
	int fd = proc_open(node->proc_fd, pid);
	struct proc_stat stat;

	if (fd < 0 || proc_read_stat(fd, &stat) < 0)
		return -ESRCH;
	if (start_ns && start_ns / PROC_TICK_NS != stat.start_ns / PROC_TICK_NS)
		return -ESRCH;
	return fd_take(&fd);
}

void node_process_executed(struct node *node, const struct node_process *process)
{
	struct process *known = find_or_learn(node, process->pid, process->start_ns);

	if (!known)
		return;
	_cleanup_(fd_closep)
	int fd = open_same(node, process->pid, process->start_ns);
	take_event(known, process);
	if (!known->described.parent_pid && process->parent_pid)
		set_parent(node, known, process->parent_pid);
	if (fd >= 0) {
		if (!process->exe)
			proc_read_link(
				fd, "exe", known->described.exe, sizeof(known->described.exe));
		if (!process->arguments.data)
			read_arguments(known, fd);
		/* Runtimes and service managers place a process between its fork and its exec. */
		uint32_t network_namespace = proc_read_network_namespace(fd);
		if (network_namespace)
			known->described.network_namespace = network_namespace;
		place(node, known, fd);
	}
	if (known->is_named_by_program || !known->described.service[0])
		name_by_program(known, fd);
}

void node_process_exited(struct node *node, uint32_t pid, uint64_t start_ns, uint64_t now_ns)
{
	struct process *process = process_find(node->processes, pid, start_ns);

	if (process)
		process_bury(node->processes, process, now_ns);
}

/* Buries what is gone and takes in what changed without an event: its name, a move by a manager. */
static void revisit(struct node *node, struct process *process)
{
	struct event_process *described = &process->described;
	_cleanup_(fd_closep)
	int fd = open_same(node, described->pid, described->start_ns);
	struct proc_stat stat;

	if (fd < 0 || proc_read_stat(fd, &stat) < 0) {
		process_bury(node->processes, process, node->now_ns);
		return;
	}
	str_set(described->comm, stat.comm);
	if (place(node, process, fd) && process->is_named_by_program)
		name_by_program(process, fd);
}

static void revisit_open_containers(struct node *node)
{
	struct process *next;

	if (!node->open_containers)
		return;
	node->open_containers = 0;
	for (struct process *process = process_first(node->processes); process; process = next) {
		next = process_next(process);
		if (process->is_container_open)
			revisit(node, process);
	}
}

void node_tick(struct node *node, uint64_t now_ns)
{
	size_t live = process_live_count(node->processes);
	size_t count = MIN(live, MAX((size_t)SWEEP_MINIMUM, live / SWEEP_SECONDS + 1));

	node->now_ns = now_ns;
	process_expire(node->processes, now_ns);
	revisit_open_containers(node);
	for (; count; count--) {
		struct process *process = process_first(node->processes);
		if (!process)
			break;
		process_rotate(node->processes, process);
		revisit(node, process);
	}
}

static void scan_processes(struct node *node)
{
	uint64_t end_ns = clock_monotonic_ns() + SCAN_NS_MAXIMUM;
	int fd = openat(node->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	while (folder && clock_monotonic_ns() < end_ns && (entry = readdir(folder))) {
		uint64_t pid;
		if (isdigit((unsigned char)entry->d_name[0]) &&
			str_to_u64(entry->d_name, 1, UINT32_MAX, &pid) == 0)
			find_or_learn(node, (uint32_t)pid, 0);
	}
	if (folder)
		closedir(folder);
}

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

int node_new(const char *root, struct node **ret_node, struct fail *fail)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node)
		return fail_set(fail, -ENOMEM, "no memory for the table of processes");
	node->proc_fd = node->cgroup_fd = -1;
	node->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (node->root_fd >= 0)
		node->proc_fd = openat(node->root_fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (node->proc_fd < 0) {
		int code = -errno;
		node_free(node);
		return fail_set(fail, code, "%s/proc: %s", root, strerror(-code));
	}
	node->cgroup_fd = open_cgroup(node->root_fd);
	node->now_ns = clock_monotonic_ns();
	node->processes = process_table_new(PROCESS_LIVE_MAXIMUM, PROCESS_DEAD_MAXIMUM);
	node->containers = container_cache_new(node->root_fd);
	if (!node->processes || !node->containers) {
		node_free(node);
		return fail_set(fail, -ENOMEM, "no memory for the table of processes");
	}
	scan_processes(node);
	*ret_node = node;
	return 0;
}

void node_free(struct node *node)
{
	if (!node)
		return;
	process_table_free(node->processes);
	container_cache_free(node->containers);
	fd_closep(&node->cgroup_fd);
	fd_closep(&node->proc_fd);
	fd_closep(&node->root_fd);
	free(node);
}
