/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of calls: see profile_tree.h.
 */
#include "cli/profile_tree.h"

#include "base/map.h"
#include "base/str.h"

#define NAME_MAXIMUM 512

struct edge {
	const struct profile_node *parent;
	const char *name; /* compared by address: names are kept once */
};

struct name {
	char text[NAME_MAXIMUM];
};

const struct profile_measure profile_measure_cpu = {
	.title = "Where CPU time goes",
	.of = "CPU time",
	.many = "samples",
	.name = "cpu_ns",
	.type = "cpu",
	.count = "samples",
};

const struct profile_measure profile_measure_waiting = {
	.title = "What threads wait for",
	.of = "waiting",
	.many = "waits",
	.name = "wait_ns",
	.type = "offcpu",
	.count = "offcpu_events",
	.is_time = true,
};

const struct profile_measure profile_measure_wall = {
	.title = "Where time goes",
	.of = "running and waiting",
	.many = "samples and waits",
	.name = "wall_ns",
	.type = "wall",
	.count = "events",
	.is_time = true,
};

struct profile_tree {
	const struct profile_measure *measure;
	uint64_t count;
	struct profile_node root;
	struct map *names; /* struct name → char: its key is the text */
	struct map *edges; /* struct edge → struct profile_node */
	bool is_sorted;
};

struct profile_tree *profile_tree_new(const struct profile_measure *measure)
{
	struct profile_tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return NULL;
	tree->measure = measure;
	tree->root.name = "";
	tree->names = map_new(sizeof(struct name), 1, PROFILE_NODES_MAXIMUM);
	tree->edges =
		map_new(sizeof(struct edge), sizeof(struct profile_node), PROFILE_NODES_MAXIMUM);
	if (!tree->names || !tree->edges) {
		profile_tree_free(tree);
		return NULL;
	}
	return tree;
}

void profile_tree_free(struct profile_tree *tree)
{
	if (!tree)
		return;
	map_free(tree->edges);
	map_free(tree->names);
	free(tree);
}

static const char *keep_name(struct profile_tree *tree, struct slice text)
{
	struct name name = { "" };
	void *kept;

	str_copy_slice(name.text, sizeof(name.text), text);
	kept = map_add(tree->names, &name, NULL);
	return kept ? ((const struct name *)map_key(kept))->text : NULL;
}

static struct profile_node *child_of(
	struct profile_tree *tree, struct profile_node *parent, struct slice text)
{
	struct edge edge = { .parent = parent, .name = keep_name(tree, text) };
	struct profile_node *node;
	bool is_new;

	if (!edge.name)
		return NULL;
	node = map_add(tree->edges, &edge, &is_new);
	if (node && is_new) {
		node->name = edge.name;
		node->parent = parent;
		node->depth = parent->depth + 1;
		node->next = parent->child;
		parent->child = node;
		tree->is_sorted = false;
	}
	return node;
}

int profile_tree_add(
	struct profile_tree *tree, const char *frames, uint64_t count, uint64_t time_ns)
{
	struct profile_node *node = &tree->root;
	uint64_t share = tree->measure->is_time ? time_ns : count;
	const char *at = frames;

	tree->count += count;
	node->total += share;
	while (*at) {
		size_t length = strcspn(at, ";");
		struct profile_node *child =
			child_of(tree, node, (struct slice){ (const uint8_t *)at, length });

		if (!child)
			return -ENOMEM;
		child->total += share;
		node = child;
		at += length + (at[length] == ';');
	}
	node->self += share;
	node->self_count += count;
	node->self_ns += time_ns;
	/* Of the root: the time of all. */
	if (node != &tree->root)
		tree->root.self_ns += time_ns;
	return 0;
}

const struct profile_measure *profile_tree_measure(const struct profile_tree *tree)
{
	return tree->measure;
}

uint64_t profile_tree_count(const struct profile_tree *tree)
{
	return tree->count;
}

