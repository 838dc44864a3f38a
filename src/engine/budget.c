/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The budget: see budget.h. CPU is a bucket that fills at the rate of the limit and holds two
 * seconds of it, so that a start or a burst does not count as too much.
 */
#include "engine/budget.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/agent.h"
#include "engine/ring.h"
#include "engine/store.h"
#include "node/node.h"

#define BUCKET_NS	 (2 * NS_PER_S)
#define MAPS_EVERY	 10 /* seconds between looks at the kernel's maps */
#define CACHES_EVERY_NS	 (10 * NS_PER_S)
/* Parts of the ceiling, in percent: from where on caches go, and where events come again. */
#define CACHES_PERCENT	 90
#define RELEASE_PERCENT	 95
/* Parts of the bucket, in percent. */
#define ROWS_PERCENT	 25
#define REFILLED_PERCENT 10
/* Of that many ticks above the ceiling one is worked. */
#define WORK_ONE_OF	 10

struct budget {
	struct agent *agent;
	struct budget_figures figures;
	budget_other_cpu *other;
	void *other_context;
	uint64_t maps_bytes;
	unsigned int seconds;
	unsigned int ticks;
	/* Monotonic: */
	uint64_t last_tick_ns;
	uint64_t last_second_ns;
	uint64_t caches_ns; /* when they were dropped last */
	/* CPU time that counts: */
	uint64_t cpu_at_tick_ns;
	uint64_t cpu_at_second_ns;
	int64_t bucket_ns;
	bool is_held;
	uint32_t told; /* what the log has as shed since it shed nothing */
};

/* ---- measuring ---- */

uint64_t budget_resident_bytes(void)
{
	unsigned long long size, resident;
	char text[128];

	if (file_read_array(AT_FDCWD, "/proc/self/statm", text, sizeof(text)) < 0 ||
		sscanf(text, "%llu %llu", &size, &resident) != 2)
		return 0;
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t budget_cpu_ns(void)
{
	struct timespec time;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) < 0)
		return 0;
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

