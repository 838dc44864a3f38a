/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profiler: samples what runs on each CPU, all the time. In: sums of the sampler's thread. Out:
 * `sample` and `stack` events.
 */
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/agent.h"
#include "engine/loader.h"
#include "engine/pipeline.h"
#include "oncpu.skel.h"
#include "profile/oncpu/oncpu_event.h"
#include "profile/oncpu/sampler.h"

#define HZ_MAXIMUM	   997
/* What is the same within that time becomes one event. */
#define INTERVAL_NS	   (10 * NS_PER_S)
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
	struct sampler *sampler;
	struct bpf_link **links; /* one a CPU, NULL where it is not online */
	unsigned int link_count;
	uint64_t period_ns;
	uint64_t collected_ns;
	uint64_t reported;
};

static const struct event_kind *const oncpu_kinds[] = { &sample_kind, &stack_kind, NULL };

static const struct option_row oncpu_rows[] = {
	OPTION(oncpu_options, hz, "profile-hz", 0, OPTION_U32, .value_name = "N", .initial = "19",
		.maximum = HZ_MAXIMUM,
		.help = "samples a second on each CPU, of what runs there; 0: no profile"),
};

/* ---- events ---- */

static void emit_sum(struct oncpu *oncpu, const struct sampler_sum *sum)
{
	struct sample_event event = {
		.header = { .kind = &sample_kind, .time_ns = sum->first_ns },
		.process = { .pid = sum->task.pid, .start_ns = sum->task.start_ns },
		.stack_id = sum->stack_id,
		.count = sum->count,
		.cpu_ns = sum->count * oncpu->period_ns,
	};

	str_set(event.thread, sum->thread);
	/* Stays where nobody else knows the process. */
	str_set(event.process.comm, sum->comm);
	oncpu->reported += sum->count;
	pipeline_emit(oncpu->agent->pipeline, &event.header);
}

static void collect(struct oncpu *oncpu)
{
	_cleanup_(sampler_batch_done)
	struct sampler_batch batch = { 0 };

	if (!sampler_collect(oncpu->sampler, &batch))
		return;
	/* The frames first, so that who has a sample has its stack. */
	for (size_t i = 0; i < batch.text_count; i++) {
		struct stack_event event = {
			.header = { .kind = &stack_kind, .time_ns = clock_monotonic_ns() },
			.stack_id = batch.texts[i].stack_id,
			.frames = batch.texts[i].frames,
		};

		pipeline_emit(oncpu->agent->pipeline, &event.header);
	}
	for (size_t i = 0; i < batch.sum_count; i++)
		emit_sum(oncpu, &batch.sums[i]);
}

static void oncpu_tick(void *state, uint64_t now_ns)
{
	struct oncpu *oncpu = state;

	if (now_ns - oncpu->collected_ns < INTERVAL_NS && !sampler_is_filling(oncpu->sampler))
		return;
	oncpu->collected_ns = now_ns;
	collect(oncpu);
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
	int r;

	oncpu->bpf = oncpu_bpf__open();
	r = loader_open(oncpu->agent, "oncpu", oncpu->bpf ? oncpu->bpf->skeleton : NULL, fail);
	if (r < 0)
		return r;
	configure(oncpu, hz);
	r = loader_load(oncpu->bpf->skeleton, fail);
	if (r < 0)
		return r;
	r = sampler_start(bpf_map__fd(oncpu->bpf->maps.stacks), &oncpu->sampler, fail);
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
	if (oncpu->sampler) {
		sampler_stop(oncpu->sampler);
		collect(oncpu);
		sampler_free(oncpu->sampler);
	}
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
	oncpu->collected_ns = clock_monotonic_ns();
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
	struct sampler_figures figures;

	if (loader_sum_counts(oncpu->bpf->maps.counts, &counts) < 0)
		return;
	sampler_figures(oncpu->sampler, &figures);
	counts.lost[COUNT_LOST_READ] += figures.unsound;
	/* Those that wait for the end of the interval are safe. */
	counts.reported = oncpu->reported + figures.waiting;
	*ret_counts = counts;
}

static void oncpu_drop_caches(void *state)
{
	struct oncpu *oncpu = state;

	sampler_drop_caches(oncpu->sampler);
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
