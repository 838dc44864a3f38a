/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joins the packet door for one protocol: see packet_feature.h.
 */
#include "doors/packet_feature.h"

#include "engine/pipeline.h"

struct packet_feature {
	struct agent *agent;
	enum packet_protocol protocol;
};

const struct event_kind *const packet_feature_kinds[] = { &request_kind, NULL };

static void on_exchange(void *context, struct request_event *event)
{
	const struct packet_feature *feature = context;

	pipeline_emit(feature->agent->pipeline, &event->header);
}

void packet_feature_close(void *state)
{
	struct packet_feature *feature = state;

	if (!feature)
		return;
	packet_door_leave(feature->agent, feature->protocol);
	free(feature);
}

int packet_feature_open(
	struct agent *agent, enum packet_protocol protocol, void **ret_state, struct fail *fail)
{
	struct packet_feature *feature = calloc(1, sizeof(*feature));
	struct packet_listener listener = { .exchange = on_exchange, .context = feature };
	int r;

	if (!feature)
		return fail_set(fail, -ENOMEM, "out of memory");
	feature->agent = agent;
	feature->protocol = protocol;
	r = packet_door_join(agent, protocol, &listener, fail);
	if (r < 0) {
		free(feature);
		return r;
	}
	*ret_state = feature;
	return 0;
}

void packet_feature_tick(void *state, uint64_t now_ns)
{
	const struct packet_feature *feature = state;

	packet_door_tick(feature->agent->packet_door);
}

void packet_feature_counts(void *state, struct feature_counts *ret_counts)
{
	const struct packet_feature *feature = state;

	packet_door_counts(feature->agent->packet_door, feature->protocol, ret_counts);
}

const char *packet_feature_door(void *state)
{
	return "cgroup_skb";
}
