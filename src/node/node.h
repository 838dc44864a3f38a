/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this host is and who runs on it: processes with their parents, containers, units, pods and
 * the service name made from these. Fed by exec events where they exist and by /proc where not.
 * Loop thread only; every table is bounded.
 */
#ifndef SKEP_NODE_H
#define SKEP_NODE_H

#include "base/fail.h"
#include "event/process.h"

struct node;

/*
 * root: "/" or, in tests, a folder that holds proc/, run/, sys/, var/. Borrowed text is copied.
 * Reads the processes that live now, for at most 0.2 s; the rest is read when it is asked for.
 */
int node_new(const char *root, struct node **ret_node, struct fail *fail);
void node_free(struct node *node);
/* The folder given as root, open for as long as the node lives. */
int node_root_fd(const struct node *node);

/*
 * A process that a feature reports at fork or exec; texts may be NULL and numbers 0 when unknown.
 * When an exec has them all, /proc is asked only about control groups that nobody was seen in
 * before.
 */
struct node_process {
	uint32_t pid;
	uint32_t parent_pid;
	uint32_t uid;
	uint32_t network_namespace;
	uint64_t start_ns; /* CLOCK_BOOTTIME of the leader */
	uint64_t parent_start_ns;
	uint64_t cgroup_id;
	uint64_t memory_group_id; /* in the v1 tree of that controller */
	const char *comm;
	const char *parent_comm;
	const char *exe;
	const char *directory;	/* working directory */
	struct slice arguments; /* NUL-separated, as in /proc/PID/cmdline */
};
void node_process_started(struct node *node,
	const struct node_process *process); /* fork: inherits what is NULL from the parent */
void node_process_executed(struct node *node, const struct node_process *process);
/* The entry stays for a while, so that late events of a dead process keep its name. */
void node_process_exited(struct node *node, uint32_t pid, uint64_t start_ns, uint64_t now_ns);

/*
 * Fills everything but pid and start_ns from what is known of (pid, start_ns). start_ns 0 means
 * whoever has the pid now, and is filled then. A known process costs a lookup and a copy; one that
 * is not known yet and lives is read from /proc. Fields that cannot be known are empty.
 */
void node_describe(struct node *node, struct event_process *process);
/* The arguments as they were executed, NUL-separated and cut at 1024 bytes; they may hold secrets.
 * Empty when unknown. Valid until the next call of any node function. */
struct slice node_arguments(struct node *node, uint32_t pid, uint64_t start_ns);
/*
 * Who listens on address:port, as seen from a network namespace (0: this program's own): for
 * connections whose other end is on this node too, be it through loopback, an address of the host
 * or that of another container. The first call reads the node's listening sockets (milliseconds),
 * later ones look up; new listeners are found within seconds of the first question. 0 or -ENOENT.
 */
int node_listener_find(struct node *node, uint32_t network_namespace, const struct address *address,
	uint16_t port, struct event_process *ret_process);
/*
 * A socket of the process began to listen on address:port, in process->network_namespace: known to
 * node_listener_find from now on.
 */
void node_listener_started(struct node *node, const struct address *address, uint16_t port,
	const struct event_process *process);
/* Memory is short: late events of the dead have no name from here on. */
void node_forget_dead(struct node *node);
/* Calls visit with what is known of each process that lives; what it gets is borrowed for the call.
 */
typedef void node_visit(void *context, const struct event_process *process);
void node_each_process(const struct node *node, node_visit *visit, void *context);
/* How many node_each_process visits. */
size_t node_process_count(const struct node *node);
/*
 * Called each second. Forgets the dead whose time is over, asks again for containers without a
 * name, and looks whether some of the live still do, so that all are looked at within about a
 * minute: a node where no exits are reported stays right too.
 */
void node_tick(struct node *node, uint64_t now_ns);

#endif
