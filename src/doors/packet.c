/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads the packet door's programs, attaches them to the scope's cgroup and hands
 * the records to the stream body.
 */
#include "doors/packet.h"

#include "base/str.h"
#include "engine/loader.h"
#include "engine/ring.h"
#include "packet.skel.h"

#include <bpf/bpf.h>
#include <unistd.h>

/* Connections inside an exchange at one time, or ordered: 1 KiB each while they are. */
#define CONNECTIONS_MAXIMUM 8192
#define PROTOCOLS_MAXIMUM   32

struct packet_listener {
	stream_exchange *exchange; /* NULL: nobody asks for this protocol */
	void *context;
};

struct packet_door {
	struct agent *agent;
	struct packet_bpf *bpf;
	struct stream *stream;
	struct packet_listener listeners[PROTOCOLS_MAXIMUM]; /* by index in protocols.def */
	unsigned int joined;
};

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
}

/* Index in protocols.def, or -ENOENT. */
static int protocol_index(const char *name)
{
	size_t count;
	const struct protocol *const *protocols = protocols_all(&count);

	for (size_t i = 0; i < count && i < PROTOCOLS_MAXIMUM; i++)
		if (str_equal(protocols[i]->name, name))
			return (int)i;
	return -ENOENT;
}

static void door_exchange(void *context, struct request_event *event)
{
	struct packet_door *door = context;
	int index = protocol_index(event->protocol);

	if (index >= 0 && door->listeners[index].exchange)
		door->listeners[index].exchange(door->listeners[index].context, event);
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

int packet_door_join(struct agent *agent, const char *protocol, stream_exchange *exchange,
	void *context, struct fail *fail)
{
	int index = protocol_index(protocol);
	int r;

	if (index < 0)
		return fail_set(fail, index, "no protocol '%s'", protocol);
	if (!agent->packet_door) {
		r = door_new(agent, &agent->packet_door, fail);
		if (r < 0)
			return r;
	}
	agent->packet_door->listeners[index] =
		(struct packet_listener){ .exchange = exchange, .context = context };
	agent->packet_door->joined++;
	return 0;
}

void packet_door_leave(struct agent *agent, const char *protocol)
{
	struct packet_door *door = agent->packet_door;
	int index = protocol_index(protocol);

	if (!door || index < 0)
		return;
	door->listeners[index] = (struct packet_listener){ 0 };
	if (--door->joined > 0)
		return;
	agent->packet_door = NULL;
	door_free(door);
}

void packet_door_counts(struct packet_door *door, struct feature_counts *ret_counts)
{
	struct feature_counts counts = { 0 };

	if (loader_sum_counts(door->bpf->maps.counts, &counts) == 0)
		stream_add_counts(door->stream, &counts);
	*ret_counts = counts;
}
