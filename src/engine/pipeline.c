/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers events, names their process, hands them round.
 */
#include "engine/pipeline.h"

#include "base/str.h"
#include "engine/agent.h"
#include "event/request.h"
#include "node/node.h"
#include "node/peer.h"

#define OUTPUT_MAXIMUM 16
/* Ends of connections whose service is remembered: 100 bytes each. */
#define PEERS_MAXIMUM  16384

struct pipeline {
	struct node *node; /* NULL in tests: the process part stays as it came */
	struct peer_table *peers;
	uint64_t last_id;
	unsigned int output_count;
	struct {
		pipeline_output *output;
		void *context;
	} outputs[OUTPUT_MAXIMUM];
};

int pipeline_new(struct agent *agent, struct pipeline **ret_pipeline)
{
	struct pipeline *pipeline = calloc(1, sizeof(*pipeline));

	if (!pipeline)
		return -ENOMEM;
	pipeline->peers = peer_table_new(PEERS_MAXIMUM);
	if (!pipeline->peers) {
		free(pipeline);
		return -ENOMEM;
	}
	pipeline->node = agent->node;
	/* Unique also across runs: no run emits a million events a second on average. Microseconds,
	 * so that JavaScript holds it exactly. */
	pipeline->last_id = clock_wall_ns() / NS_PER_US;
	*ret_pipeline = pipeline;
	return 0;
}

void pipeline_free(struct pipeline *pipeline)
{
	if (!pipeline)
		return;
	peer_table_free(pipeline->peers);
	free(pipeline);
}

int pipeline_add_output(struct pipeline *pipeline, pipeline_output *output, void *context)
{
	unsigned int at = pipeline->output_count;

	if (at == OUTPUT_MAXIMUM)
		return -ENOSPC;
	pipeline->outputs[at].output = output;
	pipeline->outputs[at].context = context;
	pipeline->output_count++;
	return 0;
}

void pipeline_remove_output(struct pipeline *pipeline, pipeline_output *output, void *context)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < pipeline->output_count; i++)
		if (pipeline->outputs[i].output != output ||
			pipeline->outputs[i].context != context)
			pipeline->outputs[kept++] = pipeline->outputs[i];
	pipeline->output_count = kept;
}

struct both_ends {
	struct peer_end local;
	struct peer_end peer;
};

static struct peer_end end_at(const char *event, uint16_t address, uint16_t port)
{
	struct peer_end end = { 0 };

	memcpy(&end.address, event + address, sizeof(end.address));
	memcpy(&end.port, event + port, sizeof(end.port));
	return end;
}

/* own: the process at this end. */
static struct both_ends ends_of(const struct event_header *header, const struct event_process *own)
{
	const struct event_ends *at = header->kind->ends;
	const char *event = (const char *)header;
	struct both_ends ends = {
		.local = end_at(event, at->local_address, at->local_port),
		.peer = end_at(event, at->peer_address, at->peer_port),
	};

	ends.local.network_namespace = ends.peer.network_namespace = own->network_namespace;
	ends.local.is_datagram = ends.peer.is_datagram = at->is_datagram;
	return ends;
}

static void note_end(
	struct pipeline *pipeline, const struct peer_end *local, const struct event_process *own)
{
	if (own->service[0] && local->port)
		peer_note(pipeline->peers, local, own->service);
}

/* The service at the other end, when that is on this node too; own: the process at this end. */
static void name_peer(
	struct pipeline *pipeline, struct event_header *header, const struct event_process *own)
{
	const struct event_ends *at = header->kind->ends;
	struct both_ends ends = ends_of(header, own);
	const struct peer_end *peer = &ends.peer;
	char *event = (char *)header;
	struct event_process listener = { 0 };
	const char *service;

	note_end(pipeline, &ends.local, own);
	if (!peer->port)
		return;
	service = peer_find(pipeline->peers, peer);
	if (!service && !peer->is_datagram && *(uint8_t *)(event + at->role) == ROLE_CLIENT &&
		node_listener_find(pipeline->node, peer->network_namespace, &peer->address,
			peer->port, &listener) == 0)
		service = listener.service;
	if (service)
		str_copy(event + at->peer_service, EVENT_SERVICE_BYTES, service);
}

/* What the feature saw itself stays where the node knows nothing: a process that is gone. */
static void describe(struct node *node, struct event_process *process)
{
	uint32_t network_namespace = process->network_namespace;
	char comm[sizeof(process->comm)];

	memcpy(comm, process->comm, sizeof(comm));
	node_describe(node, process);
	if (!process->comm[0])
		memcpy(process->comm, comm, sizeof(comm));
	if (!process->network_namespace)
		process->network_namespace = network_namespace;
}

void pipeline_note(struct pipeline *pipeline, struct event_header *event)
{
	struct event_process *process =
		(struct event_process *)((char *)event + event->kind->process_offset);
	struct both_ends ends;

	if (!pipeline->node)
		return;
	describe(pipeline->node, process);
	ends = ends_of(event, process);
	note_end(pipeline, &ends.local, process);
}

void pipeline_emit(struct pipeline *pipeline, struct event_header *event)
{
	uint16_t offset = event->kind->process_offset;

	event->id = ++pipeline->last_id;
	if (offset && pipeline->node) {
		struct event_process *process = (struct event_process *)((char *)event + offset);

		describe(pipeline->node, process);
		if (event->kind->ends)
			name_peer(pipeline, event, process);
	}
	for (unsigned int i = 0; i < pipeline->output_count; i++)
		pipeline->outputs[i].output(pipeline->outputs[i].context, event);
}
