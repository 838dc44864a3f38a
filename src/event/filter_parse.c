/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two ways to write filter terms: an expression (its grammar is in filter.h), and flags.
 */
#include <ctype.h>

#include "base/str.h"
#include "event/filter_term.h"

#define TERM(name_, value_, help_)                                                                 \
	OPTION(filter_options, terms, name_, 0, OPTION_TERM, .value_name = value_,                 \
		.section = "Filters", .help = help_)

const struct option_row filter_rows[] = {
	TERM("service", "NAME", "only of this service; 'a|b' means either, here and below"),
	TERM("container", "NAME", "only of this container"),
	TERM("pod", "NAMESPACE/NAME", "only of this Kubernetes pod"),
	TERM("pid", "N", "only of this process"),
	TERM("comm", "NAME", "only of processes with this name"),
	TERM("address", "ADDRESS", "only where either end has this address, or is in this network"),
	TERM("from", "WHO", "only from this client: a service, container, pod, name or address"),
	TERM("to", "WHO", "only to this server: as --from, or the host that was asked for"),
	TERM("method", "NAME", "only with this operation: GET, SELECT, PRODUCE"),
	TERM("path", "REGEX", "only where path or statement match this regular expression"),
	TERM("status", "CODE", "only with this status: 404, 5xx, '>=500', 200-299"),
	TERM("duration", "TIME", "only of this duration: '>100ms', 10ms-20ms"),
	TERM("slower", "TIME", "only what took longer than this"),
	TERM("where", "EXPRESSION", "only where this holds, such as 'status=5xx !comm=curl'"),
	TERM("not", NULL, "turns the next of these options around"),
};
const unsigned int filter_row_count = ARRAY_LENGTH(filter_rows);

/* What a term starts from when a flag is not simply a name and a value. */
static const struct {
	const char *flag;
	const char *name;
	enum filter_comparison comparison;
} special_flags[] = {
	{ "path", "path", FILTER_LIKE },
	{ "slower", "duration", FILTER_MORE },
};

int term_add_value(struct term *term, struct slice text, struct fail *fail)
{
	size_t room = sizeof(term->text) - term->text_length;

	if (term->value_count == FILTER_VALUES_MAXIMUM)
		return fail_set(fail, -EINVAL, "%s: at most %d values in a term", term->name,
			FILTER_VALUES_MAXIMUM);
	if (text.length >= room)
		return fail_set(fail, -EINVAL, "%s: values of a term are at most %d bytes",
			term->name, FILTER_TEXT_MAXIMUM - 1);
	term->values[term->value_count++] = term->text + term->text_length;
	str_copy_slice(term->text + term->text_length, room, text);
	term->text_length += text.length + 1;
	return 0;
}

size_t term_read_comparison(struct term *term, const char *text)
{
	static const struct {
		const char *sign;
		enum filter_comparison comparison;
		bool is_negated;
	} signs[] = {
		{ "!=", FILTER_EQUAL, true },
		{ "!~", FILTER_LIKE, true },
		{ "<=", FILTER_AT_MOST, false },
		{ ">=", FILTER_AT_LEAST, false },
		{ "==", FILTER_EQUAL, false },
		{ "=", FILTER_EQUAL, false },
		{ "<", FILTER_LESS, false },
		{ ">", FILTER_MORE, false },
		{ "~", FILTER_LIKE, false },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(signs); i++) {
		if (!str_starts_with(text, signs[i].sign))
			continue;
		term->comparison = signs[i].comparison;
		term->is_negated ^= signs[i].is_negated;
		return strlen(signs[i].sign);
	}
	return 0;
}

/* ---- expressions ---- */

