/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who runs on this node. In: forks, execs and exits as features report them, and /proc; out:
 * struct event_process, filled once per process and copied for each event.
 */
#include <ctype.h>
#include <fcntl.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "node/folder.h"
#include "node/identity.h"
#include "node/listener.h"
#include "node/node.h"
#include "node/proc.h"
#include "node/process.h"

#define SCAN_NS_MAXIMUM	    (200 * NS_PER_MS)
/* A process that was read so soon after its fork is read again, at most that often. */
#define YOUNG_NS	    NS_PER_S
#define READ_AGAIN_NS	    (10 * NS_PER_MS)
/* Looked at each second; all of the live within about a minute. */
#define SWEEP_MINIMUM	    16
#define SWEEP_SECONDS	    60
/* Listeners are read again after a miss, and else once a minute. */
#define LISTENERS_MISSED_NS (5 * NS_PER_S)
#define LISTENERS_NS	    (60 * NS_PER_S)

struct node {
	int root_fd, proc_fd;
	struct process_table *processes;
	struct identity *identity;
	struct listener_table *listeners;
	bool has_listeners;	    /* somebody asked, so they are kept fresh */
	bool is_listener_missing;   /* one was asked for that the table does not have */
	uint64_t listeners_ns;	    /* when they were read last */
	uint32_t network_namespace; /* this program's own */
	size_t open_containers;	    /* processes whose container has no name yet, about */
	uint64_t now_ns;	    /* of the last tick */
};

