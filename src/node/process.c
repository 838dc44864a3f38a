/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes by pid, in two lists: the live by birth, the dead by death. In: births and deaths as
 * node.c learns of them; out: entries.
 */
#include "node/process.h"
#include "base/map.h"
#include "base/str.h"
#include "node/proc.h"

struct process_list {
	struct process *first, *last;
	size_t count;
};

struct process_table {
	struct map *by_pid; /* uint32_t → struct process *, the youngest owner of the pid */
	struct process_list live, dead;
	size_t live_maximum, dead_maximum;
};

static void list_append(struct process_list *list, struct process *process)
{
	process->previous = list->last;
	process->next = NULL;
	if (list->last)
		list->last->next = process;
	else
		list->first = process;
	list->last = process;
	list->count++;
}

static void list_remove(struct process_list *list, struct process *process)
{
	if (process->previous)
		process->previous->next = process->next;
	else
		list->first = process->next;
	if (process->next)
		process->next->previous = process->previous;
	else
		list->last = process->previous;
	list->count--;
}

static void process_free(struct process *process)
{
	free(process->arguments);
	free(process);
}

struct process_table *process_table_new(size_t live_maximum, size_t dead_maximum)
{
	_cleanup_(process_table_freep)
	struct process_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->live_maximum = live_maximum;
	table->dead_maximum = dead_maximum;
	table->by_pid =
		map_new(sizeof(uint32_t), sizeof(struct process *), live_maximum + dead_maximum);
	return table->by_pid ? TAKE(table) : NULL;
}

static void free_list(struct process_list *list)
{
	for (struct process *process = list->first, *next; process; process = next) {
		next = process->next;
		process_free(process);
	}
}

void process_table_free(struct process_table *table)
{
	if (!table)
		return;
	free_list(&table->live);
	free_list(&table->dead);
	map_free(table->by_pid);
	free(table);
}

static bool is_same_start(uint64_t a, uint64_t b)
{
	if (a == b)
		return true;
	/* A time that is a whole number of ticks comes from /proc, by all odds. */
	return a / PROC_TICK_NS == b / PROC_TICK_NS &&
	       (a % PROC_TICK_NS == 0 || b % PROC_TICK_NS == 0);
}

struct process *process_find(struct process_table *table, uint32_t pid, uint64_t start_ns)
{
	struct process **head = map_find(table->by_pid, &pid);

	if (!head)
		return NULL;
	if (!start_ns)
		return *head;
	for (struct process *process = *head; process; process = process->older) {
		if (!is_same_start(process->described.start_ns, start_ns))
			continue;
		if (process->described.start_ns < start_ns)
			process->described.start_ns = start_ns;
		return process;
	}
	return NULL;
}

/* Takes the entry out of its pid's chain. */
static void unchain(struct process_table *table, struct process *process)
{
	struct process **link = map_find(table->by_pid, &process->described.pid);

	if (!link)
		return;
	if (*link == process && !process->older) {
		map_remove(table->by_pid, &process->described.pid);
		return;
	}
	while (*link && *link != process)
		link = &(*link)->older;
	if (*link)
		*link = process->older;
}

static void discard(struct process_table *table, struct process *process)
{
	unchain(table, process);
	list_remove(process->is_dead ? &table->dead : &table->live, process);
	process_free(process);
}

struct process *process_add(
	struct process_table *table, uint32_t pid, uint64_t start_ns, uint64_t now_ns)
{
	if (table->live.count >= table->live_maximum)
		discard(table, table->live.first);
	struct process *process = calloc(1, sizeof(*process));
	struct process **head = process ? map_add(table->by_pid, &pid, NULL) : NULL;
	if (!head) {
		free(process);
		return NULL;
	}
	process->described.pid = pid;
	process->described.start_ns = start_ns;
	/* An event of an earlier owner may come late: then it goes behind the present one. */
	struct process *younger = NULL;
	while (*head && (*head)->described.start_ns > start_ns) {
		younger = *head;
		head = &younger->older;
	}
	process->older = *head;
	*head = process;
	list_append(&table->live, process);
	if (process->older)
		process_bury(table, process->older, now_ns);
	if (younger)
		process_bury(table, process, now_ns);
	return process;
}

void process_bury(struct process_table *table, struct process *process, uint64_t now_ns)
{
	if (process->is_dead)
		return;
	if (table->dead.count >= table->dead_maximum)
		discard(table, table->dead.first);
	list_remove(&table->live, process);
	process->is_dead = true;
	process->dead_ns = now_ns;
	list_append(&table->dead, process);
}

void process_expire(struct process_table *table, uint64_t now_ns)
{
	while (table->dead.first && table->dead.first->dead_ns + PROCESS_DEAD_NS <= now_ns)
		discard(table, table->dead.first);
}

void process_set_arguments(struct process *process, struct slice arguments)
{
	size_t length = MIN(arguments.length, (size_t)PROCESS_ARGUMENTS_MAXIMUM);
	uint8_t *copy = length ? malloc(length) : NULL;

	if (copy)
		memcpy(copy, arguments.data, length);
	free(process->arguments);
	process->arguments = copy;
	process->argument_bytes = copy ? length : 0;
}

size_t process_live_count(const struct process_table *table)
{
	return table->live.count;
}

size_t process_dead_count(const struct process_table *table)
{
	return table->dead.count;
}

struct process *process_first(struct process_table *table)
{
	return table->live.first;
}

struct process *process_next(struct process *process)
{
	return process->next;
}

void process_rotate(struct process_table *table, struct process *process)
{
	list_remove(&table->live, process);
	list_append(&table->live, process);
}
