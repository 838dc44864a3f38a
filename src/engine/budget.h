/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent as a whole may use: a memory ceiling and a CPU budget, over the limits that each
 * table and queue has of its own. In: its own use; out: less work. What is shed first costs least:
 *
 * - near the ceiling caches are dropped that can be made again;
 * - when the CPU budget runs low the store keeps fewer single requests, each with a weight, so that
 *   sums stay exact;
 * - beyond either, the ring of telemetry is left alone until there is room again: what does not fit
 *   into it is counted by the kernel half, as lost (ring_full). Alerts go on.
 *
 * Above the ceiling, a tenth of the time is worked all the same, so that an agent that cannot
 * become smaller is not blind. Answers to people do not count as CPU: they have limits of their
 * own. Loop thread only.
 */
#ifndef SKEP_BUDGET_H
#define SKEP_BUDGET_H

#include "base/base.h"

struct agent;
struct budget;

enum budget_shed {
	BUDGET_CACHES = 1 << 0,
	BUDGET_ROWS = 1 << 1,
	BUDGET_EVENTS_MEMORY = 1 << 2,
	BUDGET_EVENTS_CPU = 1 << 3,
};

struct budget_figures {
	uint64_t memory_bytes;	     /* resident, and maps in the kernel */
	uint64_t memory_limit_bytes; /* 0: none */
	uint32_t cpu_percent;	    /* of one core, in the last second, without answers to people */
	uint32_t cpu_limit_percent; /* 0: none */
	uint32_t shed;		    /* enum budget_shed, now */
	uint64_t held_ns;	    /* how long the ring was left alone, in all */
};

/* Takes the limits out of agent->config. NULL without memory. */
struct budget *budget_new(struct agent *agent);
void budget_free(struct budget *budget); /* accepts NULL */
/* About ten times a second. */
void budget_tick(struct budget *budget, uint64_t now_ns);
/* CPU time since the start that does not count; one source. */
typedef uint64_t budget_other_cpu(void *context);
void budget_set_other_cpu(struct budget *budget, budget_other_cpu *other, void *context);
void budget_get(const struct budget *budget, struct budget_figures *ret_figures);
/* "" or what is shed now, for people: "events (memory)". */
const char *budget_word(uint32_t shed);

/* Memory of this process that is in RAM; 0 when it cannot be known. */
uint64_t budget_resident_bytes(void);
/* CPU time of all threads. */
uint64_t budget_cpu_ns(void);
/* Maps of all objects, by the kernel's own figure, and the rings. Some 10 µs a map. */
uint64_t budget_kernel_map_bytes(const struct agent *agent);

#endif
