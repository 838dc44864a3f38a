/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UDP: who exchanges datagrams with whom, how many and how large. In: what passed of each flow in
 * the last second, from the packet door, which counts in the kernel; out: events `udp`.
 */
#include <netinet/in.h>
#include <unistd.h>

#include "base/map.h"
#include "doors/packet.h"
#include "engine/pipeline.h"
#include "node/socket.h"
#include "observe/udp/udp_event.h"

/* 250 bytes each. */
#define FLOWS_MAXIMUM 32768
/* Sockets that are older than the agent: 60 bytes each. */
#define OLDER_MAXIMUM 16384
#define TURN_NS	      NS_PER_S
/* After a turn: by then no program counts in the table of before any more. */
#define SETTLE_NS     (200 * NS_PER_MS)

struct udp_options {
	uint64_t interval_ns;
	uint64_t idle_ns;
};

struct udp {
	struct agent *agent;
	struct udp_flows *flows;
	struct map *older; /* cookie of a socket → struct task_identity: who had it at the start */
	uint64_t turned_ns; /* 0: not yet */
	bool is_turned;	    /* the table of before is to be taken */
	bool is_later;	    /* at least one table was taken: flows of the next begin there */
	uint64_t reported;  /* datagrams */
	uint64_t foreign;   /* of processes outside the scope */
};

static const struct option_row udp_rows[] = {
	OPTION(udp_options, interval_ns, "udp-interval", 0, OPTION_DURATION, .value_name = "TIME",
		.initial = "1m", .minimum = NS_PER_S, .maximum = 3600 * NS_PER_S,
		.help = "a flow of UDP that goes on has a row that often"),
	OPTION(udp_options, idle_ns, "udp-idle", 0, OPTION_DURATION, .value_name = "TIME",
		.initial = "15s", .minimum = NS_PER_S, .maximum = 3600 * NS_PER_S,
		.help = "a flow of UDP that was silent for so long is over"),
};

static const struct event_kind *const udp_kinds[] = { &udp_kind, NULL };

/* ---- events ---- */

static bool is_foreign(const struct udp *udp, uint32_t pid)
{
	const struct scope *scope = &udp->agent->scope;

	return pid == (uint32_t)getpid() || (scope->kind == SCOPE_PID && pid != scope->pid);
}

/* A socket that only receives, and did before the agent, is named by nothing that it does. */
static void fill_event(
	struct udp *udp, struct udp_event *event, const struct udp_flow_report *report)
{
	const struct task_identity *owner;

	udp_event_fill(event, report);
	if (event->process.pid)
		return;
	owner = map_find(udp->older, &report->key->cookie);
	if (!owner)
		return;
	event->process.pid = owner->pid;
	event->process.start_ns = owner->start_ns;
}

static void udp_note(void *context, const struct udp_flow_report *report)
{
	struct udp *udp = context;
	struct udp_event event;

	fill_event(udp, &event, report);
	if (!is_foreign(udp, event.process.pid))
		pipeline_note(udp->agent->pipeline, &event.header);
}

static void udp_tell(void *context, const struct udp_flow_report *report)
{
	struct udp *udp = context;
	struct udp_event event;

	fill_event(udp, &event, report);
	if (is_foreign(udp, event.process.pid)) {
		udp->foreign += event.packets_sent + event.packets_received;
		return;
	}
	udp->reported += event.packets_sent + event.packets_received;
	pipeline_emit(udp->agent->pipeline, &event.header);
}

/* ---- sockets that are older than the agent ---- */

static void visit_older(void *context, const struct socket_entry *socket)
{
	struct udp *udp = context;
	struct task_identity *owner;

	if (!socket->cookie || !socket->pid)
		return;
	owner = map_add(udp->older, &socket->cookie, NULL);
	if (!owner)
		return;
	owner->pid = socket->pid;
	owner->start_ns = socket->start_ns;
}

/* ---- time ---- */

static void udp_visit(
	void *context, const struct packet_flow_key *key, const struct packet_flow *passed)
{
	struct udp *udp = context;

	udp_flows_take(udp->flows, key, passed, !udp->is_later);
}

