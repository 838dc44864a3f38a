/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prepared questions: see view.h.
 */
#include "api/view.h"

#include <stdio.h>

#include "api/live.h"
#include "base/clock.h"
#include "base/str.h"
#include "engine/feature.h"
#include "engine/rate_level.h"
#include "event/filter.h"
#include "event/kind.h"
#include "event/nearest.h"

#define COARSE	   "coarse:"
#define FROM_RATES "FROM request_rate\n"

const char *const view_type_words[] = { "time", "duration", "number", "text", "filter", NULL };

static const struct {
	const char *name;
	const char *text;
} sources[] = {
#define VIEW(name, text) { name, text },
#include <views.inc>
#undef VIEW
};

size_t view_count(void)
{
	return ARRAY_LENGTH(sources);
}

const char *view_name(size_t index)
{
	return sources[index].name;
}

/* One word, or what is between single quotes; moves *at behind it and the blanks that follow. */
static bool take_word(const char **at, char *destination, size_t size)
{
	const char *start = *at;
	size_t length;

	if (*start == '\'') {
		length = strcspn(++start, "'\n");
		*at = start + length + (start[length] == '\'');
	} else {
		length = strcspn(start, " \t\n");
		*at = start + length;
		if (length == 0)
			return false;
	}
	*at += strspn(*at, " \t");
	return str_copy_slice(destination, size, (struct slice){ (const uint8_t *)start, length });
}

static bool parse_parameter(const char *line, struct view_parameter *ret_parameter)
{
	char type[48];
	char *colon;

	if (!take_word(&line, ret_parameter->name, sizeof(ret_parameter->name)) ||
		!take_word(&line, ret_parameter->initial, sizeof(ret_parameter->initial)) ||
		!take_word(&line, type, sizeof(type)))
		return false;
	colon = strchr(type, ':');
	if (colon) {
		*colon = '\0';
		str_set(ret_parameter->table, colon + 1);
	}
	for (unsigned int i = 0; view_type_words[i]; i++) {
		struct slice help = { (const uint8_t *)line, strcspn(line, "\n") };

		if (!str_equal(type, view_type_words[i]) || (i == VIEW_FILTER) != !!colon)
			continue;
		ret_parameter->type = i;
		return str_copy_slice(ret_parameter->help, sizeof(ret_parameter->help), help);
	}
	return false;
}

int view_parse(const char *name, const char *text, struct view *ret_view, struct fail *fail)
{
	struct view view = { .sql = text };
	const char *line = text;

	str_set(view.name, name);
	for (; str_starts_with(line, "-- "); line += strcspn(line, "\n") + 1) {
		struct slice rest = { (const uint8_t *)line + 3, strcspn(line + 3, "\n") };

		if (line == text) {
			str_copy_slice(view.summary, sizeof(view.summary), rest);
			continue;
		}
		if (str_starts_with(line + 3, COARSE))
			view.coarse = line + 3 + strlen(COARSE);
		if (line[3] != ':')
			continue;
		if (view.parameter_count == VIEW_PARAMETERS_MAXIMUM ||
			!parse_parameter(line + 4, &view.parameters[view.parameter_count++]))
			return fail_set(fail, -EBADMSG, "view %s: malformed parameter: %.*s", name,
				(int)rest.length, (const char *)rest.data);
	}
	if (!view.summary[0])
		return fail_set(fail, -EBADMSG, "view %s: no sentence in the first line", name);
	*ret_view = view;
	return 0;
}

int view_read(size_t index, struct view *ret_view, struct fail *fail)
{
	if (index >= ARRAY_LENGTH(sources))
		return -ENOENT;
	return view_parse(sources[index].name, sources[index].text, ret_view, fail);
}

int view_find(const char *name, struct view *ret_view, struct fail *fail)
{
	struct nearest nearest;
	const char *found;

	nearest_init(&nearest, name);
	for (size_t i = 0; i < ARRAY_LENGTH(sources); i++) {
		if (str_equal(sources[i].name, name))
			return view_read(i, ret_view, fail);
		nearest_offer(&nearest, sources[i].name);
	}
	found = nearest_found(&nearest);
	return fail_set(fail, -ENOENT, "there is no view '%s'%s%s%s: `skep view` lists them", name,
		found ? ", did you mean '" : "", found ? found : "", found ? "'?" : "");
}

static int bind(const struct view_parameter *parameter, const char *text, struct sql_values *values,
	struct fail *fail)
{
	static const char *const expected[] = { "a time such as 5m (ago), 12:00 or 2026-01-31",
		"a duration such as 100ms", "a number", "a shorter text" };
	unsigned int at = values->count++;
	uint64_t number = 0;
	int error = 0;

	snprintf(values->all[at].name, sizeof(values->all[at].name), ":%s", parameter->name);
	if (!str_set(values->all[at].text, text))
		error = -EINVAL;
	else if (parameter->type == VIEW_TIME)
		error = clock_parse(text, clock_wall_ns(), &number);
	else if (parameter->type == VIEW_DURATION)
		error = str_to_duration_ns(text, &number);
	else if (parameter->type == VIEW_NUMBER)
		error = str_to_u64(text, 0, INT64_MAX, &number);
	values->all[at].is_number = parameter->type != VIEW_TEXT;
	values->all[at].number = (int64_t)number;
	if (!error)
		return 0;
	return fail_set(fail, -EINVAL, "%s: '%s' is not %s", parameter->name, text,
		expected[parameter->type]);
}

