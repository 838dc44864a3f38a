/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The field table: one row per field of an event struct. JSON, columns, filters,
 * SQL tables, reference pages and TypeScript types all come from these rows;
 * nobody writes those lists a second time.
 */
#ifndef SKEP_FIELD_H
#define SKEP_FIELD_H

#include "base/base.h"

enum field_type {
	FIELD_U8,
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_I32,
	FIELD_I64,
	FIELD_BOOL,    /* bool */
	FIELD_TEXT,    /* char[size], NUL-terminated */
	FIELD_CODE,    /* char[size]; a number for readers when all digits, else text (HTTP 404,
			  SQLSTATE 23505) */
	FIELD_WORD,    /* uint8_t index into words */
	FIELD_ADDRESS, /* struct address: IPv4 as ::ffff:a.b.c.d, shown as a.b.c.d; all zero: empty
			*/
	FIELD_TEXT_LONG, /* const char *, NUL-terminated or NULL; borrowed for as long as the event
			    is handled */
	FIELD_TYPE_COUNT
};

enum field_unit {
	UNIT_NONE,
	UNIT_TIME,	  /* monotonic ns in the struct, wall-clock ns outside */
	UNIT_NANOSECONDS, /* a duration */
	UNIT_BYTES,
	UNIT_COUNT,
	UNIT_PERCENT,
	UNIT_COUNT_OF_UNITS
};

enum field_flag {
	FIELD_IN_COMPACT = 1 << 0, /* part of the one-line form */
	FIELD_IN_WIDE = 1 << 1,	   /* part of the wide form and of tables */
	FIELD_IS_KEY = 1 << 2,	   /* a dimension of rates: few distinct values */
	FIELD_IS_INDEXED = 1 << 3, /* the store keeps an index */
	FIELD_IS_SOURCE = 1 << 4,  /* gives the stable colour of a line */
};

/* An IPv6 address or an IPv4 one mapped to it (RFC 4291, 2.5.5.2), network order. */
struct address {
	uint8_t bytes[16];
};

struct field {
	const char *name; /* snake_case: column, JSON key, filter word */
	enum field_type type;
	enum field_unit unit;
	uint16_t offset;
	uint16_t size;
	uint32_t flags;		  /* enum field_flag */
	const char *const *words; /* FIELD_WORD: NULL-terminated */
	const char *convention;	  /* OpenTelemetry semantic convention, NULL where none exists */
	const char *help;	  /* one sentence without a full stop */
};

/* Every event struct starts with this. */
struct event_header {
	const struct event_kind *kind;
	uint64_t time_ns; /* monotonic */
	uint64_t id;	  /* unique in this run, set by the pipeline */
};

/* A kind of event: a table of the store, a word of `skep watch`. */
struct event_kind {
	const char *name;	    /* "request" */
	const char *summary;	    /* one sentence */
	const struct field *fields; /* the first is always time_ns */
	uint16_t field_count;
	uint16_t size;		 /* of the struct */
	uint16_t process_offset; /* of its struct event_process, 0 when it has none */
};

#define FIELD_(type_, unit_, struct_, member_, flags_, convention_, help_)                         \
	{                                                                                          \
		.name = #member_, .type = (type_), .unit = (unit_),                                \
		.offset = offsetof(struct struct_, member_),                                       \
		.size = MEMBER_SIZE(struct struct_, member_), .flags = (flags_),                   \
		.convention = (convention_), .help = (help_),                                      \
	}
/* The same for a member inside an embedded struct: the name is given. */
#define FIELD_IN(type_, unit_, struct_, path_, name_, flags_, convention_, help_)                  \
	{                                                                                          \
		.name = (name_), .type = (type_), .unit = (unit_),                                 \
		.offset = offsetof(struct struct_, path_),                                         \
		.size = MEMBER_SIZE(struct struct_, path_), .flags = (flags_),                     \
		.convention = (convention_), .help = (help_),                                      \
	}
#define FIELD_TIME(struct_)                                                                        \
	FIELD_IN(FIELD_U64, UNIT_TIME, struct_, header.time_ns, "time_ns",                         \
		FIELD_IN_COMPACT | FIELD_IN_WIDE | FIELD_IS_INDEXED, NULL,                         \
		"when it happened, in nanoseconds since 1970")

/* NULL when the kind has no such field. */
const struct field *field_find(const struct event_kind *kind, const char *name);
/* The raw value of a number, bool, or word. */
uint64_t field_number(const struct field *field, const void *event);
bool field_is_number(const struct field *field);
/* The text of a text-like field, "" when empty; address and number are formatted into scratch. */
const char *field_text(const struct field *field, const void *event, char *scratch, size_t size);

#define ADDRESS_TEXT_BYTES 46
bool address_is_empty(const struct address *address);
bool address_is_loopback(const struct address *address);
char *address_format(const struct address *address, char *destination, size_t size);
int address_parse(const char *text, struct address *ret_address); /* 0 or -EINVAL */

#endif
