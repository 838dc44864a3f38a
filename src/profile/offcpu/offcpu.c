/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What threads wait for: stacks of those that give up their CPU, each with the time that it stands
 * for. In: stacks and their ends, on the reader's thread. Out: `sample` and `stack` events.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "base/str.h"
#include "doors/stack_event.h"
#include "doors/stack_reader.h"
#include "engine/abilities.h"
#include "engine/loader.h"
#include "offcpu.skel.h"
#include "profile/offcpu/waits.h"

#define RING_BYTES_A_CPU (512U << 10)
#define RING_BYTES_LEAST (2U << 20)
#define RING_BYTES_MOST	 (16U << 20)

/* A wait that goes on is told so often. */
#define PASS_NS (30 * NS_PER_S)

/* Stacks of a CPU a second, and in a burst of a seventh of one; more where more was asked for. */
#define STACKS_A_SECOND	    100
#define STACKS_A_TURN	    64
#define US_USUAL	    50000
#define US_A_SAMPLE_MAXIMUM 200000000U

struct offcpu_options {
	uint64_t time_a_sample_ns;
};

struct offcpu {
	struct agent *agent;
	struct offcpu_bpf *bpf;
	struct stack_client *client;
	struct waits *waits;
	const char *door;
	uint32_t us_a_sample; /* that was asked for */
	unsigned int cpus;
	uint64_t adapted_ns;
	uint64_t adapted_seen;
};

static const struct event_kind *const offcpu_kinds[] = { &sample_kind, &stack_kind, NULL };

static const struct option_row offcpu_rows[] = {
	OPTION(offcpu_options, time_a_sample_ns, "profile-waiting", 0, OPTION_DURATION,
		.value_name = "TIME", .initial = "50ms", .maximum = 10 * NS_PER_S,
		.help = "waiting that a sample stands for, longer while there is much of it; 0: no "
			"samples of waiting threads"),
};

/* ---- the reader's thread ---- */

static bool begin(struct offcpu *offcpu, const struct stack_record *record)
{
	struct stack_answer answer;
	struct stack_sum_key key;

	if (!stack_client_read(offcpu->client, record, &answer))
		return false;
	stack_sum_key_of(record, answer.id, &key);
	key.state = record->flags & STACK_IS_PREEMPTED ? STATE_PREEMPTED : answer.state;
	return waits_begin(offcpu->waits, record, &key);
}

static bool woken(struct offcpu *offcpu, const struct offcpu_waker *record)
{
	char waker[16] = "";

	if (record->frame_bytes > sizeof(record->frames))
		return false;
	if (record->waker_pid &&
		!stack_client_is_interrupt(offcpu->client, record->frames, record->frame_bytes / 8))
		str_copy_slice(waker, sizeof(waker),
			(struct slice){ (const uint8_t *)record->waker,
				strnlen(record->waker, sizeof(record->waker)) });
	else
		str_set(waker, SAMPLE_WAKER_INTERRUPT);
	waits_woken(offcpu->waits, record, waker);
	return true;
}

static bool end(struct offcpu *offcpu, const struct offcpu_end *record)
{
	struct stack_sum amounts;
	struct stack_sum_key key;

	/* One whose stack was not sound is counted already. */
	return !waits_end(offcpu->waits, record, &key, &amounts) ||
	       stack_client_add(offcpu->client, &key, &amounts);
}

static bool offcpu_record(void *context, const struct record_header *header)
{
	struct offcpu *offcpu = context;
	const void *record = header;
	bool is_sound = false;

	if (header->type == OFFCPU_BEGIN && header->size >= sizeof(struct stack_record))
		is_sound = begin(offcpu, record);
	else if (header->type == OFFCPU_WAKER && header->size >= sizeof(struct offcpu_waker))
		is_sound = woken(offcpu, record);
	else if (header->type == OFFCPU_END && header->size >= sizeof(struct offcpu_end))
		is_sound = end(offcpu, record);
	stack_client_keeps(offcpu->client, waits_count(offcpu->waits));
	return is_sound;
}

/*
 * The kernel may skip a program, and the end of a wait with it. Then the kernel half has nothing of
 * that wait any more, and has counted it as lost; or the thread is gone, which only we see.
 */