static const char *skip_blanks(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

static const char *skip_between(const char *text)
{
	while (isspace((unsigned char)*text) || *text == ',')
		text++;
	return text;
}

static int read_name(const char **at, struct term *term, struct fail *fail)
{
	size_t length = 0;

	while (isalnum((unsigned char)(*at)[length]) || strchr("_-.", (*at)[length])) {
		if ((*at)[length] == '\0')
			break;
		length++;
	}
	if (length == 0)
		return fail_set(fail, -EINVAL, "expected the name of a field at '%.32s'", *at);
	if (!str_copy_slice(
		    term->name, sizeof(term->name), (struct slice){ (const uint8_t *)*at, length }))
		return fail_set(fail, -EINVAL, "'%.32s…' is too long for a field", *at);
	*at += length;
	return 0;
}

/* One alternative, quoted or up to one of the stop characters. */
static int read_value(const char **at, const char *stops, struct term *term, struct fail *fail)
{
	char quote = **at;
	struct slice value = { (const uint8_t *)*at, 0 };

	if (quote == '\'' || quote == '"') {
		const char *end = strchr(*at + 1, quote);
		if (!end)
			return fail_set(
				fail, -EINVAL, "expected a closing %c after %.32s", quote, *at);
		value.data++;
		value.length = (size_t)(end - *at) - 1;
		*at = end + 1;
		if (**at && !strchr(stops, **at))
			return fail_set(
				fail, -EINVAL, "expected a blank after the quote at '%.32s'", *at);
	} else {
		value.length = strcspn(*at, stops);
		if (value.length == 0)
			return fail_set(
				fail, -EINVAL, "%s: expected a value at '%.32s'", term->name, *at);
		*at += value.length;
	}
	return term_add_value(term, value, fail);
}

static int read_values(const char **at, struct term *term, struct fail *fail)
{
	/* A regular expression has alternatives of its own. */
	const char *stops = term->comparison == FILTER_LIKE ? " \t\r\n\f\v," : " \t\r\n\f\v,|";
	int error = read_value(at, stops, term, fail);

	while (error == 0 && term->comparison != FILTER_LIKE && **at == '|') {
		(*at)++;
		error = read_value(at, stops, term, fail);
	}
	return error;
}

static int read_term(const char **at, struct term *term, struct fail *fail)
{
	while (**at == '!') {
		term->is_negated = !term->is_negated;
		*at = skip_blanks(*at + 1);
	}
	int error = read_name(at, term, fail);
	if (error < 0)
		return error;
	const char *next = skip_blanks(*at);
	size_t length = term_read_comparison(term, next);
	if (length == 0) {
		if (*next && next == *at && *next != ',')
			return fail_set(fail, -EINVAL,
				"%s: expected =, !=, <, <=, >, >= or ~ at "
				"'%.32s'",
				term->name, next);
		term->is_bare = true;
		return term_add_value(term, (struct slice){ (const uint8_t *)"yes", 3 }, fail);
	}
	*at = skip_blanks(next + length);
	return read_values(at, term, fail);
}

int filter_add_expression(struct filter *filter, const char *text, struct fail *fail)
{
	if (strlen(text) > FILTER_EXPRESSION_MAXIMUM)
		return fail_set(fail, -EINVAL, "the expression is longer than %d bytes",
			FILTER_EXPRESSION_MAXIMUM);
	for (text = skip_between(text); *text; text = skip_between(text)) {
		_cleanup_(freep)
		struct term *term = calloc(1, sizeof(*term));
		if (!term)
			return fail_set(fail, -ENOMEM, "no memory for a filter");
		int error = read_term(&text, term, fail);
		if (error == 0)
			error = filter_add_term(filter, TAKE(term), fail);
		if (error < 0)
			return error;
	}
	return 0;
}

/* ---- flags ---- */

/* The shell took the quotes away: the text is values, with an operator in front at most. */
static int read_flag(struct term *term, const struct option_term *flag, struct fail *fail)
{
	const char *text = flag->text;

	str_set(term->name, flag->name);
	for (size_t i = 0; i < ARRAY_LENGTH(special_flags); i++) {
		if (strcmp(special_flags[i].flag, flag->name) == 0) {
			str_set(term->name, special_flags[i].name);
			term->comparison = special_flags[i].comparison;
		}
	}
	if (term->comparison == FILTER_EQUAL)
		text = skip_blanks(text + term_read_comparison(term, text));
	for (;;) {
		size_t length = strcspn(text, term->comparison == FILTER_LIKE ? "" : "|");
		int error =
			term_add_value(term, (struct slice){ (const uint8_t *)text, length }, fail);
		if (error < 0 || text[length] == '\0')
			return error;
		text += length + 1;
	}
}

static int add_flag(
	struct filter *filter, const struct option_term *flag, bool is_negated, struct fail *fail)
{
	_cleanup_(freep)
	struct term *term = calloc(1, sizeof(*term));

	if (!term)
		return fail_set(fail, -ENOMEM, "no memory for a filter");
	term->is_negated = is_negated;
	int error = read_flag(term, flag, fail);
	if (error < 0)
		return error;
	return filter_add_term(filter, TAKE(term), fail);
}

int filter_add_terms(struct filter *filter, const struct option_terms *terms, struct fail *fail)
{
	bool is_negated = false;

	for (unsigned int i = 0; i < terms->count; i++) {
		const struct option_term *flag = &terms->terms[i];
		int error = 0;
		if (strcmp(flag->name, "not") == 0) {
			is_negated = !is_negated;
			continue;
		}
		if (strcmp(flag->name, "where") != 0)
			error = add_flag(filter, flag, is_negated, fail);
		else if (is_negated)
			error = fail_set(fail, -EINVAL,
				"--not: cannot turn --where around, write "
				"! before the terms in it");
		else
			error = filter_add_expression(filter, flag->text, fail);
		if (error < 0)
			return error;
		is_negated = false;
	}
	if (is_negated)
		return fail_set(fail, -EINVAL, "--not: expected an option to turn around after it");
	return 0;
}
