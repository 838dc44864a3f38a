/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile for speedscope: see profile_tree.h. The form is a "sampled" profile of
 * https://www.speedscope.app/file-format-schema.json: frames once, stacks as places in them.
 */
#include "base/json.h"
#include "base/map.h"
#include "cli/profile_tree.h"

#define FILE_MAXIMUM (512 * 1024 * 1024)

static void put_frames(struct json *json, const struct profile_function *functions, size_t count)
{
	json_key(json, "shared");
	json_object_begin(json);
	json_key(json, "frames");
	json_array_begin(json);
	for (size_t i = 0; i < count; i++) {
		json_object_begin(json);
		json_member_string(json, "name", functions[i].name);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

/* From the outermost function to this one. */
static int put_stack(struct json *json, const struct profile_node *node, struct map *places)
{
	_cleanup_(freep)
	const struct profile_node **path = profile_node_path(node);

	if (!path)
		return -ENOMEM;
	json_array_begin(json);
	for (unsigned int i = 0; i < node->depth; i++)
		json_u64(json, *(const size_t *)map_find(places, &path[i]->name));
	json_array_end(json);
	return 0;
}

static bool is_stack(const struct profile_node *node)
{
	return node->self > 0 && node->depth > 0;
}

static int put_stacks(struct json *json, struct profile_tree *tree, struct map *places)
{
	uint64_t whole_ns = 0;
	int r = 0;

	json_key(json, "samples");
	json_array_begin(json);
	for (const struct profile_node *node = profile_tree_root(tree); r == 0 && node;
		node = profile_node_next(node))
		if (is_stack(node))
			r = put_stack(json, node, places);
	json_array_end(json);
	json_key(json, "weights");
	json_array_begin(json);
	for (const struct profile_node *node = profile_tree_root(tree); node;
		node = profile_node_next(node)) {
		if (!is_stack(node))
			continue;
		json_u64(json, node->self_ns);
		whole_ns += node->self_ns;
	}
	json_array_end(json);
	json_member_u64(json, "startValue", 0);
	json_member_u64(json, "endValue", whole_ns);
	return r;
}

static int put_profile(
	struct json *json, struct profile_tree *tree, const char *title, struct map *places)
{
	int r;

	json_key(json, "profiles");
	json_array_begin(json);
	json_object_begin(json);
	json_member_string(json, "type", "sampled");
	json_member_string(json, "name", title);
	json_member_string(json, "unit", "nanoseconds");
	r = put_stacks(json, tree, places);
	json_object_end(json);
	json_array_end(json);
	return r;
}

int profile_write_speedscope(struct profile_tree *tree, const char *title, FILE *stream)
{
	_cleanup_(freep)
	struct profile_function *functions = NULL;
	_cleanup_(map_freep)
	struct map *places = NULL;
	_cleanup_(buf_done)
	struct buf text = { 0 };
	struct json json;
	size_t count;
	int r = profile_tree_functions(tree, &functions, &count);

	if (r < 0)
		return r;
	places = profile_function_places(functions, count);
	if (!places)
		return -ENOMEM;
	buf_init(&text, FILE_MAXIMUM);
	json_init(&json, &text);
	json_object_begin(&json);
	json_member_string(&json, "$schema", "https://www.speedscope.app/file-format-schema.json");
	json_member_string(&json, "exporter", "skep");
	json_member_string(&json, "name", title);
	put_frames(&json, functions, count);
	r = put_profile(&json, tree, title, places);
	json_object_end(&json);
	if (r == 0)
		r = text.error;
	if (r < 0)
		return r;
	fprintf(stream, "%s\n", buf_text(&text));
	return ferror(stream) ? -EPIPE : 0;
}
