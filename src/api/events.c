/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /api/events: events as lines, past ones from the store, then those that happen.
 */
#include "api/events.h"

#include "api/live.h"
#include "api/past.h"
#include "api/routes.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "engine/agent.h"
#include "event/kind.h"
#include "event/request.h"

#define QUEUE_BYTES (1024 * 1024) /* what a client that follows may be behind */

const struct option_row events_rows[] = {
	OPTION(events_params, kinds, "kind", 0, OPTION_LIST, .value_name = "KIND",
		.help = "kind of event; may be given several times, all when it is not given"),
	OPTION(events_params, expression, "filter", 0, OPTION_TEXT, .value_name = "EXPRESSION",
		.help = "only events for which this holds, such as 'status=5xx !comm=curl'"),
	OPTION(events_params, fields, "fields", 0, OPTION_TEXT, .value_name = "NAME,…",
		.help = "only these fields, with JSON; all when it is empty"),
	OPTION(events_params, last, "last", 0, OPTION_U32, .value_name = "N", .maximum = 1000000,
		.help = "the newest N past events"),
	OPTION(events_params, since, "since", 0, OPTION_TEXT, .value_name = "TIME",
		.help = "past events from here on: 5m, 12:00, 2026-01-31, RFC 3339"),
	OPTION(events_params, until, "until", 0, OPTION_TEXT, .value_name = "TIME",
		.help = "past events before this"),
	OPTION(events_params, is_followed, "follow", 0, OPTION_BOOL,
		.help = "go on with events as they happen; so it is when nothing past is asked "
			"for"),
	OPTION(events_params, format, "format", 0, OPTION_WORD, .words = output_format_words,
		.value_name = "FORMAT", .initial = "json", .help = "how a line looks"),
	OPTION(events_params, has_color, "color", 0, OPTION_BOOL,
		.help = "with the colours of a terminal"),
};
const unsigned int events_row_count = ARRAY_LENGTH(events_rows);

/* A feature that shares its kind with other protocols, by its name: "http" is requests in HTTP. */
static const struct feature *protocol_feature(const char *name)
{
	size_t count;
	const struct feature *const *features = features_all(&count);

	for (size_t i = 0; i < count; i++)
		if (str_equal(features[i]->name, name) && features[i]->kinds &&
			features[i]->kinds[0] == &request_kind)
			return features[i];
	return NULL;
}

static int unknown_kind(
	const char *name, const struct event_kind *const *all, size_t count, struct fail *fail)
{
	char known[256] = "";

	for (size_t k = 0; k < count; k++) {
		size_t length = strlen(known);

		snprintf(known + length, sizeof(known) - length, "%s%s", k ? ", " : "",
			all[k]->name);
	}
	return fail_set(fail, -EINVAL, "there is no kind '%s': there are %s", name, known);
}

static size_t add_kind(const struct event_kind *kind, const struct event_kind **kinds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kinds[i] == kind)
			return count;
	kinds[count] = kind;
	return count + 1;
}

/*
 * The kinds that the words name; none: all but those in bulk. Protocols among the words are added
 * to *protocols as an expression that other kinds pass. Returns the count or -EINVAL.
 */
static int events_kinds(const struct option_list *names, const struct event_kind **ret_kinds,
	size_t maximum, struct buf *protocols, struct fail *fail)
{
	const struct event_kind *all[LIVE_KINDS_MAXIMUM];
	size_t all_count = MIN(features_kinds(all, ARRAY_LENGTH(all)), ARRAY_LENGTH(all));
	bool has_requests = false;
	size_t count = 0;

	for (size_t i = 0; i < all_count && names->count == 0 && count < maximum; i++)
		if (!all[i]->is_bulk)
			ret_kinds[count++] = all[i];
	for (unsigned int i = 0; i < names->count && count < maximum; i++) {
		const struct event_kind *kind = kind_find(all, all_count, names->values[i]);
		const struct feature *feature = protocol_feature(names->values[i]);

		if (!kind && !feature)
			return unknown_kind(names->values[i], all, all_count, fail);
		if (!kind)
			buf_printf(protocols, "%s%s",
				protocols->length ? "|" : "!protocol!=", feature->name);
		has_requests |= kind == &request_kind;
		count = add_kind(kind ? kind : &request_kind, ret_kinds, count);
	}
	if (has_requests)
		buf_clear(protocols);
	return (int)count;
}

static bool is_listed(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = list; (at = strstr(at, name)) != NULL; at += length) {
		if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == '\0'))
			return true;
	}
	return false;
}

static uint64_t fields_left_out(const struct event_kind *kind, const char *list)
{
	uint64_t left_out = 0;

	for (unsigned int i = 0; list[0] && i < MIN(kind->field_count, ENCODE_FIELDS_MAXIMUM); i++)
		left_out |= (uint64_t)!is_listed(list, kind->fields[i].name) << i;
	return left_out;
}

