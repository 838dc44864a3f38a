/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as text, made from their field tables: one line each, in the formats of `-o`. Monotonic
 * times become wall time here. The lines for people (compact, wide, table) and CSV hold no
 * byte that a terminal would act upon, except the colours that were asked for.
 */
#ifndef SKEP_ENCODE_H
#define SKEP_ENCODE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "event/field.h"

enum output_format {
	FORMAT_COMPACT, /* a line made for people */
	FORMAT_WIDE,	/* the same and name=value for what else is known */
	FORMAT_TABLE,	/* columns: the FIELD_IN_WIDE fields */
	FORMAT_JSON,	/* NDJSON: every field of every event */
	FORMAT_CSV,	/* RFC 4180, every field; lines end with LF */
	FORMAT_COUNT
};

/* The words of -o, NULL-terminated, in the order of the enum. */
extern const char *const output_format_words[];

/* Raised when a field changes its meaning; new fields do not count. "v" in JSON. */
#define ENCODE_VERSION 1

struct encoder {
	enum output_format format;
	bool has_color;
	const struct clock_map *clock; /* borrowed */
	uint64_t left_out;	       /* FORMAT_JSON: bit i: without the i-th field of the kind */
};

#define ENCODE_FIELDS_MAXIMUM 64 /* that can be left out */

/* Appends one line for the event. 0, or the error of the buffer (-ENOBUFS, -ENOMEM). */
int encode_event(const struct encoder *encoder, const struct event_header *event, struct buf *out);
/* Appends the line with the names of the columns, for table and CSV; else nothing. */
int encode_heading(const struct encoder *encoder, const struct event_kind *kind, struct buf *out);
/*
 * Writes the event as a JSON object: "kind", "v", "id", "time" (RFC 3339), then every field of
 * the table but those to be left out: time_ns in wall-clock nanoseconds, words and addresses as
 * text, codes as number where they are one.
 */
void encode_json(
	struct json *json, const struct encoder *encoder, const struct event_header *event);
/*
 * The value as a person reads it: "1.2ms", "3.4 KiB", "12:34:56.123"; not yet inert. Returns
 * scratch (FIELD_SCRATCH_BYTES) or text of the event.
 */
const char *encode_human(const struct encoder *encoder, const struct field *field,
	const struct event_header *event, char *scratch);
/* One of 8 codes of the 256-colour palette that people with any colour vision tell apart; the
 * same text always gets the same one. */
unsigned int encode_source_color(const char *text);

#endif
