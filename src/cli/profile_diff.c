/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two profiles held against each other: see profile_diff.h. Samples of one thread follow each
 * other, so they are not quite independent, which the test takes them for: what it calls certain is
 * certain at best.
 */
#include "cli/profile_diff.h"

#include <math.h>

#include "base/str.h"
#include "cli/table.h"

#define CHANCE_MAXIMUM	 0.05
/* The usual rule for the normal approximation of a share: so many are expected on each side. */
#define EXPECTED_MINIMUM 5.0

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0.0;
}

static double chance_of(const uint64_t parts[2], const uint64_t wholes[2])
{
	double pooled = share(parts[0] + parts[1], wholes[0] + wholes[1]);
	double fewest = MIN(pooled, 1.0 - pooled) * (double)MIN(wholes[0], wholes[1]);
	double deviation;

	if (fewest < EXPECTED_MINIMUM)
		return 1.0;
	deviation =
		sqrt(pooled * (1.0 - pooled) * (1.0 / (double)wholes[0] + 1.0 / (double)wholes[1]));
	return erfc(fabs(share(parts[1], wholes[1]) - share(parts[0], wholes[0])) / deviation /
		    sqrt(2.0));
}

static int compare_names(const void *left, const void *right)
{
	const struct profile_function *a = left, *b = right;

	return strcmp(a->name, b->name);
}

/* In samples; only for the order. */
static double size_of(const struct profile_change *change)
{
	return fabs((double)change->self[1] - (double)change->self[0]) +
	       fabs((double)change->total[1] - (double)change->total[0]);
}

