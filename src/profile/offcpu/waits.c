/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits under way: see waits.h. The map keeps them in the order in which something was told of
 * them.
 */
#include "profile/offcpu/waits.h"

#include "base/map.h"
#include "base/str.h"

struct waiter {
	struct stack_sum_key key;
	char waker[16]; /* zeroed behind its end */
	uint64_t begin_ns;
	uint64_t told_ns; /* up to here its time is added already */
	uint32_t weight;
};

struct waits {
	struct map *waiters; /* uint32_t thread → struct waiter */
};

struct waits *waits_new(void)
{
	struct waits *waits = calloc(1, sizeof(*waits));

	if (!waits)
		return NULL;
	waits->waiters = map_new(sizeof(uint32_t), sizeof(struct waiter), WAITS_MAXIMUM);
	if (!waits->waiters) {
		free(waits);
		return NULL;
	}
	return waits;
}

void waits_free(struct waits *waits)
{
	if (!waits)
		return;
	map_free(waits->waiters);
	free(waits);
}

size_t waits_count(const struct waits *waits)
{
	return map_count(waits->waiters);
}

bool waits_begin(
	struct waits *waits, const struct stack_record *record, const struct stack_sum_key *key)
{
	struct waiter *waiter;

	(void)map_remove(waits->waiters, &record->task.thread);
	waiter = map_add(waits->waiters, &record->task.thread, NULL);
	if (!waiter)
		return false;
	waiter->key = *key;
	waiter->begin_ns = waiter->told_ns = record->header.time_ns;
	waiter->weight = record->weight;
	return true;
}

void waits_woken(struct waits *waits, const struct offcpu_waker *record, const char *waker)
{
	struct waiter *waiter = map_find(waits->waiters, &record->thread);

	if (waiter && waiter->begin_ns == record->begin_ns)
		str_set(waiter->waker, waker);
}

/* From a time on, as far as it was not told. */
static uint64_t passed(const struct waiter *waiter, uint64_t from_ns, uint64_t until_ns)
{
	uint64_t start_ns = MAX(from_ns, waiter->told_ns);

	return until_ns > start_ns ? (until_ns - start_ns) * waiter->weight : 0;
}

bool waits_end(struct waits *waits, const struct offcpu_end *record, struct stack_sum_key *ret_key,
	struct stack_sum *ret_amounts)
{
	struct waiter *waiter = map_find(waits->waiters, &record->thread);
	uint64_t end_ns = record->header.time_ns, woken_ns;

	if (!waiter || waiter->begin_ns != record->begin_ns)
		return false;
	*ret_key = waiter->key;
	memcpy(ret_key->waker, waiter->waker, sizeof(ret_key->waker));
	/* Who was preempted waits for nothing but a CPU. */
	woken_ns = waiter->key.state == STATE_PREEMPTED ? record->begin_ns
		   : record->woken_ns			? record->woken_ns
							: end_ns;
	*ret_amounts = (struct stack_sum){
		.first_ns = record->begin_ns,
		.count = 1,
		.waits = waiter->weight,
		.wait_ns = passed(waiter, record->begin_ns, woken_ns),
		.run_queue_ns = passed(waiter, woken_ns, end_ns),
	};
	map_remove(waits->waiters, &record->thread);
	return true;
}

bool waits_oldest(struct waits *waits, uint64_t now_ns, uint64_t period_ns, struct wait_id *ret_id)
{
	const struct waiter *waiter = map_first(waits->waiters);

	/* One that began since that time was read. */
	if (!waiter || now_ns <= waiter->told_ns || now_ns - waiter->told_ns < period_ns)
		return false;
	*ret_id = (struct wait_id){ .pid = waiter->key.task.pid,
		.thread = *(const uint32_t *)map_key(waiter),
		.begin_ns = waiter->begin_ns };
	return true;
}

void waits_pass(struct waits *waits, uint32_t thread, uint64_t now_ns,
	struct stack_sum_key *ret_key, struct stack_sum *ret_amounts)
{
	struct waiter *waiter = map_find(waits->waiters, &thread);
	uint64_t passed_ns = passed(waiter, waiter->begin_ns, now_ns);

	*ret_key = waiter->key;
	*ret_amounts = (struct stack_sum){ .first_ns = waiter->told_ns };
	if (waiter->key.state == STATE_PREEMPTED)
		ret_amounts->run_queue_ns = passed_ns;
	else
		ret_amounts->wait_ns = passed_ns;
	waiter->told_ns = now_ns;
	map_touch(waits->waiters, waiter);
}

void waits_forget(struct waits *waits, uint32_t thread)
{
	(void)map_remove(waits->waiters, &thread);
}
