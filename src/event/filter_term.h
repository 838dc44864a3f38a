/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the filter share: its terms in memory. Nobody else includes this.
 */
#ifndef SKEP_FILTER_TERM_H
#define SKEP_FILTER_TERM_H

#include "event/filter.h"

enum filter_comparison {
	FILTER_EQUAL,
	FILTER_LESS,
	FILTER_AT_MOST,
	FILTER_MORE,
	FILTER_AT_LEAST,
	FILTER_LIKE, /* regular expression */
};

enum value_type { VALUE_NEVER, VALUE_TEXT, VALUE_RANGE, VALUE_NETWORK };

struct value {
	enum value_type type;
	const char *text;   /* in the term */
	uint64_t low, high; /* both included; of value_order() */
	struct address network;
	unsigned int prefix_bits;
};

/* Which end of an exchange a field tells about, for from and to. */
enum filter_side { SIDE_ANY, SIDE_LOCAL, SIDE_PEER };

/* A field of one kind that a term looks at. */
struct reference {
	const struct event_kind *kind;
	const struct field *field;
	enum filter_side side;
	struct value values[FILTER_VALUES_MAXIMUM];
};

struct term {
	char name[48];
	enum filter_comparison comparison;
	bool is_negated;
	bool is_bare;			/* only a name: a yes/no field */
	char text[FILTER_TEXT_MAXIMUM]; /* the values, each NUL-terminated */
	size_t text_length;
	const char *values[FILTER_VALUES_MAXIMUM];
	unsigned int value_count;
	void *pattern; /* pcre2_code */
	struct reference *references;
	unsigned int reference_count;
};

struct filter {
	const struct event_kind *kinds[FILTER_KINDS_MAXIMUM];
	size_t kind_count;
	struct term *terms[FILTER_TERMS_MAXIMUM];
	unsigned int term_count;
	void *match_context; /* pcre2_match_context */
	void *match_data;    /* pcre2_match_data */
	uint64_t gave_up;
};

/* Adds one alternative. -EINVAL past the bounds. */
int term_add_value(struct term *term, struct slice text, struct fail *fail);
/* Takes the sign at the start of the text, FILTER_EQUAL where there is none; != and !~ negate
 * the term. Returns the length taken. */
size_t term_read_comparison(struct term *term, const char *text);
/* Checks the term against the kinds and adds it, taking it over also on failure. */
int filter_add_term(struct filter *filter, struct term *term, struct fail *fail);

/* Reads the n-th value of a term for a field. -EINVAL with what was expected. */
int value_parse(const struct term *term, unsigned int n, const struct field *field,
	struct value *ret_value, struct fail *fail);
/* Whether the field of the event has the value; not for FILTER_LIKE. */
bool value_matches(
	const struct value *value, const struct field *field, const struct event_header *event);

#endif
