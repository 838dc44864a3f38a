/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The questions of `skep top` to the store: see top_question.h.
 */
#include "cli/top_question.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/client.h"
#include "engine/feature.h"
#include "engine/rate.h"

#define ANSWER_MAXIMUM	 (32 * 1024 * 1024)
#define SQL_MAXIMUM	 (16 * 1024)
#define ROWS_OF_A_LIST	 500
#define STATUS_PERIOD_NS (5 * NS_PER_S)
#define PAIR_NS		 (2 * NS_PER_S) /* both ends of an exchange begin within this time */

void top_snapshot_free(struct top_snapshot *snapshot)
{
	if (!snapshot)
		return;
	top_rows_done(&snapshot->rows);
	free(snapshot);
}

bool top_needs_two(enum top_screen screen)
{
	return screen == TOP_SERVICES || screen == TOP_PROCESSES || screen == TOP_PROGRAMS;
}

static const struct event_kind *tcp_kind(void)
{
	const struct event_kind *kinds[64];
	size_t count = MIN(features_kinds(kinds, ARRAY_LENGTH(kinds)), ARRAY_LENGTH(kinds));

	for (size_t i = 0; i < count; i++)
		if (str_equal(kinds[i]->name, "tcp"))
			return kinds[i];
	return NULL;
}

const struct event_kind *top_screen_kind(enum top_screen screen)
{
	switch (screen) {
	case TOP_SERVICES:
		return &top_service_kind;
	case TOP_CONNECTIONS:
		return &top_connection_kind;
	case TOP_PROGRAMS:
		return &top_program_kind;
	case TOP_ENDPOINTS:
		return &top_endpoint_kind;
	case TOP_EXCHANGES:
	case TOP_EXCHANGE:
		return &request_kind;
	case TOP_STEPS:
		return tcp_kind();
	default:
		return &top_process_kind;
	}
}

/* ---- asking ---- */

static int append_part(void *context, const char *data, size_t length)
{
	return buf_append(context, data, length);
}

static int ask(struct top_memory *memory, const char *path, const char *body,
	struct buf *ret_answer, struct fail *fail)
{
	const struct client_request request = {
		.directory = memory->directory,
		.path = path,
		.body = body,
		.part = append_part,
		.context = ret_answer,
		.stop_fd = memory->stop_fd,
	};

	buf_init(ret_answer, ANSWER_MAXIMUM);
	return client_run(&request, fail);
}

int top_ask_json(
	struct top_memory *memory, const char *path, json_t **ret_document, struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf answer = { 0 };
	int error = ask(memory, path, NULL, &answer, fail);

	if (error)
		return error;
	*ret_document = json_loadb(buf_text(&answer), answer.length, 0, NULL);
	return *ret_document ? 0 : fail_set(fail, -EBADMSG, "the agent's answer is not JSON");
}

/* Calls row for each object of an answer in NDJSON. */
static int ask_sql(struct top_memory *memory, const char *sql,
	void (*row)(void *context, const json_t *object), void *context, struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf answer = { 0 };
	int error = ask(memory, "/api/sql", sql, &answer, fail);
	size_t used = 0;

	while (!error && used < answer.length) {
		const char *line = answer.data + used;
		size_t length = strcspn(line, "\n");
		json_t *object = json_loadb(line, length, 0, NULL);

		if (object && json_object_get(object, "error"))
			error = fail_set(fail, -EIO, "%s",
				json_string_value(json_object_get(object, "error")));
		else if (object)
			row(context, object);
		json_decref(object);
		used += length + 1;
	}
	return error;
}

static void add_row(void *context, const json_t *object)
{
	struct top_rows *rows = context;
	struct event_header *row = top_rows_add(rows);

	if (!row)
		return;
	top_row_read(rows->kind, object, row);
	row->id = (uint64_t)json_integer_value(json_object_get(object, "id"));
}

int top_ask_rows(
	struct top_memory *memory, const char *sql, struct top_rows *rows, struct fail *fail)
{
	return ask_sql(memory, sql, add_row, rows, fail);
}

void top_sql_text(struct buf *sql, const char *text)
{
	buf_append_byte(sql, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			buf_append_byte(sql, '\'');
		buf_append_byte(sql, *text);
	}
	buf_append_byte(sql, '\'');
}