static const char *given(const struct view_parameter *parameter,
	const struct view_argument *arguments, unsigned int count)
{
	const char *value = parameter->initial;

	for (unsigned int i = 0; i < count; i++) {
		if (str_equal(arguments[i].name, parameter->name))
			value = arguments[i].value;
	}
	return value;
}

static bool is_known(const struct view *view, const char *name)
{
	for (unsigned int i = 0; i < view->parameter_count; i++) {
		if (str_equal(view->parameters[i].name, name))
			return true;
	}
	return false;
}

int view_bind(const struct view *view, const struct view_argument *arguments, unsigned int count,
	struct sql_values *ret_values, struct fail *fail)
{
	struct sql_values values = { 0 };

	for (unsigned int i = 0; i < count; i++) {
		if (!is_known(view, arguments[i].name))
			return fail_set(fail, -EINVAL, "the view %s has no parameter '%s'",
				view->name, arguments[i].name);
	}
	for (unsigned int i = 0; i < view->parameter_count; i++) {
		const struct view_parameter *parameter = &view->parameters[i];
		int error;

		if (parameter->type == VIEW_FILTER)
			continue;
		error = bind(parameter, given(parameter, arguments, count), &values, fail);
		if (error)
			return error;
	}
	*ret_values = values;
	return 0;
}

/* ---- filters ---- */

static const struct event_kind *find_table(const char *name)
{
	const struct event_kind *kinds[LIVE_KINDS_MAXIMUM];
	size_t count = MIN(features_kinds(kinds, ARRAY_LENGTH(kinds)), ARRAY_LENGTH(kinds));

	return str_equal(name, rate_kind()->name) ? rate_kind() : kind_find(kinds, count, name);
}

static int write_condition(const struct view_parameter *parameter, const char *expression,
	struct buf *sql, struct fail *fail)
{
	const struct event_kind *table = find_table(parameter->table);
	_cleanup_(filter_freep)
	struct filter *filter = NULL;
	int error;

	if (!table)
		return fail_set(fail, -EBADMSG, "%s: there is no table %s", parameter->name,
			parameter->table);
	error = filter_new(&table, 1, &filter, fail);
	if (!error)
		error = filter_add_expression(filter, expression, fail);
	/* An unknown field is no missing view. */
	if (error == -ENOENT)
		fail->code = -EINVAL;
	if (error)
		return error == -ENOENT ? -EINVAL : error;
	return filter_write_sql(filter, table, sql);
}

/* The filter that the text names at its beginning, behind the colon. */
static const struct view_parameter *filter_at(const struct view *view, const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	for (unsigned int i = 0; i < view->parameter_count; i++) {
		const struct view_parameter *parameter = &view->parameters[i];

		if (parameter->type == VIEW_FILTER && strlen(parameter->name) == length &&
			memcmp(parameter->name, text, length) == 0)
			return parameter;
	}
	return NULL;
}

/* ---- counts in longer buckets ---- */

/* The number of the parameter that *at names, 0 when there is none; moves *at behind it. */
static uint64_t number_of(const struct sql_values *values, const char **at)
{
	uint64_t number = 0;
	size_t length;

	*at += strspn(*at, " ");
	length = strcspn(*at, " \n");
	for (unsigned int i = 0; i < values->count; i++) {
		const char *name = values->all[i].name + 1;

		if (strlen(name) == length && memcmp(name, *at, length) == 0)
			number = (uint64_t)values->all[i].number;
	}
	*at += length;
	return number;
}

/* What stands for FROM_RATES. */
static int write_rates(const struct view *view, const struct view_argument *arguments,
	unsigned int count, struct buf *sql, struct fail *fail)
{
	const char *at = view->coarse;
	struct rate_span span = { 0 };
	struct sql_values values;
	int error = view_bind(view, arguments, count, &values, fail);

	if (error)
		return error;
	span.since_ns = number_of(&values, &at);
	span.until_ns = number_of(&values, &at);
	/* "now". */
	if (span.until_ns == 0)
		span.until_ns = clock_wall_ns();
	span.fits_ns = number_of(&values, &at);
	buf_append_string(sql, "FROM ");
	rate_level_write_source(&span, sql);
	buf_append_string(sql, "\n");
	return 0;
}

/* The statement without its header, with what FROM_RATES stands for. */
static int write_body(const struct view *view, const struct view_argument *arguments,
	unsigned int count, struct buf *body, struct fail *fail)
{
	const char *at = view->sql;
	const char *from;
	int error = 0;

	while (str_starts_with(at, "--"))
		at += strcspn(at, "\n") + (strchr(at, '\n') ? 1 : 0);
	while (view->coarse && !error && (from = strstr(at, FROM_RATES))) {
		buf_append(body, at, (size_t)(from - at));
		error = write_rates(view, arguments, count, body, fail);
		at = from + strlen(FROM_RATES);
	}
	buf_append_string(body, at);
	return error ? error : body->error;
}

int view_write_sql(const struct view *view, const struct view_argument *arguments,
	unsigned int count, struct buf *sql, struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf body;
	const char *at;
	int error;

	buf_init(&body, VIEW_SQL_MAXIMUM);
	error = write_body(view, arguments, count, &body, fail);
	for (at = buf_text(&body); *at && !error;) {
		size_t length = strcspn(at, ":");
		const struct view_parameter *parameter =
			at[length] ? filter_at(view, at + length + 1) : NULL;

		buf_append(sql, at, length + (at[length] && !parameter));
		at += length + (at[length] != '\0');
		if (parameter) {
			error = write_condition(
				parameter, given(parameter, arguments, count), sql, fail);
			at += strlen(parameter->name);
		}
	}
	return error ? error : sql->error;
}
