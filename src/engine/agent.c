/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the parts in the order in which they need one another, and takes them apart in reverse.
 */
#include "engine/agent.h"

#include <bpf/bpf.h>
#include <malloc.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/abilities.h"
#include "engine/budget.h"
#include "engine/loader.h"
#include "engine/lock.h"
#include "engine/loop.h"
#include "engine/pipeline.h"
#include "engine/privilege.h"
#include "engine/ring.h"
#include "engine/store.h"
#include "node/node.h"

#define TICK_PERIOD_NS (100 * NS_PER_MS)
#define KINDS_MAXIMUM  64
/* All features take some 90 on two CPUs, and two more for each CPU; the API has 64 clients. */
#define FILES_MINIMUM  256
#define FILES_WISHED   65536

/* ---- slots ---- */

static int slot_init(struct feature_slot *slot, const struct feature *feature)
{
	struct option_table table = { feature->options, feature->option_count, NULL };

	slot->feature = feature;
	fail_set(&slot->reason, -ECANCELED, "not started");
	slot->options = calloc(1, MAX(feature->options_bytes, 1u));
	if (!slot->options)
		return -ENOMEM;
	table.values = slot->options;
	return option_defaults(&table, 1, NULL);
}

struct feature_slot *feature_slots_new(size_t *ret_count)
{
	const struct feature *const *features = features_all(ret_count);
	struct feature_slot *slots = calloc(*ret_count + 1, sizeof(*slots));

	for (size_t i = 0; slots && i < *ret_count; i++)
		if (slot_init(&slots[i], features[i]) < 0) {
			feature_slots_free(slots, i + 1);
			return NULL;
		}
	return slots;
}

void feature_slots_free(struct feature_slot *slots, size_t count)
{
	for (size_t i = 0; slots && i < count; i++)
		free(slots[i].options);
	free(slots);
}

void agent_use_slots(struct agent *agent, struct feature_slot *slots)
{
	feature_slots_free(agent->slots, agent->slot_count);
	agent->slots = slots;
}

struct feature_slot *agent_feature(struct agent *agent, const char *name)
{
	for (size_t i = 0; i < agent->slot_count; i++)
		if (str_equal(agent->slots[i].feature->name, name))
			return &agent->slots[i];
	return NULL;
}

/* ---- signals ---- */

static void stop_signals(sigset_t *ret_signals)
{
	sigemptyset(ret_signals);
	sigaddset(ret_signals, SIGINT);
	sigaddset(ret_signals, SIGTERM);
}

static void agent_on_signal(void *context, uint32_t epoll_events)
{
	struct agent *agent = context;
	struct signalfd_siginfo info;

	if (read(agent->signal_fd, &info, sizeof(info)) == sizeof(info))
		agent_stop(agent);
}

static int agent_take_signals(struct agent *agent)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t signals;

	stop_signals(&signals);
	if (sigaction(SIGPIPE, &ignore, NULL) < 0)
		return -errno;
	agent->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (agent->signal_fd < 0)
		return -errno;
	if (pthread_sigmask(SIG_BLOCK, &signals, NULL) != 0)
		return -EINVAL;
	return loop_add(agent->loop, agent->signal_fd, EPOLLIN, agent_on_signal, agent);
}