int events_wish(const struct events_params *params, struct live_wish *ret_wish, struct fail *fail)
{
	_cleanup_(filter_freep)
	struct filter *filter = NULL;
	struct live_wish wish = { .format = params->format, .has_color = params->has_color };
	_cleanup_(buf_done)
	struct buf protocols;
	int count, error;

	buf_init(&protocols, 1024);
	count = events_kinds(
		&params->kinds, wish.kinds, ARRAY_LENGTH(wish.kinds), &protocols, fail);
	if (count < 0)
		return count;
	wish.kind_count = (size_t)count;
	for (size_t i = 0; i < wish.kind_count; i++)
		wish.left_out[i] = fields_left_out(wish.kinds[i], params->fields);
	error = filter_new(wish.kinds, wish.kind_count, &filter, fail);
	if (!error)
		error = filter_add_terms(filter, &params->filter.terms, fail);
	if (!error && protocols.length > 0)
		error = filter_add_expression(filter, buf_text(&protocols), fail);
	if (!error && params->expression[0])
		error = filter_add_expression(filter, params->expression, fail);
	/* An unknown field is no missing page. */
	if (error == -ENOENT && fail)
		fail->code = -EINVAL;
	if (error)
		return error == -ENOENT ? -EINVAL : error;
	wish.filter = TAKE(filter);
	*ret_wish = wish;
	return 0;
}

static int read_time(const char *name, const char *text, uint64_t *ret_wall_ns, struct fail *fail)
{
	if (!text[0] || clock_parse(text, clock_wall_ns(), ret_wall_ns) == 0)
		return 0;
	return fail_set(fail, -EINVAL,
		"%s: '%s' is no time: write 5m (ago), 12:00, 2026-01-31 or RFC 3339", name, text);
}

int events_past(const struct events_params *params, struct past_wish *past, struct fail *fail)
{
	int error = read_time("since", params->since, &past->since_ns, fail);

	past->last = params->last;
	return error ? error : read_time("until", params->until, &past->until_ns, fail);
}

bool events_wants_past(const struct events_params *params)
{
	return params->last > 0 || params->since[0] || params->until[0];
}

bool events_wants_live(const struct events_params *params)
{
	return params->is_followed || !events_wants_past(params);
}

static struct outflow *new_outflow(const struct route_request *request)
{
	return outflow_new(QUEUE_BYTES, request->wake, request->wake_context);
}

/* Past events on a thread. The filter of a follower belongs to the loop: this one has its own. */
static int start_past(
	const struct route_request *request, struct outflow *outflow, struct fail *fail)
{
	struct past_wish past = {
		.path = request->store_path,
		.store = request->agent->store,
	};
	int error = events_past(request->params, &past, fail);

	if (!error)
		error = events_wish(request->params, &past.wish, fail);
	return error ? error : past_start(&past, request->workers, outflow, fail);
}

static int start_live(const struct route_request *request, bool has_heading,
	struct outflow *outflow, struct fail *fail)
{
	struct live_wish wish;
	int error = events_wish(request->params, &wish, fail);

	wish.has_heading = has_heading;
	return error ? error : live_follow(request->live, &wish, outflow, fail);
}

static int events_handle(
	const struct route_request *request, struct route_reply *reply, struct fail *fail)
{
	const struct events_params *params = request->params;
	bool has_past = events_wants_past(params);
	bool is_followed = events_wants_live(params);
	_cleanup_(outflow_unrefp)
	struct outflow *past = has_past ? new_outflow(request) : NULL;
	_cleanup_(outflow_unrefp)
	struct outflow *live = is_followed ? new_outflow(request) : NULL;
	int error = 0;

	if ((has_past && !past) || (is_followed && !live))
		return fail_set(fail, -ENOMEM, "no memory for the queue");
	if (is_followed)
		error = start_live(request, has_past, live, fail);
	if (!error && has_past)
		error = start_past(request, past, fail);
	if (error) {
		if (live)
			outflow_cancel(live);
		return error;
	}
	reply->content_type = route_content_type(params->format);
	reply->is_followed = is_followed;
	reply->outflow = has_past ? TAKE(past) : TAKE(live);
	reply->next = TAKE(live);
	return 0;
}

const struct route events_route = {
	.method = "GET",
	.path = "/api/events",
	.summary = "events, a line each: past ones, then those that happen",
	.rows = events_rows,
	.row_count = ARRAY_LENGTH(events_rows),
	.params_bytes = sizeof(struct events_params),
	.shared_rows = filter_rows,
	.shared_count = &filter_row_count,
	.handle = events_handle,
};
