/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile as text: functions for people, folded and JSON lines for programs.
 */
#include "base/json.h"
#include "base/str.h"
#include "cli/profile_tree.h"
#include "cli/table.h"

#define LINE_MAXIMUM (1024 * 1024)
#define BAR_CELLS    20

static int end_of(FILE *stream)
{
	return ferror(stream) ? -EPIPE : 0;
}

static void share_text(char *text, size_t size, uint64_t part, uint64_t whole)
{
	snprintf(text, size, "%.1f %%", whole ? 100.0 * (double)part / (double)whole : 0.0);
}

/* Cells of a bar; the text is that of the longest one from some place on. */
static const char *bar_text(uint64_t part, uint64_t whole)
{
	static const char bar[] = "████████████████████";
	size_t cell = (sizeof(bar) - 1) / BAR_CELLS;

	return bar + (sizeof(bar) - 1) - cell * (whole ? (size_t)(part * BAR_CELLS / whole) : 0);
}

/* Those whose outermost frame says why the stack ends there. */
static uint64_t cut_samples(struct profile_tree *tree)
{
	uint64_t samples = 0;

	for (const struct profile_node *node = profile_tree_root(tree)->child; node;
		node = node->next)
		if (str_starts_with(node->name, "[cut:"))
			samples += node->total;
	return samples;
}

int profile_write_table(struct profile_tree *tree, size_t limit, FILE *stream)
{
	_cleanup_(freep)
	struct profile_function *functions = NULL;
	_cleanup_(table_done)
	struct table table;
	const struct profile_measure *measure = profile_tree_measure(tree);
	uint64_t all = profile_tree_total(tree);
	size_t count;
	int r = profile_tree_functions(tree, &functions, &count);
	char text[128];

	if (r < 0)
		return r;
	table_init(&table, 4);
	table_cell(&table, "SELF");
	table_cell(&table, "TOTAL");
	table_cell(&table, "");
	table_cell(&table, "FUNCTION");
	for (size_t i = 0; i < count && (!limit || i < limit); i++) {
		share_text(text, sizeof(text), functions[i].self, all);
		table_cell(&table, text);
		share_text(text, sizeof(text), functions[i].total, all);
		table_cell(&table, text);
		table_cell(&table, bar_text(functions[i].self, all));
		table_cell(&table, functions[i].name);
	}
	table.right = 1 << 0 | 1 << 1;
	table_print(&table, stream);
	str_from_duration(text, sizeof(text), profile_tree_time_ns(tree));
	fprintf(stream, "\n%llu %s, %s of %s", (unsigned long long)profile_tree_count(tree),
		measure->many, text, measure->of);
	share_text(text, sizeof(text), all - cut_samples(tree), all);
	fprintf(stream, ", %s of %s whole stacks", text, measure->is_time ? "it in" : "them");
	if (limit && count > limit)
		fprintf(stream, "; %zu more functions: --limit 0", count - limit);
	fputc('\n', stream);
	return end_of(stream);
}

typedef void write_stack(FILE *stream, const struct profile_measure *measure,
	const struct profile_node *node, const struct profile_node *const *path);

static void write_folded(FILE *stream, const struct profile_measure *measure,
	const struct profile_node *node, const struct profile_node *const *path)
{
	uint64_t number = measure->is_time ? (node->self + 500) / 1000 : node->self;

	if (number == 0)
		return;
	for (unsigned int i = 0; i < node->depth; i++)
		fprintf(stream, "%s%s", i ? ";" : "", path[i]->name);
	fprintf(stream, " %llu\n", (unsigned long long)number);
}

static void write_json(FILE *stream, const struct profile_measure *measure,
	const struct profile_node *node, const struct profile_node *const *path)
{
	_cleanup_(buf_done)
	struct buf line = { 0 };
	struct json json;

	buf_init(&line, LINE_MAXIMUM);
	json_init(&json, &line);
	json_object_begin(&json);
	json_key(&json, "frames");
	json_array_begin(&json);
	for (unsigned int i = 0; i < node->depth; i++)
		json_string_text(&json, path[i]->name);
	json_array_end(&json);
	json_member_u64(&json, "count", node->self_count);
	json_member_u64(&json, measure->name, node->self_ns);
	json_object_end(&json);
	fprintf(stream, "%s\n", buf_text(&line));
}

/* A line for each stack that samples ended in. */
static int write_stacks(struct profile_tree *tree, write_stack *write, FILE *stream)
{
	for (const struct profile_node *node = profile_tree_root(tree); node;
		node = profile_node_next(node)) {
		_cleanup_(freep)
		const struct profile_node **path = NULL;

		if (node->self == 0 || node->depth == 0)
			continue;
		path = profile_node_path(node);
		if (!path)
			return -ENOMEM;
		write(stream, profile_tree_measure(tree), node, path);
	}
	return end_of(stream);
}

int profile_write_folded(struct profile_tree *tree, FILE *stream)
{
	return write_stacks(tree, write_folded, stream);
}

int profile_write_json(struct profile_tree *tree, FILE *stream)
{
	return write_stacks(tree, write_json, stream);
}