/* What the kernel holds for the map, by its own figure (fdinfo, "memlock"). */
static uint64_t map_bytes(const struct bpf_map *map)
{
	char path[48], text[1024], *line;
	unsigned long long bytes = 0;
	int fd = bpf_map__fd(map);

	/* The rings are shared between objects and counted once. */
	if (fd < 0 || bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (file_read_array(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0;
	line = strstr(text, "\nmemlock:");
	if (line && sscanf(line, "\nmemlock: %llu", &bytes) != 1)
		return 0;
	return bytes;
}

uint64_t budget_kernel_map_bytes(const struct agent *agent)
{
	uint64_t bytes = agent->ring ? ring_bytes(agent->ring) : 0;

	for (unsigned int i = 0; i < agent->object_count; i++) {
		struct bpf_map *map;

		bpf_object__for_each_map(map, agent->objects[i].object) bytes += map_bytes(map);
	}
	return bytes;
}

static uint64_t counted_cpu_ns(const struct budget *budget)
{
	uint64_t all = budget_cpu_ns();
	uint64_t other = budget->other ? budget->other(budget->other_context) : 0;

	/* The clocks of threads run a little apart from that of the process. */
	return all - MIN(all, other);
}

/* ---- shedding ---- */

static const char *const words[] = { "caches", "rows", "events (memory)", "events (cpu)" };

const char *budget_word(uint32_t shed)
{
	for (size_t i = ARRAY_LENGTH(words); i-- > 0;)
		if (shed & 1U << i)
			return words[i];
	return "";
}

/* Turns of an overload would fill the log: each sort of shedding is told once in it, and its end.
 */
static void tell(struct budget *budget)
{
	uint32_t shed = budget->figures.shed & ~(uint32_t)BUDGET_CACHES;
	char bytes[24];

	if (shed & ~budget->told) {
		str_from_bytes(bytes, sizeof(bytes), budget->figures.memory_bytes);
		log_warning("budget", "sheds %s: uses %s and %u %% of a core", budget_word(shed),
			bytes, budget->figures.cpu_percent);
		budget->told |= shed;
	} else if (!shed && budget->told) {
		log_info("budget", "sheds nothing any more");
		budget->told = 0;
	}
}

static void set(struct budget *budget, enum budget_shed shed, bool is_on)
{
	if (is_on)
		budget->figures.shed |= shed;
	else
		budget->figures.shed &= ~(uint32_t)shed;
}

static void drop_caches(struct budget *budget, uint64_t now_ns)
{
	struct agent *agent = budget->agent;

	if (budget->caches_ns != 0 && now_ns - budget->caches_ns < CACHES_EVERY_NS)
		return;
	budget->caches_ns = now_ns;
	for (size_t i = 0; i < agent->slot_count; i++) {
		const struct feature_slot *slot = &agent->slots[i];

		if (slot->on == FEATURE_ON && slot->feature->drop_caches)
			slot->feature->drop_caches(slot->state);
	}
	node_forget_dead(agent->node);
	malloc_trim(0);
}

static void look_at_memory(struct budget *budget, uint64_t now_ns)
{
	struct budget_figures *figures = &budget->figures;
	uint64_t limit = figures->memory_limit_bytes;

	if (budget->seconds++ % MAPS_EVERY == 0)
		budget->maps_bytes = budget_kernel_map_bytes(budget->agent);
	figures->memory_bytes = budget_resident_bytes() + budget->maps_bytes;
	if (limit == 0)
		return;
	set(budget, BUDGET_CACHES, figures->memory_bytes >= limit / 100 * CACHES_PERCENT);
	if (figures->shed & BUDGET_CACHES) {
		drop_caches(budget, now_ns);
		figures->memory_bytes = budget_resident_bytes() + budget->maps_bytes;
	}
	if (figures->memory_bytes >= limit)
		set(budget, BUDGET_EVENTS_MEMORY, true);
	else if (figures->memory_bytes < limit / 100 * RELEASE_PERCENT)
		set(budget, BUDGET_EVENTS_MEMORY, false);
}

static void look_at_cpu(struct budget *budget, uint64_t passed_ns, uint64_t cpu_ns)
{
	int64_t room = (int64_t)(BUCKET_NS / 100 * budget->figures.cpu_limit_percent);
	uint64_t used_ns = cpu_ns - MIN(cpu_ns, budget->cpu_at_tick_ns);

	budget->cpu_at_tick_ns = cpu_ns;
	if (budget->figures.cpu_limit_percent == 0)
		return;
	budget->bucket_ns +=
		(int64_t)(passed_ns / 100 * budget->figures.cpu_limit_percent) - (int64_t)used_ns;
	budget->bucket_ns = MIN(budget->bucket_ns, room);
	set(budget, BUDGET_ROWS, budget->bucket_ns < room / 100 * ROWS_PERCENT);
	if (budget->bucket_ns <= 0)
		set(budget, BUDGET_EVENTS_CPU, true);
	else if (budget->bucket_ns > room / 100 * REFILLED_PERCENT)
		set(budget, BUDGET_EVENTS_CPU, false);
}

static void obey(struct budget *budget)
{
	uint32_t shed = budget->figures.shed;
	bool is_held = (shed & BUDGET_EVENTS_CPU) ||
		       ((shed & BUDGET_EVENTS_MEMORY) && budget->ticks++ % WORK_ONE_OF != 0);

	if (budget->agent->store)
		store_set_frugal(budget->agent->store, shed & BUDGET_ROWS);
	if (is_held != budget->is_held)
		ring_hold(budget->agent->ring, is_held);
	budget->is_held = is_held;
}

/* ---- the interface ---- */

struct budget *budget_new(struct agent *agent)
{
	struct budget *budget = calloc(1, sizeof(*budget));

	if (!budget)
		return NULL;
	budget->agent = agent;
	budget->figures.memory_limit_bytes = agent->config.memory_limit_bytes;
	budget->figures.cpu_limit_percent = agent->config.cpu_limit_percent;
	budget->bucket_ns = (int64_t)(BUCKET_NS / 100 * budget->figures.cpu_limit_percent);
	budget->last_tick_ns = budget->last_second_ns = clock_monotonic_ns();
	budget->cpu_at_tick_ns = budget->cpu_at_second_ns = counted_cpu_ns(budget);
	return budget;
}

void budget_free(struct budget *budget)
{
	free(budget);
}

void budget_set_other_cpu(struct budget *budget, budget_other_cpu *other, void *context)
{
	budget->other = other;
	budget->other_context = context;
}

void budget_tick(struct budget *budget, uint64_t now_ns)
{
	uint64_t cpu_ns = counted_cpu_ns(budget);
	uint64_t second_ns = now_ns - budget->last_second_ns;

	if (budget->is_held)
		budget->figures.held_ns += now_ns - budget->last_tick_ns;
	look_at_cpu(budget, now_ns - budget->last_tick_ns, cpu_ns);
	budget->last_tick_ns = now_ns;
	if (second_ns >= NS_PER_S) {
		uint64_t used_ns = cpu_ns - MIN(cpu_ns, budget->cpu_at_second_ns);

		budget->figures.cpu_percent = (uint32_t)(used_ns * 100 / second_ns);
		budget->cpu_at_second_ns = cpu_ns;
		budget->last_second_ns = now_ns;
		look_at_memory(budget, now_ns);
	}
	obey(budget);
	tell(budget);
}

void budget_get(const struct budget *budget, struct budget_figures *ret_figures)
{
	*ret_figures = budget->figures;
}
