/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads the packet door's programs, attaches them to the scope's cgroup and hands
 * the records to the stream body, datagrams to their feature. packet_udp.c has the rest of UDP.
 */
#include "doors/packet.h"

#include "doors/packet_door.h"
#include "engine/loader.h"
#include "engine/ring.h"

#include <bpf/bpf.h>
#include <unistd.h>

/* Connections inside an exchange at one time, or ordered: 1 KiB each while they are. */
#define CONNECTIONS_MAXIMUM 8192

/* Taken out of the queue in one go. */
#define LATE_CLOSES 64

/* The shortest record of each type, so that a reader may look at its fields. */
static size_t record_minimum(const struct record_header *header)
{
	switch (header->type) {
	case PACKET_TURN:
		return sizeof(struct packet_turn);
	case PACKET_SEGMENT:
		return sizeof(struct packet_segment);
	case PACKET_CLOSE:
		return sizeof(struct packet_close);
	case PACKET_DATAGRAM:
		return sizeof(struct packet_datagram);
	}
	return SIZE_MAX;
}

static bool turn_is_sound(const struct packet_turn *turn)
{
	size_t size = turn->common.header.size;

	return sizeof(*turn) + turn->answer_captured <= turn->request_offset &&
	       (size_t)turn->request_offset + turn->request_bytes <= size &&
	       turn->answer_captured <= turn->answer_bytes;
}

static bool segment_is_sound(const struct packet_segment *segment)
{
	return sizeof(*segment) + segment->captured <= segment->common.header.size &&
	       segment->captured <= segment->length;
}

static bool datagram_is_sound(const struct packet_datagram *datagram)
{
	return sizeof(*datagram) + datagram->captured <= datagram->common.header.size &&
	       datagram->captured <= datagram->length && datagram->common.protocol < PROTOCOL_COUNT;
}

static void door_message(void *context, const struct stream_message *message)
{
	const struct packet_door *door = context;
	const struct packet_listener *listener = &door->listeners[message->origin->protocol];

	if (listener->message)
		listener->message(listener->context, message);
}

static void consume_datagram(struct packet_door *door, const struct packet_datagram *datagram)
{
	const struct stream_message message = {
		.origin = &datagram->common,
		.bytes = { (const uint8_t *)(datagram + 1), datagram->captured },
		.length = datagram->length,
		.time_ns = datagram->common.header.time_ns,
		.is_answer = datagram->common.flags & PACKET_IS_ANSWER,
		.is_datagram = true,
	};

	door_message(door, &message);
}

static void door_consume(void *context, const struct record_header *header)
{
	struct packet_door *door = context;
	const void *record = header;

	if (header->size < record_minimum(header))
		return;
	if (header->type == PACKET_TURN && turn_is_sound(record))
		stream_turn(door->stream, record);
	else if (header->type == PACKET_SEGMENT && segment_is_sound(record))
		stream_segment(door->stream, record);
	else if (header->type == PACKET_CLOSE)
		stream_close(door->stream, record);
	else if (header->type == PACKET_DATAGRAM && datagram_is_sound(record))
		consume_datagram(door, record);
}

static void door_late_close(struct packet_door *door, const struct packet_late_close *late)
{
	const struct packet_close close = {
		.common = { .cookie = late->cookie, .turn = late->turn, .flags = late->flags },
		.answer_end_seq = late->answer_end_seq,
		.is_reset = late->is_reset,
	};

	stream_close(door->stream, &close);
}

/* What came before an end is in the ring: that is emptied first, as soon as it may be. */
void packet_door_tick(struct packet_door *door)
{
	int queue = bpf_map__fd(door->bpf->maps.late_closes);
	struct packet_late_close closes[LATE_CLOSES];
	unsigned int count = LATE_CLOSES;

	while (count == LATE_CLOSES && !ring_is_held(door->agent->ring)) {
		count = 0;
		while (count < LATE_CLOSES &&
			bpf_map_lookup_and_delete_elem(queue, NULL, &closes[count]) == 0)
			count++;
		if (count > 0)
			ring_empty(door->agent->ring);
		for (unsigned int i = 0; i < count; i++)
			door_late_close(door, &closes[i]);
	}
}

