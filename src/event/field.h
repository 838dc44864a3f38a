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
	FIELD_IS_SUM = 1 << 5, /* rows that are else alike become one with its sum as they age */
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
	uint64_t id;	  /* unique on this machine, rising; set by the pipeline */
};

/* Where a struct with the two ends of a connection keeps them: offsets of members of these names.
 */
struct event_ends {
	uint16_t role; /* uint8_t, enum request_role */
	uint16_t local_address;
	uint16_t local_port;
	uint16_t peer_address;
	uint16_t peer_port;
	uint16_t peer_service; /* char[EVENT_SERVICE_BYTES], which the pipeline fills */
	bool is_datagram;      /* UDP: its ports are others than those of streams */
};
/* EVENT_ENDS(struct) or EVENT_ENDS(struct, .is_datagram = true) */
#define EVENT_ENDS(struct_, ...)                                                                   \
	(&(const struct event_ends){ .role = offsetof(struct struct_, role),                       \
		.local_address = offsetof(struct struct_, local_address),                          \
		.local_port = offsetof(struct struct_, local_port),                                \
		.peer_address = offsetof(struct struct_, peer_address),                            \
		.peer_port = offsetof(struct struct_, peer_port),                                  \
		.peer_service = offsetof(struct struct_, peer_service),                            \
		__VA_ARGS__ })

/* A kind of event: a table of the store, a word of `skep watch`. */
struct event_kind {
	const char *name;	    /* "request" */
	const char *summary;	    /* one sentence */
	const struct field *fields; /* the first is always time_ns */
	uint16_t field_count;
	uint16_t size;		       /* of the struct */
	uint16_t process_offset;       /* of its struct event_process, 0 when it has none */
	const struct event_ends *ends; /* NULL when it has none */
	/*
	 * The one-line form for people; NULL: the FIELD_IN_COMPACT fields in order.
	 *   {name}          the value, with its unit; an empty one takes the blanks before it along
	 *   {a|b}           the first that is neither empty nor zero
	 *   {name=x,y,z}    x for 0, y for 1, z for 2: words and bools as signs
	 *   {name^other}    nothing when the text of other begins with it
	 *   <...>           left out when no field inside has a value other than empty or zero
	 * Fields appear by name; "{kind}" is the name of the kind. kind_check() verifies it.
	 */
	const char *compact;
	/* Of rows with the same value of that field only the latest is worth keeping; NULL: all
	 * are. */
	const char *latest_of;
	bool is_bulk; /* says little line by line: `skep watch` shows it only by name */
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
bool field_is_signed(const struct field *field); /* then the raw value is an int64_t */
bool field_is_text(const struct field *field);	 /* FIELD_TEXT, FIELD_TEXT_LONG, FIELD_CODE */
bool field_is_empty(const struct field *field, const void *event); /* "", 0, false, no address */
/* The text of a text-like field, "" when empty; address and number are formatted into scratch
 * (FIELD_SCRATCH_BYTES suffice). Numbers are raw: without unit, times as in the struct. */
#define FIELD_SCRATCH_BYTES 48
const char *field_text(const struct field *field, const void *event, char *scratch, size_t size);
/* Only for FIELD_ADDRESS. */
const struct address *field_address(const struct field *field, const void *event);
/* True when a FIELD_CODE text is a number for readers: 1 to 18 digits without a leading zero, so
 * that SQLSTATE 08006 stays text. */
bool field_code_number(const char *text, uint64_t *ret_value);
/* Affinity of the column in SQLite: "TEXT" (also words and addresses), "NUMERIC" (codes) or
 * "INTEGER". */
const char *field_sql_type(const struct field *field);

#define ADDRESS_TEXT_BYTES  46
#define ADDRESS_IPV4_PREFIX 96 /* bits before an IPv4 address */
bool address_is_empty(const struct address *address);
bool address_is_loopback(const struct address *address);
bool address_is_ipv4(const struct address *address);
/* True when the first prefix_bits (of 128) of both are the same. */
bool address_in_network(
	const struct address *address, const struct address *network, unsigned int prefix_bits);
/* "" when empty. size at least ADDRESS_TEXT_BYTES. Returns destination. */
char *address_format(const struct address *address, char *destination, size_t size);
int address_parse(const char *text, struct address *ret_address); /* 0 or -EINVAL */

#endif
