/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of top's tables, and the tables of columns: see top_column.h.
 */
#include "cli/top_column.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/str.h"
#include "event/encode.h"
#include "event/inert.h"

#define GAP 2 /* between columns */

static const struct top_column service_columns[] = {
	{ "SERVICE", "service", TOP_TEXT, 0, 0, true },
	{ "", "role", TOP_ROLE, 1, 9, true },
	{ "REQ/S", "requests", TOP_RATE, 6, 2 },
	{ "", "requests", TOP_TREND_REQUESTS, TOP_TREND, 7 },
	{ "ERRORS", "errors", TOP_SHARE, 6, 3 },
	{ "P50", "p50_ns", TOP_DURATION, 7, 5 },
	{ "P99", "p99_ns", TOP_DURATION, 7, 1 },
	{ "", "p99_ns", TOP_TREND_P99, TOP_TREND, 6 },
	{ "MAX", "max_ns", TOP_DURATION, 7, 10 },
	{ "CPU", "cpu_ns", TOP_CPU, 6, 4 },
	{ "MEMORY", "memory_bytes", TOP_BYTES, 9, 8 },
	{ "PROCS", "processes", TOP_COUNT, 5, 11 },
};

static const struct top_column endpoint_columns[] = {
	{ "ENDPOINT", "target", TOP_ENDPOINT, 0, 0, true },
	{ "", "protocol", TOP_TEXT, 10, 10, true },
	{ "REQ/S", "requests", TOP_RATE, 6, 2 },
	{ "", "requests", TOP_TREND_REQUESTS, TOP_TREND, 7 },
	{ "ERRORS", "errors", TOP_SHARE, 6, 3 },
	{ "P50", "p50_ns", TOP_DURATION, 7, 4 },
	{ "P95", "p95_ns", TOP_DURATION, 7, 8 },
	{ "P99", "p99_ns", TOP_DURATION, 7, 1 },
	{ "", "p99_ns", TOP_TREND_P99, TOP_TREND, 6 },
	{ "MAX", "max_ns", TOP_DURATION, 7, 5 },
	{ "BYTES", "response_bytes", TOP_BYTES, 9, 9 },
};

static const struct top_column exchange_columns[] = {
	{ "REQUEST", "detail", TOP_PATH, 0, 0, true },
	{ "STATUS", "status", TOP_TEXT, 6, 2 },
	{ "DURATION", "duration_ns", TOP_DURATION, 8, 1 },
	{ "FIRST BYTE", "first_byte_ns", TOP_DURATION, 10, 6 },
	{ "SIZE", "response_bytes", TOP_BYTES, 9, 5 },
	{ "PEER", "peer_service", TOP_TEXT, 14, 4, true },
	{ "PID", "pid", TOP_COUNT, 7, 7, true },
	{ "TIME", "time_ns", TOP_CLOCK, 12, 3 },
};

static const struct top_column connection_columns[] = {
	{ "SERVICE", "service", TOP_TEXT, 16, 1, true },
	{ "", "role", TOP_ROLE, 1, 3, true },
	{ "PEER", "peer", TOP_TEXT, 0, 0, true },
	{ "PORT", "port", TOP_COUNT, 5, 4, true },
	{ "OPENED", "opened", TOP_COUNT, 7, 5 },
	{ "CLOSED", "closed", TOP_COUNT, 7, 8 },
	{ "FAILED", "failed", TOP_COUNT, 6, 2 },
	{ "RETRANS", "retransmits", TOP_COUNT, 7, 7 },
	{ "RTT", "rtt_ns", TOP_DURATION, 7, 6 },
	{ "CONNECT", "handshake_ns", TOP_DURATION, 7, 11 },
	{ "SENT", "sent_bytes", TOP_BYTES, 9, 9 },
	{ "RECEIVED", "received_bytes", TOP_BYTES, 9, 10 },
};

static const struct top_column step_columns[] = {
	{ "PEER", "peer_address", TOP_TEXT, 0, 0, true },
	{ "PORT", "peer_port", TOP_COUNT, 5, 4, true },
	{ "LOCAL", "local_port", TOP_COUNT, 5, 8, true },
	{ "STEP", "event", TOP_TEXT, 8, 1, true },
	{ "REASON", "reason", TOP_TEXT, 12, 3, true },
	{ "DURATION", "duration_ns", TOP_DURATION, 8, 2 },
	{ "SENT", "bytes_sent", TOP_BYTES, 9, 6 },
	{ "RECEIVED", "bytes_received", TOP_BYTES, 9, 7 },
	{ "RETRANS", "retransmits", TOP_COUNT, 7, 10 },
	{ "RTT", "rtt_ns", TOP_DURATION, 7, 9 },
	{ "TIME", "time_ns", TOP_CLOCK, 12, 5 },
};

