/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread that reads the stacks of all profiling features: it empties their rings, walks and
 * names stacks, and adds up what is the same. The loop thread turns sums into `sample` and `stack`
 * events.
 */
#ifndef SKEP_STACK_READER_H
#define SKEP_STACK_READER_H

#include "doors/stack.h"
#include "engine/agent.h"

struct stack_reader;
struct stack_client;

/* Different sums of a client between two collections, and new stacks of all; what finds no room is
 * lost and counted. */
#define STACK_SUMS_MAXIMUM  8192
#define STACK_TEXTS_MAXIMUM 4096

/* What counts together: padding is zeroed. */
struct stack_sum_key {
	struct task_identity task; /* thread is 0: threads of a name count together */
	char comm[16];
	char thread[16];
	char waker[16];
	uint64_t stack_id;
	uint64_t state; /* enum stack_state */
};

struct stack_sum {
	uint64_t first_ns;
	uint32_t count;
	uint64_t waits;
	uint64_t cpu_ns;
	uint64_t wait_ns;
	uint64_t run_queue_ns;
};

/* What a feature does with its ring. Both functions are called on the reader's thread. */
struct stack_client_calls {
	int ring_fd; /* borrowed until the client leaves */
	void *context;
	/* One record; its size is within the ring's. False: it is not sound. */
	bool (*record)(void *context, const struct record_header *header);
	/* After the ring was emptied, ten times a second; is_last when the client leaves. May be
	 * NULL. */
	void (*tick)(void *context, uint64_t now_ns, bool is_last);
};

/* ---- loop thread ---- */

/*
 * Opens the agent's reader, or joins it. ring_fd is borrowed until the client leaves. *ret_client
 * is set before the first call. 0 or -errno with the reason.
 */
int stack_reader_join(struct agent *agent, const struct stack_client_calls *calls,
	struct stack_client **ret_client, struct fail *fail);
/* Empties the ring a last time and emits what there is; the last one out ends the thread. */
void stack_reader_leave(struct stack_client *client);
/* About ten times a second: emits what came together, every ten seconds or when room gets short. */
void stack_client_tick(struct stack_client *client, uint64_t now_ns);
/* Adds the records that were not sound or found no room to lost, and sets reported. */
void stack_client_counts(struct stack_client *client, struct feature_counts *counts);
/* Memory is short: names and rules of files go, and are read again when they are needed. */
void stack_reader_drop_caches(struct stack_client *client);

/* ---- the reader's thread ---- */

/* Walks and names a stack, and has its frames told. False: the record contradicts itself. */
bool stack_client_read(struct stack_client *client, const struct stack_record *record,
	struct stack_answer *ret_answer);
/* Whether these frames of the kernel, the innermost first, are those of an interrupt. */
bool stack_client_is_interrupt(
	struct stack_client *client, const __u64 *frames, unsigned int count);
/* The key of who has the stack; state and waker are left to the caller. */
void stack_sum_key_of(
	const struct stack_record *record, uint64_t stack_id, struct stack_sum_key *ret_key);
/* Adds amounts; count of them are samples that are now accounted for. False: there is no room. */
bool stack_client_add(struct stack_client *client, const struct stack_sum_key *key,
	const struct stack_sum *amounts);
/* One that the feature cannot account for any more. */
void stack_client_lose(struct stack_client *client);
/* Samples that the feature itself still keeps. */
void stack_client_keeps(struct stack_client *client, uint64_t count);

#endif