/* ---- time ---- */

struct span {
	uint64_t since_ns;  /* wall, the start of a bucket */
	uint64_t window_ns; /* what the counts cover: from there, or from the agent's start, on */
	uint64_t trend_since_ns;
	uint64_t step_ns;
};

static struct span span_of(const struct top_memory *memory, uint64_t window_ns)
{
	uint64_t now_ns = clock_wall_ns();
	struct span span = { .since_ns = (now_ns - window_ns) / RATE_BUCKET_NS * RATE_BUCKET_NS };
	uint64_t from_ns = MAX(span.since_ns, MIN(memory->start_time_ns, now_ns - NS_PER_S));

	span.window_ns = now_ns - from_ns;
	span.step_ns = window_ns / TOP_TREND / RATE_BUCKET_NS * RATE_BUCKET_NS;
	span.step_ns = MAX(span.step_ns, (uint64_t)RATE_BUCKET_NS);
	span.trend_since_ns = (now_ns / span.step_ns + 1 - TOP_TREND) * span.step_ns;
	return span;
}

/* ---- loads: services, endpoints, all ---- */

#define FIGURES                                                                                    \
	"sum(count) AS requests, sum(error_count) AS errors,"                                      \
	" histogram_quantile(histogram, 0.5) AS p50_ns,"                                           \
	" histogram_quantile(histogram, 0.95) AS p95_ns,"                                          \
	" histogram_quantile(histogram, 0.99) AS p99_ns, max(duration_max_ns) AS max_ns,"          \
	" sum(response_bytes) AS response_bytes "

struct trend_reading {
	const struct span *span;
	struct top_rows *rows; /* NULL: of the totals */
	struct top_totals *totals;
};

static struct top_load *find_load(const struct top_rows *rows, const struct top_load *key)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct top_load *load = top_rows_at(rows, i);

		if (str_equal(load->service, key->service) && load->role == key->role &&
			str_equal(load->protocol, key->protocol) &&
			str_equal(load->operation, key->operation) &&
			str_equal(load->target, key->target))
			return load;
	}
	return NULL;
}

static void read_trend(void *context, const json_t *object)
{
	const struct trend_reading *reading = context;
	struct top_load key = { .header.kind = &top_endpoint_kind };
	int64_t step = json_integer_value(json_object_get(object, "step"));
	struct top_trend *trend = &reading->totals->trend;
	struct top_load *load;

	top_row_read(&top_endpoint_kind, object, &key);
	if (reading->rows) {
		load = find_load(reading->rows, &key);
		trend = load ? &load->trend : NULL;
	}
	if (!trend || step < 0 || step >= TOP_TREND)
		return;
	trend->requests[step] = key.requests;
	trend->p99_ns[step] = key.p99_ns;
}

static int ask_trend(struct top_memory *memory, const struct span *span,
	struct top_snapshot *snapshot, const char *columns_and_condition[2], struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf sql = { 0 };
	struct trend_reading reading = { span, snapshot->rows.kind ? &snapshot->rows : NULL,
		&snapshot->totals };

	if (!columns_and_condition[0][0])
		reading.rows = NULL;
	buf_init(&sql, SQL_MAXIMUM);
	buf_printf(&sql,
		"SELECT %s (time_ns - %llu) / %llu AS step, sum(count) AS requests,"
		" histogram_quantile(histogram, 0.99) AS p99_ns"
		" FROM request_rate WHERE time_ns >= %llu%s GROUP BY %s step",
		columns_and_condition[0], (unsigned long long)span->trend_since_ns,
		(unsigned long long)span->step_ns, (unsigned long long)span->trend_since_ns,
		columns_and_condition[1], columns_and_condition[0]);
	return ask_sql(memory, buf_text(&sql), read_trend, &reading, fail);
}

static void read_totals(void *context, const json_t *object)
{
	struct top_totals *totals = context;
	struct top_load load = { .header.kind = &top_endpoint_kind };

	top_row_read(&top_endpoint_kind, object, &load);
	totals->requests = load.requests;
	totals->errors = load.errors;
	totals->p99_ns = load.p99_ns;
}

