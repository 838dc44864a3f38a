/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of flows: those that were silent for longest stand in front.
 */
#include "observe/udp/udp_flow.h"

#include "base/map.h"
#include "event/request.h"

/* Linux gives clients ports from here on (net.ipv4.ip_local_port_range). */
#define PORT_CLIENTS 32768

struct flow {
	struct packet_flow passed; /* since it was last told of; its ends and owner stay */
	uint64_t told_ns;	   /* 0: never */
	uint64_t last_ns;
	uint8_t role;
};

struct udp_flows {
	struct udp_flow_options options;
	struct map *flows; /* struct packet_flow_key → struct flow */
	uint64_t waiting;
};

static uint64_t packets_of(const struct packet_flow *passed)
{
	return passed->packets[PACKET_INGRESS] + passed->packets[PACKET_EGRESS];
}

static struct udp_flow_report report_of(const struct flow *flow)
{
	return (struct udp_flow_report){
		.key = map_key(flow),
		.passed = &flow->passed,
		.role = flow->role,
		.is_start = flow->told_ns == 0,
	};
}

/* From here on it counts anew. */
static void tell(struct udp_flows *flows, struct flow *flow, uint64_t now_ns)
{
	const struct udp_flow_report report = report_of(flow);

	if (packets_of(&flow->passed) == 0)
		return;
	flows->waiting -= packets_of(&flow->passed);
	flows->options.tell(flows->options.context, &report);
	memset(flow->passed.packets, 0, sizeof(flow->passed.packets));
	memset(flow->passed.bytes, 0, sizeof(flow->passed.bytes));
	flow->told_ns = now_ns;
}

static void flow_removed(void *context, const void *key, void *value)
{
	struct flow *flow = value;

	tell(context, flow, flow->last_ns);
}

int udp_flows_new(const struct udp_flow_options *options, struct udp_flows **ret_flows)
{
	struct udp_flows *flows = calloc(1, sizeof(*flows));

	if (!flows)
		return -ENOMEM;
	flows->options = *options;
	flows->flows =
		map_new(sizeof(struct packet_flow_key), sizeof(struct flow), options->maximum);
	if (!flows->flows) {
		free(flows);
		return -ENOMEM;
	}
	map_on_remove(flows->flows, flow_removed, flows);
	*ret_flows = flows;
	return 0;
}

void udp_flows_free(struct udp_flows *flows)
{
	if (!flows)
		return;
	map_on_remove(flows->flows, NULL, NULL);
	map_free(flows->flows);
	free(flows);
}

/* Who sent first asked. Where that was not seen, a port below those of clients is a server's. */
static uint8_t role_of(
	const struct packet_flow_key *key, const struct packet_flow *passed, bool may_be_older)
{
	bool is_low = passed->local_port < PORT_CLIENTS;

	if (!may_be_older)
		return passed->first_direction == PACKET_EGRESS ? ROLE_CLIENT : ROLE_SERVER;
	if (is_low == (key->peer_port < PORT_CLIENTS))
		return ROLE_UNKNOWN;
	return is_low ? ROLE_SERVER : ROLE_CLIENT;
}

static void add(struct flow *flow, const struct packet_flow *passed)
{
	struct packet_flow *sum = &flow->passed;

	if (packets_of(sum) == 0)
		sum->first_ns = passed->first_ns;
	sum->last_ns = flow->last_ns = passed->last_ns;
	for (int side = 0; side < 2; side++) {
		sum->packets[side] += passed->packets[side];
		sum->bytes[side] += passed->bytes[side];
	}
	if (passed->owner.pid)
		sum->owner = passed->owner;
	if (passed->protocol)
		sum->protocol = passed->protocol;
}

void udp_flows_take(struct udp_flows *flows, const struct packet_flow_key *key,
	const struct packet_flow *passed, bool may_be_older)
{
	bool is_new;
	struct flow *flow = map_add_evict(flows->flows, key, &is_new);

	if (!flow) {
		const struct udp_flow_report report = {
			.key = key,
			.passed = passed,
			.role = role_of(key, passed, may_be_older),
			.is_start = true,
		};

		flows->options.tell(flows->options.context, &report);
		return;
	}
	flows->waiting += packets_of(passed);
	if (is_new) {
		flow->role = role_of(key, passed, may_be_older);
		flow->passed = *passed;
		flow->last_ns = passed->last_ns;
		return;
	}
	add(flow, passed);
	map_touch(flows->flows, flow);
}

void udp_flows_each_start(struct udp_flows *flows, udp_flow_tell *visit, void *context)
{
	MAP_FOREACH(flows->flows, value) {
		const struct flow *flow = value;
		const struct udp_flow_report report = report_of(flow);

		if (flow->told_ns == 0)
			visit(context, &report);
	}
}

void udp_flows_tell(struct udp_flows *flows, uint64_t now_ns)
{
	MAP_FOREACH(flows->flows, value) {
		struct flow *flow = value;

		if (flow->told_ns == 0 || now_ns - flow->told_ns >= flows->options.interval_ns)
			tell(flows, flow, now_ns);
		/* What is left of it is told of as it goes. */
		if (now_ns > flow->last_ns + flows->options.idle_ns)
			map_remove(flows->flows, map_key(flow));
	}
}

void udp_flows_end(struct udp_flows *flows)
{
	map_clear(flows->flows);
}

uint64_t udp_flows_waiting(const struct udp_flows *flows)
{
	return flows->waiting;
}
