/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metrics: see metrics.h. The format: prometheus.io/docs/instrumenting/exposition_formats.
 */
#include "api/metrics.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/routes.h"
#include "base/fd.h"
#include "base/map.h"
#include "base/str.h"
#include "engine/agent.h"
#include "engine/budget.h"
#include "engine/pipeline.h"
#include "engine/store.h"
#include "engine/version.h"
#include "event/request.h"

#define OTHER "(other)"

/* Compared as bytes: zeroed before it is filled. */
struct series_key {
	char service[EVENT_SERVICE_BYTES];
	char peer_service[EVENT_SERVICE_BYTES];
	char protocol[12];
	uint8_t role;
};

/* Upper bounds of the buckets, those that OpenTelemetry recommends for durations of HTTP requests
 * with three below. */
static const uint64_t bounds_us[] = { 250, 1000, 2500, 5000, 10000, 25000, 50000, 75000, 100000,
	250000, 500000, 750000, 1000000, 2500000, 5000000, 7500000, 10000000 };

struct series {
	uint64_t count;
	uint64_t errors;
	uint64_t duration_ns;
	uint64_t buckets[ARRAY_LENGTH(bounds_us)];
};

struct metrics {
	struct agent *agent;
	struct map *series;
};

/* The series of a key, a fresh one while there are less than maximum of all keys, or NULL. */
static struct series *series_of(
	struct metrics *metrics, const struct series_key *key, size_t maximum)
{
	struct series *series = map_find(metrics->series, key);

	if (series || map_count(metrics->series) >= maximum)
		return series;
	return map_add(metrics->series, key, NULL);
}

static struct series *find_series(struct metrics *metrics, const struct request_event *event)
{
	struct series_key key = { .role = event->role };
	struct series *series;

	str_set(key.service, event->process.service);
	str_set(key.peer_service, event->peer_service);
	str_set(key.protocol, event->protocol);
	series = series_of(metrics, &key, METRICS_PAIRS_MAXIMUM);
	if (series)
		return series;
	memset(key.peer_service, 0, sizeof(key.peer_service));
	str_set(key.peer_service, OTHER);
	series = series_of(metrics, &key, METRICS_SERIES_MAXIMUM);
	if (series)
		return series;
	memset(key.service, 0, sizeof(key.service));
	str_set(key.service, OTHER);
	return series_of(metrics, &key, METRICS_SERIES_MAXIMUM + METRICS_REST_MAXIMUM);
}

static void on_event(void *context, const struct event_header *header)
{
	const struct request_event *event = (const struct request_event *)header;
	struct series *series;
	size_t bucket = 0;

	if (header->kind != &request_kind)
		return;
	series = find_series(context, event);
	if (!series)
		return;
	series->count += event->weight;
	series->errors += event->is_error ? event->weight : 0;
	series->duration_ns += event->weight * event->duration_ns;
	while (bucket < ARRAY_LENGTH(bounds_us) &&
		event->duration_ns > bounds_us[bucket] * NS_PER_US)
		bucket++;
	if (bucket < ARRAY_LENGTH(bounds_us))
		series->buckets[bucket] += event->weight;
}

int metrics_new(struct agent *agent, struct metrics **ret_metrics)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));
	int error = -ENOMEM;

	if (!metrics)
		return error;
	metrics->agent = agent;
	metrics->series = map_new(sizeof(struct series_key), sizeof(struct series),
		METRICS_SERIES_MAXIMUM + METRICS_REST_MAXIMUM);
	if (metrics->series)
		error = pipeline_add_output(agent->pipeline, on_event, metrics);
	if (error) {
		map_free(metrics->series);
		free(metrics);
		return error;
	}
	*ret_metrics = metrics;
	return 0;
}

void metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	pipeline_remove_output(metrics->agent->pipeline, on_event, metrics);
	map_free(metrics->series);
	free(metrics);
}

/* ---- writing ---- */