static const struct top_column process_columns[] = {
	{ "PID", "pid", TOP_COUNT, 7, 3, true },
	{ "PROCESS", "comm", TOP_TEXT, 15, 1, true },
	{ "SERVICE", "service", TOP_TEXT, 0, 0, true },
	{ "CONTAINER", "container", TOP_TEXT, 14, 9, true },
	{ "CPU", "cpu_ns", TOP_CPU, 6, 2 },
	{ "MEMORY", "memory_bytes", TOP_BYTES, 9, 4 },
	{ "THREADS", "threads", TOP_COUNT, 7, 7 },
	{ "S", "state", TOP_TEXT, 1, 6, true },
	{ "AGE", "age_ns", TOP_DURATION, 7, 5 },
	{ "PARENT", "parent_pid", TOP_COUNT, 7, 8, true },
};

static const struct top_column program_columns[] = {
	{ "PROGRAM", "name", TOP_TEXT, 0, 0, true },
	{ "TYPE", "type", TOP_TEXT, 18, 5, true },
	{ "OWNER", "owners", TOP_OWNER, 20, 2, true },
	{ "RUNS/S", "runs", TOP_COUNT, 8, 3 },
	{ "NS/RUN", "ns_per_run", TOP_DURATION, 7, 4 },
	{ "CPU", "cpu_ns", TOP_CPU, 6, 1 },
	{ "MEMORY", "memory_bytes", TOP_BYTES, 9, 6 },
	{ "AGE", "age_ns", TOP_DURATION, 7, 8 },
	{ "ID", "id", TOP_COUNT, 6, 7, true },
};

#define COLUMNS(columns_) .columns = (columns_), .column_count = ARRAY_LENGTH(columns_)
const struct top_layout top_layouts[TOP_SCREENS] = {
	[TOP_SERVICES] = { "services", "services", COLUMNS(service_columns), "badness_ns",
		"No request was seen in this time. [t] takes a longer one, [3] shows the "
		"processes." },
	[TOP_CONNECTIONS] = { "connections", "connections", COLUMNS(connection_columns), "failed",
		"No connection began or ended in this time. [t] takes a longer one." },
	[TOP_PROCESSES] = { "processes", "processes", COLUMNS(process_columns), "cpu_ns",
		"No process is inside the agent's scope." },
	[TOP_PROGRAMS] = { "BPF programs", "programs", COLUMNS(program_columns), "cpu_ns",
		"No BPF program is loaded." },
	[TOP_ENDPOINTS] = { "endpoints", NULL, COLUMNS(endpoint_columns), "badness_ns",
		"Nothing was asked in this time. [t] takes a longer one." },
	[TOP_EXCHANGES] = { "slowest", NULL, COLUMNS(exchange_columns), "duration_ns",
		"No exchange of this time is stored. [t] takes a longer one." },
	[TOP_STEPS] = { "connections", NULL, COLUMNS(step_columns), "time_ns",
		"No connection began or ended in this time. [t] takes a longer one." },
	[TOP_EXCHANGE] = { "exchange", NULL, NULL, 0, "duration_ns", "" },
};

bool top_column_is_left(const struct top_column *column)
{
	return column->show == TOP_TEXT || column->show == TOP_ROLE ||
	       column->show == TOP_ENDPOINT || column->show == TOP_PATH ||
	       column->show == TOP_OWNER || column->show >= TOP_TREND_REQUESTS;
}

/* ---- layout ---- */

#define FLEXIBLE_MINIMUM 8
/* Columns of these ranks are worth more than a whole name; the others wait until it fits, or until
 * it has as many columns. */
#define RANK_OF_FIGURES	 3
#define NAME_COLUMNS	 36

static unsigned int width_at(
	const struct top_column *column, unsigned int rank, unsigned int text_columns)
{
	if (column->width)
		return column->width;
	if (rank <= RANK_OF_FIGURES)
		return FLEXIBLE_MINIMUM;
	return MAX(MIN(text_columns, NAME_COLUMNS), FLEXIBLE_MINIMUM);
}

