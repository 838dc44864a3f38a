/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field tables of top's own rows, and rows out of JSON: see top_row.h.
 */
#include "cli/top_row.h"

#include "base/str.h"

static const char *const role_words[] = { "unknown", "server", "client", NULL };

#define ROLE(struct_)                                                                              \
	{                                                                                          \
		.name = "role", .type = FIELD_WORD, .offset = offsetof(struct struct_, role),      \
		.size = MEMBER_SIZE(struct struct_, role), .flags = FIELD_IN_WIDE,                 \
		.words = role_words, .help = "server: of what it serves; client: of what it asks", \
	}
/* F(type, unit, member, help) */
#define F(type, unit, member, help)                                                                \
	FIELD_(FIELD_##type, UNIT_##unit, ROW, member, FIELD_IN_WIDE, NULL, help)
#define WINDOW F(U64, NANOSECONDS, window_ns, "the time that the counts cover")

#define ROW top_load
static const struct field service_fields[] = {
	FIELD_TIME(top_load),
	F(TEXT, NONE, service, "the service"),
	ROLE(top_load),
	F(U64, COUNT, requests, "requests in the window"),
	F(U64, COUNT, errors, "of these, how many failed"),
	F(U64, NANOSECONDS, p50_ns, "half of the requests were faster"),
	F(U64, NANOSECONDS, p99_ns, "99 of 100 requests were faster"),
	F(U64, NANOSECONDS, max_ns, "the slowest request"),
	F(U32, PERCENT, cpu, "CPU of its processes now, of one core"),
	F(U64, NANOSECONDS, cpu_ns, "the same as CPU time a second"),
	F(U64, BYTES, memory_bytes, "resident memory of its processes, shared pages counted each"),
	F(U32, COUNT, processes, "its processes"),
	WINDOW,
	F(U64, NANOSECONDS, badness_ns, "the first order: p99, and more the more requests fail"),
};

static const struct field endpoint_fields[] = {
	FIELD_TIME(top_load),
	F(TEXT, NONE, service, "the service"),
	ROLE(top_load),
	F(TEXT, NONE, protocol, "what is spoken"),
	F(TEXT, NONE, operation, "verb of the protocol"),
	F(TEXT, NONE, target, "what it acts on: path template, table, topic"),
	F(U64, COUNT, requests, "requests in the window"),
	F(U64, COUNT, errors, "of these, how many failed"),
	F(U64, NANOSECONDS, p50_ns, "half of the requests were faster"),
	F(U64, NANOSECONDS, p95_ns, "95 of 100 requests were faster"),
	F(U64, NANOSECONDS, p99_ns, "99 of 100 requests were faster"),
	F(U64, NANOSECONDS, max_ns, "the slowest request"),
	F(U64, BYTES, response_bytes, "bytes of all answers together"),
	WINDOW,
	F(U64, NANOSECONDS, badness_ns, "the first order: p99, and more the more requests fail"),
};
#undef ROW

#define ROW top_connection
static const struct field connection_fields[] = {
	FIELD_TIME(top_connection),
	F(TEXT, NONE, service, "the service at this end"),
	ROLE(top_connection),
	F(TEXT, NONE, peer, "the service at the other end, or its address"),
	F(U16, NONE, port, "the port that the server listens on"),
	F(U64, COUNT, opened, "connections that began in the window"),
	F(U64, COUNT, closed, "connections that ended in the window"),
	F(U64, COUNT, failed, "attempts that failed in the window"),
	F(U64, COUNT, retransmits, "segments that were sent again"),
	F(U64, NANOSECONDS, rtt_ns, "mean round-trip time"),
	F(U64, NANOSECONDS, handshake_ns, "mean time until a connection stood"),
	F(U64, BYTES, sent_bytes, "payload sent on connections that ended"),
	F(U64, BYTES, received_bytes, "payload received on connections that ended"),
	WINDOW,
};
#undef ROW

#define ROW top_process
static const struct field process_fields[] = {
	FIELD_TIME(top_process),
	F(U32, PERCENT, cpu, "CPU now, of one core"),
	F(U64, NANOSECONDS, cpu_ns, "the same as CPU time a second"),
	F(U64, BYTES, memory_bytes, "resident memory"),
	F(U64, COUNT, threads, "threads"),
	F(TEXT, NONE, state, "R runs, S sleeps, D waits for a device, T is stopped"),
	F(U64, NANOSECONDS, age_ns, "time since its start"),
	PROCESS_FIELDS(top_process),
};
#undef ROW

#define ROW top_program
static const struct field program_fields[] = {
	FIELD_TIME(top_program),
	F(U32, NONE, id, "the kernel's number of the program"),
	F(TEXT, NONE, name, "its name, as far as the kernel keeps it"),
	F(TEXT, NONE, type, "what it may be attached to"),
	F(TEXT, NONE, feature,
		"the part of skep that it belongs to, empty for the programs of others"),
	F(TEXT, NONE, owners, "processes that hold it or a link to it"),
	F(U64, COUNT, runs, "runs a second"),
	F(U64, NANOSECONDS, ns_per_run, "mean time of a run"),
	F(U32, PERCENT, cpu, "CPU now, of one core"),
	F(U64, NANOSECONDS, cpu_ns, "the same as CPU time a second"),
	F(U64, BYTES, memory_bytes, "memory of its code"),
	F(U64, NANOSECONDS, age_ns, "time since it was loaded"),
};
#undef ROW

#define KIND(name_, struct_, summary_, ...)                                                        \
	const struct event_kind top_##name_##_kind = { .name = #name_,                             \
		.summary = (summary_),                                                             \
		.fields = name_##_fields,                                                          \
		.field_count = ARRAY_LENGTH(name_##_fields),                                       \
		.size = sizeof(struct struct_),                                                    \
		__VA_ARGS__ }

KIND(service, top_load, "what a service had to do");
KIND(endpoint, top_load, "what an endpoint of a service had to do");
KIND(connection, top_connection, "connections of a service with one peer");
KIND(process, top_process, "what a process uses",
	.process_offset = offsetof(struct top_process, process));
KIND(program, top_program, "what a BPF program costs");

/* ---- lists ---- */

void top_rows_done(struct top_rows *rows)
{
	free(rows->data);
	*rows = (struct top_rows){ .kind = rows->kind };
}

void *top_rows_add(struct top_rows *rows)
{
	struct event_header *row;

	if (rows->count == rows->capacity) {
		size_t capacity = MIN(MAX(64, rows->capacity * 2), (size_t)TOP_ROWS_MAXIMUM);
		char *data = rows->count < capacity
				     ? realloc(rows->data, capacity * rows->kind->size)
				     : NULL;

		if (!data)
			return NULL;
		rows->data = data;
		rows->capacity = capacity;
	}
	row = top_rows_at(rows, rows->count++);
	memset(row, 0, rows->kind->size);
	row->kind = rows->kind;
	return row;
}

/* ---- out of JSON ---- */

static void set_number(const struct field *field, void *row, uint64_t number)
{
	/* Little endian, as everything that skep runs on. */
	memcpy((char *)row + field->offset, &number, MIN(field->size, sizeof(number)));
}

static void set_text(const struct field *field, void *row, const char *text)
{
	char *member = (char *)row + field->offset;

	if (field->type == FIELD_TEXT || field->type == FIELD_CODE)
		str_copy(member, field->size, text);
	else if (field->type == FIELD_ADDRESS)
		(void)address_parse(text, (struct address *)member);
	for (uint64_t i = 0; field->type == FIELD_WORD && field->words[i]; i++)
		if (str_equal(field->words[i], text))
			set_number(field, row, i);
}

static void set_value(const struct field *field, void *row, const json_t *value)
{
	char digits[24];

	if (json_is_string(value)) {
		set_text(field, row, json_string_value(value));
	} else if (field->type == FIELD_CODE && json_is_integer(value)) {
		snprintf(digits, sizeof(digits), "%lld", (long long)json_integer_value(value));
		set_text(field, row, digits);
	} else if (field->type != FIELD_TEXT_LONG && field->type != FIELD_TEXT) {
		double number = json_number_value(value);
		bool is_set = json_is_true(value) || number > 0;

		set_number(field, row,
			json_is_integer(value) ? (uint64_t)json_integer_value(value)
			: is_set	       ? (uint64_t)MAX(number, 1.0)
					       : 0);
	}
}

void top_row_read(const struct event_kind *kind, const json_t *object, void *row)
{
	for (uint16_t i = 0; i < kind->field_count; i++) {
		const json_t *value = json_object_get(object, kind->fields[i].name);

		if (value && !json_is_null(value))
			set_value(&kind->fields[i], row, value);
	}
}

/* ---- order and identity ---- */

uint64_t top_badness(const struct top_load *load)
{
	double share = load->requests > 0 ? (double)load->errors / (double)load->requests : 0;
	double badness = (double)load->p99_ns * (1 + 10 * share);

	return (uint64_t)(load->role == ROLE_SERVER ? badness : badness / 2);
}

uint64_t top_row_identity(const struct event_header *row)
{
	static const char *const names[] = { "service", "role", "protocol", "operation", "target",
		"peer", "port", "pid", "id", NULL };
	char scratch[FIELD_SCRATCH_BYTES];
	uint64_t hash = 14695981039346656037ULL; /* FNV-1a */

	for (const char *const *name = names; *name; name++) {
		const struct field *field = field_find(row->kind, *name);
		const char *text = field ? field_text(field, row, scratch, sizeof(scratch)) : "";

		do
			hash = (hash ^ (unsigned char)*text) * 1099511628211ULL;
		while (*text++);
	}
	return hash;
}