static void put_heading(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* In a label value \, " and line feeds are escaped; other bytes go as they are. */
static void put_label(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n')
			buf_append_string(out, "\\n");
		else if (*value == '"' || *value == '\\')
			buf_printf(out, "\\%c", *value);
		else
			buf_append_byte(out, *value);
	}
	buf_append_byte(out, '"');
}

static void put_series_labels(struct buf *out, const struct series_key *key)
{
	static const char *const roles[] = { "unknown", "server", "client" };

	put_label(out, "service", key->service);
	buf_append_byte(out, ',');
	put_label(out, "peer_service", key->peer_service);
	buf_append_byte(out, ',');
	put_label(out, "protocol", key->protocol);
	buf_append_byte(out, ',');
	put_label(out, "role", roles[MIN(key->role, (uint8_t)ROLE_CLIENT)]);
}

static void put_number(struct buf *out, uint64_t number)
{
	buf_printf(out, " %llu\n", (unsigned long long)number);
}

static void put_histogram(
	struct buf *out, const struct series_key *key, const struct series *series)
{
	static const char name[] = "skep_request_duration_seconds";
	uint64_t below = 0;

	for (size_t i = 0; i <= ARRAY_LENGTH(bounds_us); i++) {
		bool is_last = i == ARRAY_LENGTH(bounds_us);

		below = is_last ? series->count : below + series->buckets[i];
		buf_printf(out, "%s_bucket{", name);
		put_series_labels(out, key);
		if (is_last)
			buf_append_string(out, ",le=\"+Inf\"}");
		else
			buf_printf(out, ",le=\"%g\"}", (double)bounds_us[i] / 1e6);
		put_number(out, below);
	}
	buf_printf(out, "%s_sum{", name);
	put_series_labels(out, key);
	buf_printf(out, "} %.9g\n%s_count{", (double)series->duration_ns / 1e9, name);
	put_series_labels(out, key);
	buf_append_byte(out, '}');
	put_number(out, series->count);
}

static void put_requests(struct metrics *metrics, struct buf *out)
{
	struct map *all = metrics->series;

	put_heading(out, "skep_requests_total", "counter", "Requests of any protocol.");
	for (struct series *series = map_first(all); series; series = map_next(all, series)) {
		buf_append_string(out, "skep_requests_total{");
		put_series_labels(out, map_key(series));
		buf_append_byte(out, '}');
		put_number(out, series->count);
	}
	put_heading(out, "skep_request_errors_total", "counter", "Requests that failed.");
	for (struct series *series = map_first(all); series; series = map_next(all, series)) {
		buf_append_string(out, "skep_request_errors_total{");
		put_series_labels(out, map_key(series));
		buf_append_byte(out, '}');
		put_number(out, series->errors);
	}
	put_heading(out, "skep_request_duration_seconds", "histogram",
		"First byte of the request to last byte of the answer.");
	for (struct series *series = map_first(all); series; series = map_next(all, series))
		put_histogram(out, map_key(series), series);
}

static void put_feature_number(
	struct buf *out, const char *name, const struct feature *feature, uint64_t number)
{
	buf_printf(out, "%s{", name);
	put_label(out, "feature", feature->name);
	buf_append_byte(out, '}');
	put_number(out, number);
}

static struct feature_counts counts_of(const struct feature_slot *slot)
{
	struct feature_counts counts = { 0 };

	if (slot->on == FEATURE_ON && slot->feature->counts)
		slot->feature->counts(slot->state, &counts);
	return counts;
}

static void put_lost(struct buf *out, const struct feature_slot *slot)
{
	struct feature_counts counts = counts_of(slot);

	for (enum count i = COUNT_LOST_RING_FULL; i < COUNT_MAXIMUM; i++) {
		buf_append_string(out, "skep_lost_total{");
		put_label(out, "feature", slot->feature->name);
		buf_append_byte(out, ',');
		put_label(out, "reason", count_name(i));
		buf_append_byte(out, '}');
		put_number(out, counts.lost[i]);
	}
}

