/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skep sql`: one SELECT on what the agent remembers.
 */
#include <stdio.h>
#include <unistd.h>

#include "api/sql.h"
#include "base/fd.h"
#include "base/str.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/question.h"

#define SQL_MAXIMUM (256 * 1024)

struct sql_options {
	struct place place;
	uint32_t format;
	uint64_t limit;
	uint64_t timeout_ns;
};

static const struct option_row sql_rows[] = {
	OPTION(sql_options, format, "output", 'o', OPTION_WORD, .words = output_format_words,
		.value_name = "FORMAT", .initial = "table",
		.help = "how the rows are written; compact and wide are tables too"),
	OPTION(sql_options, limit, "limit", 0, OPTION_U64, .value_name = "N",
		.help = "rows at most; 0: all"),
	OPTION(sql_options, timeout_ns, "timeout", 0, OPTION_DURATION, .value_name = "TIME",
		.initial = "10s", .minimum = 1000000, .maximum = 300000000000,
		.help = "how long it may take; a pager that waits is not counted"),
	PLACE_OPTION(sql_options),
};

static int read_statement(const struct command_call *call, struct buf *ret_sql, struct fail *fail)
{
	int error;

	if (call->operand_count != 1)
		return fail_set(fail, -EINVAL,
			"one statement in quotes is expected, or - for stdin: skep sql 'SELECT …'");
	if (!str_equal(call->operands[0], "-")) {
		buf_append_string(ret_sql, call->operands[0]);
		return ret_sql->error;
	}
	error = file_read(-1, "/dev/stdin", ret_sql);
	return error ? fail_set(fail, error, "cannot read stdin: %s", strerror(-error)) : 0;
}

static int sql_run(const struct command_call *call)
{
	const struct sql_options *options = call->options;
	struct sql_question sql_question = {
		.format = options->format,
		.rows_maximum = options->limit,
		.timeout_ns = options->timeout_ns,
	};
	_cleanup_(buf_done)
	struct buf sql = { 0 };
	struct fail fail = { 0 };
	struct question question;
	char path[128];
	int error;

	buf_init(&sql, SQL_MAXIMUM);
	error = read_statement(call, &sql, &fail);
	if (error)
		return question_exit(error, &fail);
	sql_question.sql = buf_text(&sql);
	snprintf(path, sizeof(path), "/api/sql?format=%s&limit=%llu&timeout=%lluns",
		output_format_words[options->format], (unsigned long long)options->limit,
		(unsigned long long)options->timeout_ns);
	question = (struct question){ path, sql_question.sql, question_answer_sql, &sql_question };
	return question_exit(question_ask(&options->place, &question, &fail), &fail);
}

static const struct manual_example sql_examples[] = {
	{ "skep sql 'SELECT service, count(*) FROM request GROUP BY service'",
		"requests by service" },
	{ "skep sql -o json 'SELECT * FROM request LIMIT 10'", "ten requests, an object each" },
	{ "skep sql - < question.sql", "a statement from a file" },
	{ NULL, NULL },
};

const struct command sql_command = {
	.name = "sql",
	.summary = "ask the store with a SELECT",
	.operands = "'SELECT …'|-",
	.description = "Read only. The tables are the kinds of events (request, request_rate, …); "
		       "their columns are in `SELECT name, sql FROM sqlite_schema`.\n\nFunctions "
		       "beside those of SQLite: histogram_quantile(histogram, q), "
		       "histogram_merge(histogram), histogram_merge(one, other), "
		       "histogram(value, weight), quantile(value, q [, weight]), "
		       "text REGEXP pattern, in_network(address, network, bits).",
	.examples = sql_examples,
	.options = sql_rows,
	.option_count = ARRAY_LENGTH(sql_rows),
	.options_bytes = sizeof(struct sql_options),
	.run = sql_run,
};
