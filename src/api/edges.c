/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who talks to whom: see edges.h; GET /api/map.
 */
#include "api/edges.h"

#include "api/routes.h"
#include "api/view.h"
#include "api/worker.h"
#include "base/str.h"
#include "engine/agent.h"
#include "event/inert.h"
#include "event/process.h"

const char *const edges_format_words[] = { "text", "dot", "json", NULL };

/* The columns of views/map.sql. */
enum column { CLIENT, SERVER, PROTOCOL, REQUESTS, ERRORS, P50, P99, COLUMNS };

struct edge {
	char client[EVENT_SERVICE_BYTES];
	char server[EVENT_SERVICE_BYTES];
	char protocol[16];
	uint64_t requests;
	uint64_t errors;
	uint64_t p50_ns;
	uint64_t p99_ns;
	bool has_latency; /* else its requests are connections, or flows */
};

static void read_name(const struct query_value *value, char *destination, size_t size)
{
	if (value->type == QUERY_TEXT && value->text.length > 0)
		str_copy_slice(destination, size, value->text);
	else
		str_copy(destination, size, EDGES_UNKNOWN);
}

static void read_edge(const struct query_value *values, struct edge *ret_edge)
{
	read_name(&values[CLIENT], ret_edge->client, sizeof(ret_edge->client));
	read_name(&values[SERVER], ret_edge->server, sizeof(ret_edge->server));
	read_name(&values[PROTOCOL], ret_edge->protocol, sizeof(ret_edge->protocol));
	ret_edge->requests = (uint64_t)values[REQUESTS].integer;
	ret_edge->errors = (uint64_t)values[ERRORS].integer;
	ret_edge->p50_ns = (uint64_t)values[P50].integer;
	ret_edge->p99_ns = (uint64_t)values[P99].integer;
	ret_edge->has_latency = values[P50].type != QUERY_NULL;
}

/* What an edge counts. */
static const char *count_word(const struct edge *edge)
{
	if (edge->has_latency)
		return "requests";
	return str_equal(edge->protocol, "udp") ? "flows" : "connections";
}

static int write_text(void *context, const struct query_value *values, unsigned int count)
{
	_cleanup_(buf_done)
	struct buf line = { 0 };
	char p50[24], p99[24];
	struct edge edge;

	if (count != COLUMNS)
		return -EPROTO;
	read_edge(values, &edge);
	buf_init(&line, 4096);
	inert_append(&line, edge.client, INERT_UNLIMITED);
	buf_append_string(&line, " → ");
	inert_append(&line, edge.server, INERT_UNLIMITED);
	str_from_duration(p50, sizeof(p50), edge.p50_ns);
	str_from_duration(p99, sizeof(p99), edge.p99_ns);
	fprintf(context, "%s  %s  %llu %s", buf_text(&line), edge.protocol,
		(unsigned long long)edge.requests, count_word(&edge));
	if (edge.errors > 0)
		fprintf(context, ", %llu errors (%.1f %%)", (unsigned long long)edge.errors,
			100.0 * (double)edge.errors / (double)edge.requests);
	if (edge.has_latency)
		fprintf(context, "  p50 %s  p99 %s", p50, p99);
	fputc('\n', context);
	return ferror(context) ? -EPIPE : 0;
}

/* A quoted identifier of the DOT language: " and \ are escaped, the rest is made inert. */
static void write_quoted(FILE *stream, const char *text)
{
	_cleanup_(buf_done)
	struct buf safe = { 0 };

	buf_init(&safe, 4096);
	inert_append(&safe, text, INERT_UNLIMITED);
	fputc('"', stream);
	for (const char *at = buf_text(&safe); *at; at++) {
		if (*at == '"' || *at == '\\')
			fputc('\\', stream);
		fputc(*at, stream);
	}
	fputc('"', stream);
}

