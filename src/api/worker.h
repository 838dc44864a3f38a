/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slow answers: each has a thread of its own for as long as it takes, a few at a time, and writes
 * to an outflow. All calls come from the loop thread, but for `run`.
 */
#ifndef SKEP_API_WORKER_H
#define SKEP_API_WORKER_H

#include <stdatomic.h>
#include <stdio.h>

#include "api/outflow.h"

/* More than that are refused with -EBUSY. */
#define WORKERS_MAXIMUM 8
#define WORK_TIMEOUT_NS (300 * 1000000000ULL)

struct store;
struct workers;

/* Embedded at the start of what a kind of answer needs. */
struct work {
	/* Everything that happened before the question is in the file when run is called. */
	struct store *store; /* may be NULL */
	uint64_t mark;
	uint64_t privileges; /* that the thread keeps, see privilege.h; 0: none */
	/* How long the answer may take, the client's reading included, since the store cannot make
	 * its log shorter while one is under way. 0: WORK_TIMEOUT_NS. */
	uint64_t timeout_ns;
	/* On the thread: writes the answer; a write fails when the client has gone, and cancel is
	 * set soon after. 0, or -errno with the reason: then nothing is sent if nothing was yet. */
	int (*run)(struct work *work, FILE *stream, const atomic_bool *cancel, struct fail *fail);
	void (*free)(struct work *work);
};

int workers_new(struct workers **ret_workers);
/* Cancels and waits for all. Accepts NULL. */
void workers_free(struct workers *workers);
/* Takes the work, also when it fails, and a reference of the outflow. 0, -EBUSY, -EAGAIN. */
int workers_start(
	struct workers *workers, struct work *work, struct outflow *outflow, struct fail *fail);
/* CPU time that the answers took since the start. */
uint64_t workers_cpu_ns(void *workers);
/* Once a second: tells those whose client has gone, and tidies up. */
void workers_tick(struct workers *workers);

#endif
