/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile out of the store: see profile_source.h.
 */
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "api/sql.h"
#include "base/clock.h"
#include "cli/client.h"
#include "cli/profile_source.h"
#include "engine/store.h"

#define ANSWER_MAXIMUM (256 * 1024 * 1024)

static void add_text(struct buf *sql, const char *column, const char *value)
{
	if (!value[0])
		return;
	buf_printf(sql, " AND %s = '", column);
	for (; *value; value++) {
		if (*value == '\'')
			buf_append_byte(sql, '\'');
		buf_append_byte(sql, *value);
	}
	buf_append_byte(sql, '\'');
}

static int add_time(struct buf *sql, const char *comparison, const char *text, struct fail *fail)
{
	uint64_t time_ns;

	if (!text[0])
		return 0;
	if (clock_parse(text, clock_wall_ns(), &time_ns) < 0)
		return fail_set(fail, -EINVAL,
			"'%s': expected a time such as 5m, 12:00, 2026-01-31 or RFC 3339", text);
	buf_printf(sql, " AND time_ns %s %llu", comparison, (unsigned long long)time_ns);
	return 0;
}

static int make_sql(const struct profile_wish *wish, const struct profile_measure *measure,
	struct buf *sql, struct fail *fail)
{
	/* Stores of before there were waits have only what CPU time asks for. */
	const char *columns = measure->is_time ? "state, sum(waits) AS waits, sum(wait_ns) AS "
						 "wait_ns, sum(run_queue_ns) AS run_queue_ns, "
					       : "";
	int r;

	buf_printf(sql,
		"SELECT (SELECT frames FROM stack WHERE stack.stack_id = some.stack_id LIMIT 1) AS "
		"frames, some.* FROM (SELECT stack_id, %ssum(count) AS count, sum(cpu_ns) AS "
		"cpu_ns FROM sample WHERE %s",
		columns, measure->is_time ? "1" : "cpu_ns > 0");
	r = add_time(sql, ">=", wish->since, fail);
	if (r == 0)
		r = add_time(sql, "<", wish->until, fail);
	if (r < 0)
		return r;
	add_text(sql, "service", wish->service);
	add_text(sql, "comm", wish->comm);
	add_text(sql, "state", wish->state);
	if (wish->pid)
		buf_printf(sql, " AND pid = %u", wish->pid);
	buf_printf(sql, " GROUP BY stack_id%s) AS some", measure->is_time ? ", state" : "");
	return sql->error;
}

static int collect(void *context, const char *data, size_t length)
{
	return buf_append(context, data, length);
}

static int ask_file(const char *directory, const char *sql, struct buf *answer, struct fail *fail)
{
	struct sql_question question = { .sql = sql, .format = FORMAT_JSON };
	char path[256];
	char *text = NULL;
	size_t length = 0;
	FILE *stream;
	int r;

	snprintf(path, sizeof(path), "%s/" STORE_FILE, directory);
	if (access(path, F_OK) != 0)
		return -ENOTCONN;
	stream = open_memstream(&text, &length);
	if (!stream)
		return fail_set(fail, -errno, "out of memory");
	question.path = path;
	r = sql_answer(&question, stream, NULL, fail);
	fclose(stream);
	if (r == 0)
		buf_append(answer, text, length);
	free(text);
	return r < 0 ? r : answer->error;
}

static int ask(const char *directory, const char *sql, struct buf *answer, struct fail *fail)
{
	struct client_request request = {
		.directory = directory,
		.path = "/api/sql?format=json&limit=0&timeout=60s",
		.body = sql,
		.part = collect,
		.context = answer,
	};
	int r = client_run(&request, fail);

	return r == -ENOTCONN ? ask_file(directory, sql, answer, fail) : r;
}

static uint64_t number(json_t *row, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(row, name));
}

/* A line of the answer. */
static int add_line(struct profile_tree *tree, const char *line, size_t length)
{
	json_t *row = json_loadb(line, length, 0, NULL);
	const char *frames = json_string_value(json_object_get(row, "frames"));
	const char *state = json_string_value(json_object_get(row, "state"));
	struct profile_row values = {
		.frames = frames ? frames : "[unknown: its frames were not stored]",
		.state = state ? state : "",
		.count = number(row, "count"),
		.waits = number(row, "waits"),
		.cpu_ns = number(row, "cpu_ns"),
		.wait_ns = number(row, "wait_ns"),
		.run_queue_ns = number(row, "run_queue_ns"),
	};
	int r = profile_add_row(tree, &values);

	json_decref(row);
	return r;
}

int profile_read(const char *directory, const struct profile_wish *wish, struct profile_tree *tree,
	struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf sql = { 0 };
	_cleanup_(buf_done)
	struct buf answer = { 0 };
	const char *at;
	int r;

	buf_init(&sql, 4096);
	buf_init(&answer, ANSWER_MAXIMUM);
	r = make_sql(wish, profile_tree_measure(tree), &sql, fail);
	if (r == 0)
		r = ask(directory, buf_text(&sql), &answer, fail);
	for (at = buf_text(&answer); r == 0 && *at;) {
		size_t length = strcspn(at, "\n");

		r = add_line(tree, at, length);
		at += length + (at[length] == '\n');
	}
	return r;
}

/* What a thread waited for, as one more frame. */
static int add_wait(struct profile_tree *tree, const struct profile_row *row)
{
	_cleanup_(freep)
	char *frames = NULL;

	if (row->wait_ns == 0)
		return 0;
	if (asprintf(&frames, "%s;[waiting: %s]", row->frames, row->state) < 0) {
		frames = NULL;
		return -ENOMEM;
	}
	return profile_tree_add(tree, frames, row->waits, row->wait_ns);
}

static int add_run_queue(struct profile_tree *tree, const struct profile_row *row)
{
	_cleanup_(freep)
	char *frames = NULL;

	if (row->run_queue_ns == 0)
		return 0;
	if (asprintf(&frames, "%s;[run queue]", row->frames) < 0) {
		frames = NULL;
		return -ENOMEM;
	}
	/* After a wait it is that one's, which is counted. */
	return profile_tree_add(tree, frames, row->wait_ns ? 0 : row->waits, row->run_queue_ns);
}

int profile_add_row(struct profile_tree *tree, const struct profile_row *row)
{
	const struct profile_measure *measure = profile_tree_measure(tree);
	int r = 0;

	if (measure != &profile_measure_waiting && row->cpu_ns)
		r = profile_tree_add(tree, row->frames, row->count, row->cpu_ns);
	if (r == 0 && measure != &profile_measure_cpu)
		r = add_wait(tree, row);
	if (r == 0 && measure == &profile_measure_wall)
		r = add_run_queue(tree, row);
	return r;
}