/* The width of those whose rank is at most `rank`. */
static unsigned int needed(
	const struct top_layout *layout, unsigned int rank, unsigned int text_columns)
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < layout->column_count; i++)
		if (layout->columns[i].rank <= rank)
			sum += width_at(&layout->columns[i], rank, text_columns) +
			       (sum > 0 ? GAP : 0);
	return sum;
}

unsigned int top_columns_fit(const struct top_layout *layout, unsigned int x, unsigned int width,
	unsigned int text_columns, struct top_slot ret_slots[TOP_COLUMNS_MAXIMUM])
{
	unsigned int rank = 0, count = 0, spare, start = x;

	while (rank < TOP_COLUMNS_MAXIMUM && needed(layout, rank + 1, text_columns) <= width)
		rank++;
	spare = needed(layout, rank, text_columns);
	spare = width > spare ? width - spare : 0;
	for (unsigned int i = 0; i < layout->column_count; i++) {
		const struct top_column *column = &layout->columns[i];
		unsigned int wide = width_at(column, rank, text_columns);

		if (column->rank > rank)
			continue;
		if (column->width == 0 && text_columns > wide)
			wide += MIN(spare, text_columns - wide);
		wide = MIN(wide, start + width > x ? start + width - x : 0);
		ret_slots[count++] = (struct top_slot){ column, x, wide };
		x += wide + GAP;
	}
	return count;
}

/* ---- values ---- */

char *top_rate_text(char *destination, size_t size, double rate)
{
	if (rate >= 999950)
		snprintf(destination, size, "%.1fM", rate / 1e6);
	else if (rate >= 9999.5)
		snprintf(destination, size, "%.1fk", rate / 1e3);
	else if (rate >= 99.95)
		snprintf(destination, size, "%.0f", rate);
	else if (rate >= 0.95 || rate == 0)
		snprintf(destination, size, rate == 0 ? "0" : "%.1f", rate);
	else
		snprintf(destination, size, rate < 0.005 ? "<0.01" : "%.2f", rate);
	return destination;
}

char *top_percent_text(char *destination, size_t size, double percent)
{
	if (percent <= 0)
		snprintf(destination, size, "0 %%");
	else if (percent < 0.05)
		snprintf(destination, size, "<0.1 %%");
	else
		snprintf(destination, size, percent < 9.95 ? "%.1f %%" : "%.0f %%", percent);
	return destination;
}

void top_spark(const uint64_t *values, unsigned int count, struct buf *out)
{
	uint64_t greatest = 0;

	for (unsigned int i = 0; i < count; i++)
		greatest = MAX(greatest, values[i]);
	for (unsigned int i = 0; i < count; i++) {
		/* U+2581 and the seven that follow: a value above 0 is at least the lowest. */
		unsigned int level =
			greatest ? (unsigned int)((double)values[i] * 7.999 / (double)greatest) : 0;
		const char block[4] = { (char)0xe2, (char)0x96, (char)(0x81 + level), '\0' };

		buf_append_string(out, values[i] ? block : " ");
	}
}

static uint64_t number_of(const struct event_header *row, const char *name)
{
	const struct field *field = field_find(row->kind, name);

	return field ? field_number(field, row) : 0;
}

static const char *text_of(const struct event_header *row, const char *name, char *scratch)
{
	const struct field *field = field_find(row->kind, name);

	return field ? field_text(field, row, scratch, FIELD_SCRATCH_BYTES) : "";
}

static const char *service_text(const char *text)
{
	return text[0] ? text : "(unknown)";
}

static void two_texts(const char *first, const char *second, struct buf *out)
{
	buf_append_string(out, first);
	if (first[0] && second[0])
		buf_append_byte(out, ' ');
	buf_append_string(out, second);
}

static void cell_text(
	const struct top_column *column, const struct event_header *row, struct buf *out)
{
	char scratch[FIELD_SCRATCH_BYTES], other[FIELD_SCRATCH_BYTES];
	const char *text = text_of(row, column->field, scratch);

	switch (column->show) {
	case TOP_ENDPOINT:
		two_texts(text_of(row, "operation", other), text, out);
		break;
	case TOP_PATH:
		if (!text[0])
			text = text_of(row, "target", scratch);
		two_texts(text_of(row, "operation", other), text, out);
		break;
	case TOP_OWNER:
		if (((const struct top_program *)row)->feature[0]) {
			buf_printf(out, "skep: %s", ((const struct top_program *)row)->feature);
			break;
		}
		buf_append_string(out, text);
		break;
	default:
		if (str_equal(column->field, "peer_service") && !text[0])
			text = text_of(row, "peer_address", scratch);
		if (str_equal(column->field, "service") && row->kind != &top_process_kind)
			text = service_text(text);
		buf_append_string(out, text);
	}
}

