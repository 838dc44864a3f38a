/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metrics in the text format of Prometheus (0.0.4): requests by service, peer service,
 * protocol and role, counted as they happen, and what skep says of itself. The number of series is
 * bounded: what comes after is counted under "(other)". Loop thread only.
 */
#ifndef SKEP_API_METRICS_H
#define SKEP_API_METRICS_H

#include "base/buf.h"

/* Of services and their peers; each has some 20 lines. */
#define METRICS_SERIES_MAXIMUM 1000

struct agent;
struct metrics;

/* Counts from now on: an output of the agent's pipeline. */
int metrics_new(struct agent *agent, struct metrics **ret_metrics);
void metrics_free(struct metrics *metrics); /* accepts NULL */
void metrics_write(struct metrics *metrics, struct buf *out);

#endif
