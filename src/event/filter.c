/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ties the terms of a filter to the fields of the kinds it may see, and runs it.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "event/filter.h"

#include <pcre2.h>
#include <stdio.h>

#include "base/str.h"
#include "event/filter_term.h"
#include "event/nearest.h"

/* A pattern with nested repeats could take hours on one text; these stop it after about a
 * millisecond. */
#define MATCH_STEPS	 20000
#define MATCH_DEPTH	 1000
#define MATCH_HEAP_KIB	 256
#define TERM_REFERENCES	 (FILTER_KINDS_MAXIMUM * 16)
#define FIELD_NAME_BYTES 64

/* A name that stands for several fields; SIDE_LOCAL and SIDE_PEER say whose field it is. */
struct alias {
	const char *name;
	const char *field;
	enum filter_side side;
};

static const struct alias aliases[] = {
	{ "method", "operation", SIDE_ANY },
	{ "path", "detail", SIDE_ANY },
	{ "path", "target", SIDE_ANY },
	{ "address", "local_address", SIDE_ANY },
	{ "address", "peer_address", SIDE_ANY },
	{ "port", "local_port", SIDE_ANY },
	{ "port", "peer_port", SIDE_ANY },
	{ "from", "service", SIDE_LOCAL },
	{ "from", "container", SIDE_LOCAL },
	{ "from", "pod", SIDE_LOCAL },
	{ "from", "comm", SIDE_LOCAL },
	{ "from", "local_address", SIDE_LOCAL },
	{ "from", "peer_service", SIDE_PEER },
	{ "from", "peer_address", SIDE_PEER },
	{ "to", "service", SIDE_LOCAL },
	{ "to", "container", SIDE_LOCAL },
	{ "to", "pod", SIDE_LOCAL },
	{ "to", "comm", SIDE_LOCAL },
	{ "to", "local_address", SIDE_LOCAL },
	{ "to", "peer_service", SIDE_PEER },
	{ "to", "peer_address", SIDE_PEER },
	{ "to", "host", SIDE_ANY },
};

int filter_new(const struct event_kind *const *kinds, size_t kind_count, struct filter **ret_filter,
	struct fail *fail)
{
	if (kind_count > FILTER_KINDS_MAXIMUM)
		return fail_set(fail, -E2BIG, "a filter takes at most %d kinds of events",
			FILTER_KINDS_MAXIMUM);
	_cleanup_(filter_freep)
	struct filter *filter = calloc(1, sizeof(*filter));
	if (!filter)
		return fail_set(fail, -ENOMEM, "no memory for a filter");
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	filter->match_context = context;
	filter->match_data = pcre2_match_data_create(1, NULL);
	if (!filter->match_context || !filter->match_data)
		return fail_set(fail, -ENOMEM, "no memory for a filter");
	pcre2_set_match_limit(context, MATCH_STEPS);
	pcre2_set_depth_limit(context, MATCH_DEPTH);
	pcre2_set_heap_limit(context, MATCH_HEAP_KIB);
	if (kind_count > 0)
		memcpy(filter->kinds, kinds, kind_count * sizeof(*kinds));
	filter->kind_count = kind_count;
	*ret_filter = TAKE(filter);
	return 0;
}

static void term_free(struct term *term)
{
	if (!term)
		return;
	pcre2_code_free(term->pattern);
	free(term->references);
	free(term);
}
DEFINE_CLEANUP(struct term *, term_free);

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	for (unsigned int i = 0; i < filter->term_count; i++)
		term_free(filter->terms[i]);
	pcre2_match_data_free(filter->match_data);
	pcre2_match_context_free(filter->match_context);
	free(filter);
}

unsigned int filter_term_count(const struct filter *filter)
{
	return filter->term_count;
}

uint64_t filter_gave_up(const struct filter *filter)
{
	return filter->gave_up;
}

/* ---- names to fields ---- */

