/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.x, as server and as client; inside TLS with the feature tls. All the work is done by the
 * packet door and the protocol; this folder makes it a feature that can be on or off with a reason.
 */
#include "doors/packet.h"
#include "engine/feature.h"
#include "engine/pipeline.h"

struct http {
	struct agent *agent;
};

static const struct event_kind *const http_kinds[] = { &request_kind, NULL };

static void http_exchange(void *context, struct request_event *event)
{
	struct http *http = context;

	pipeline_emit(http->agent->pipeline, &event->header);
}

static void http_close(void *state)
{
	struct http *http = state;

	if (!http)
		return;
	packet_door_leave(http->agent, PROTOCOL_http);
	free(http);
}

static int http_open(struct agent *agent, const void *options, void **ret_state, struct fail *fail)
{
	struct http *http = calloc(1, sizeof(*http));
	struct packet_listener listener = { .exchange = http_exchange, .context = http };
	int r;

	if (!http)
		return fail_set(fail, -ENOMEM, "out of memory");
	http->agent = agent;
	r = packet_door_join(agent, PROTOCOL_http, &listener, fail);
	if (r < 0) {
		free(http);
		return r;
	}
	*ret_state = http;
	return 0;
}

static void http_tick(void *state, uint64_t now_ns)
{
	struct http *http = state;

	packet_door_tick(http->agent->packet_door);
}

static void http_counts(void *state, struct feature_counts *ret_counts)
{
	struct http *http = state;

	packet_door_counts(http->agent->packet_door, PROTOCOL_http, ret_counts);
}

static const char *http_door(void *state)
{
	return "cgroup_skb";
}

const struct feature http_feature = {
	.name = "http",
	.summary = "HTTP/1.x: method, path, host, status, sizes, latency",
	.kinds = http_kinds,
	.open = http_open,
	.tick = http_tick,
	.counts = http_counts,
	.door = http_door,
	.close = http_close,
};