static bool is_under_way(struct offcpu *offcpu, const struct wait_id *id)
{
	struct bpf_map *map = offcpu->bpf->maps.waits;
	struct offcpu_wait wait;
	char path[64];

	if (bpf_map__lookup_elem(map, &id->thread, sizeof(id->thread), &wait, sizeof(wait), 0) <
			0 ||
		wait.begin_ns != id->begin_ns)
		return false;
	snprintf(path, sizeof(path), "/proc/%u/task/%u", id->pid, id->thread);
	if (access(path, F_OK) == 0 || errno != ENOENT)
		return true;
	if (bpf_map__delete_elem(map, &id->thread, sizeof(id->thread), 0) == 0)
		stack_client_lose(offcpu->client);
	return false;
}

static void offcpu_round(void *context, uint64_t now_ns, bool is_last)
{
	struct offcpu *offcpu = context;
	struct stack_sum amounts;
	struct stack_sum_key key;
	struct wait_id id;

	/* Time that finds no room is missing from the sum; the sample itself is still to come. */
	while (waits_oldest(offcpu->waits, now_ns, is_last ? 0 : PASS_NS, &id)) {
		if (!is_under_way(offcpu, &id)) {
			waits_forget(offcpu->waits, id.thread);
			stack_client_keeps(offcpu->client, waits_count(offcpu->waits));
			continue;
		}
		waits_pass(offcpu->waits, id.thread, now_ns, &key, &amounts);
		/* There is no end to come any more. */
		amounts.count = is_last;
		(void)stack_client_add(offcpu->client, &key, &amounts);
	}
	if (is_last)
		stack_client_keeps(offcpu->client, 0);
}

/* ---- the loop's thread ---- */

/* Who asks for samples of shorter waits gets more of them. */
static uint32_t finer(const struct offcpu *offcpu)
{
	return MAX(US_USUAL / offcpu->us_a_sample, 1U);
}

static uint64_t seen(const struct offcpu *offcpu)
{
	struct feature_counts counts = { 0 };

	(void)loader_sum_counts(offcpu->bpf->maps.counts, &counts);
	return counts.seen;
}

/* Keeps the number of stacks within what they may cost: by how much waiting each stands for. */
static void adapt(struct offcpu *offcpu, uint64_t now_ns)
{
	uint64_t limit = (uint64_t)STACKS_A_SECOND * offcpu->cpus * finer(offcpu), taken, us,
		 before;

	if (now_ns - offcpu->adapted_ns < NS_PER_S)
		return;
	before = offcpu->adapted_seen;
	offcpu->adapted_seen = seen(offcpu);
	taken = (offcpu->adapted_seen - before) * NS_PER_S / (now_ns - offcpu->adapted_ns);
	offcpu->adapted_ns = now_ns;
	us = offcpu->bpf->data->us_a_sample;
	if (taken > limit)
		us = us * MIN(taken, 4 * limit) / limit;
	else if (taken < limit / 2)
		us = us * 3 / 4;
	us = MAX(us, (uint64_t)offcpu->us_a_sample);
	offcpu->bpf->data->us_a_sample = (uint32_t)MIN(us, (uint64_t)US_A_SAMPLE_MAXIMUM);
}

static void offcpu_tick(void *state, uint64_t now_ns)
{
	struct offcpu *offcpu = state;

	adapt(offcpu, now_ns);
	stack_client_tick(offcpu->client, now_ns);
}

/* ---- opening ---- */

static void choose_door(struct offcpu *offcpu)
{
	struct offcpu_bpf *bpf = offcpu->bpf;
	bool is_btf = abilities_has(offcpu->agent->abilities, ABILITY_TP_BTF);

	bpf_program__set_autoload(bpf->progs.on_switch, is_btf);
	bpf_program__set_autoload(bpf->progs.on_waking, is_btf);
	bpf_program__set_autoload(bpf->progs.on_switch_raw, !is_btf);
	bpf_program__set_autoload(bpf->progs.on_waking_raw, !is_btf);
	offcpu->door = is_btf ? "tp_btf" : "raw_tp";
}

