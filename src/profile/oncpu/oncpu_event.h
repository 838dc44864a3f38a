/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two kinds of event of profiles: `sample`, how often a stack was seen in a process within some
 * seconds, and `stack`, the frames behind its number.
 */
#ifndef SKEP_ONCPU_EVENT_H
#define SKEP_ONCPU_EVENT_H

#include "event/process.h"

struct sample_event {
	struct event_header header; /* time_ns: of the first of the samples */
	struct event_process process;
	char thread[16]; /* name of the thread */
	uint64_t stack_id;
	uint32_t count;
	uint64_t cpu_ns; /* count times the period */
};

struct stack_event {
	struct event_header header;
	uint64_t stack_id;
	const char *frames; /* "root;…;leaf" */
};

extern const struct event_kind sample_kind;
extern const struct event_kind stack_kind;

#endif
