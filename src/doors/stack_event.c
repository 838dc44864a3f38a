/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field tables of `sample` and `stack`.
 */
#include "doors/stack_event.h"

#define LINE FIELD_IN_COMPACT
#define WIDE FIELD_IN_WIDE
#define SUM  FIELD_IS_SUM

#define X(struct_, type, unit, member, flags, help)                                                \
	FIELD_(FIELD_##type, UNIT_##unit, struct_, member, flags, NULL, help)

static const struct field sample_fields[] = {
	FIELD_TIME(sample_event),
	X(sample_event, U32, COUNT, count, LINE | WIDE | SUM,
		"how many samples had the stack from that time on, for some seconds"),
	X(sample_event, U64, NANOSECONDS, cpu_ns, LINE | WIDE | SUM,
		"CPU time that these samples stand for"),
	{ .name = "state",
		.type = FIELD_WORD,
		.offset = offsetof(struct sample_event, state),
		.size = MEMBER_SIZE(struct sample_event, state),
		.flags = LINE | WIDE,
		.words = stack_state_names,
		.help = "running, or what the thread waited for; preempted: another one had its "
			"CPU" },
	X(sample_event, U64, NANOSECONDS, wait_ns, LINE | WIDE | SUM,
		"time of waiting that they stand for, until something woke the thread"),
	X(sample_event, U64, NANOSECONDS, run_queue_ns, LINE | WIDE | SUM,
		"time that they stand for in which the thread could run and had no CPU"),
	X(sample_event, U64, COUNT, waits, WIDE | SUM,
		"waits that they stand for: each sample for one over its probability"),
	X(sample_event, TEXT, NONE, waker, WIDE,
		"name of the thread that ended the waits, or [interrupt]: a timer or a device"),
	X(sample_event, TEXT, NONE, thread, LINE | WIDE, "name of the thread"),
	X(sample_event, U64, NONE, stack_id, WIDE, "the stack: its frames are in the table stack"),
	PROCESS_FIELDS(sample_event),
};

const struct event_kind sample_kind = {
	.name = "sample",
	.summary = "a stack was found running on a CPU or waiting, so many times within some "
		   "seconds",
	.fields = sample_fields,
	.field_count = ARRAY_LENGTH(sample_fields),
	.size = sizeof(struct sample_event),
	.process_offset = offsetof(struct sample_event, process),
	.compact = "{time_ns} {service|comm} sample {pid}  {thread} {state} {count} times< on CPU "
		   "{cpu_ns}>< waiting {wait_ns}>< for a CPU {run_queue_ns}>  stack {stack_id}",
	.is_bulk = true,
};

static const struct field stack_fields[] = {
	FIELD_TIME(stack_event),
	X(stack_event, U64, NONE, stack_id, LINE | WIDE | FIELD_IS_INDEXED,
		"number of the stack: the same wherever its frames are the same"),
	X(stack_event, TEXT_LONG, NONE, frames, LINE | WIDE,
		"the functions from the outermost to the one that ran, with semicolons between "
		"them"),
};

const struct event_kind stack_kind = {
	.name = "stack",
	.summary = "the frames of a stack that samples name by its number",
	.fields = stack_fields,
	.field_count = ARRAY_LENGTH(stack_fields),
	.size = sizeof(struct stack_event),
	.compact = "{time_ns} stack {stack_id}  {frames}",
	.latest_of = "stack_id",
	.is_bulk = true,
};