static int ask_totals(struct top_memory *memory, const struct span *span,
	struct top_snapshot *snapshot, struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf sql = { 0 };

	snapshot->totals.window_ns = span->window_ns;
	buf_init(&sql, SQL_MAXIMUM);
	buf_printf(&sql,
		"SELECT " FIGURES "FROM request_rate WHERE time_ns >= %llu AND role = 'server'",
		(unsigned long long)span->since_ns);
	return ask_sql(memory, buf_text(&sql), read_totals, &snapshot->totals, fail);
}

/* A service that serves nothing is shown by what it asks; of the others that is left out. */
static void drop_second_roles(struct top_rows *rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->count; i++) {
		struct top_load *load = top_rows_at(rows, i);
		struct top_load server = *load;

		server.role = ROLE_SERVER;
		if (load->role != ROLE_SERVER && find_load(rows, &server))
			continue;
		memmove(top_rows_at(rows, kept++), load, rows->kind->size);
	}
	rows->count = kept;
}

static int ask_loads(struct top_memory *memory, struct top_snapshot *snapshot,
	const char *columns_and_condition[2], struct fail *fail)
{
	struct span span = span_of(memory, snapshot->wish.window_ns);
	_cleanup_(buf_done)
	struct buf sql = { 0 };
	int error;

	buf_init(&sql, SQL_MAXIMUM);
	buf_printf(&sql,
		"SELECT %s " FIGURES "FROM request_rate WHERE time_ns >= %llu%s"
		" GROUP BY %.*s LIMIT 2000",
		columns_and_condition[0], (unsigned long long)span.since_ns,
		columns_and_condition[1], (int)strlen(columns_and_condition[0]) - 1,
		columns_and_condition[0]);
	error = top_ask_rows(memory, buf_text(&sql), &snapshot->rows, fail);
	if (!error && snapshot->wish.screen == TOP_SERVICES)
		drop_second_roles(&snapshot->rows);
	for (size_t i = 0; i < snapshot->rows.count; i++) {
		struct top_load *load = top_rows_at(&snapshot->rows, i);

		load->header.time_ns = clock_wall_ns();
		load->window_ns = span.window_ns;
		load->badness_ns = top_badness(load);
	}
	if (!error)
		error = ask_trend(memory, &span, snapshot, columns_and_condition, fail);
	return error;
}

static int ask_services(struct top_memory *memory, struct top_snapshot *snapshot, struct fail *fail)
{
	const char *parts[2] = { "service, role,", "" };

	return ask_loads(memory, snapshot, parts, fail);
}

static const char *role_word(uint8_t role)
{
	return role == ROLE_CLIENT ? "client" : "server";
}

static int ask_endpoints(
	struct top_memory *memory, struct top_snapshot *snapshot, struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf condition = { 0 };
	const char *parts[2] = { "service, role, protocol, operation, target,", NULL };

	buf_init(&condition, SQL_MAXIMUM);
	buf_append_string(&condition, " AND service = ");
	top_sql_text(&condition, snapshot->wish.service);
	buf_printf(&condition, " AND role = '%s'", role_word(snapshot->wish.role));
	parts[1] = buf_text(&condition);
	return ask_loads(memory, snapshot, parts, fail);
}

/* ---- events: exchanges and steps ---- */

static void select_events(struct buf *sql, const struct event_kind *kind, const char *last)
{
	buf_init(sql, SQL_MAXIMUM);
	buf_append_string(sql, "SELECT ");
	for (uint16_t i = 0; i < kind->field_count; i++)
		buf_printf(sql, "%s, ", kind->fields[i].name);
	buf_printf(sql, "%s FROM %s WHERE ", last, kind->name);
}

static void and_text(struct buf *sql, const char *column, const char *text)
{
	buf_printf(sql, " AND %s = ", column);
	top_sql_text(sql, text);
}

static void order_by(struct buf *sql, const struct top_wish *wish)
{
	buf_printf(sql, " ORDER BY %s %s LIMIT %d", wish->order ? wish->order : "time_ns",
		wish->is_rising ? "ASC" : "DESC", ROWS_OF_A_LIST);
}

static int ask_exchanges(
	struct top_memory *memory, struct top_snapshot *snapshot, struct fail *fail)
{
	const struct top_wish *wish = &snapshot->wish;
	struct span span = span_of(memory, wish->window_ns);
	_cleanup_(buf_done)
	struct buf sql = { 0 };

