/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of processes: who had which pid when. Entries carry the filled struct event_process,
 * so that describing a known process is one lookup and one copy. An entry is a pid and a start
 * time; those of the dead stay for a while, behind the pid's next owner. Loop thread only.
 */
#ifndef SKEP_NODE_PROCESS_H
#define SKEP_NODE_PROCESS_H

#include "event/process.h"
#include "node/cgroup.h"

#define PROCESS_LIVE_MAXIMUM	  65536
#define PROCESS_DEAD_MAXIMUM	  16384
#define PROCESS_DEAD_NS		  60000000000ULL
#define PROCESS_ARGUMENTS_MAXIMUM 1024

struct process {
	struct event_process described; /* complete: also pid and start_ns */
	bool is_dead;
	bool is_container_open;	  /* the container's name was not found yet */
	bool is_named_by_program; /* the service is the program's: a new program changes it */
	uint64_t dead_ns;	  /* clock of the `now_ns` that callers give */
	uint64_t parent_start_ns; /* 0 when unknown */
	uint64_t cgroup_hash;	  /* of the text that its names were taken from */
	uint64_t memory_group_id; /* in the v1 tree of that controller, 0 without one */
	bool is_young;		  /* read from /proc soon after its fork: an exec may follow */
	uint64_t read_ns;	  /* from /proc, CLOCK_BOOTTIME */
	bool is_placed;		  /* container, pod and unit are those of the two groups */
	char container[CONTAINER_ID_BYTES]; /* its whole id, "" outside of containers */
	uint8_t *arguments;		    /* owned, NUL-separated, cut at the maximum */
	size_t argument_bytes;
	/* The table's own: earlier owner of the pid; neighbours in the list of the live by birth or
	 * of the dead by death. */
	struct process *older;
	struct process *previous, *next;
};

struct process_table;

struct process_table *process_table_new(size_t live_maximum, size_t dead_maximum);
void process_table_free(struct process_table *table); /* accepts NULL */
DEFINE_CLEANUP(struct process_table *, process_table_free);

/*
 * The entry of (pid, start_ns), NULL when absent. start_ns 0: whoever had the pid last. A start
 * time from /proc is rounded to a clock tick, one from the kernel half is not: they are the same
 * when their ticks are, and the entry takes over the exact one.
 */
struct process *process_find(struct process_table *table, uint32_t pid, uint64_t start_ns);
/*
 * Adds an entry that process_find does not know, empty but for pid and start. An earlier owner of
 * the pid is thereby dead. When the table is full the one that is dead for longest goes, then the
 * oldest. NULL without memory.
 */
struct process *process_add(
	struct process_table *table, uint32_t pid, uint64_t start_ns, uint64_t now_ns);
void process_bury(struct process_table *table, struct process *process, uint64_t now_ns);
/* Removes the dead whose time is over. */
void process_expire(struct process_table *table, uint64_t now_ns);
/* Replaces the arguments by a copy; without memory there are none. */
void process_set_arguments(struct process *process, struct slice arguments);

size_t process_live_count(const struct process_table *table);
size_t process_dead_count(const struct process_table *table);
/* The live in the order of their birth or last process_rotate; NULL after the last. */
struct process *process_first(struct process_table *table);
struct process *process_next(struct process *process);
/* Makes a live one the last in that order. */
void process_rotate(struct process_table *table, struct process *process);

#endif
