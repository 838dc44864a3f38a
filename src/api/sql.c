/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /api/sql, and what it shares with views: see sql.h.
 */
#include "api/sql.h"

#include <stdio.h>

#include "api/routes.h"
#include "api/worker.h"
#include "base/json.h"
#include "base/str.h"
#include "engine/agent.h"
#include "engine/result_print.h"

/* Lines came already: the last one tells why it ends here. */
static void write_failure(enum output_format format, FILE *stream, const char *reason)
{
	_cleanup_(buf_done)
	struct buf line = { 0 };
	struct json json;

	buf_init(&line, 8 * FAIL_TEXT_BYTES);
	if (format == FORMAT_JSON) {
		json_init(&json, &line);
		json_object_begin(&json);
		json_member_string(&json, "error", reason);
		json_object_end(&json);
		buf_append_byte(&line, '\n');
	} else {
		buf_printf(&line, "# error: %s\n", reason);
	}
	fputs(buf_text(&line), stream);
}

static void fill_parameters(const struct sql_values *values, struct query_parameter *parameters)
{
	for (unsigned int i = 0; values && i < values->count; i++) {
		const char *text = values->all[i].text;

		parameters[i].name = values->all[i].name;
		parameters[i].value = (struct query_value){
			.type = values->all[i].is_number ? QUERY_INTEGER : QUERY_TEXT,
			.integer = values->all[i].number,
			.text = { (const uint8_t *)text, strlen(text) },
		};
	}
}

static enum result_format result_format(enum output_format format)
{
	if (format == FORMAT_JSON)
		return RESULT_JSON;
	return format == FORMAT_CSV ? RESULT_CSV : RESULT_TABLE;
}

int sql_answer(const struct sql_question *question, FILE *stream, const atomic_bool *cancel,
	struct fail *fail)
{
	_cleanup_(result_printer_freep)
	struct result_printer *printer =
		result_printer_new(result_format(question->format), stream);
	struct query_parameter parameters[SQL_PARAMETERS_MAXIMUM];
	struct store_query query = {
		.path = question->path,
		.sql = question->sql,
		.parameters = parameters,
		.parameter_count = question->values ? question->values->count : 0,
		.timeout_ns = question->timeout_ns,
		.rows_maximum = question->rows_maximum,
		.cancel = cancel,
	};
	struct query_result result;
	int error;

	if (!printer)
		return fail_set(fail, -ENOMEM, "no memory for the answer");
	fill_parameters(question->values, parameters);
	query.sink = result_printer_sink(printer);
	if (question->row)
		query.sink = (struct query_sink){ .context = stream, .row = question->row };
	error = store_query_run(&query, &result, fail);
	if (!error)
		return result_printer_end(printer);
	/* What a table holds back is of no use then. */
	write_failure(question->format, stream, fail->text);
	return error;
}

/* ---- on a thread of the agent ---- */

struct sql_work {
	struct work work;
	struct sql_question question;
	struct sql_values values;
	char path[256];
	char *sql;
};

static int sql_work_run(
	struct work *work, FILE *stream, const atomic_bool *cancel, struct fail *fail)
{
	const struct sql_work *sql = (const struct sql_work *)work;

	return sql_answer(&sql->question, stream, cancel, fail);
}

static void sql_work_free(struct work *work)
{
	struct sql_work *sql = (struct sql_work *)work;

	free(sql->sql);
	free(sql);
}

static struct sql_work *sql_work_new(const struct sql_question *question)
{
	struct sql_work *sql = calloc(1, sizeof(*sql));

	if (!sql)
		return NULL;
	sql->work = (struct work){ .run = sql_work_run, .free = sql_work_free };
	sql->question = *question;
	sql->sql = strdup(question->sql);
	if (!sql->sql) {
		free(sql);
		return NULL;
	}
	sql->question.sql = sql->sql;
	str_set(sql->path, question->path);
	sql->question.path = sql->path;
	if (question->values) {
		sql->values = *question->values;
		sql->question.values = &sql->values;
	}
	return sql;
}

int sql_start(const struct route_request *request, const struct sql_question *question,
	struct route_reply *reply, struct fail *fail)
{
	struct sql_work *sql = sql_work_new(question);

	if (!sql)
		return fail_set(fail, -ENOMEM, "no memory for the question");
	sql->work.store = request->agent->store;
	sql->work.timeout_ns = question->timeout_ns ? question->timeout_ns : QUERY_TIMEOUT_NS;
	reply->content_type = route_content_type(question->format);
	return route_start_work(request, &sql->work, reply, fail);
}

/* ---- the route ---- */

struct sql_params {
	uint32_t format;
	uint64_t limit;
	uint64_t timeout_ns;
};

static const struct option_row sql_rows[] = {
	OPTION(sql_params, format, "format", 0, OPTION_WORD, .words = output_format_words,
		.value_name = "FORMAT", .initial = "json", .help = "how the rows are written"),
	OPTION(sql_params, limit, "limit", 0, OPTION_U64, .value_name = "N",
		.help = "rows at most; 0: all"),
	OPTION(sql_params, timeout_ns, "timeout", 0, OPTION_DURATION, .value_name = "TIME",
		.initial = "10s", .minimum = 1000000, .maximum = 300000000000,
		.help = "how long it may take, until the client has read it"),
};

static int sql_handle(
	const struct route_request *request, struct route_reply *reply, struct fail *fail)
{
	const struct sql_params *params = request->params;
	struct sql_question question = {
		.path = request->store_path,
		.sql = (const char *)request->body.data,
		.format = params->format,
		.rows_maximum = params->limit,
		.timeout_ns = params->timeout_ns,
	};

	if (request->body.length == 0)
		return fail_set(fail, -EINVAL, "the body must be a SELECT statement");
	if (strlen(question.sql) != request->body.length)
		return fail_set(fail, -EINVAL, "the statement has a NUL byte in it");
	return sql_start(request, &question, reply, fail);
}

const struct route sql_route = {
	.method = "POST",
	.path = "/api/sql",
	.summary = "rows of the store for one SELECT",
	.body = "the statement",
	.rows = sql_rows,
	.row_count = ARRAY_LENGTH(sql_rows),
	.params_bytes = sizeof(struct sql_params),
	.handle = sql_handle,
};