static int write_dot(void *context, const struct query_value *values, unsigned int count)
{
	struct edge edge;
	char p99[24];

	if (count != COLUMNS)
		return -EPROTO;
	read_edge(values, &edge);
	str_from_duration(p99, sizeof(p99), edge.p99_ns);
	fputs("\t", context);
	write_quoted(context, edge.client);
	fputs(" -> ", context);
	write_quoted(context, edge.server);
	fprintf(context, " [label=\"%s %llu%s%s\"%s];\n", edge.protocol,
		(unsigned long long)edge.requests, edge.has_latency ? ", p99 " : "",
		edge.has_latency ? p99 : "", edge.errors ? ", color=red" : "");
	return ferror(context) ? -EPIPE : 0;
}

int edges_write(
	const struct edges_wish *wish, FILE *stream, const atomic_bool *cancel, struct fail *fail)
{
	const struct view_argument since = { "since", wish->since };
	struct sql_values values;
	struct sql_question question = {
		.path = wish->path,
		.values = &values,
		.format = FORMAT_JSON,
		.row = wish->format == EDGES_TEXT ? write_text : write_dot,
	};
	struct view view;
	_cleanup_(buf_done)
	struct buf sql = { .maximum = VIEW_SQL_MAXIMUM };
	int error = view_find("map", &view, fail);

	if (!error)
		error = view_bind(&view, &since, 1, &values, fail);
	if (!error)
		error = view_write_sql(&view, &since, 1, &sql, fail);
	if (error)
		return error;
	question.sql = buf_text(&sql);
	if (wish->format == EDGES_JSON)
		question.row = NULL;
	if (wish->format == EDGES_DOT)
		fputs("digraph skep {\n\trankdir=LR;\n\tnode [shape=box];\n", stream);
	error = sql_answer(&question, stream, cancel, fail);
	if (wish->format == EDGES_DOT)
		fputs("}\n", stream);
	return error;
}

/* ---- the route ---- */

struct map_params {
	uint32_t format;
	char since[64];
};

struct edges_work {
	struct work work;
	struct edges_wish wish;
	char path[256];
	char since[64];
};

static int edges_work_run(
	struct work *work, FILE *stream, const atomic_bool *cancel, struct fail *fail)
{
	return edges_write(&((const struct edges_work *)work)->wish, stream, cancel, fail);
}

static void edges_work_free(struct work *work)
{
	free(work);
}

static int map_handle(
	const struct route_request *request, struct route_reply *reply, struct fail *fail)
{
	static const char *const types[] = { "text/plain; charset=utf-8",
		"text/vnd.graphviz; charset=utf-8", "application/x-ndjson" };
	const struct map_params *params = request->params;
	struct edges_work *edges = calloc(1, sizeof(*edges));

	if (!edges)
		return fail_set(fail, -ENOMEM, "no memory for the map");
	str_set(edges->path, request->store_path);
	str_set(edges->since, params->since);
	edges->work = (struct work){ .store = request->agent->store,
		.timeout_ns = QUERY_TIMEOUT_NS,
		.run = edges_work_run,
		.free = edges_work_free };
	edges->wish = (struct edges_wish){ edges->path, params->format, edges->since };
	reply->content_type = types[params->format];
	return route_start_work(request, &edges->work, reply, fail);
}

static const struct option_row map_rows[] = {
	OPTION(map_params, format, "format", 0, OPTION_WORD, .words = edges_format_words,
		.value_name = "FORMAT", .initial = "json",
		.help = "a line an edge, a graph for Graphviz, or an object an edge"),
	OPTION(map_params, since, "since", 0, OPTION_TEXT, .value_name = "TIME", .initial = "1h",
		.help = "how far back to look"),
};

const struct route map_route = {
	.method = "GET",
	.path = "/api/map",
	.summary = "who talks to whom",
	.rows = map_rows,
	.row_count = ARRAY_LENGTH(map_rows),
	.params_bytes = sizeof(struct map_params),
	.handle = map_handle,
};
