/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /metrics: counts, buckets, escaped labels, and the bound on the number of series.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "api/metrics.h"
#include "base/clock.h"
#include "base/str.h"
#include "engine/agent.h"
#include "engine/pipeline.h"
#include "event/request.h"

/* Enough of an agent for a pipeline, without features. */
static int scene_new(void **state)
{
	struct agent *agent = calloc(1, sizeof(*agent));

	assert_non_null(agent);
	assert_int_equal(pipeline_new(agent, &agent->pipeline), 0);
	*state = agent;
	return 0;
}

static int scene_free(void **state)
{
	struct agent *agent = *state;

	pipeline_free(agent->pipeline);
	free(agent);
	return 0;
}

static void emit(struct agent *agent, const char *service, uint64_t duration_ns, uint32_t weight)
{
	struct request_event event;

	request_event_init(&event);
	event.role = ROLE_SERVER;
	event.weight = weight;
	event.duration_ns = duration_ns;
	event.is_error = duration_ns > NS_PER_S;
	str_set(event.protocol, "http");
	str_set(event.process.service, service);
	pipeline_emit(agent->pipeline, &event.header);
}

static char *text_of(struct metrics *metrics)
{
	struct buf out;

	buf_init(&out, 16 << 20);
	metrics_write(metrics, &out);
	assert_int_equal(out.error, 0);
	return buf_take(&out);
}

#define LABELS(service)                                                                            \
	"{service=\"" service "\",peer_service=\"\",protocol=\"http\",role=\"server\""

static void counts_and_buckets(void **state)
{
	struct agent *agent = *state;
	struct metrics *metrics;
	char *text;

	assert_int_equal(metrics_new(agent, &metrics), 0);
	emit(agent, "shop", NS_PER_MS, 1);
	emit(agent, "shop", 3 * NS_PER_MS, 2);
	emit(agent, "shop", 60 * NS_PER_S, 1);
	emit(agent, "a\"b\\c\nd", NS_PER_MS, 1);
	text = text_of(metrics);
	assert_non_null(strstr(text, "\nskep_requests_total" LABELS("shop") "} 4\n"));
	assert_non_null(strstr(text, "\nskep_request_errors_total" LABELS("shop") "} 1\n"));
	assert_non_null(strstr(text, LABELS("shop") ",le=\"0.00025\"} 0\n"));
	assert_non_null(strstr(text, LABELS("shop") ",le=\"0.001\"} 1\n"));
	assert_non_null(strstr(text, LABELS("shop") ",le=\"0.005\"} 3\n"));
	assert_non_null(strstr(text, LABELS("shop") ",le=\"10\"} 3\n"));
	assert_non_null(strstr(text, LABELS("shop") ",le=\"+Inf\"} 4\n"));
	assert_non_null(strstr(text, "_sum" LABELS("shop") "} 60.007\n"));
	assert_non_null(strstr(text, "skep_requests_total" LABELS("a\\\"b\\\\c\\nd") "} 1\n"));
	free(text);
	metrics_free(metrics);
}

static unsigned int lines_with(const char *text, const char *start)
{
	unsigned int lines = 0;

	for (const char *at = strstr(text, start); at; at = strstr(at + 1, start))
		lines++;
	return lines;
}

/* All of a service's peers beyond the bound are one, and services beyond the next bound too. */
static void series_are_bounded(void **state)
{
	struct agent *agent = *state;
	struct metrics *metrics;
	char *text;

	assert_int_equal(metrics_new(agent, &metrics), 0);
	emit(agent, "first", NS_PER_MS, 1);
	for (unsigned int i = 1; i < METRICS_SERIES_MAXIMUM + 50; i++) {
		char service[16];

		snprintf(service, sizeof(service), "s%u", i);
		emit(agent, service, NS_PER_MS, 1);
	}
	emit(agent, "first", NS_PER_MS, 1);
	text = text_of(metrics);
	assert_int_equal(lines_with(text, "\nskep_requests_total{"), METRICS_SERIES_MAXIMUM + 1);
	assert_int_equal(
		lines_with(text, "\nskep_requests_total{service=\"s"), METRICS_SERIES_MAXIMUM - 1);
	assert_int_equal(lines_with(text, ",peer_service=\"(other)\",protocol=\"http\","
					  "role=\"server\"} 1\n"),
		2 * (METRICS_SERIES_MAXIMUM - METRICS_PAIRS_MAXIMUM));
	assert_non_null(strstr(text, "\nskep_requests_total" LABELS("first") "} 2\n"));
	assert_non_null(strstr(text, "skep_requests_total{service=\"(other)\",peer_service=\""
				     "(other)\",protocol=\"http\",role=\"server\"} 50\n"));
	free(text);
	metrics_free(metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(counts_and_buckets, scene_new, scene_free),
		cmocka_unit_test_setup_teardown(series_are_bounded, scene_new, scene_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