	select_events(&sql, &request_kind, "id");
	buf_printf(&sql, "time_ns >= %llu", (unsigned long long)span.since_ns);
	if (wish->pid) {
		buf_printf(&sql, " AND pid = %u", wish->pid);
	} else {
		and_text(&sql, "service", wish->service);
		and_text(&sql, "role", role_word(wish->role));
		and_text(&sql, "protocol", wish->protocol);
		and_text(&sql, "operation", wish->operation);
		and_text(&sql, "target", wish->target);
	}
	order_by(&sql, wish);
	return top_ask_rows(memory, buf_text(&sql), &snapshot->rows, fail);
}

#define PEER_COLUMN "CASE WHEN peer_service <> '' THEN peer_service ELSE peer_address END"
#define PORT_COLUMN "CASE role WHEN 'client' THEN peer_port ELSE local_port END"

static int ask_steps(struct top_memory *memory, struct top_snapshot *snapshot, struct fail *fail)
{
	const struct top_wish *wish = &snapshot->wish;
	struct span span = span_of(memory, wish->window_ns);
	_cleanup_(buf_done)
	struct buf sql = { 0 };

	if (!snapshot->rows.kind)
		return fail_set(fail, -EOPNOTSUPP, "this skep knows no TCP");
	select_events(&sql, snapshot->rows.kind, "rowid AS id");
	buf_printf(
		&sql, "time_ns >= %llu AND event <> 'listen'", (unsigned long long)span.since_ns);
	if (wish->pid) {
		buf_printf(&sql, " AND pid = %u", wish->pid);
	} else {
		and_text(&sql, "service", wish->service);
		and_text(&sql, "role", role_word(wish->role));
		and_text(&sql, PEER_COLUMN, wish->peer);
		buf_printf(&sql, " AND " PORT_COLUMN " = %u", wish->port);
	}
	order_by(&sql, wish);
	return top_ask_rows(memory, buf_text(&sql), &snapshot->rows, fail);
}

static int ask_connections(
	struct top_memory *memory, struct top_snapshot *snapshot, struct fail *fail)
{
	struct span span = span_of(memory, snapshot->wish.window_ns);
	_cleanup_(buf_done)
	struct buf sql = { 0 };
	int error;

	buf_init(&sql, SQL_MAXIMUM);
	buf_printf(&sql,
		"SELECT service, role, " PEER_COLUMN " AS peer, " PORT_COLUMN " AS port,"
		" sum(event IN ('connect', 'accept', 'existing')) AS opened,"
		" sum(event = 'close') AS closed, sum(event = 'failed') AS failed,"
		" sum((event IN ('close', 'failed')) * retransmits) AS retransmits,"
		" avg(nullif(rtt_ns, 0)) AS rtt_ns,"
		" avg(CASE WHEN event = 'connect' THEN nullif(duration_ns, 0) END) AS handshake_ns,"
		" sum((event = 'close') * bytes_sent) AS sent_bytes,"
		" sum((event = 'close') * bytes_received) AS received_bytes"
		" FROM tcp WHERE time_ns >= %llu AND event <> 'listen' GROUP BY 1, 2, 3, 4"
		" ORDER BY failed DESC, opened DESC LIMIT 2000",
		(unsigned long long)span.since_ns);
	error = top_ask_rows(memory, buf_text(&sql), &snapshot->rows, fail);
	for (size_t i = 0; i < snapshot->rows.count; i++) {
		struct top_connection *row = top_rows_at(&snapshot->rows, i);

		row->header.time_ns = clock_wall_ns();
		row->window_ns = span.window_ns;
	}
	return error;
}

/* ---- one exchange, from both ends ---- */

static int ask_other_end(
	struct top_memory *memory, struct top_snapshot *snapshot, struct fail *fail)
{
	const struct request_event *one = &snapshot->wish.exchange;
	struct top_rows rows = { .kind = &request_kind };
	char address[ADDRESS_TEXT_BYTES];
	_cleanup_(buf_done)
	struct buf sql = { 0 };
	int error;

