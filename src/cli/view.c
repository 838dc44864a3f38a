/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skep view`: lists the prepared questions, runs one.
 */
#include "api/view.h"

#include <stdio.h>

#include "base/str.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/question.h"
#include "cli/table.h"

struct view_options {
	struct place place;
	uint32_t format;
	bool shows_sql;
};

static const struct option_row view_rows[] = {
	OPTION(view_options, format, "output", 'o', OPTION_WORD, .words = output_format_words,
		.value_name = "FORMAT", .initial = "table",
		.help = "how the rows are written; compact and wide are tables too"),
	OPTION(view_options, shows_sql, "sql", 0, OPTION_BOOL,
		.help = "print the statement instead of running it"),
	PLACE_OPTION(view_options),
};

static int print_list(struct fail *fail)
{
	_cleanup_(table_done)
	struct table table;
	struct view view;

	table_init(&table, 3);
	for (size_t i = 0; i < view_count(); i++) {
		char parameters[256] = "";
		int error = view_read(i, &view, fail);

		if (error)
			return error;
		for (unsigned int p = 0; p < view.parameter_count; p++) {
			size_t length = strlen(parameters);

			snprintf(parameters + length, sizeof(parameters) - length, "%s%s=%s",
				p ? " " : "", view.parameters[p].name, view.parameters[p].initial);
		}
		table_cell(&table, view.name);
		table_cell(&table, parameters);
		table_cell(&table, view.summary);
	}
	table_print(&table, stdout);
	return 0;
}

/* "name=value" operands, split in a copy that stays as long as the arguments. */
static int split_operands(const struct command_call *call, char (*names)[32],
	struct view_argument *ret_arguments, struct fail *fail)
{
	unsigned int count = 0;

	for (unsigned int i = 1; i < call->operand_count && count < SQL_PARAMETERS_MAXIMUM; i++) {
		const char *equal = strchr(call->operands[i], '=');
		struct slice name = { (const uint8_t *)call->operands[i],
			equal ? (size_t)(equal - call->operands[i]) : 0 };

		if (!equal || !str_copy_slice(names[count], sizeof(names[count]), name))
			return fail_set(fail, -EINVAL, "'%s': parameters are written NAME=VALUE",
				call->operands[i]);
		ret_arguments[count] = (struct view_argument){ names[count], equal + 1 };
		count++;
	}
	return (int)count;
}

static int run_view(const struct command_call *call, const struct view_options *options,
	struct view *view, struct fail *fail)
{
	struct view_argument arguments[SQL_PARAMETERS_MAXIMUM];
	char names[SQL_PARAMETERS_MAXIMUM][32];
	_cleanup_(buf_done)
	struct buf path = { 0 };
	_cleanup_(buf_done)
	struct buf sql = { .maximum = VIEW_SQL_MAXIMUM };
	struct sql_values values;
	struct question question;
	struct sql_question sql_question = {
		.values = &values,
		.format = options->format,
	};
	int count = split_operands(call, names, arguments, fail);
	int error =
		count < 0 ? count : view_bind(view, arguments, (unsigned int)count, &values, fail);

	if (!error)
		error = view_write_sql(view, arguments, (unsigned int)count, &sql, fail);
	if (error)
		return error;
	sql_question.sql = buf_text(&sql);
	buf_init(&path, CLIENT_PATH_MAXIMUM);
	buf_printf(&path, "/api/views/%s", view->name);
	client_add_parameter(&path, "format", output_format_words[options->format]);
	for (int i = 0; i < count; i++)
		client_add_parameter(&path, arguments[i].name, arguments[i].value);
	question = (struct question){ buf_text(&path), NULL, question_answer_sql, &sql_question };
	return question_ask(&options->place, &question, fail);
}

static int view_run(const struct command_call *call)
{
	const struct view_options *options = call->options;
	struct fail fail = { 0 };
	struct view view;
	int error;

	if (call->operand_count == 0)
		return question_exit(print_list(&fail), &fail);
	error = view_find(call->operands[0], &view, &fail);
	if (!error && options->shows_sql)
		fputs(view.sql, stdout);
	else if (!error)
		error = run_view(call, options, &view, &fail);
	return question_exit(error, &fail);
}

static size_t view_words(const char **ret_words, size_t maximum)
{
	size_t count = MIN(view_count(), maximum);

	for (size_t i = 0; i < count; i++)
		ret_words[i] = view_name(i);
	return count;
}

static const struct manual_example view_examples[] = {
	{ "skep view", "what there is" },
	{ "skep view slow", "the slowest requests of the last hour" },
	{ "skep view slow since=10m limit=5", "five of the last ten minutes" },
	{ "skep view slow --sql", "the statement behind it" },
	{ NULL, NULL },
};

const struct command view_command = {
	.name = "view",
	.summary = "run a prepared question, or list them",
	.operands = "[NAME [PARAMETER=VALUE…]]",
	.examples = view_examples,
	.operand_words = view_words,
	.options = view_rows,
	.option_count = ARRAY_LENGTH(view_rows),
	.options_bytes = sizeof(struct view_options),
	.run = view_run,
};
