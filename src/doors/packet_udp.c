/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UDP through the packet door, user half: the hooks that name the owners of sockets, the tables of
 * flows, which are emptied in turn, and the counters.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include "doors/packet_door.h"
#include "engine/loader.h"

/* Flows that are read in one go. */
#define BATCH_FLOWS 1024

struct packet_flow_batch {
	struct packet_flow_key keys[BATCH_FLOWS];
	struct packet_flow flows[BATCH_FLOWS];
};

static int attach_hooks(struct packet_door *door, struct fail *fail)
{
	struct packet_bpf *bpf = door->bpf;
	const struct {
		struct bpf_program *program;
		struct bpf_link **link;
	} hooks[] = {
		{ bpf->progs.on_send_ipv4, &bpf->links.on_send_ipv4 },
		{ bpf->progs.on_send_ipv6, &bpf->links.on_send_ipv6 },
		{ bpf->progs.on_connect_ipv4, &bpf->links.on_connect_ipv4 },
		{ bpf->progs.on_connect_ipv6, &bpf->links.on_connect_ipv6 },
		{ bpf->progs.on_bind_ipv4, &bpf->links.on_bind_ipv4 },
		{ bpf->progs.on_bind_ipv6, &bpf->links.on_bind_ipv6 },
	};
	int cgroup_fd = door->agent->scope.cgroup_fd;

	for (size_t i = 0; i < ARRAY_LENGTH(hooks); i++) {
		if (*hooks[i].link)
			continue;
		*hooks[i].link = bpf_program__attach_cgroup(hooks[i].program, cgroup_fd);
		if (!*hooks[i].link)
			return loader_explain(fail, -errno, bpf_program__name(hooks[i].program));
	}
	return 0;
}

int packet_udp_watch(struct packet_door *door, enum packet_udp_wish wish, struct fail *fail)
{
	int r = attach_hooks(door, fail);

	if (r < 0)
		return r;
	if (wish == PACKET_UDP_DATAGRAMS)
		door->bpf->bss->wants_datagrams = 1;
	else
		door->bpf->bss->wants_flows = 1;
	return 0;
}

void packet_udp_ignore(struct packet_door *door, enum packet_udp_wish wish)
{
	if (wish == PACKET_UDP_DATAGRAMS)
		door->bpf->bss->wants_datagrams = 0;
	else
		door->bpf->bss->wants_flows = 0;
}

/* ---- flows ---- */

int packet_door_join_flows(struct agent *agent, struct fail *fail)
{
	struct packet_door *door;
	int r = packet_door_enter(agent, fail);

	if (r < 0)
		return r;
	door = agent->packet_door;
	door->batch = malloc(sizeof(*door->batch));
	r = door->batch ? packet_udp_watch(door, PACKET_UDP_FLOWS, fail)
			: fail_set(fail, -ENOMEM, "out of memory");
	if (r < 0)
		packet_door_leave_flows(agent);
	return r;
}

void packet_door_leave_flows(struct agent *agent)
{
	struct packet_door *door = agent->packet_door;

	if (!door)
		return;
	packet_udp_ignore(door, PACKET_UDP_FLOWS);
	free(TAKE(door->batch));
	packet_door_exit(agent);
}

int packet_door_take_flows(struct packet_door *door, packet_flow_visit *visit, void *context)
{
	bool is_odd_written = door->bpf->bss->flow_generation & 1;
	int fd = bpf_map__fd(
		is_odd_written ? door->bpf->maps.flows_even : door->bpf->maps.flows_odd);
	struct packet_flow_batch *batch = door->batch;
	bool is_more = true;
	uint32_t at = 0;

	for (bool is_first = true; is_more; is_first = false) {
		uint32_t count = BATCH_FLOWS;
		int r = bpf_map_lookup_and_delete_batch(
			fd, is_first ? NULL : &at, &at, batch->keys, batch->flows, &count, NULL);

		if (r < 0 && r != -ENOENT)
			return r;
		is_more = r == 0;
		for (uint32_t i = 0; i < count; i++)
			visit(context, &batch->keys[i], &batch->flows[i]);
	}
	return 0;
}

void packet_door_turn_flows(struct packet_door *door)
{
	door->bpf->bss->flow_generation++;
}

int packet_door_udp_counts(struct packet_door *door, uint64_t ret_counts[PACKET_UDP_COUNT])
{
	int cpu_count = libbpf_num_possible_cpus();
	_cleanup_(freep)
	uint64_t *values = NULL;

	if (cpu_count < 0)
		return cpu_count;
	values = calloc((size_t)cpu_count, sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (uint32_t key = 0; key < PACKET_UDP_COUNT; key++) {
		int r = bpf_map__lookup_elem(door->bpf->maps.udp_counts, &key, sizeof(key), values,
			(size_t)cpu_count * sizeof(*values), 0);

		if (r < 0)
			return r;
		ret_counts[key] = 0;
		for (int cpu = 0; cpu < cpu_count; cpu++)
			ret_counts[key] += values[cpu];
	}
	return 0;
}
