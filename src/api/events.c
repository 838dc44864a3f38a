/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /api/events: events as lines, past ones from the store, then those that happen.
 */
#include "api/events.h"

#include "api/live.h"
#include "api/routes.h"
#include "base/clock.h"
#include "base/str.h"
#include "engine/agent.h"
#include "event/kind.h"

#define QUEUE_BYTES (1024 * 1024) /* what a client that follows may be behind */

const struct option_row events_rows[] = {
	OPTION(events_params, kinds, "kind", 0, OPTION_LIST, .value_name = "KIND",
		.help = "kind of event; may be given several times, all when it is not given"),
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

int events_kinds(const struct option_list *names, const struct event_kind **ret_kinds,
	size_t maximum, struct fail *fail)
{
	const struct event_kind *all[LIVE_KINDS_MAXIMUM];
	size_t all_count = MIN(features_kinds(all, ARRAY_LENGTH(all)), ARRAY_LENGTH(all));
	size_t count = 0;

	for (size_t i = 0; i < all_count && names->count == 0 && count < maximum; i++)
		ret_kinds[count++] = all[i];
	for (unsigned int i = 0; i < names->count && count < maximum; i++) {
		const struct event_kind *kind = kind_find(all, all_count, names->values[i]);
		char known[256] = "";

		if (kind) {
			ret_kinds[count++] = kind;
			continue;
		}
		for (size_t k = 0; k < all_count; k++) {
			size_t length = strlen(known);

			snprintf(known + length, sizeof(known) - length, "%s%s", k ? ", " : "",
				all[k]->name);
		}
		return fail_set(fail, -EINVAL, "there is no kind '%s': there are %s",
			names->values[i], known);
	}
	return (int)count;
}

static const char *content_type(enum output_format format)
{
	if (format == FORMAT_JSON)
		return "application/x-ndjson";
	return format == FORMAT_CSV ? "text/csv; charset=utf-8" : "text/plain; charset=utf-8";
}

static int read_wish(const struct events_params *params, struct live_wish *wish, struct fail *fail)
{
	int count = events_kinds(&params->kinds, wish->kinds, ARRAY_LENGTH(wish->kinds), fail);

	if (count < 0)
		return count;
	wish->kind_count = (size_t)count;
	wish->format = params->format;
	wish->has_color = params->has_color;
	return 0;
}

static int events_handle(
	const struct route_request *request, struct route_reply *reply, struct fail *fail)
{
	const struct events_params *params = request->params;
	_cleanup_(outflow_unrefp)
	struct outflow *outflow = NULL;
	struct live_wish wish = { .kind_count = 0 };
	int error = read_wish(params, &wish, fail);

	if (error)
		return error;
	outflow = outflow_new(QUEUE_BYTES, request->wake, request->wake_context);
	if (!outflow)
		return fail_set(fail, -ENOMEM, "no memory for the queue");
	error = live_follow(request->live, &wish, outflow, fail);
	if (error)
		return error;
	reply->content_type = content_type(params->format);
	reply->is_followed = true;
	reply->outflow = TAKE(outflow);
	return 0;
}

const struct route events_route = {
	.method = "GET",
	.path = "/api/events",
	.summary = "events, a line each: past ones, then those that happen",
	.rows = events_rows,
	.row_count = ARRAY_LENGTH(events_rows),
	.params_bytes = sizeof(struct events_params),
	.handle = events_handle,
};
