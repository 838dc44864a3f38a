/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profiler: samples what runs on each CPU, all the time. In: stacks of the ring, on the
 * reader's thread. Out: `sample` and `stack` events.
 */
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "base/clock.h"
#include "base/fd.h"
#include "doors/stack_event.h"
#include "doors/stack_reader.h"
#include "engine/loader.h"
#include "oncpu.skel.h"

#define HZ_MAXIMUM	   997
/* The ring holds the samples of half a second, some 8 KiB each, within these bounds. */
#define SAMPLE_BYTES	   8192
#define RING_BYTES_MINIMUM (1U << 20)
#define RING_BYTES_MAXIMUM (16U << 20)

struct oncpu_options {
	uint32_t hz;
};

struct oncpu {
	struct agent *agent;
	struct oncpu_bpf *bpf;
	struct stack_client *client;
	struct bpf_link **links; /* one a CPU, NULL where it is not online */
	unsigned int link_count;
	uint64_t period_ns;
};

static const struct event_kind *const oncpu_kinds[] = { &sample_kind, &stack_kind, NULL };

static const struct option_row oncpu_rows[] = {
	OPTION(oncpu_options, hz, "profile-hz", 0, OPTION_U32, .value_name = "N", .initial = "19",
		.maximum = HZ_MAXIMUM,
		.help = "samples a second on each CPU, of what runs there; 0: no profile"),
};

/* ---- the reader's thread ---- */

static bool oncpu_record(void *context, const struct record_header *header)
{
	struct oncpu *oncpu = context;
	const struct stack_record *record = (const struct stack_record *)header;
	struct stack_answer answer;
	struct stack_sum_key key;
	struct stack_sum one = {
		.first_ns = header->time_ns, .count = 1, .cpu_ns = oncpu->period_ns
	};

	if (!stack_client_read(oncpu->client, record, &answer))
		return false;
	stack_sum_key_of(record, answer.id, &key);
	key.state = STATE_RUNNING;
	return stack_client_add(oncpu->client, &key, &one);
}

/* ---- opening ---- */

static int open_event(int cpu, uint32_t hz)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.freq = 1,
		.sample_freq = hz,
		.exclude_idle = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int attach(struct oncpu *oncpu, uint32_t hz, struct fail *fail)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	oncpu->links = calloc((size_t)MAX(cpus, 1L), sizeof(struct bpf_link *));
	if (!oncpu->links)
		return fail_set(fail, -ENOMEM, "out of memory");
	for (int cpu = 0; cpu < (int)cpus; cpu++) {
		_cleanup_(fd_closep)
		int fd = open_event(cpu, hz);

		/* Not online. */
		if (fd == -ENODEV)
			continue;
		if (fd < 0)
			return loader_explain(fail, fd, "the clock event of a CPU");
		oncpu->links[oncpu->link_count] =
			bpf_program__attach_perf_event(oncpu->bpf->progs.on_sample, fd);
		if (!oncpu->links[oncpu->link_count])
			return loader_explain(fail, -errno, "program on_sample");
		fd_take(&fd);
		oncpu->link_count++;
	}
	return 0;
}

static void configure(struct oncpu *oncpu, uint32_t hz)
{
	const struct agent *agent = oncpu->agent;
	struct oncpu_bpf *bpf = oncpu->bpf;
	uint32_t bytes = RING_BYTES_MINIMUM;
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	while (bytes < RING_BYTES_MAXIMUM && bytes < (uint64_t)cpus * hz * SAMPLE_BYTES / 2)
		bytes *= 2;
	bpf_map__set_max_entries(bpf->maps.stacks, bytes);
	bpf_map__set_max_entries(bpf->maps.scratch_by_cpu, (uint32_t)cpus);
	SCOPE_TELL(bpf->rodata, &agent->scope);
}

static int oncpu_load(struct oncpu *oncpu, uint32_t hz, struct fail *fail)
{
	struct stack_client_calls calls = { .context = oncpu, .record = oncpu_record };
	int r;

	oncpu->bpf = oncpu_bpf__open();
	r = loader_open(oncpu->agent, "oncpu", oncpu->bpf ? oncpu->bpf->skeleton : NULL, fail);
	if (r < 0)
		return r;
	configure(oncpu, hz);
	r = loader_load(oncpu->bpf->skeleton, fail);
	if (r < 0)
		return r;
	calls.ring_fd = bpf_map__fd(oncpu->bpf->maps.stacks);
	r = stack_reader_join(oncpu->agent, &calls, &oncpu->client, fail);
	return r < 0 ? r : attach(oncpu, hz, fail);
}

static void oncpu_close(void *state)
{
	struct oncpu *oncpu = state;

	if (!oncpu)
		return;
	for (unsigned int i = 0; i < oncpu->link_count; i++)
		bpf_link__destroy(oncpu->links[i]);
	free(oncpu->links);
	stack_reader_leave(oncpu->client);
	if (oncpu->bpf) {
		loader_forget(oncpu->agent, oncpu->bpf->skeleton);
		oncpu_bpf__destroy(oncpu->bpf);
	}
	free(oncpu);
}
DEFINE_CLEANUP(void *, oncpu_close);

static int oncpu_open(struct agent *agent, const void *options, void **ret_state, struct fail *fail)
{
	const struct oncpu_options *values = options;
	_cleanup_(oncpu_closep)
	void *state = NULL;
	struct oncpu *oncpu;
	int r;

	if (values->hz == 0)
		return fail_set(fail, -ECANCELED, "turned off: --profile-hz 0");
	state = oncpu = calloc(1, sizeof(struct oncpu));
	if (!oncpu)
		return fail_set(fail, -ENOMEM, "out of memory");
	oncpu->agent = agent;
	oncpu->period_ns = NS_PER_S / values->hz;
	r = oncpu_load(oncpu, values->hz, fail);
	if (r < 0)
		return r;
	*ret_state = TAKE(state);
	return 0;
}

static void oncpu_counts(void *state, struct feature_counts *ret_counts)
{
	struct oncpu *oncpu = state;
	struct feature_counts counts = { 0 };

	if (loader_sum_counts(oncpu->bpf->maps.counts, &counts) < 0)
		return;
	stack_client_counts(oncpu->client, &counts);
	*ret_counts = counts;
}

static void oncpu_tick(void *state, uint64_t now_ns)
{
	struct oncpu *oncpu = state;

	stack_client_tick(oncpu->client, now_ns);
}

static void oncpu_drop_caches(void *state)
{
	struct oncpu *oncpu = state;

	stack_reader_drop_caches(oncpu->client);
}

static const char *oncpu_door(void *state)
{
	return "perf_event";
}

const struct feature oncpu_feature = {
	.name = "oncpu",
	.summary = "a profile of what runs on each CPU: stacks of every program, without its help",
	.kinds = oncpu_kinds,
	.options = oncpu_rows,
	.option_count = ARRAY_LENGTH(oncpu_rows),
	.options_bytes = sizeof(struct oncpu_options),
	.open = oncpu_open,
	.drop_caches = oncpu_drop_caches,
	.tick = oncpu_tick,
	.counts = oncpu_counts,
	.door = oncpu_door,
	.close = oncpu_close,
};