static void door_exchange(void *context, struct request_event *event)
{
	const struct packet_door *door = context;
	const struct packet_listener *listener =
		&door->listeners[stream_told_protocol(door->stream)];

	if (listener->exchange)
		listener->exchange(listener->context, event);
}

static void door_session(void *context, const struct stream_session *session)
{
	const struct packet_door *door = context;

	if (door->session)
		door->session(door->session_context, session);
}

static int attach_all(struct packet_door *door, int cgroup_fd, struct fail *fail)
{
	struct packet_bpf *bpf = door->bpf;
	const struct {
		struct bpf_program *program;
		struct bpf_link **link;
	} hooks[] = {
		{ bpf->progs.on_connection, &bpf->links.on_connection },
		{ bpf->progs.on_ingress, &bpf->links.on_ingress },
		{ bpf->progs.on_egress, &bpf->links.on_egress },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(hooks); i++) {
		*hooks[i].link = bpf_program__attach_cgroup(hooks[i].program, cgroup_fd);
		if (!*hooks[i].link)
			return loader_explain(fail, -errno, bpf_program__name(hooks[i].program));
	}
	return 0;
}

static void door_configure(struct packet_door *door)
{
	const struct agent *agent = door->agent;

	door->bpf->rodata->self_pid = (uint32_t)getpid();
	door->bpf->rodata->scope_pid = agent->scope.kind == SCOPE_PID ? agent->scope.pid : 0;
	door->bpf->rodata->scope_netns =
		agent->scope.kind == SCOPE_NETNS ? agent->scope.netns_inode : 0;
	door->bpf->data->wanted_protocols = 0;
	door->bpf->rodata->wake_bytes = ring_wake_bytes(agent->ring);
}

static int door_load(struct packet_door *door, struct fail *fail)
{
	struct agent *agent = door->agent;
	int r;

	if (agent->scope.cgroup_fd < 0) {
		*fail = agent->scope.no_cgroup;
		return fail->code;
	}
	door->bpf = packet_bpf__open();
	r = loader_open(agent, "packet", door->bpf ? door->bpf->skeleton : NULL, fail);
	if (r < 0)
		return r;
	door_configure(door);
	r = loader_load(door->bpf->skeleton, fail);
	if (r < 0)
		return r;
	ring_register(agent->ring, SOURCE_packet, door_consume, door);
	return attach_all(door, agent->scope.cgroup_fd, fail);
}

static void door_free(struct packet_door *door)
{
	if (!door)
		return;
	if (door->bpf) {
		ring_register(door->agent->ring, SOURCE_packet, NULL, NULL);
		loader_forget(door->agent, door->bpf->skeleton);
		packet_bpf__destroy(door->bpf);
	}
	stream_free(door->stream);
	free(door);
}
DEFINE_CLEANUP(struct packet_door *, door_free);

static int door_new(struct agent *agent, struct packet_door **ret_door, struct fail *fail)
{
	_cleanup_(door_freep)
	struct packet_door *door = calloc(1, sizeof(*door));
	struct stream_options options = {
		.maximum_connections = CONNECTIONS_MAXIMUM,
		.message_flags = agent->config.unmask ? MESSAGE_UNMASKED : 0,
		.scope_pid = agent->scope.kind == SCOPE_PID ? agent->scope.pid : 0,
		.exchange = door_exchange,
		.message = door_message,
		.session = door_session,
		.context = door,
	};
	int r;

	if (!door)
		return fail_set(fail, -ENOMEM, "out of memory");
	door->agent = agent;
	r = stream_new(&options, &door->stream);
	if (r < 0)
		return fail_set(fail, r, "out of memory");
	r = door_load(door, fail);
	if (r < 0)
		return r;
	*ret_door = TAKE(door);
	return 0;
}