	select_events(&sql, &request_kind, "id");
	buf_printf(&sql, "time_ns BETWEEN %llu AND %llu AND role = '%s'",
		(unsigned long long)(one->header.time_ns - PAIR_NS),
		(unsigned long long)(one->header.time_ns + PAIR_NS),
		one->role == ROLE_CLIENT ? "server" : "client");
	and_text(&sql, "local_address",
		address_format(&one->peer_address, address, sizeof(address)));
	and_text(&sql, "peer_address",
		address_format(&one->local_address, address, sizeof(address)));
	and_text(&sql, "detail", one->detail);
	buf_printf(&sql,
		" AND local_port = %u AND peer_port = %u ORDER BY abs(time_ns - %llu) LIMIT 1",
		one->peer_port, one->local_port, (unsigned long long)one->header.time_ns);
	error = top_ask_rows(memory, buf_text(&sql), &rows, fail);
	if (!error && rows.count > 0) {
		snapshot->other_end = *(struct request_event *)top_rows_at(&rows, 0);
		snapshot->has_other_end = true;
	}
	top_rows_done(&rows);
	return error;
}

/* ---- all together ---- */

static void read_status(struct top_memory *memory, const json_t *status)
{
	const json_t *feature, *count, *store = json_object_get(status, "store");
	const char *reason, *host = json_string_value(
				    json_object_get(json_object_get(status, "node"), "hostname"));
	size_t index;

	memory->lost = (uint64_t)json_integer_value(json_object_get(store, "shed")) +
		       (uint64_t)json_integer_value(json_object_get(store, "lost")) +
		       (uint64_t)json_integer_value(json_object_get(store, "uncounted"));
	json_array_foreach(json_object_get(status, "features"), index, feature)
	{
		json_object_foreach(json_object_get(feature, "lost"), reason, count)
		{
			memory->lost += (uint64_t)json_integer_value(count);
		}
	}
	memory->start_time_ns = (uint64_t)json_integer_value(
		json_object_get(json_object_get(status, "agent"), "start_time"));
	str_set(memory->host, host ? host : "");
}

static int ask_status(struct top_memory *memory, struct fail *fail)
{
	uint64_t now_ns = clock_monotonic_ns();
	json_t *status;
	int error;

	if (memory->status_time_ns && now_ns - memory->status_time_ns < STATUS_PERIOD_NS)
		return 0;
	error = top_ask_json(memory, "/api/status", &status, fail);
	if (error)
		return error;
	read_status(memory, status);
	json_decref(status);
	memory->status_time_ns = now_ns;
	return 0;
}

static int ask_screen(struct top_memory *memory, struct top_snapshot *snapshot, struct fail *fail)
{
	switch (snapshot->wish.screen) {
	case TOP_SERVICES:
		return ask_services(memory, snapshot, fail);
	case TOP_CONNECTIONS:
		return ask_connections(memory, snapshot, fail);
	case TOP_PROGRAMS:
		return top_ask_programs(memory, snapshot, fail);
	case TOP_ENDPOINTS:
		return ask_endpoints(memory, snapshot, fail);
	case TOP_EXCHANGES:
		return ask_exchanges(memory, snapshot, fail);
	case TOP_STEPS:
		return ask_steps(memory, snapshot, fail);
	case TOP_EXCHANGE:
		return ask_other_end(memory, snapshot, fail);
	default:
		return 0; /* they come with the machine's figures */
	}
}

struct top_snapshot *top_ask(struct top_memory *memory, const struct top_wish *wish)
{
	const char *everything[2] = { "", " AND role = 'server'" };
	struct top_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct span span;
	int error;

	if (!snapshot)
		return NULL;
	snapshot->wish = *wish;
	snapshot->totals.busy_cores = -1;
	snapshot->rows.kind = top_screen_kind(wish->screen);
	error = ask_status(memory, &snapshot->fail);
	span = span_of(memory, wish->window_ns);
	if (!error)
		error = ask_screen(memory, snapshot, &snapshot->fail);
	if (!error)
		error = ask_totals(memory, &span, snapshot, &snapshot->fail);
	if (!error)
		error = ask_trend(memory, &span, snapshot, everything, &snapshot->fail);
	if (!error)
		error = top_ask_processes(memory, snapshot, &snapshot->fail);
	snapshot->totals.lost = memory->lost;
	str_set(snapshot->totals.host, memory->host);
	if (!error)
		return snapshot;
	/* An agent that comes back is another one. */
	memory->status_time_ns = 0;
	if (!snapshot->fail.code)
		fail_set(&snapshot->fail, error, "%s", strerror(-error));
	return snapshot;
}
