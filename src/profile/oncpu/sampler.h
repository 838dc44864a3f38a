/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread of the profiler: empties the ring of stacks, walks and names them, and adds up what is
 * the same. The loop thread collects the sums.
 */
#ifndef SKEP_SAMPLER_H
#define SKEP_SAMPLER_H

#include "doors/stack.h"

struct sampler;

/* Different (process, thread name, stack) between two collections, and new stacks; what finds no
 * room is lost and counted. */
#define SAMPLER_SUMS_MAXIMUM  8192
#define SAMPLER_TEXTS_MAXIMUM 4096

struct sampler_sum {
	struct task_identity task; /* thread is 0: threads of a name count together */
	char comm[16];
	char thread[16];
	uint64_t stack_id;
	uint64_t first_ns; /* of the first sample */
	uint32_t count;
};

struct sampler_text {
	uint64_t stack_id;
	char *frames; /* owned */
};

/* What came together since the last collection. Owned by who collected it. */
struct sampler_batch {
	struct sampler_sum *sums;
	size_t sum_count;
	struct sampler_text *texts;
	size_t text_count;
};
void sampler_batch_done(struct sampler_batch *batch);

/* ring_fd: of the map of stacks; borrowed. 0 or -errno with the reason. */
int sampler_start(int ring_fd, struct sampler **ret_sampler, struct fail *fail);
/* Empties the ring a last time and ends the thread; what was not collected can be still. */
void sampler_stop(struct sampler *sampler);
void sampler_free(struct sampler *sampler); /* accepts NULL; after sampler_stop */

/* True when half the room is taken: to be collected now and not at the end of the interval. */
bool sampler_is_filling(struct sampler *sampler);
/* True when there is something; *ret_batch is to be given to sampler_batch_done. Loop thread. */
bool sampler_collect(struct sampler *sampler, struct sampler_batch *ret_batch);
/* Memory is short: names and rules of files go, and are read again when they are needed. */
void sampler_drop_caches(struct sampler *sampler);
struct sampler_figures {
	uint64_t unsound; /* samples that could not be read, or found no room */
	uint64_t waiting; /* samples that were not collected yet */
};
/* Loop thread. */
void sampler_figures(struct sampler *sampler, struct sampler_figures *ret_figures);

#endif