static void put_features(const struct agent *agent, struct buf *out)
{
	const struct feature_slot *end = agent->slots + agent->slot_count;

	put_heading(out, "skep_feature_on", "gauge", "1 while the feature is on.");
	for (const struct feature_slot *slot = agent->slots; slot < end; slot++)
		put_feature_number(out, "skep_feature_on", slot->feature, slot->on == FEATURE_ON);
	put_heading(out, "skep_seen_total", "counter", "What happened, by feature.");
	for (const struct feature_slot *slot = agent->slots; slot < end; slot++)
		put_feature_number(out, "skep_seen_total", slot->feature, counts_of(slot).seen);
	put_heading(out, "skep_reported_total", "counter", "What became an event, by feature.");
	for (const struct feature_slot *slot = agent->slots; slot < end; slot++)
		put_feature_number(
			out, "skep_reported_total", slot->feature, counts_of(slot).reported);
	put_heading(out, "skep_lost_total", "counter", "What did not, by feature and reason.");
	for (const struct feature_slot *slot = agent->slots; slot < end; slot++)
		put_lost(out, slot);
}

static void put_store(struct store *store, struct buf *out)
{
	struct store_counts counts;

	store_get_counts(store, &counts);
	put_heading(out, "skep_store_rows_total", "counter", "Rows written.");
	buf_append_string(out, "skep_store_rows_total");
	put_number(out, counts.written);
	put_heading(out, "skep_store_lost_total", "counter", "Rows that could not be written.");
	buf_append_string(out, "skep_store_lost_total");
	put_number(out, counts.lost + counts.shed + counts.uncounted);
	put_heading(out, "skep_store_bytes", "gauge", "Size of the store on disk.");
	buf_append_string(out, "skep_store_bytes");
	put_number(out, counts.bytes);
}

static void put_process(struct budget *budget, struct buf *out)
{
	struct budget_figures figures = { 0 };

	put_heading(out, "process_cpu_seconds_total", "counter", "CPU time that skep took.");
	buf_printf(out, "process_cpu_seconds_total %.6f\n",
		(double)budget_cpu_ns() / (double)NS_PER_S);
	put_heading(out, "process_resident_memory_bytes", "gauge", "Memory that skep holds.");
	buf_append_string(out, "process_resident_memory_bytes");
	put_number(out, budget_resident_bytes());
	if (budget)
		budget_get(budget, &figures);
	/* 0: none. */
	put_heading(out, "skep_memory_limit_bytes", "gauge",
		"What skep may hold in memory and kernel maps (--memory-limit).");
	buf_append_string(out, "skep_memory_limit_bytes");
	put_number(out, figures.memory_limit_bytes);
	put_heading(out, "skep_cpu_limit_percent", "gauge",
		"What skep may take of one core (--cpu-limit).");
	buf_append_string(out, "skep_cpu_limit_percent");
	put_number(out, figures.cpu_limit_percent);
	put_heading(out, "skep_held_seconds_total", "counter",
		"How long skep left its ring alone to keep to its limits.");
	buf_printf(
		out, "skep_held_seconds_total %.6f\n", (double)figures.held_ns / (double)NS_PER_S);
	put_heading(out, "skep_shedding", "gauge",
		"1 while skep is beyond its memory ceiling or CPU budget and does less.");
	buf_append_string(out, "skep_shedding");
	put_number(out, (figures.shed & ~(uint32_t)BUDGET_CACHES) != 0);
}

void metrics_write(struct metrics *metrics, struct buf *out)
{
	put_heading(out, "skep_info", "gauge", "Which skep this is.");
	buf_append_string(out, "skep_info{");
	put_label(out, "version", skep_version());
	buf_append_string(out, "} 1\n");
	put_requests(metrics, out);
	put_features(metrics->agent, out);
	if (metrics->agent->store)
		put_store(metrics->agent->store, out);
	put_process(metrics->agent->budget, out);
}

static int metrics_handle(
	const struct route_request *request, struct route_reply *reply, struct fail *fail)
{
	metrics_write(request->metrics, &reply->body);
	reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
	return 0;
}

const struct route metrics_route = {
	.method = "GET",
	.path = "/metrics",
	.summary = "counters and histograms for Prometheus",
	.handle = metrics_handle,
};
