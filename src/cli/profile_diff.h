/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changed between two profiles, by function: the shares of both, and whether chance alone can
 * make them so different.
 */
#ifndef SKEP_CLI_PROFILE_DIFF_H
#define SKEP_CLI_PROFILE_DIFF_H

#include "cli/profile_source.h"

/* Samples before and after; the names are borrowed from the trees. */
struct profile_change {
	const char *name;
	uint64_t self[2];
	uint64_t total[2];
	/*
	 * Two-sided, of the less likely one of both shares (two-proportion z-test with the pooled
	 * share); 1 where so few samples are expected that the test does not hold.
	 */
	double chance;
	/* chance is under 5 % for the whole list of both shares of each function (Bonferroni). */
	bool is_certain;
};

/* A change for each function of either; the certain ones first, then by size. The caller frees the
 * list. 0 or -ENOMEM. */
int profile_compare(struct profile_tree *const trees[2], struct profile_change **ret_changes,
	size_t *ret_count);
/* The certain ones, at most limit; 0: all. How many there are, or -EPIPE. */
int profile_write_changes(const struct profile_change *changes, size_t count,
	struct profile_tree *const trees[2], size_t limit, FILE *stream);
/* Adds lines "root;…;leaf count". 0, -EINVAL with the line that is none, -ENOMEM. */
int profile_read_folded(FILE *stream, struct profile_tree *tree, struct fail *fail);

/* `skep profile diff BEFORE AFTER`: an enum exit_code. */
int profile_diff_run(
	const struct command_call *call, const struct profile_wish *wish, size_t limit);

#endif
