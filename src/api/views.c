/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /api/views, GET /api/views/NAME: the prepared questions and their answers.
 */
#include "api/routes.h"
#include "api/view.h"
#include "base/json.h"

static void write_parameter(const struct view_parameter *parameter, struct json *json)
{
	json_object_begin(json);
	json_member_string(json, "name", parameter->name);
	json_member_string(json, "type", view_type_words[parameter->type]);
	json_member_string(json, "table", parameter->table[0] ? parameter->table : NULL);
	json_member_string(json, "default", parameter->initial);
	json_member_string(json, "help", parameter->help);
	json_object_end(json);
}

static int views_handle(
	const struct route_request *request, struct route_reply *reply, struct fail *fail)
{
	struct view view;
	struct json json;

	json_init(&json, &reply->body);
	json_array_begin(&json);
	for (size_t i = 0; i < view_count(); i++) {
		int error = view_read(i, &view, fail);

		if (error)
			return error;
		json_object_begin(&json);
		json_member_string(&json, "name", view.name);
		json_member_string(&json, "summary", view.summary);
		json_key(&json, "parameters");
		json_array_begin(&json);
		for (unsigned int p = 0; p < view.parameter_count; p++)
			write_parameter(&view.parameters[p], &json);
		json_array_end(&json);
		json_member_string(&json, "sql", view.sql);
		json_object_end(&json);
	}
	json_array_end(&json);
	buf_append_byte(&reply->body, '\n');
	reply->content_type = "application/json";
	return 0;
}

const struct route views_route = {
	.method = "GET",
	.path = "/api/views",
	.summary = "the prepared questions with their parameters",
	.handle = views_handle,
};

struct view_params {
	uint32_t format;
};

static const struct option_row view_rows[] = {
	OPTION(view_params, format, "format", 0, OPTION_WORD, .words = output_format_words,
		.value_name = "FORMAT", .initial = "json", .help = "how the rows are written"),
};

static int view_handle(
	const struct route_request *request, struct route_reply *reply, struct fail *fail)
{
	const struct view_params *params = request->params;
	struct view_argument arguments[ROUTE_EXTRAS_MAXIMUM];
	struct sql_values values;
	struct view view;
	_cleanup_(buf_done)
	struct buf sql = { .maximum = VIEW_SQL_MAXIMUM };
	struct sql_question question = {
		.path = request->store_path,
		.values = &values,
		.format = params->format,
	};
	int error = view_find(request->rest, &view, fail);

	for (unsigned int i = 0; i < request->extra_count; i++)
		arguments[i] =
			(struct view_argument){ request->extras[i].name, request->extras[i].value };
	if (!error)
		error = view_bind(&view, arguments, request->extra_count, &values, fail);
	if (!error)
		error = view_write_sql(&view, arguments, request->extra_count, &sql, fail);
	if (error)
		return error;
	question.sql = buf_text(&sql);
	return sql_start(request, &question, reply, fail);
}

const struct route view_route = {
	.method = "GET",
	.path = "/api/views/",
	.summary = "the answer of a prepared question; its parameters go into the address",
	.rows = view_rows,
	.row_count = ARRAY_LENGTH(view_rows),
	.params_bytes = sizeof(struct view_params),
	.takes_extras = true,
	.handle = view_handle,
};