int packet_door_enter(struct agent *agent, struct fail *fail)
{
	int r = 0;

	if (!agent->packet_door)
		r = door_new(agent, &agent->packet_door, fail);
	if (r < 0)
		return r;
	agent->packet_door->joined++;
	return 0;
}

void packet_door_exit(struct agent *agent)
{
	struct packet_door *door = agent->packet_door;

	if (--door->joined > 0)
		return;
	agent->packet_door = NULL;
	door_free(door);
}

int packet_door_join(struct agent *agent, enum packet_protocol protocol,
	const struct packet_listener *listener, struct fail *fail)
{
	int r = packet_door_enter(agent, fail);

	if (r < 0)
		return r;
	if (listener->message) {
		r = packet_udp_watch(agent->packet_door, PACKET_UDP_DATAGRAMS, fail);
		if (r < 0) {
			packet_door_exit(agent);
			return r;
		}
	}
	agent->packet_door->listeners[protocol] = *listener;
	agent->packet_door->bpf->data->wanted_protocols |= 1U << protocol;
	stream_want(agent->packet_door->stream, protocol, true);
	return 0;
}

void packet_door_leave(struct agent *agent, enum packet_protocol protocol)
{
	struct packet_door *door = agent->packet_door;

	if (!door)
		return;
	if (door->listeners[protocol].message)
		packet_udp_ignore(door, PACKET_UDP_DATAGRAMS);
	door->listeners[protocol] = (struct packet_listener){ 0 };
	door->bpf->data->wanted_protocols &= ~(1U << protocol);
	stream_want(door->stream, protocol, false);
	packet_door_exit(agent);
}

int packet_door_join_tls(struct agent *agent, struct key_store *keys, stream_tell_session *session,
	void *context, struct fail *fail)
{
	int r = packet_door_enter(agent, fail);

	if (r < 0)
		return r;
	r = stream_use_keys(agent->packet_door->stream, keys);
	if (r < 0) {
		packet_door_exit(agent);
		return fail_set(fail, r, "out of memory");
	}
	agent->packet_door->session = session;
	agent->packet_door->session_context = context;
	agent->packet_door->bpf->data->wanted_protocols |= 1U << PROTOCOL_tls;
	return 0;
}

void packet_door_leave_tls(struct agent *agent)
{
	struct packet_door *door = agent->packet_door;

	if (!door)
		return;
	door->bpf->data->wanted_protocols &= ~(1U << PROTOCOL_tls);
	(void)stream_use_keys(door->stream, NULL);
	door->session = NULL;
	packet_door_exit(agent);
}

uint64_t packet_door_broken_sessions(const struct packet_door *door)
{
	return stream_broken_sessions(door->stream);
}

/* Requests of ordered connections that found no room in the ring. */
static void add_kernel_losses(const struct packet_door *door, enum packet_protocol protocol,
	struct feature_counts *counts)
{
	int cpu_count = libbpf_num_possible_cpus();
	_cleanup_(freep)
	uint64_t *values = NULL;
	uint32_t key = protocol;

	if (cpu_count < 0)
		return;
	values = calloc((size_t)cpu_count, sizeof(*values));
	if (!values || bpf_map__lookup_elem(door->bpf->maps.requests_lost, &key, sizeof(key),
			       values, (size_t)cpu_count * sizeof(*values), 0) < 0)
		return;
	for (int cpu = 0; cpu < cpu_count; cpu++) {
		counts->seen += values[cpu];
		counts->lost[COUNT_LOST_RING_FULL] += values[cpu];
	}
}

void packet_door_counts(
	struct packet_door *door, enum packet_protocol protocol, struct feature_counts *ret_counts)
{
	struct feature_counts counts = { 0 };

	/* The rows of the door are HTTP's, whose exchanges the kernel half pairs. */
	if (protocol == PROTOCOL_http && loader_sum_counts(door->bpf->maps.counts, &counts) < 0)
		return;
	add_kernel_losses(door, protocol, &counts);
	stream_add_counts(door->stream, protocol, &counts);
	*ret_counts = counts;
}
