/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field tables of `sample` and `stack`.
 */
#include "profile/oncpu/oncpu_event.h"

#define LINE FIELD_IN_COMPACT
#define WIDE FIELD_IN_WIDE

#define X(struct_, type, unit, member, flags, help)                                                \
	FIELD_(FIELD_##type, UNIT_##unit, struct_, member, flags, NULL, help)

static const struct field sample_fields[] = {
	FIELD_TIME(sample_event),
	X(sample_event, U32, COUNT, count, LINE | WIDE,
		"how often the stack was found running from that time on, for some seconds"),
	X(sample_event, U64, NANOSECONDS, cpu_ns, LINE | WIDE,
		"CPU time that these samples stand for"),
	X(sample_event, TEXT, NONE, thread, LINE | WIDE, "name of the thread"),
	X(sample_event, U64, NONE, stack_id, WIDE, "the stack: its frames are in the table stack"),
	PROCESS_FIELDS(sample_event),
};

const struct event_kind sample_kind = {
	.name = "sample",
	.summary = "a stack was found running on a CPU, so many times within some seconds",
	.fields = sample_fields,
	.field_count = ARRAY_LENGTH(sample_fields),
	.size = sizeof(struct sample_event),
	.process_offset = offsetof(struct sample_event, process),
	.compact = "{time_ns} {service|comm} sample {pid}  {thread} {count} times {cpu_ns}  stack "
		   "{stack_id}",
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
	.is_bulk = true,
};