static int compare_changes(const void *left, const void *right)
{
	const struct profile_change *a = left, *b = right;

	if (a->is_certain != b->is_certain)
		return a->is_certain ? -1 : 1;
	if (a->chance != b->chance)
		return a->chance < b->chance ? -1 : 1;
	if (size_of(a) != size_of(b))
		return size_of(a) > size_of(b) ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void take_side(
	struct profile_change *change, int side, const struct profile_function *function)
{
	change->name = function->name;
	change->self[side] = function->self;
	change->total[side] = function->total;
}

/* Both lists by name, put into one. */
static size_t merge(struct profile_change *changes, struct profile_function *const lists[2],
	const size_t counts[2])
{
	size_t at[2] = { 0, 0 }, count = 0;

	while (at[0] < counts[0] || at[1] < counts[1]) {
		int order = at[0] == counts[0] ? 1
			    : at[1] == counts[1]
				    ? -1
				    : strcmp(lists[0][at[0]].name, lists[1][at[1]].name);

		if (order <= 0)
			take_side(&changes[count], 0, &lists[0][at[0]++]);
		if (order >= 0)
			take_side(&changes[count], 1, &lists[1][at[1]++]);
		count++;
	}
	return count;
}

int profile_compare(
	struct profile_tree *const trees[2], struct profile_change **ret_changes, size_t *ret_count)
{
	_cleanup_(freep)
	struct profile_function *before = NULL, *after = NULL;
	_cleanup_(freep)
	struct profile_change *changes = NULL;
	uint64_t wholes[2] = { profile_tree_count(trees[0]), profile_tree_count(trees[1]) };
	size_t counts[2], count;
	int r = profile_tree_functions(trees[0], &before, &counts[0]);

	if (r == 0)
		r = profile_tree_functions(trees[1], &after, &counts[1]);
	if (r < 0)
		return r;
	qsort(before, counts[0], sizeof(*before), compare_names);
	qsort(after, counts[1], sizeof(*after), compare_names);
	changes = calloc(counts[0] + counts[1] + 1, sizeof(*changes));
	if (!changes)
		return -ENOMEM;
	count = merge(changes, (struct profile_function *const[]){ before, after }, counts);
	for (size_t i = 0; i < count; i++) {
		double self = chance_of(changes[i].self, wholes);
		double total = chance_of(changes[i].total, wholes);

		changes[i].chance = MIN(self, total);
		changes[i].is_certain = changes[i].chance < CHANCE_MAXIMUM / 2.0 / (double)count;
	}
	qsort(changes, count, sizeof(*changes), compare_changes);
	*ret_changes = TAKE(changes);
	*ret_count = count;
	return 0;
}

/* ---- table ---- */

static void add_shares(struct table *table, const uint64_t parts[2], const uint64_t wholes[2])
{
	double before = 100.0 * share(parts[0], wholes[0]);
	double after = 100.0 * share(parts[1], wholes[1]);
	char text[64];

	snprintf(text, sizeof(text), "%.1f %% → %.1f %%", before, after);
	table_cell(table, text);
	snprintf(text, sizeof(text), "%+.1f", after - before);
	table_cell(table, text);
}

int profile_write_changes(const struct profile_change *changes, size_t count,
	struct profile_tree *const trees[2], size_t limit, FILE *stream)
{
	_cleanup_(table_done)
	struct table table;
	uint64_t wholes[2] = { profile_tree_count(trees[0]), profile_tree_count(trees[1]) };
	size_t certain = 0;

	table_init(&table, 5);
	table_cell(&table, "SELF");
	table_cell(&table, "");
	table_cell(&table, "TOTAL");
	table_cell(&table, "");
	table_cell(&table, "FUNCTION");
	for (; certain < count && changes[certain].is_certain; certain++) {
		if (limit && certain >= limit)
			continue;
		add_shares(&table, changes[certain].self, wholes);
		add_shares(&table, changes[certain].total, wholes);
		table_cell(&table, changes[certain].name);
	}
	table.right = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3;
	if (certain > 0)
		table_print(&table, stream);
	fprintf(stream, "%s%zu of %zu functions changed more than chance makes likely",
		certain > 0 ? "\n" : "", certain, count);
	fprintf(stream, "; %llu samples before, %llu after", (unsigned long long)wholes[0],
		(unsigned long long)wholes[1]);
	if (limit && certain > limit)
		fprintf(stream, "; %zu more: --limit 0", certain - limit);
	fputc('\n', stream);
	return ferror(stream) ? -EPIPE : (int)MIN(certain, (size_t)INT32_MAX);
}

/* ---- where they come from ---- */

int profile_read_folded(FILE *stream, struct profile_tree *tree, struct fail *fail)
{
	_cleanup_(freep)
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	for (size_t number = 1; (length = getline(&line, &size, stream)) >= 0; number++) {
		char *blank, *end;
		unsigned long long count;

		if (length > 0 && line[length - 1] == '\n')
			line[length - 1] = '\0';
		blank = strrchr(line, ' ');
		count = blank ? strtoull(blank + 1, &end, 10) : 0;
		if (!blank || blank[1] < '0' || blank[1] > '9' || *end)
			return fail_set(fail, -EINVAL,
				"line %zu is no folded stack: expected 'root;…;leaf count'",
				number);
		*blank = '\0';
		if (profile_tree_add(tree, line, count, 0) < 0)
			return fail_set(fail, -ENOMEM, "out of memory");
	}
	return 0;
}

/* "FROM..UNTIL" of what is stored, or a file. */
static int read_side(const struct command_call *call, const struct profile_wish *filter,
	const char *text, struct profile_tree *tree, struct fail *fail)
{
	struct profile_wish wish = *filter;
	const char *dots = strstr(text, "..");
	FILE *stream = fopen(text, "re");
	int r;

	if (stream) {
		r = profile_read_folded(stream, tree, fail);
		fclose(stream);
		return r;
	}
	if (!dots)
		return fail_set(fail, -EINVAL,
			"'%s': expected FROM..UNTIL, as in 10m..5m, or a file of -o folded", text);
	if (!call->config->directory[0])
		config_default_directory(call->config->directory, sizeof(call->config->directory));
	str_copy_slice(wish.since, sizeof(wish.since),
		(struct slice){ (const uint8_t *)text, (size_t)(dots - text) });
	str_set(wish.until, dots + 2);
	r = profile_read(call->config->directory, &wish, tree, fail);
	return r == -ENOTCONN ? fail_set(fail, r, "no agent runs and none left a store") : r;
}

int profile_diff_run(const struct command_call *call, const struct profile_wish *wish, size_t limit)
{
	_cleanup_(profile_tree_freep)
	struct profile_tree *before = profile_tree_new(&profile_measure_cpu),
			    *after = profile_tree_new(&profile_measure_cpu);
	struct profile_tree *trees[2] = { before, after };
	_cleanup_(freep)
	struct profile_change *changes = NULL;
	struct fail fail = { 0 };
	size_t count;
	int r = before && after ? 0 : fail_set(&fail, -ENOMEM, "out of memory");

	for (unsigned int i = 0; r == 0 && i < ARRAY_LENGTH(trees); i++) {
		r = read_side(call, wish, call->operands[1 + i], trees[i], &fail);
		if (r == 0 && profile_tree_count(trees[i]) == 0) {
			fprintf(stderr, "skep: no samples in '%s'\n", call->operands[1 + i]);
			return EXIT_CODE_NOTHING;
		}
	}
	if (r < 0) {
		int code = command_failed(&fail);

		return r == -EINVAL ? EXIT_CODE_USAGE : code;
	}
	r = profile_compare(trees, &changes, &count);
	if (r == 0)
		r = profile_write_changes(changes, count, trees, limit, stdout);
	if (r < 0)
		return ferror(stdout) ? EXIT_CODE_FINE : EXIT_CODE_FAILED;
	return r > 0 ? EXIT_CODE_FINE : EXIT_CODE_NOTHING;
}
