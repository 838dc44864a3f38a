/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts the two ends of a connection together. In: records as they come, of either end; out: the
 * same records, once each, with who is at the other end and the bytes that only the other end can
 * count. For that a connect waits for its accept, and the first close for the second, at most half
 * a second. Loop thread only.
 */
#ifndef SKEP_UNIX_PAIR_H
#define SKEP_UNIX_PAIR_H

#include "base/base.h"
#include "observe/unix/unix_record.h"

/* Connections that are remembered, the oldest make room: 150 bytes each. */
#define UNIX_PAIRS_MAXIMUM 65536
/* Records that wait: 300 bytes each; beyond that they do not wait. */
#define UNIX_HELD_MAXIMUM  16384
#define UNIX_HELD_NS	   500000000ULL

struct unix_pairs;

struct unix_party {
	uint32_t pid;	   /* 0 when unknown */
	uint64_t start_ns; /* 0: whoever has the pid */
	char comm[16];	   /* "" when unknown */
};

/*
 * record is complete but where is_partial: the other end is open still, or nobody told of its
 * close, so that bytes_sent may have grown since. It may be changed during the call.
 */
typedef void unix_pairs_report(
	void *context, struct unix_record *record, const struct unix_party *peer, bool is_partial);

struct unix_pairs *unix_pairs_new(unix_pairs_report *report, void *context);
void unix_pairs_free(struct unix_pairs *pairs); /* what waits is dropped; accepts NULL */

/* A record of any type. */
void unix_pairs_take(struct unix_pairs *pairs, const struct unix_record *record);
/* Who has an end that is older than the agent. role: enum request_role, 1 or 2. */
void unix_pairs_note(
	struct unix_pairs *pairs, uint64_t connection, uint8_t role, struct unix_party party);
/* Who has an end, as far as it is known. */
struct unix_party unix_pairs_party(
	const struct unix_pairs *pairs, uint64_t connection, uint8_t role);
/* Reports what has waited long enough; UINT64_MAX: all. */
void unix_pairs_tick(struct unix_pairs *pairs, uint64_t now_ns);
size_t unix_pairs_waiting(const struct unix_pairs *pairs);

#endif
