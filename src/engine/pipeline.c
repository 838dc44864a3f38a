/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers events, names their process, hands them round.
 */
#include "engine/pipeline.h"

#include "engine/agent.h"
#include "node/node.h"

#define OUTPUT_MAXIMUM 16

struct pipeline {
	struct node *node; /* NULL in tests: the process part stays as it came */
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
	pipeline->node = agent->node;
	/* Unique also across runs: no run emits a million events a second on average. Microseconds,
	 * so that JavaScript holds it exactly. */
	pipeline->last_id = clock_wall_ns() / NS_PER_US;
	*ret_pipeline = pipeline;
	return 0;
}

void pipeline_free(struct pipeline *pipeline)
{
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

void pipeline_emit(struct pipeline *pipeline, struct event_header *event)
{
	uint16_t offset = event->kind->process_offset;

	event->id = ++pipeline->last_id;
	if (offset && pipeline->node)
		node_describe(pipeline->node, (struct event_process *)((char *)event + offset));
	for (unsigned int i = 0; i < pipeline->output_count; i++)
		pipeline->outputs[i].output(pipeline->outputs[i].context, event);
}