static void configure(struct offcpu *offcpu)
{
	struct offcpu_bpf *bpf = offcpu->bpf;
	uint32_t bytes = RING_BYTES_LEAST;

	while (bytes < RING_BYTES_MOST &&
		bytes < (uint64_t)offcpu->cpus * finer(offcpu) * RING_BYTES_A_CPU)
		bytes *= 2;
	bpf_map__set_max_entries(bpf->maps.stacks, bytes);
	bpf_map__set_max_entries(bpf->maps.scratch_by_cpu, offcpu->cpus);
	SCOPE_TELL(bpf->rodata, &offcpu->agent->scope);
	bpf->rodata->stacks_a_turn = STACKS_A_TURN * finer(offcpu);
	bpf->data->us_a_sample = offcpu->us_a_sample;
}

static int offcpu_load(struct offcpu *offcpu, struct fail *fail)
{
	struct stack_client_calls calls = {
		.context = offcpu,
		.record = offcpu_record,
		.tick = offcpu_round,
	};
	int r;

	offcpu->bpf = offcpu_bpf__open();
	r = loader_open(offcpu->agent, "offcpu", offcpu->bpf ? offcpu->bpf->skeleton : NULL, fail);
	if (r < 0)
		return r;
	choose_door(offcpu);
	configure(offcpu);
	r = loader_load(offcpu->bpf->skeleton, fail);
	if (r < 0)
		return r;
	calls.ring_fd = bpf_map__fd(offcpu->bpf->maps.stacks);
	r = stack_reader_join(offcpu->agent, &calls, &offcpu->client, fail);
	return r < 0 ? r : loader_attach(offcpu->bpf->skeleton, fail);
}

static void offcpu_close(void *state)
{
	struct offcpu *offcpu = state;

	if (!offcpu)
		return;
	if (offcpu->bpf)
		offcpu_bpf__detach(offcpu->bpf);
	stack_reader_leave(offcpu->client);
	waits_free(offcpu->waits);
	if (offcpu->bpf) {
		loader_forget(offcpu->agent, offcpu->bpf->skeleton);
		offcpu_bpf__destroy(offcpu->bpf);
	}
	free(offcpu);
}
DEFINE_CLEANUP(void *, offcpu_close);

static int offcpu_open(
	struct agent *agent, const void *options, void **ret_state, struct fail *fail)
{
	const struct offcpu_options *values = options;
	_cleanup_(offcpu_closep)
	void *state = NULL;
	struct offcpu *offcpu;
	int r;

	if (values->time_a_sample_ns == 0)
		return fail_set(fail, -ECANCELED, "turned off: --profile-waiting 0");
	state = offcpu = calloc(1, sizeof(struct offcpu));
	if (!offcpu)
		return fail_set(fail, -ENOMEM, "out of memory");
	offcpu->agent = agent;
	offcpu->us_a_sample = (uint32_t)MAX(values->time_a_sample_ns / 1000, 1UL);
	offcpu->cpus = (unsigned int)MAX(sysconf(_SC_NPROCESSORS_CONF), 1L);
	offcpu->adapted_ns = clock_monotonic_ns();
	offcpu->waits = waits_new();
	if (!offcpu->waits)
		return fail_set(fail, -ENOMEM, "out of memory");
	r = offcpu_load(offcpu, fail);
	if (r < 0)
		return r;
	*ret_state = TAKE(state);
	return 0;
}

static void offcpu_counts(void *state, struct feature_counts *ret_counts)
{
	struct offcpu *offcpu = state;
	struct feature_counts counts = { 0 };

	if (loader_sum_counts(offcpu->bpf->maps.counts, &counts) < 0)
		return;
	stack_client_counts(offcpu->client, &counts);
	*ret_counts = counts;
}

static void offcpu_drop_caches(void *state)
{
	struct offcpu *offcpu = state;

	stack_reader_drop_caches(offcpu->client);
}

static const char *offcpu_door(void *state)
{
	const struct offcpu *offcpu = state;

	return offcpu->door;
}

const struct feature offcpu_feature = {
	.name = "offcpu",
	.summary = "a profile of what threads wait for: locks, disks, networks, other processes, a "
		   "CPU",
	.kinds = offcpu_kinds,
	.options = offcpu_rows,
	.option_count = ARRAY_LENGTH(offcpu_rows),
	.options_bytes = sizeof(struct offcpu_options),
	.open = offcpu_open,
	.drop_caches = offcpu_drop_caches,
	.tick = offcpu_tick,
	.counts = offcpu_counts,
	.door = offcpu_door,
	.close = offcpu_close,
};
