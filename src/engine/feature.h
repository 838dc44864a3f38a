/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE interface: what a feature is to the engine. A feature is one folder that
 * defines `const struct feature NAME_feature` and one line in features.def. All
 * calls come from the loop thread.
 */
#ifndef SKEP_FEATURE_H
#define SKEP_FEATURE_H

#include "base/fail.h"
#include "bpf/event.h"
#include "event/field.h"
#include "event/option.h"

struct agent;

/* Totals since the start; lost[] is indexed by enum count, entries below COUNT_LOST_RING_FULL
 * unused. */
struct feature_counts {
	uint64_t seen;
	uint64_t reported; /* events handed to the pipeline */
	uint64_t lost[COUNT_MAXIMUM];
};

struct feature {
	const char *name;
	const char *summary;
	const struct event_kind *const *kinds; /* that it emits, NULL-terminated */
	const struct option_row *options;      /* flags of `skep run`, may be NULL */
	unsigned int option_count;
	unsigned int options_bytes; /* size of the struct that the rows fill */
	/*
	 * Loads and attaches. 0 and *ret_state, or -errno with the reason in fail: then the feature
	 * is off with that reason and nothing of it stays in the kernel. With 0, fail may say why
	 * no better door was taken. options is what the rows filled.
	 */
	int (*open)(struct agent *agent, const void *options, void **ret_state, struct fail *fail);
	/* One record whose source is this feature. Borrowed for the call; record->size is checked
	 * against the ring. NULL when it gets its data from a door. */
	void (*consume)(void *state, const struct record_header *record);
	/* Memory is short: gives back what can be made again. May be NULL. */
	void (*drop_caches)(void *state);
	/* About ten times a second. May be NULL. */
	void (*tick)(void *state, uint64_t now_ns);
	void (*counts)(void *state, struct feature_counts *ret_counts);
	/* The way in that was taken, "cgroup_skb" or "tp_btf". */
	const char *(*door)(void *state);
	void (*close)(void *state); /* accepts NULL */
};

/* The names of enum count for people: "ring_full". */
const char *count_name(enum count count);

/* The list of features.def; SOURCE_##name##_feature is SOURCE_key + 1 + index. */
const struct feature *const *features_all(size_t *ret_count);

/* Every kind of event that a feature emits, once each, in the order of features.def. Returns how
 * many there are; stores at most maximum. */
size_t features_kinds(const struct event_kind **ret_kinds, size_t maximum);

#endif