static const char *duration_text(uint64_t ns, char *scratch)
{
	return ns ? str_from_duration(scratch, FIELD_SCRATCH_BYTES, ns) : "·";
}

static const char *rate_of(const struct event_header *row, uint64_t count, char *scratch)
{
	uint64_t window_ns = number_of(row, "window_ns");

	return top_rate_text(scratch, FIELD_SCRATCH_BYTES,
		window_ns ? (double)count * 1e9 / (double)window_ns : 0);
}

static const char *share_of(const struct event_header *row, char *scratch)
{
	double requests = (double)number_of(row, "requests");

	return top_percent_text(scratch, FIELD_SCRATCH_BYTES,
		requests > 0 ? 100 * (double)number_of(row, "errors") / requests : 0);
}

static const char *cell_number(
	const struct top_column *column, const struct event_header *row, char *scratch)
{
	static const char *const signs[] = { "·", "←", "→" };
	uint64_t number = number_of(row, column->field);

	switch (column->show) {
	case TOP_ROLE:
		return signs[MIN(number, 2U)];
	case TOP_RATE:
		return rate_of(row, number, scratch);
	case TOP_SHARE:
		return share_of(row, scratch);
	case TOP_DURATION:
		return duration_text(number, scratch);
	case TOP_BYTES:
		return number ? str_from_bytes(scratch, FIELD_SCRATCH_BYTES, number) : "·";
	case TOP_CPU:
		return top_percent_text(scratch, FIELD_SCRATCH_BYTES, (double)number / 1e7);
	case TOP_CLOCK:
		return clock_format_local(scratch, FIELD_SCRATCH_BYTES, number);
	default:
		return number ? str_from_u64(scratch, FIELD_SCRATCH_BYTES, number) : "·";
	}
}

unsigned int top_cell(const struct top_column *column, const struct event_header *row,
	unsigned int width, struct buf *out)
{
	char scratch[FIELD_SCRATCH_BYTES];
	_cleanup_(buf_done)
	struct buf text = { 0 };
	bool is_text = column->show == TOP_TEXT || column->show == TOP_ENDPOINT ||
		       column->show == TOP_PATH || column->show == TOP_OWNER;

	buf_init(&text, 64 * 1024);
	if (column->show == TOP_TREND_REQUESTS)
		top_spark(((const struct top_load *)row)->trend.requests, TOP_TREND, &text);
	else if (column->show == TOP_TREND_P99)
		top_spark(((const struct top_load *)row)->trend.p99_ns, TOP_TREND, &text);
	else if (is_text)
		cell_text(column, row, &text);
	else
		buf_append_string(&text, cell_number(column, row, scratch));
	return (unsigned int)inert_append(out, buf_text(&text), width);
}

/* ---- order ---- */

struct order {
	const struct field *field;
	bool is_rising;
};

static int compare_values(
	const struct field *field, const struct event_header *a, const struct event_header *b)
{
	char first[FIELD_SCRATCH_BYTES], second[FIELD_SCRATCH_BYTES];
	uint64_t number = 0, other = 0;

	if (!field_is_text(field) && field->type != FIELD_ADDRESS) {
		number = field_number(field, a);
		other = field_number(field, b);
		return (number > other) - (number < other);
	}
	return strcmp(field_text(field, a, first, sizeof(first)),
		field_text(field, b, second, sizeof(second)));
}

static int compare_rows(const void *first, const void *second, void *context)
{
	const struct event_header *a = first, *b = second;
	const struct order *order = context;
	int sign = compare_values(order->field, a, b);

	if (sign)
		return order->is_rising ? sign : -sign;
	return (a->id > b->id) - (a->id < b->id);
}

void top_rows_sort(struct top_rows *rows, const char *field, bool is_rising)
{
	struct order order = { field_find(rows->kind, field), is_rising };

	for (size_t i = 0; i < rows->count; i++) {
		struct event_header *row = top_rows_at(rows, i);

		if (row->id == 0)
			row->id = top_row_identity(row);
	}
	if (order.field && rows->count > 1)
		qsort_r(rows->data, rows->count, rows->kind->size, compare_rows, &order);
}
