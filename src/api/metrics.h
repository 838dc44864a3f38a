/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metrics in the text format of Prometheus (0.0.4): requests by service, peer service,
 * protocol and role, counted as they happen, and what skep says of itself. Hosts, paths and
 * addresses are no labels. The number of series is bounded, and sums stay exact: beyond
 * METRICS_PAIRS_MAXIMUM a pair of services is counted under its service and the peer "(other)",
 * beyond METRICS_SERIES_MAXIMUM both are "(other)". Loop thread only.
 */
#ifndef SKEP_API_METRICS_H
#define SKEP_API_METRICS_H

#include "base/buf.h"

/* Each has some 20 lines of at most 300 bytes: all fit into an answer (ROUTE_REPLY_MAXIMUM). */
#define METRICS_PAIRS_MAXIMUM  1000
#define METRICS_SERIES_MAXIMUM 1500
/* Those of which only protocol and role are left. */
#define METRICS_REST_MAXIMUM   64

struct agent;
struct metrics;

/* Counts from now on: an output of the agent's pipeline. */
int metrics_new(struct agent *agent, struct metrics **ret_metrics);
void metrics_free(struct metrics *metrics); /* accepts NULL */
void metrics_write(struct metrics *metrics, struct buf *out);

#endif
