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
#include "engine/scope.h"

struct abilities;
struct budget;
struct loop;
struct ring;
struct node;
struct pipeline;
struct packet_door;
struct stack_reader;
struct store;
struct bpf_object;

enum feature_state { FEATURE_OFF, FEATURE_ON };

struct feature_slot {
	const struct feature *feature;
	void *options; /* filled from the feature's option rows */
	void *state;   /* what open returned */
	enum feature_state on;
	struct fail reason; /* why it is off, or on through no better door */
};

/* Objects whose programs and maps `skep status` accounts for. */
struct agent_object {
	const char *owner; /* feature or door */
	struct bpf_object *object;
};

#define AGENT_OBJECTS_MAXIMUM 32

struct agent {
	struct config config;
	struct scope scope;
	struct clock_map clock;
	struct abilities *abilities;
	struct budget *budget;
	struct loop *loop;
	struct ring *ring;
	struct node *node;
	struct pipeline *pipeline;
	struct store *store; /* NULL: nothing is kept */
	struct packet_door
		*packet_door; /* opened by the first feature that wants it: doors/packet.h */
	struct stack_reader *stack_reader; /* the same: doors/stack_reader.h */
	struct feature_slot *slots;	   /* one per line of features.def */
	size_t slot_count;
	struct agent_object objects[AGENT_OBJECTS_MAXIMUM];
	unsigned int object_count;
	uint64_t capabilities; /* at its start, see privilege_held */
	uint64_t start_ns;     /* monotonic */
	uint64_t last_second_ns;
	int lock_fd;		 /* DIR/lock, -1 without a directory */
	int signal_fd;		 /* SIGINT, SIGTERM */
	int stats_fd;		 /* while the kernel measures programs, else -1 */
	uint64_t stats_until_ns; /* monotonic */
};

/* One slot per line of features.def, each with its options at their defaults; NULL without memory.
 * `skep run` reads the command line into them. */
struct feature_slot *feature_slots_new(size_t *ret_count);
void feature_slots_free(struct feature_slot *slots, size_t count);

/*
 * Makes the agent: directory, lock and store (when config names a directory), loop, rings, node,
 * pipeline. Features are opened by agent_start. config is copied. SIGINT and SIGTERM are taken over
 * until agent_run ends, SIGPIPE is ignored from here on: call it before any thread starts. 0 or
 * -errno with the reason.
 */
int agent_new(const struct config *config, struct agent **ret_agent, struct fail *fail);
/* Replaces the slots by ones with other options; takes ownership. Before agent_start. */
void agent_use_slots(struct agent *agent, struct feature_slot *slots);
/* Opens the features whose name is in names (NULL: all). A feature that fails is off with its
 * reason; returns the number that are on. */
int agent_start(struct agent *agent, const char *const *names);
/* After agent_start returned 0: the reason of the first feature that was wished. Returns its code.
 */
int agent_why_off(const struct agent *agent, struct fail *fail);
/* Runs the loop until agent_stop or a signal (SIGINT, SIGTERM). */
int agent_run(struct agent *agent);
/* Any callback of the loop. */
void agent_stop(struct agent *agent);
/* Empties the rings, closes features, flushes outputs, frees. Accepts NULL. */
void agent_free(struct agent *agent);
DEFINE_CLEANUP(struct agent *, agent_free);

/*
 * Has the kernel count runs and time of its programs for so long from now, 0: stops it. It costs
 * every program of the machine some 20 ns a run, so that it is on only while someone looks: who
 * does asks again and again. 0 or -errno.
 */
int agent_measure_programs(struct agent *agent, uint64_t period_ns);

/* The slot of a feature by name, NULL when there is none. */
struct feature_slot *agent_feature(struct agent *agent, const char *name);

#endif
