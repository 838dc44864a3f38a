/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two kinds of event of profiles: `sample`, how often a stack was seen in a process within some
 * seconds, and `stack`, the frames behind its number.
 */
#ifndef SKEP_STACK_EVENT_H
#define SKEP_STACK_EVENT_H

#include "doors/stack_wait.h"
#include "event/process.h"

struct sample_event {
	struct event_header header; /* time_ns: of the first of the samples */
	struct event_process process;
	char thread[16]; /* name of the thread */
	uint8_t state;	 /* enum stack_state */
	char waker[16];	 /* name of the thread that ended the waits; "" or SAMPLE_WAKER_INTERRUPT */
	uint64_t stack_id;
	uint32_t count;
	uint64_t waits;
	uint64_t cpu_ns;
	uint64_t wait_ns;
	uint64_t run_queue_ns;
};

/* No thread did: a timer or a device. */
#define SAMPLE_WAKER_INTERRUPT "[interrupt]"

struct stack_event {
	struct event_header header;
	uint64_t stack_id;
	const char *frames; /* "root;…;leaf" */
};

extern const struct event_kind sample_kind;
extern const struct event_kind stack_kind;

#endif
