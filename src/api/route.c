/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of routes, and the reference made from it.
 */
#include "api/route.h"

#include "api/routes.h"
#include "api/worker.h"
#include "base/json.h"
#include "base/str.h"

#define QUEUE_BYTES (256 * 1024) /* of an answer that a thread makes */

static const struct route *const routes[] = {
	&page_route,
	&asset_route,
	&reference_route,
	&doctor_route,
	&events_route,
	&map_route,
	&metrics_route,
	&processes_route,
	&programs_route,
	&sql_route,
	&status_route,
	&views_route,
	&view_route,
};

static bool path_matches(const struct route *route, const char *path, const char **ret_rest)
{
	size_t length = strlen(route->path);

	*ret_rest = "";
	if (str_equal(route->path, path))
		return true;
	for (const char *const *alias = route->aliases; alias && *alias; alias++) {
		if (str_equal(*alias, path))
			return true;
	}
	if (length == 1 || route->path[length - 1] != '/' || !str_starts_with(path, route->path))
		return false;
	*ret_rest = path + length;
	return true;
}

int route_find(
	const char *method, const char *path, const struct route **ret_route, const char **ret_rest)
{
	/* libmicrohttpd leaves the body of the answer to HEAD out. */
	const char *wanted = str_equal(method, "HEAD") ? "GET" : method;
	int error = -ENOENT;

	for (size_t i = 0; i < ARRAY_LENGTH(routes); i++) {
		const char *rest;

		if (!path_matches(routes[i], path, &rest))
			continue;
		error = -EOPNOTSUPP;
		if (!str_equal(routes[i]->method, wanted))
			continue;
		*ret_route = routes[i];
		*ret_rest = rest;
		return 0;
	}
	return error;
}

unsigned int route_tables(
	const struct route *route, void *params, struct option_table ret_tables[2])
{
	unsigned int count = 1;

	ret_tables[0] = (struct option_table){ route->rows, route->row_count, params };
	if (route->shared_rows)
		ret_tables[count++] =
			(struct option_table){ route->shared_rows, *route->shared_count, params };
	return count;
}

int route_start_work(const struct route_request *request, struct work *work,
	struct route_reply *reply, struct fail *fail)
{
	_cleanup_(outflow_unrefp)
	struct outflow *outflow = outflow_new(QUEUE_BYTES, request->wake, request->wake_context);
	int error;

	if (!outflow) {
		work->free(work);
		return fail_set(fail, -ENOMEM, "no memory for the answer");
	}
	error = workers_start(request->workers, work, outflow, fail);
	if (!error)
		reply->outflow = TAKE(outflow);
	return error;
}

const char *route_content_type(enum output_format format)
{
	if (format == FORMAT_JSON)
		return "application/x-ndjson";
	return format == FORMAT_CSV ? "text/csv; charset=utf-8" : "text/plain; charset=utf-8";
}

static void write_parameter(struct json *json, const struct option_row *row)
{
	char expected[256];

	json_object_begin(json);
	json_member_string(json, "name", row->name);
	json_member_string(json, "help", row->help);
	json_member_string(json, "default", row->initial);
	json_member_string(json, "expected", option_expected(row, expected, sizeof(expected)));
	json_key(json, "values");
	json_array_begin(json);
	for (const char *const *word = row->words; word && *word; word++)
		json_string_text(json, *word);
	json_array_end(json);
	json_object_end(json);
}

static void write_route(struct json *json, const struct route *route)
{
	struct option_table tables[2];
	unsigned int table_count = route_tables(route, NULL, tables);

	json_object_begin(json);
	json_member_string(json, "method", route->method);
	json_member_string(json, "path", route->path);
	json_member_string(json, "summary", route->summary);
	json_member_string(json, "body", route->body);
	json_member_bool(json, "takes_other_parameters", route->takes_extras);
	json_key(json, "parameters");
	json_array_begin(json);
	for (unsigned int t = 0; t < table_count; t++) {
		for (unsigned int i = 0; i < tables[t].count; i++)
			write_parameter(json, &tables[t].rows[i]);
	}
	json_array_end(json);
	json_object_end(json);
}

static int reference_handle(
	const struct route_request *request, struct route_reply *reply, struct fail *fail)
{
	struct json json;

	json_init(&json, &reply->body);
	json_array_begin(&json);
	for (size_t i = 0; i < ARRAY_LENGTH(routes); i++)
		write_route(&json, routes[i]);
	json_array_end(&json);
	buf_append_byte(&reply->body, '\n');
	reply->content_type = "application/json";
	return 0;
}

const struct route reference_route = {
	.method = "GET",
	.path = "/api",
	.summary = "this reference",
	.handle = reference_handle,
};
