/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks put together into a tree of calls, from the outermost functions inwards, and its forms: a
 * table of functions, folded lines, JSON lines, a flame graph in SVG, files for speedscope and
 * pprof.
 */
#ifndef SKEP_CLI_PROFILE_TREE_H
#define SKEP_CLI_PROFILE_TREE_H

#include <stdio.h>

#include "base/fail.h"

struct profile_tree;

/* What the samples of a profile stand for. */
struct profile_measure {
	const char *title; /* "Where CPU time goes" */
	const char *of;	   /* "CPU time" */
	const char *many;  /* what is counted: "samples" */
	const char *name;  /* member of JSON: "cpu_ns" */
	const char *type;  /* of pprof, in nanoseconds: "cpu" */
	const char *count; /* of pprof, without a unit: "samples" */
	bool is_time;	   /* shares are those of time: each sample stands for another one */
};

extern const struct profile_measure profile_measure_cpu;
extern const struct profile_measure profile_measure_waiting;
extern const struct profile_measure profile_measure_wall;

/* Nodes; stacks that want more end in "[more]". */
#define PROFILE_NODES_MAXIMUM 1000000

/* NULL without memory. */
struct profile_tree *profile_tree_new(const struct profile_measure *measure);
void profile_tree_free(struct profile_tree *tree); /* accepts NULL */
DEFINE_CLEANUP(struct profile_tree *, profile_tree_free);

/* frames: "root;…;leaf". 0 or -ENOMEM. */
int profile_tree_add(
	struct profile_tree *tree, const char *frames, uint64_t count, uint64_t time_ns);
const struct profile_measure *profile_tree_measure(const struct profile_tree *tree);
uint64_t profile_tree_count(const struct profile_tree *tree);	/* samples, or waits */
uint64_t profile_tree_total(const struct profile_tree *tree);	/* of which shares are shares */
uint64_t profile_tree_time_ns(const struct profile_tree *tree); /* that they stand for */

struct profile_function {
	const char *name; /* borrowed from the tree */
	uint64_t self;	  /* samples that ended in it, or their time */
	uint64_t total;	  /* of those that it was in, once each also where it calls itself */
};
/* By self, then total, then name. The caller frees it. 0 or -ENOMEM. */
int profile_tree_functions(
	struct profile_tree *tree, struct profile_function **ret_functions, size_t *ret_count);
struct map;
/* Where each of them stands in that list: const char *name, by its address → size_t. NULL without
 * memory. */
struct map *profile_function_places(const struct profile_function *functions, size_t count);

/* Functions with their shares; limit 0: all. 0, -ENOMEM or -EPIPE. */
int profile_write_table(struct profile_tree *tree, size_t limit, FILE *stream);
/* "root;…;leaf count", sorted; of time in microseconds. */
int profile_write_folded(struct profile_tree *tree, FILE *stream);
/* {"frames":["root",…,"leaf"],"count":N,"cpu_ns":N} a line, or the measure's name. */
int profile_write_json(struct profile_tree *tree, FILE *stream);
/* One file that a browser shows: a function a box, as wide as its share; its title tells the rest.
 */
int profile_write_svg(struct profile_tree *tree, const char *title, FILE *stream);
/* What https://www.speedscope.app opens. */
int profile_write_speedscope(struct profile_tree *tree, const char *title, FILE *stream);
/* What `go tool pprof` opens, compressed; the stream needs a file descriptor. */
int profile_write_pprof(struct profile_tree *tree, FILE *stream);

/* For the writers: nodes in the order of their names. */
struct profile_node {
	const char *name;
	struct profile_node *parent, *child, *next; /* NULL where there is none */
	uint64_t self, total; /* samples; nanoseconds where the measure is time */
	uint64_t self_count, self_ns;
	unsigned int depth; /* of the root, which is no function, 0 */
};
/* The root, children sorted. */
const struct profile_node *profile_tree_root(struct profile_tree *tree);
/* The next one in depth-first order, NULL at the end. */
const struct profile_node *profile_node_next(const struct profile_node *node);
/* The functions from the outermost one to this one, as many as it is deep. The caller frees the
 * list; NULL without memory. */
const struct profile_node **profile_node_path(const struct profile_node *node);

#endif
