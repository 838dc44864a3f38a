/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kind of event with a field of every type and unit, for tests of what is derived from tables.
 */
#ifndef SKEP_TESTS_SAMPLE_KIND_H
#define SKEP_TESTS_SAMPLE_KIND_H

#include "event/process.h"

struct sample_event {
	struct event_header header;
	struct event_process process;
	uint8_t tiny;
	uint16_t port;
	uint32_t count;
	uint64_t size_bytes;
	int32_t balance;
	int64_t drift;
	bool is_error;
	char path[64];
	char code[8];
	uint8_t color;
	struct address origin;
	const char *statement;
	uint64_t delay_ns;
	uint32_t load_percent;
};

static const char *const sample_words[] = { "none", "red", "blue", NULL };

#define S(type, unit, member, flags, help)                                                         \
	FIELD_(FIELD_##type, UNIT_##unit, sample_event, member, flags, NULL, help)

static const struct field sample_fields[] = {
	FIELD_TIME(sample_event),
	S(U8, NONE, tiny, 0, "a byte"),
	S(U16, NONE, port, FIELD_IN_COMPACT, "a port"),
	S(U32, COUNT, count, FIELD_IN_WIDE, "how many"),
	S(U64, BYTES, size_bytes, FIELD_IN_COMPACT | FIELD_IN_WIDE, "how big"),
	S(I32, NONE, balance, FIELD_IN_WIDE, "may be below zero"),
	S(I64, NONE, drift, 0, "may be far below zero"),
	S(BOOL, NONE, is_error, FIELD_IN_COMPACT, "it failed"),
	S(TEXT, NONE, path, FIELD_IN_COMPACT | FIELD_IN_WIDE, "where"),
	S(CODE, NONE, code, FIELD_IN_WIDE | FIELD_IS_KEY, "a code"),
	{ .name = "color",
		.type = FIELD_WORD,
		.offset = offsetof(struct sample_event, color),
		.size = 1,
		.flags = FIELD_IN_WIDE,
		.words = sample_words,
		.help = "a word" },
	S(ADDRESS, NONE, origin, FIELD_IN_WIDE, "an address"),
	S(TEXT_LONG, NONE, statement, 0, "a long text"),
	S(U64, NANOSECONDS, delay_ns, FIELD_IN_COMPACT | FIELD_IN_WIDE, "how long"),
	S(U32, PERCENT, load_percent, FIELD_IN_WIDE, "how much"),
	PROCESS_FIELDS(sample_event),
};
#undef S

static const struct event_kind sample_kind = {
	.name = "sample",
	.summary = "a kind with a field of every type",
	.fields = sample_fields,
	.field_count = ARRAY_LENGTH(sample_fields),
	.size = sizeof(struct sample_event),
	.process_offset = offsetof(struct sample_event, process),
};

static inline struct sample_event sample_event(void)
{
	struct sample_event event = {
		.header = { .kind = &sample_kind, .time_ns = 1500000000, .id = 7 },
		.process = { .pid = 123,
			.uid = 1000,
			.comm = "worker",
			.service = "shop-api",
			.container = "shop" },
		.tiny = 255,
		.port = 8080,
		.count = 42,
		.size_bytes = 3482,
		.balance = -5,
		.drift = INT64_MIN,
		.path = "/var/data",
		.code = "404",
		.color = 2,
		.origin = { .bytes = { [10] = 0xff, [11] = 0xff, 10, 0, 0, 7 } },
		.statement = "SELECT 1",
		.delay_ns = 1200000,
		.load_percent = 97,
	};
	return event;
}

#endif