/* From here on a signal ends the process as usual: a second ^C does not wait for the tidying up. */
static void agent_return_signals(struct agent *agent)
{
	sigset_t signals;

	if (agent->signal_fd < 0)
		return;
	loop_remove(agent->loop, agent->signal_fd);
	fd_closep(&agent->signal_fd);
	stop_signals(&signals);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

/* ---- making ---- */

static void agent_on_tick(void *context, uint64_t now_ns)
{
	struct agent *agent = context;

	for (size_t i = 0; i < agent->slot_count; i++) {
		struct feature_slot *slot = &agent->slots[i];

		if (slot->on == FEATURE_ON && slot->feature->tick)
			slot->feature->tick(slot->state, now_ns);
	}
	if (agent->store)
		store_tick(agent->store);
	budget_tick(agent->budget, now_ns);
	if (now_ns - agent->last_second_ns < NS_PER_S)
		return;
	agent->last_second_ns = now_ns;
	if (now_ns >= agent->stats_until_ns)
		agent_measure_programs(agent, 0);
	if (clock_map_refresh(&agent->clock))
		log_warning("agent", "the wall clock was set: events before and after differ");
	node_tick(agent->node, now_ns);
}

/* The file is written from here on; its tables are those of every feature, on or off. */
static int agent_open_store(struct agent *agent, struct fail *fail)
{
	static const char *const protocols[] = {
#define PROTOCOL(name) #name,
#include "protocols/protocols.def"
#undef PROTOCOL
		NULL
	};
	const struct event_kind *kinds[KINDS_MAXIMUM + 1] = { NULL };
	const struct store_options options = {
		.directory = agent->config.directory,
		.maximum_bytes = agent->config.store_bytes,
		.maximum_age_ns = agent->config.store_age_ns,
		.rows_per_second = agent->config.store_rows,
		.kinds = kinds,
		.protocols = protocols,
	};
	int r;

	features_kinds(kinds, KINDS_MAXIMUM);
	r = store_open(&options, &agent->store, fail);
	if (r < 0)
		return r;
	r = pipeline_add_output(agent->pipeline, store_write, agent->store);
	return r < 0 ? fail_set(fail, r, "store: %s", strerror(-r)) : 0;
}

/* With too few, features would be off at random and no client of the API could be let in. */
static int take_files(struct fail *fail)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return fail_set(fail, -errno, "open files: %s", strerror(errno));
	if (limit.rlim_max < FILES_MINIMUM)
		return fail_set(fail, -EMFILE,
			"this process may open %llu files only, and needs %d (ulimit -n)",
			(unsigned long long)limit.rlim_max, FILES_MINIMUM);
	if (limit.rlim_cur >= FILES_WISHED)
		return 0;
	limit.rlim_cur = MIN(limit.rlim_max, FILES_WISHED);
	return setrlimit(RLIMIT_NOFILE, &limit) < 0
		       ? fail_set(fail, -errno, "open files: %s", strerror(errno))
		       : 0;
}