uint64_t profile_tree_total(const struct profile_tree *tree)
{
	return tree->root.total;
}

uint64_t profile_tree_time_ns(const struct profile_tree *tree)
{
	return tree->root.self_ns;
}

/* ---- order ---- */

static int compare_nodes(const void *left, const void *right)
{
	const struct profile_node *const *a = left, *const *b = right;

	return strcmp((*a)->name, (*b)->name);
}

static int sort_children(struct profile_node *node)
{
	size_t count = 0, i = 0;
	struct profile_node **children;

	for (struct profile_node *child = node->child; child; child = child->next)
		count++;
	if (count < 2)
		return 0;
	children = calloc(count, sizeof(struct profile_node *));
	if (!children)
		return -ENOMEM;
	for (struct profile_node *child = node->child; child; child = child->next)
		children[i++] = child;
	qsort(children, count, sizeof(struct profile_node *), compare_nodes);
	for (i = 0; i < count; i++)
		children[i]->next = i + 1 < count ? children[i + 1] : NULL;
	node->child = children[0];
	free(children);
	return 0;
}

const struct profile_node *profile_tree_root(struct profile_tree *tree)
{
	if (!tree->is_sorted) {
		(void)sort_children(&tree->root);
		MAP_FOREACH(tree->edges, value)
			(void)sort_children(value);
		tree->is_sorted = true;
	}
	return &tree->root;
}

const struct profile_node *profile_node_next(const struct profile_node *node)
{
	if (node->child)
		return node->child;
	while (node && !node->next)
		node = node->parent;
	return node ? node->next : NULL;
}

const struct profile_node **profile_node_path(const struct profile_node *node)
{
	const struct profile_node **path = calloc(node->depth + 1, sizeof(struct profile_node *));

	for (unsigned int i = node->depth; path && i-- > 0; node = node->parent)
		path[i] = node;
	return path;
}

/* ---- functions ---- */

static bool is_inside_itself(const struct profile_node *node)
{
	for (const struct profile_node *outer = node->parent; outer; outer = outer->parent)
		if (outer->name == node->name)
			return true;
	return false;
}

static int compare_functions(const void *left, const void *right)
{
	const struct profile_function *a = left, *b = right;

	if (a->self != b->self)
		return a->self < b->self ? 1 : -1;
	if (a->total != b->total)
		return a->total < b->total ? 1 : -1;
	return strcmp(a->name, b->name);
}

int profile_tree_functions(
	struct profile_tree *tree, struct profile_function **ret_functions, size_t *ret_count)
{
	struct map *by_name = map_new(
		sizeof(const char *), sizeof(struct profile_function), PROFILE_NODES_MAXIMUM);
	struct profile_function *functions = NULL;
	size_t count = 0;

	if (!by_name)
		return -ENOMEM;
	MAP_FOREACH(tree->edges, value) {
		const struct profile_node *node = value;
		struct profile_function *function = map_add(by_name, &node->name, NULL);

		if (!function)
			break;
		function->name = node->name;
		function->self += node->self;
		if (!is_inside_itself(node))
			function->total += node->total;
	}
	functions = calloc(map_count(by_name) + 1, sizeof(*functions));
	MAP_FOREACH(by_name, value) {
		if (functions)
			functions[count++] = *(const struct profile_function *)value;
	}
	map_free(by_name);
	if (!functions)
		return -ENOMEM;
	qsort(functions, count, sizeof(*functions), compare_functions);
	*ret_functions = functions;
	*ret_count = count;
	return 0;
}

struct map *profile_function_places(const struct profile_function *functions, size_t count)
{
	_cleanup_(map_freep)
	struct map *places = map_new(sizeof(const char *), sizeof(size_t), PROFILE_NODES_MAXIMUM);

	for (size_t i = 0; places && i < count; i++) {
		size_t *place = map_add(places, &functions[i].name, NULL);

		if (!place)
			return NULL;
		*place = i;
	}
	return TAKE(places);
}
