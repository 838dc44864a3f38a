/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of every event through user space: a feature emits it, the pipeline gives it an id
 * and the identity of its process, and every output gets it. Loop thread only.
 */
#ifndef SKEP_PIPELINE_H
#define SKEP_PIPELINE_H

#include "event/process.h"

struct agent;
struct pipeline;

/* The event is borrowed for the call: an output that keeps it copies it (kind->size bytes, and
 * FIELD_TEXT_LONG strings). */
typedef void pipeline_output(void *context, const struct event_header *event);

int pipeline_new(struct agent *agent, struct pipeline **ret_pipeline);
void pipeline_free(struct pipeline *pipeline);
/* At most 16 outputs. 0 or -ENOSPC. */
int pipeline_add_output(struct pipeline *pipeline, pipeline_output *output, void *context);
void pipeline_remove_output(struct pipeline *pipeline, pipeline_output *output, void *context);
/* Fills header.id and the process part (from process.pid and process.start_ns; comm and
 * network_namespace stay where nothing is known), then calls the outputs. */
void pipeline_emit(struct pipeline *pipeline, struct event_header *event);

/*
 * Fills the process part of an event with two ends, and remembers who is at this end, so that the
 * events of the other end can name it: for those that are emitted later in one go.
 */
void pipeline_note(struct pipeline *pipeline, struct event_header *event);

#endif