static int agent_open(struct agent *agent, struct fail *fail)
{
	int r = take_files(fail);

	loader_init();
	if (r == 0 && agent->config.directory[0])
		r = lock_take(agent->config.directory, &agent->lock_fd, fail);
	if (r == 0)
		r = scope_open(agent->config.scope, &agent->scope, fail);
	if (r == 0)
		r = loop_new(&agent->loop, fail);
	if (r == 0)
		r = ring_new(agent->loop, agent->config.ring_bytes, &agent->ring, fail);
	if (r == 0)
		r = node_new("/", &agent->node, fail);
	if (r < 0)
		return r;
	r = abilities_new(&agent->abilities);
	if (r == 0) {
		agent->budget = budget_new(agent);
		r = agent->budget ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = pipeline_new(agent, &agent->pipeline);
	if (r == 0)
		r = agent_take_signals(agent);
	if (r == 0)
		r = loop_every(agent->loop, TICK_PERIOD_NS, agent_on_tick, agent);
	if (r < 0)
		return fail_set(fail, r, "agent: %s", strerror(-r));
	return agent->config.directory[0] ? agent_open_store(agent, fail) : 0;
}

int agent_new(const struct config *config, struct agent **ret_agent, struct fail *fail)
{
	_cleanup_(agent_freep)
	struct agent *agent = calloc(1, sizeof(*agent));
	int r;

	if (!agent)
		return fail_set(fail, -ENOMEM, "agent: out of memory");
	agent->config = *config;
	agent->scope = (struct scope){ .cgroup_fd = -1, .netns_fd = -1 };
	agent->lock_fd = agent->signal_fd = agent->stats_fd = -1;
	agent->start_ns = clock_monotonic_ns();
	agent->capabilities = privilege_held();
	clock_map_init(&agent->clock);
	agent->slots = feature_slots_new(&agent->slot_count);
	if (!agent->slots)
		return fail_set(fail, -ENOMEM, "agent: no memory for the features");
	r = agent_open(agent, fail);
	if (r < 0)
		return r;
	*ret_agent = TAKE(agent);
	return 0;
}

/* ---- running ---- */

static void slot_consume(void *context, const struct record_header *record)
{
	struct feature_slot *slot = context;

	slot->feature->consume(slot->state, record);
}

static void slot_start(struct agent *agent, struct feature_slot *slot)
{
	const enum record_source source = SOURCE_key + 1 + (slot - agent->slots);
	struct fail reason = { 0 };
	int r;

	r = slot->feature->open(agent, slot->options, &slot->state, &reason);
	if (r < 0) {
		if (!reason.text[0])
			fail_set(&reason, r, "%s", strerror(-r));
		slot->reason = reason;
		slot->state = NULL;
		return;
	}
	/* The loop drains the rings later, so that no record comes before its consumer. */
	if (slot->feature->consume)
		ring_register(agent->ring, source, slot_consume, slot);
	slot->on = FEATURE_ON;
	slot->reason = reason;
}

static bool is_named(const char *name, const char *const *names)
{
	for (; names && *names; names++)
		if (str_equal(*names, name))
			return true;
	return false;
}

int agent_start(struct agent *agent, const char *const *names)
{
	int on = 0;

	for (size_t i = 0; i < agent->slot_count; i++) {
		struct feature_slot *slot = &agent->slots[i];

		if (slot->on == FEATURE_ON || (names && !is_named(slot->feature->name, names)))
			continue;
		slot_start(agent, slot);
		on += slot->on == FEATURE_ON;
	}
	abilities_forget_types(agent->abilities);
	/* Loading took tens of megabytes for a moment, in whose holes little will be put again. */
	malloc_trim(0);
	return on;
}

int agent_why_off(const struct agent *agent, struct fail *fail)
{
	for (size_t i = 0; i < agent->slot_count; i++) {
		const struct feature_slot *slot = &agent->slots[i];

		if (slot->on == FEATURE_OFF && slot->reason.code != -ECANCELED)
			return fail_set(fail, slot->reason.code, "%s: %s", slot->feature->name,
				slot->reason.text);
	}
	return fail_set(fail, -EOPNOTSUPP, "no feature does this");
}

int agent_run(struct agent *agent)
{
	int r = loop_run(agent->loop);

	ring_hold(agent->ring, false);
	ring_drain(agent->ring);
	agent_return_signals(agent);
	return r;
}

void agent_stop(struct agent *agent)
{
	loop_stop(agent->loop);
}

int agent_measure_programs(struct agent *agent, uint64_t period_ns)
{
	if (period_ns == 0) {
		fd_closep(&agent->stats_fd);
		return 0;
	}
	if (agent->stats_fd < 0)
		agent->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (agent->stats_fd < 0)
		return -errno;
	agent->stats_until_ns = clock_monotonic_ns() + period_ns;
	return 0;
}

static void agent_close_features(struct agent *agent)
{
	if (agent->ring)
		ring_drain(agent->ring);
	for (size_t i = agent->slot_count; i-- > 0;) {
		struct feature_slot *slot = &agent->slots[i];

		if (slot->on != FEATURE_ON)
			continue;
		slot->feature->close(slot->state);
		slot->on = FEATURE_OFF;
		slot->state = NULL;
	}
}

static void agent_close_store(struct agent *agent)
{
	struct store_counts counts = { 0 };

	store_close(agent->store, &counts);
	if (counts.lost + counts.uncounted > 0)
		log_warning("store", "%llu rows and %llu requests could not be stored%s%s",
			(unsigned long long)counts.lost, (unsigned long long)counts.uncounted,
			counts.problem.code ? ": " : "", counts.problem.text);
}

void agent_free(struct agent *agent)
{
	if (!agent)
		return;
	if (agent->slots)
		agent_close_features(agent);
	fd_closep(&agent->stats_fd);
	if (agent->loop)
		agent_return_signals(agent);
	agent_close_store(agent);
	pipeline_free(agent->pipeline);
	abilities_free(agent->abilities);
	budget_free(agent->budget);
	node_free(agent->node);
	ring_free(agent->ring);
	loop_free(agent->loop);
	scope_done(&agent->scope);
	feature_slots_free(agent->slots, agent->slot_count);
	fd_closep(&agent->lock_fd);
	free(agent);
}