/* The field itself, also as people shorten it: error for is_error, duration for duration_ns. */
static const struct field *find_field(const struct event_kind *kind, const char *name)
{
	static const char *const shapes[][2] = { { "", "" }, { "is_", "" }, { "has_", "" },
		{ "", "_ns" }, { "", "_bytes" } };
	char full[FIELD_NAME_BYTES + 8];

	for (size_t i = 0; i < ARRAY_LENGTH(shapes); i++) {
		snprintf(full, sizeof(full), "%s%s%s", shapes[i][0], name, shapes[i][1]);
		const struct field *field = field_find(kind, full);
		if (field && field->unit != UNIT_TIME)
			return field;
	}
	return NULL;
}

static int add_reference(struct term *term, const struct event_kind *kind,
	const struct field *field, enum filter_side side, struct fail *fail)
{
	struct reference *reference = &term->references[term->reference_count];

	if (term->comparison == FILTER_LIKE &&
		(field_is_number(field) || field->type == FIELD_BOOL))
		return fail_set(fail, -EINVAL, "%s: ~ needs a text, expected = or <", term->name);
	reference->kind = kind;
	reference->field = field;
	reference->side = side;
	for (unsigned int i = 0; term->comparison != FILTER_LIKE && i < term->value_count; i++) {
		int error = value_parse(term, i, field, &reference->values[i], fail);
		/* Of the fields of an end each takes what it can: a name is no address. */
		if (error < 0 && side == SIDE_ANY)
			return error;
		if (error < 0)
			reference->values[i].type = VALUE_NEVER;
	}
	term->reference_count++;
	return 0;
}

static int add_references(struct term *term, const struct event_kind *kind, struct fail *fail)
{
	const struct field *field = find_field(kind, term->name);

	if (field)
		return add_reference(term, kind, field, SIDE_ANY, fail);
	for (size_t i = 0; i < ARRAY_LENGTH(aliases); i++) {
		if (strcmp(aliases[i].name, term->name) != 0)
			continue;
		field = field_find(kind, aliases[i].field);
		int error = field ? add_reference(term, kind, field, aliases[i].side, fail) : 0;
		if (error < 0)
			return error;
	}
	return 0;
}

/* Every name that a term could have, each once, with a comma after each but the last. */
static void list_fields(
	const struct filter *filter, struct nearest *nearest, char *list, size_t size)
{
	size_t length = 0;

	list[0] = '\0';
	for (size_t i = 0; i < filter->kind_count; i++) {
		const struct event_kind *kind = filter->kinds[i];
		for (unsigned int j = 1; j < kind->field_count; j++) {
			const char *name = kind->fields[j].name;
			bool is_known = false;
			for (size_t k = 0; k < i && !is_known; k++)
				is_known = field_find(filter->kinds[k], name) != NULL;
			if (is_known)
				continue;
			nearest_offer(nearest, name);
			if (length < size)
				length += (size_t)snprintf(list + length, size - length, "%s%s",
					length > 0 ? ", " : "", name);
		}
	}
}

static int fail_unknown(const struct filter *filter, const char *name, struct fail *fail)
{
	char list[FAIL_TEXT_BYTES];
	struct nearest nearest;

	if (strcmp(name, "time") == 0 || strcmp(name, "time_ns") == 0)
		return fail_set(fail, -EINVAL, "%s: bound time with --since and --until", name);
	nearest_init(&nearest, name);
	list_fields(filter, &nearest, list, sizeof(list));
	for (size_t i = 0; i < ARRAY_LENGTH(aliases); i++)
		nearest_offer(&nearest, aliases[i].name);
	const char *found = nearest_found(&nearest);
	if (found)
		return fail_set(fail, -ENOENT,
			"unknown field '%s', did you mean '%s'? The fields are %s", name, found,
			list);
	return fail_set(fail, -ENOENT, "unknown field '%s'. The fields are %s", name, list);
}

