/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits under way, whose stack is known and whose end is not: brings both together. Belongs to the
 * reader's thread.
 */
#ifndef SKEP_OFFCPU_WAITS_H
#define SKEP_OFFCPU_WAITS_H

#include "doors/stack_reader.h"
#include "profile/offcpu/offcpu_record.h"

/* At one time; as many as the kernel half notes. */
#define WAITS_MAXIMUM 16384

struct waits;

struct waits *waits_new(void);	      /* NULL without memory */
void waits_free(struct waits *waits); /* accepts NULL */
size_t waits_count(const struct waits *waits);

/* A stack was taken, the key of whose waiter is known. One that the thread had before has no end
 * any more: it was lost. False: there is no room. */
bool waits_begin(
	struct waits *waits, const struct stack_record *record, const struct stack_sum_key *key);
/* Who woke it: a thread by its name, or SAMPLE_WAKER_INTERRUPT. */
void waits_woken(struct waits *waits, const struct offcpu_waker *record, const char *waker);
/* What one that ended amounts to. False: it is not known, so that there is nothing to add. */
bool waits_end(struct waits *waits, const struct offcpu_end *record, struct stack_sum_key *ret_key,
	struct stack_sum *ret_amounts);

struct wait_id {
	uint32_t pid, thread;
	uint64_t begin_ns;
};
/* One of which nothing was told for period_ns, if it is still under way. False: there is none. */
bool waits_oldest(struct waits *waits, uint64_t now_ns, uint64_t period_ns, struct wait_id *ret_id);
/* What has passed of it since then: its amounts have no sample. The thread must be known. */
void waits_pass(struct waits *waits, uint32_t thread, uint64_t now_ns,
	struct stack_sum_key *ret_key, struct stack_sum *ret_amounts);
/* It is over, and nobody saw its end. */
void waits_forget(struct waits *waits, uint32_t thread);

#endif
