/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent remembers: every event a row of the table of its kind in a SQLite file, exact
 * counts of requests in `request_rate`, within hard limits of bytes and age. Loop thread only;
 * writing happens on a thread of its own. A crash takes at most the last second.
 */
#ifndef SKEP_STORE_H
#define SKEP_STORE_H

#include "engine/rate.h"
#include "engine/store_writer.h"

/* In the directory. */
#define STORE_FILE "store.db"

struct store;

struct store_options {
	const char *directory;
	uint64_t maximum_bytes;	 /* of file and log; 0: the smaller of 2 GiB and 5 % of the disk */
	uint64_t maximum_age_ns; /* 0: 7 days */
	/*
	 * Rows of `request` a second; beyond them errors, slow requests and a sample with weights
	 * are kept, and at each flush at least one row of each key. 0: all, as far as the
	 * writer keeps up.
	 */
	uint32_t rows_per_second;
	uint32_t keys_maximum;		       /* of request_rate at a time, 0: 4096 */
	uint64_t batch_bytes;		       /* of rows on their way, at most; 0: 32 MiB */
	const struct event_kind *const *kinds; /* NULL-terminated; request_rate comes by itself */
	const char *const *protocols;	       /* views on request, NULL-terminated, may be NULL */
	timeline_read *read;		       /* NULL: the clocks of this machine */
	void *context;
};

struct store_counts {
	uint64_t written;   /* rows committed */
	uint64_t sampled;   /* requests that another row stands for */
	uint64_t shed;	    /* events of other kinds dropped because the writer fell behind */
	uint64_t lost;	    /* rows that could not be written */
	uint64_t uncounted; /* requests in neither table: the writer stood still for too long */
	uint64_t folded;    /* requests counted under "(other)" */
	uint64_t expired;   /* rows deleted for the limits */
	uint64_t keys;	    /* of request_rate now */
	uint64_t bytes;	    /* on disk now */
	uint64_t maximum_bytes;
	uint64_t waiting_bytes; /* not handed to the writer yet */
	uint64_t commit_ns;	/* what the last commit took */
	uint64_t commit_longest_ns;
	char set_aside[256]; /* a damaged file that was moved away, "" */
	struct fail problem; /* why nothing is written now; code 0 when all is well */
};

/*
 * 0 or -errno with the reason: the directory is missing (it is not made), or the file was
 * written by a newer skep. A damaged file is no failure: see store_counts.
 */
int store_open(const struct store_options *options, struct store **ret_store, struct fail *fail);
/* Takes one event; a pipeline_output. Kinds that were not announced are ignored. */
void store_write(void *store, const struct event_header *event);
/* About ten times a second: hands rows over twice a second. */
void store_tick(struct store *store);
/* Hands over at once what there is, as far as the writer has room. */
void store_flush(struct store *store);
/* Keeps a tenth of the single requests, whose weights stand for the others. */
void store_set_frugal(struct store *store, bool is_frugal);
/* True while the writer takes nothing more. */
bool store_is_behind(struct store *store);
/*
 * A mark for everything that was given to the store so far; flushes. store_wait, on any thread,
 * returns once that is in the file; false when the time is over first.
 */
uint64_t store_mark(struct store *store);
bool store_wait(struct store *store, uint64_t mark, uint64_t timeout_ns);
void store_get_counts(struct store *store, struct store_counts *ret_counts);
/* Writes everything, closes, frees. Accepts NULL. ret_counts may be NULL. */
void store_close(struct store *store, struct store_counts *ret_counts);

#endif