static int compile_pattern(struct term *term, struct fail *fail)
{
	PCRE2_UCHAR reason[128];
	PCRE2_SIZE offset;
	int error;

	term->pattern = pcre2_compile((PCRE2_SPTR)term->values[0], PCRE2_ZERO_TERMINATED,
		PCRE2_NEVER_UTF | PCRE2_NEVER_UCP, &error, &offset, NULL);
	if (term->pattern)
		return 0;
	pcre2_get_error_message(error, reason, sizeof(reason));
	return fail_set(fail, -EINVAL, "%s: not a regular expression at character %zu: %s",
		term->name, (size_t)offset + 1, (const char *)reason);
}

static int resolve(const struct filter *filter, struct term *term, struct fail *fail)
{
	for (char *letter = term->name; *letter; letter++) {
		if (*letter == '-')
			*letter = '_';
	}
	term->references = calloc(TERM_REFERENCES, sizeof(*term->references));
	if (!term->references)
		return fail_set(fail, -ENOMEM, "no memory for a filter");
	for (size_t i = 0; i < filter->kind_count; i++) {
		int error = add_references(term, filter->kinds[i], fail);
		if (error < 0)
			return error;
	}
	if (term->reference_count == 0)
		return fail_unknown(filter, term->name, fail);
	/* Only what is used stays. */
	struct reference *references =
		realloc(term->references, term->reference_count * sizeof(*references));
	term->references = references ? references : term->references;
	return 0;
}

int filter_add_term(struct filter *filter, struct term *term, struct fail *fail)
{
	_cleanup_(term_freep)
	struct term *owned = term;

	if (filter->term_count == FILTER_TERMS_MAXIMUM)
		return fail_set(
			fail, -EINVAL, "a filter takes at most %d terms", FILTER_TERMS_MAXIMUM);
	int error = resolve(filter, term, fail);
	if (error == 0 && term->comparison == FILTER_LIKE)
		error = compile_pattern(term, fail);
	if (error < 0)
		return error;
	filter->terms[filter->term_count++] = TAKE(owned);
	return 0;
}

/* ---- the run ---- */

static bool pattern_matches(struct filter *filter, const struct term *term,
	const struct reference *reference, const struct event_header *event)
{
	char scratch[FIELD_SCRATCH_BYTES];
	const char *text = field_text(reference->field, event, scratch, sizeof(scratch));
	int result = pcre2_match(term->pattern, (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, 0,
		filter->match_data, filter->match_context);

	if (result < 0 && result != PCRE2_ERROR_NOMATCH)
		filter->gave_up++;
	return result >= 0;
}

/* The side of from and to depends on who served: from is the peer of a server. */
static enum filter_side side_of(const struct term *term, const struct event_header *event)
{
	const struct field *role = field_find(event->kind, "role");
	char scratch[FIELD_SCRATCH_BYTES];
	bool is_from = strcmp(term->name, "from") == 0;
	bool is_server =
		role && strcmp(field_text(role, event, scratch, sizeof(scratch)), "server") == 0;

	return is_from == is_server ? SIDE_PEER : SIDE_LOCAL;
}

static bool reference_matches(struct filter *filter, const struct term *term,
	const struct reference *reference, const struct event_header *event)
{
	if (reference->kind != event->kind)
		return false;
	if (reference->side != SIDE_ANY && reference->side != side_of(term, event))
		return false;
	if (term->pattern)
		return pattern_matches(filter, term, reference, event);
	for (unsigned int i = 0; i < term->value_count; i++) {
		if (value_matches(&reference->values[i], reference->field, event))
			return true;
	}
	return false;
}

static bool term_matches(
	struct filter *filter, const struct term *term, const struct event_header *event)
{
	for (unsigned int i = 0; i < term->reference_count; i++) {
		if (reference_matches(filter, term, &term->references[i], event))
			return !term->is_negated;
	}
	return term->is_negated;
}

bool filter_matches(struct filter *filter, const struct event_header *event)
{
	for (unsigned int i = 0; i < filter->term_count; i++) {
		if (!term_matches(filter, filter->terms[i], event))
			return false;
	}
	return true;
}