static bool place(struct node *node, struct process *process, int process_fd)
{
	bool is_placed = identity_place(node->identity, process, process_fd, node->now_ns);

	node->open_containers += process->is_container_open;
	return is_placed;
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
	identity_read_arguments(process, process_fd);
	place(node, process, process_fd);
	if (!described->service[0])
		identity_name_by_program(process, process_fd, NULL);
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
	if (process) {
		process->read_ns = clock_boottime_ns();
		process->is_young = process->read_ns < stat.start_ns + YOUNG_NS;
		read_process(node, process, fd, &stat);
	}
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

/* Where no exec events come, what was read between fork and exec would name the wrong program. */
static void read_again(struct node *node, struct process *process)
{
	struct event_process *described = &process->described;
	uint64_t now_ns = clock_boottime_ns();
	_cleanup_(fd_closep)
	int fd = -1;
	struct proc_stat stat;

	if (now_ns < process->read_ns + READ_AGAIN_NS)
		return;
	process->read_ns = now_ns;
	process->is_young = now_ns < described->start_ns + YOUNG_NS;
	fd = proc_open(node->proc_fd, described->pid);
	if (fd < 0 || proc_read_stat(fd, &stat) < 0 ||
		stat.start_ns / PROC_TICK_NS != described->start_ns / PROC_TICK_NS)
		return;
	if (process->is_named_by_program)
		described->service[0] = '\0';
	read_process(node, process, fd, &stat);
}

void node_describe(struct node *node, struct event_process *process)
{
	uint32_t pid = process->pid;
	uint64_t start_ns = process->start_ns;
	struct process *known = find_or_learn(node, pid, start_ns);

	if (known && known->is_young && !known->is_dead)
		read_again(node, known);
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
	if (event->network_namespace)
		described->network_namespace = event->network_namespace;
	if (event->parent_pid && event->parent_comm) {
		described->parent_pid = event->parent_pid;
		str_set(described->parent_comm, event->parent_comm);
		process->parent_start_ns = event->parent_start_ns;
	}
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
	child->cgroup_hash = parent->cgroup_hash;
	child->memory_group_id = parent->memory_group_id;
	child->is_placed = parent->is_placed;
	str_set(child->container, parent->container);
	process_set_arguments(child, (struct slice){ parent->arguments, parent->argument_bytes });
}

/*
 * The folder of the process only when it is still the same one. Looking costs more than all else
 * that an exec needs, and within a second no kernel hands out a pid again: it has thousands of
 * others first.
 */
static int open_same(const struct node *node, uint32_t pid, uint64_t start_ns)
{
	_cleanup_(fd_closep)
	int fd = proc_open(node->proc_fd, pid);
	struct proc_stat stat;

	if (fd < 0 || start_ns + NS_PER_S > clock_boottime_ns())
		return fd < 0 ? -ESRCH : fd_take(&fd);
	if (proc_read_stat(fd, &stat) < 0 ||
		start_ns / PROC_TICK_NS != stat.start_ns / PROC_TICK_NS)
		return -ESRCH;
	return fd_take(&fd);
}

/* Container, pod and unit of the groups that an event tells, if they are others than before. */
static void place_by_event(
	struct node *node, struct process *process, const struct node_process *event)
{
	struct groups groups = { event->cgroup_id, event->memory_group_id };

	if (!identity_is_moved(node->identity, process, groups))
		return;
	if (identity_place_known(node->identity, process, groups, node->now_ns)) {
		node->open_containers += process->is_container_open;
		return;
	}
	_cleanup_(fd_closep)
	int fd = open_same(node, event->pid, event->start_ns);
	place(node, process, fd);
}

void node_process_started(struct node *node, const struct node_process *process)
{
	struct process *child = process_find(node->processes, process->pid, process->start_ns);

	if (child && child->described.comm[0]) {
		/* It may have chosen another since. */
		if (process->comm)
			str_set(child->described.comm, process->comm);
		return;
	}
	struct process *parent = find_or_learn(node, process->parent_pid, process->parent_start_ns);
	if (!parent) {
		child = child ? child : learn(node, process->pid, process->start_ns);
		if (child)
			take_event(child, process);
		return;
	}
	if (!child)
		child = process_add(node->processes, process->pid, process->start_ns, node->now_ns);
	/* Adding may have discarded the parent when the table is full. */
	parent = process_find(node->processes, process->parent_pid, process->parent_start_ns);
	if (!child || !parent)
		return;
	inherit(child, parent);
	take_event(child, process);
	/* Born into another group: clone3 with CLONE_INTO_CGROUP. */
	place_by_event(node, child, process);
	if (child->is_named_by_program && !child->described.service[0])
		identity_name_by_program(child, -1, "");
}

/* What a feature could not tell of an exec, from /proc. */
static void complete_event(
	struct node *node, struct process *process, const struct node_process *event)
{
	struct event_process *described = &process->described;
	_cleanup_(fd_closep)
	int fd = open_same(node, event->pid, event->start_ns);

	/* What it has of its parent is no longer right. */
	if (!event->arguments.data)
		process_set_arguments(process, (struct slice){});
	if (fd < 0)
		return;
	if (!event->exe)
		proc_read_link(fd, "exe", described->exe, sizeof(described->exe));
	if (!event->arguments.data)
		identity_read_arguments(process, fd);
	uint32_t network_namespace = proc_read_network_namespace(fd);
	if (network_namespace)
		described->network_namespace = network_namespace;
	if (!event->cgroup_id)
		place(node, process, fd);
	if (process->is_named_by_program || !described->service[0])
		identity_name_by_program(process, fd, event->directory);
}

void node_process_executed(struct node *node, const struct node_process *process)
{
	bool is_complete = process->exe && process->directory && process->arguments.data &&
			   process->cgroup_id && process->network_namespace;

	if (process->parent_pid)
		node_process_started(node, process);
	struct process *known = find_or_learn(node, process->pid, process->start_ns);
	if (!known)
		return;
	take_event(known, process);
	known->is_young = false;
	if (!known->described.parent_pid && process->parent_pid)
		set_parent(node, known, process->parent_pid);
	/* Runtimes and service managers place a process between its fork and its exec. */
	place_by_event(node, known, process);
	if (known->is_named_by_program || !known->described.service[0])
		identity_name_by_program(known, -1, process->directory ? process->directory : "");
	if (!is_complete)
		complete_event(node, known, process);
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
	int fd = proc_open(node->proc_fd, described->pid);
	struct proc_stat stat;

	if (fd < 0 || proc_read_stat(fd, &stat) < 0 ||
		stat.start_ns / PROC_TICK_NS != described->start_ns / PROC_TICK_NS) {
		process_bury(node->processes, process, node->now_ns);
		return;
	}
	str_set(described->comm, stat.comm);
	if (place(node, process, fd) && process->is_named_by_program)
		identity_name_by_program(process, fd, NULL);
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

static void refresh_listeners(struct node *node)
{
	node->has_listeners = true;
	node->is_listener_missing = false;
	node->listeners_ns = node->now_ns;
	/* What cannot be read now is asked for again in its time. */
	listener_refresh(node->listeners, node);
}

int node_listener_find(struct node *node, uint32_t network_namespace, const struct address *address,
	uint16_t port, struct event_process *ret_process)
{
	if (!node->has_listeners)
		refresh_listeners(node);
	uint32_t place = network_namespace ? network_namespace : node->network_namespace;
	const struct event_process *process = listener_find(node->listeners, place, address, port);
	if (!process) {
		/* Far peers are asked for all the time and mean nothing. */
		if (listener_is_local(node->listeners, place, address))
			node->is_listener_missing = true;
		return -ENOENT;
	}
	if (!process->pid)
		return -ENOENT;
	*ret_process = *process;
	return 0;
}

void node_listener_started(struct node *node, const struct address *address, uint16_t port,
	const struct event_process *process)
{
	struct socket_entry socket = {
		.network_namespace = process->network_namespace,
		.local_port = port,
		.local = *address,
	};

	struct event_process described = *process;

	if (!node->has_listeners)
		refresh_listeners(node);
	node_describe(node, &described);
	if (!described.comm[0])
		str_set(described.comm, process->comm);
	listener_add(node->listeners, &socket, &described);
}

void node_tick(struct node *node, uint64_t now_ns)
{
	size_t live = process_live_count(node->processes);
	size_t count = MIN(live, MAX((size_t)SWEEP_MINIMUM, live / SWEEP_SECONDS + 1));

	node->now_ns = now_ns;
	process_expire(node->processes, now_ns);
	revisit_open_containers(node);
	uint64_t patience_ns = node->is_listener_missing ? LISTENERS_MISSED_NS : LISTENERS_NS;
	if (node->has_listeners && now_ns >= node->listeners_ns + patience_ns)
		refresh_listeners(node);
	for (; count; count--) {
		struct process *process = process_first(node->processes);
		if (!process)
			break;
		process_rotate(node->processes, process);
		revisit(node, process);
	}
}

void node_forget_dead(struct node *node)
{
	process_expire(node->processes, UINT64_MAX);
}

void node_each_process(const struct node *node, node_visit *visit, void *context)
{
	for (struct process *process = process_first(node->processes); process;
		process = process_next(process))
		visit(context, &process->described);
}

size_t node_process_count(const struct node *node)
{
	return process_live_count(node->processes);
}

static void scan_processes(struct node *node)
{
	uint64_t end_ns = clock_monotonic_ns() + SCAN_NS_MAXIMUM;
	_cleanup_(folder_closep)
	DIR *folder = folder_open(node->proc_fd, ".");
	const struct dirent *entry;

	while (folder && clock_monotonic_ns() < end_ns && (entry = readdir(folder))) {
		uint64_t pid;
		if (isdigit((unsigned char)entry->d_name[0]) &&
			str_to_u64(entry->d_name, 1, UINT32_MAX, &pid) == 0)
			find_or_learn(node, (uint32_t)pid, 0);
	}
}

int node_new(const char *root, struct node **ret_node, struct fail *fail)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node)
		return fail_set(fail, -ENOMEM, "no memory for the table of processes");
	node->proc_fd = -1;
	node->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (node->root_fd >= 0)
		node->proc_fd = openat(node->root_fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (node->proc_fd < 0) {
		int code = -errno;
		node_free(node);
		return fail_set(fail, code, "%s/proc: %s", root, strerror(-code));
	}
	node->now_ns = clock_monotonic_ns();
	node->processes = process_table_new(PROCESS_LIVE_MAXIMUM, PROCESS_DEAD_MAXIMUM);
	node->identity = identity_new(node->root_fd);
	node->listeners = listener_table_new();
	if (!node->processes || !node->identity || !node->listeners) {
		node_free(node);
		return fail_set(fail, -ENOMEM, "no memory for the table of processes");
	}
	_cleanup_(fd_closep)
	int own_fd = openat(node->proc_fd, "self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own_fd >= 0)
		node->network_namespace = proc_read_network_namespace(own_fd);
	scan_processes(node);
	*ret_node = node;
	return 0;
}

void node_free(struct node *node)
{
	if (!node)
		return;
	process_table_free(node->processes);
	identity_free(node->identity);
	listener_table_free(node->listeners);
	fd_closep(&node->proc_fd);
	fd_closep(&node->root_fd);
	free(node);
}

int node_root_fd(const struct node *node)
{
	return node->root_fd;
}
