/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root of everything a running agent owns: one tree, passed explicitly, touched by
 * the loop thread only. `skep run` makes one; a command that works without an agent makes a small
 * one.
 */
#ifndef SKEP_AGENT_H
#define SKEP_AGENT_H

#include "base/clock.h"
#include "engine/config.h"
#include "engine/feature.h"

struct loop;
struct ring;
struct node;
struct pipeline;
struct packet_door;
struct bpf_object;

enum feature_state { FEATURE_OFF, FEATURE_ON };

struct feature_slot {
	const struct feature *feature;
	void *options; /* filled from the feature's option rows */
	void *state;   /* what open returned */
	enum feature_state on;
	struct fail reason; /* why it is off */
};

/* Objects whose programs and maps `skep status` accounts for. */
struct agent_object {
	const char *owner; /* feature or door */
	struct bpf_object *object;
};

#define AGENT_OBJECTS_MAXIMUM 32

struct agent {
	struct config config;
	struct clock_map clock;
	struct loop *loop;
	struct ring *ring;
	struct node *node;
	struct pipeline *pipeline;
	struct packet_door
		*packet_door;	    /* opened by the first feature that wants it: doors/packet.h */
	struct feature_slot *slots; /* one per line of features.def */
	size_t slot_count;
	struct agent_object objects[AGENT_OBJECTS_MAXIMUM];
	unsigned int object_count;
	uint64_t start_ns; /* monotonic */
};

/*
 * Makes the agent: loop, rings, node, pipeline. Features are opened by agent_start.
 * config is copied. 0 or -errno with the reason.
 */
int agent_new(const struct config *config, struct agent **ret_agent, struct fail *fail);
/* Opens the features whose name is in names (NULL: all). A feature that fails is off with its
 * reason; returns the number that are on. */
int agent_start(struct agent *agent, const char *const *names);
/* Runs the loop until agent_stop or a signal (SIGINT, SIGTERM). */
int agent_run(struct agent *agent);
void agent_stop(struct agent *agent);
/* Empties the rings, closes features, flushes outputs, frees. Accepts NULL. */
void agent_free(struct agent *agent);
DEFINE_CLEANUP(struct agent *, agent_free);

/* The slot of a feature by name, NULL when there is none. */
struct feature_slot *agent_feature(struct agent *agent, const char *name);

#endif