static void take(struct udp *udp, uint64_t now_ns)
{
	packet_door_take_flows(udp->agent->packet_door, udp_visit, udp);
	udp->is_turned = false;
	udp->is_later = true;
	/* Both ends of a flow may begin in one table: each shall find the other's name. */
	udp_flows_each_start(udp->flows, udp_note, udp);
	udp_flows_tell(udp->flows, now_ns);
}

static void turn(struct udp *udp, uint64_t now_ns)
{
	/* The hooks name what came later. */
	if (udp->turned_ns == 0)
		socket_scan(udp->agent->node, IPPROTO_UDP, visit_older, udp);
	packet_door_turn_flows(udp->agent->packet_door);
	udp->turned_ns = now_ns;
	udp->is_turned = true;
}

static void udp_tick(void *state, uint64_t now_ns)
{
	struct udp *udp = state;

	if (udp->is_turned && now_ns >= udp->turned_ns + SETTLE_NS)
		take(udp, now_ns);
	else if (!udp->is_turned && now_ns >= udp->turned_ns + TURN_NS)
		turn(udp, now_ns);
}

/* ---- opening ---- */

/* What both tables hold is told as well. */
static void finish(struct udp *udp)
{
	for (int table = 0; table < 2; table++) {
		packet_door_take_flows(udp->agent->packet_door, udp_visit, udp);
		packet_door_turn_flows(udp->agent->packet_door);
	}
	udp_flows_each_start(udp->flows, udp_note, udp);
	udp_flows_end(udp->flows);
}

static void udp_free(struct udp *udp)
{
	udp_flows_free(udp->flows);
	map_free(udp->older);
	free(udp);
}

static void udp_close(void *state)
{
	struct udp *udp = state;

	if (!udp)
		return;
	finish(udp);
	packet_door_leave_flows(udp->agent);
	udp_free(udp);
}

static int udp_open(struct agent *agent, const void *options, void **ret_state, struct fail *fail)
{
	const struct udp_options *chosen = options;
	struct udp *udp = calloc(1, sizeof(*udp));
	const struct udp_flow_options flows = {
		.maximum = FLOWS_MAXIMUM,
		.interval_ns = chosen->interval_ns,
		.idle_ns = chosen->idle_ns,
		.tell = udp_tell,
		.context = udp,
	};
	int r;

	if (!udp)
		return fail_set(fail, -ENOMEM, "out of memory");
	udp->agent = agent;
	udp->older = map_new(sizeof(uint64_t), sizeof(struct task_identity), OLDER_MAXIMUM);
	r = udp->older ? udp_flows_new(&flows, &udp->flows) : -ENOMEM;
	if (r < 0)
		fail_set(fail, r, "out of memory");
	else
		r = packet_door_join_flows(agent, fail);
	if (r < 0) {
		udp_free(udp);
		return r;
	}
	*ret_state = udp;
	return 0;
}

/* In datagrams. What the kernel half has counted and user space not taken yet is seen only. */
static void udp_counts(void *state, struct feature_counts *ret_counts)
{
	struct udp *udp = state;
	struct feature_counts counts = { 0 };
	uint64_t not_yet = udp->foreign + udp_flows_waiting(udp->flows);
	uint64_t door[PACKET_UDP_COUNT];

	if (packet_door_udp_counts(udp->agent->packet_door, door) < 0)
		return;
	counts.seen = door[PACKET_UDP_SEEN] - MIN(door[PACKET_UDP_SEEN], not_yet);
	counts.lost[COUNT_LOST_STATE_FULL] = door[PACKET_UDP_LOST];
	counts.reported = udp->reported;
	*ret_counts = counts;
}

static const char *udp_door(void *state)
{
	return "cgroup_skb";
}

const struct feature udp_feature = {
	.name = "udp",
	.summary = "UDP flows: who exchanges datagrams with whom, how many, how many bytes",
	.kinds = udp_kinds,
	.options = udp_rows,
	.option_count = ARRAY_LENGTH(udp_rows),
	.options_bytes = sizeof(struct udp_options),
	.open = udp_open,
	.tick = udp_tick,
	.counts = udp_counts,
	.door = udp_door,
	.close = udp_close,
};
