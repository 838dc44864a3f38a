/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profiler's thread: see sampler.h.
 */
#include "profile/oncpu/sampler.h"

#include <bpf/libbpf.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/map.h"
#include "engine/privilege.h"

/* How often the ring is looked at when it does not fill up. */
#define PERIOD_MS 100

struct sum_key {
	struct task_identity task;
	char comm[16];
	char thread[16];
	uint64_t stack_id;
};

struct sum_value {
	uint64_t first_ns;
	uint32_t count;
};

struct sampler {
	pthread_t thread;
	int epoll_fd;
	int stop_fd; /* eventfd */
	struct ring_buffer *ring;
	struct stack_door *door;
	atomic_bool wants_caches_dropped;
	/* Between the two threads. */
	pthread_mutex_t mutex;
	struct map *sums; /* struct sum_key → struct sum_value */
	struct sampler_text *texts;
	size_t text_count;
	struct sampler_figures figures;
};

void sampler_batch_done(struct sampler_batch *batch)
{
	for (size_t i = 0; i < batch->text_count; i++)
		free(batch->texts[i].frames);
	free(batch->texts);
	free(batch->sums);
	*batch = (struct sampler_batch){ 0 };
}

/* ---- the thread ---- */

static void add_text(struct sampler *sampler, const struct stack_answer *answer)
{
	char *frames;

	if (!answer->text || sampler->text_count == SAMPLER_TEXTS_MAXIMUM)
		return;
	frames = strdup(answer->text);
	if (frames)
		sampler->texts[sampler->text_count++] = (struct sampler_text){ answer->id, frames };
}

static bool add_sum(struct sampler *sampler, const struct stack_record *record, uint64_t stack_id)
{
	struct sum_key key = { .task = record->task, .stack_id = stack_id };
	struct sum_value *sum;

	key.task.thread = 0;
	memcpy(key.comm, record->comm, sizeof(key.comm));
	memcpy(key.thread, record->thread, sizeof(key.thread));
	sum = map_add(sampler->sums, &key, NULL);
	if (!sum)
		return false;
	if (sum->count++ == 0)
		sum->first_ns = record->header.time_ns;
	sampler->figures.waiting++;
	return true;
}

static int on_record(void *context, void *data, size_t size)
{
	struct sampler *sampler = context;
	const struct stack_record *record = data;
	struct stack_answer answer;
	bool is_sound = size >= sizeof(*record) && record->header.size <= size &&
			stack_door_read(sampler->door, record, &answer) == 0;

	pthread_mutex_lock(&sampler->mutex);
	if (is_sound)
		add_text(sampler, &answer);
	/* A table that is full counts as a sample that could not be read. */
	if (!is_sound || !add_sum(sampler, record, answer.id))
		sampler->figures.unsound++;
	pthread_mutex_unlock(&sampler->mutex);
	return 0;
}

static void empty_ring(struct sampler *sampler)
{
	(void)ring_buffer__consume(sampler->ring);
	if (atomic_exchange(&sampler->wants_caches_dropped, false))
		stack_door_drop_caches(sampler->door);
	stack_door_tick(sampler->door);
}

static void *run(void *context)
{
	static const uint64_t kept = 1ULL << CAP_SYS_PTRACE | 1ULL << CAP_DAC_READ_SEARCH |
				     1ULL << CAP_SYS_ADMIN | 1ULL << CAP_SYSLOG;
	struct sampler *sampler = context;
	struct epoll_event events[8];
	bool is_over = false;

	(void)privilege_keep(kept);
	pthread_setname_np(pthread_self(), "skep-profile");
	while (!is_over) {
		int count = epoll_wait(sampler->epoll_fd, events, 8, PERIOD_MS);

		for (int i = 0; i < count; i++)
			is_over |= events[i].data.ptr == sampler;
		empty_ring(sampler);
	}
	return NULL;
}

/* ---- starting and ending ---- */

static int watch_fd(const struct sampler *sampler, int fd, uint32_t flags, void *context)
{
	struct epoll_event event = { .events = EPOLLIN | flags, .data.ptr = context };

	return epoll_ctl(sampler->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* The thread gets no signals: they are the loop's. */
static int start_thread(struct sampler *sampler)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&sampler->thread, NULL, run, sampler);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}

static int prepare(struct sampler *sampler, int ring_fd, struct fail *fail)
{
	int r = stack_door_open(&sampler->door, fail);

	if (r < 0)
		return r;
	sampler->sums =
		map_new(sizeof(struct sum_key), sizeof(struct sum_value), SAMPLER_SUMS_MAXIMUM);
	sampler->texts = calloc(SAMPLER_TEXTS_MAXIMUM, sizeof(*sampler->texts));
	sampler->ring = ring_buffer__new(ring_fd, on_record, sampler, NULL);
	if (!sampler->sums || !sampler->texts || !sampler->ring)
		return fail_set(fail, -ENOMEM, "out of memory");
	sampler->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	sampler->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (sampler->epoll_fd < 0 || sampler->stop_fd < 0)
		return fail_set(fail, -errno, "descriptors: %s", strerror(errno));
	r = watch_fd(sampler, sampler->stop_fd, 0, sampler);
	if (r == 0)
		r = watch_fd(sampler, ring_fd, EPOLLET, NULL);
	if (r == 0)
		r = stack_door_watch(sampler->door, sampler->epoll_fd);
	return r < 0 ? fail_set(fail, r, "epoll: %s", strerror(-r)) : 0;
}

int sampler_start(int ring_fd, struct sampler **ret_sampler, struct fail *fail)
{
	struct sampler *sampler = calloc(1, sizeof(*sampler));
	int r;

	if (!sampler)
		return fail_set(fail, -ENOMEM, "out of memory");
	sampler->epoll_fd = sampler->stop_fd = -1;
	pthread_mutex_init(&sampler->mutex, NULL);
	r = prepare(sampler, ring_fd, fail);
	if (r == 0) {
		r = start_thread(sampler);
		if (r < 0)
			fail_set(fail, r, "a thread: %s", strerror(-r));
	}
	if (r < 0) {
		sampler_free(sampler);
		return r;
	}
	*ret_sampler = sampler;
	return 0;
}

void sampler_stop(struct sampler *sampler)
{
	uint64_t one = 1;

	if (write(sampler->stop_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(sampler->thread, NULL);
}

void sampler_free(struct sampler *sampler)
{
	if (!sampler)
		return;
	ring_buffer__free(sampler->ring);
	stack_door_close(sampler->door);
	map_free(sampler->sums);
	for (size_t i = 0; i < sampler->text_count; i++)
		free(sampler->texts[i].frames);
	free(sampler->texts);
	fd_closep(&sampler->epoll_fd);
	fd_closep(&sampler->stop_fd);
	pthread_mutex_destroy(&sampler->mutex);
	free(sampler);
}

/* ---- the loop's side ---- */

static void copy_sums(struct sampler *sampler, struct sampler_batch *batch)
{
	MAP_FOREACH(sampler->sums, value) {
		const struct sum_value *sum = value;
		const struct sum_key *key = map_key(value);
		struct sampler_sum *copy = &batch->sums[batch->sum_count++];

		*copy = (struct sampler_sum){ .task = key->task,
			.stack_id = key->stack_id,
			.first_ns = sum->first_ns,
			.count = sum->count };
		memcpy(copy->comm, key->comm, sizeof(copy->comm));
		memcpy(copy->thread, key->thread, sizeof(copy->thread));
	}
	map_clear(sampler->sums);
	sampler->figures.waiting = 0;
}

bool sampler_is_filling(struct sampler *sampler)
{
	bool is_filling;

	pthread_mutex_lock(&sampler->mutex);
	is_filling = map_count(sampler->sums) >= SAMPLER_SUMS_MAXIMUM / 2 ||
		     sampler->text_count >= SAMPLER_TEXTS_MAXIMUM / 2;
	pthread_mutex_unlock(&sampler->mutex);
	return is_filling;
}

bool sampler_collect(struct sampler *sampler, struct sampler_batch *ret_batch)
{
	struct sampler_text *texts = calloc(SAMPLER_TEXTS_MAXIMUM, sizeof(*texts));
	struct sampler_batch batch = { 0 };

	pthread_mutex_lock(&sampler->mutex);
	batch.sums = calloc(MAX(map_count(sampler->sums), 1UL), sizeof(*batch.sums));
	/* Without memory all stays for the next time. */
	if (texts && batch.sums) {
		copy_sums(sampler, &batch);
		batch.texts = sampler->texts;
		batch.text_count = sampler->text_count;
		sampler->texts = TAKE(texts);
		sampler->text_count = 0;
	}
	pthread_mutex_unlock(&sampler->mutex);
	free(texts);
	*ret_batch = batch;
	return batch.sum_count > 0 || batch.text_count > 0;
}

void sampler_drop_caches(struct sampler *sampler)
{
	atomic_store(&sampler->wants_caches_dropped, true);
}

void sampler_figures(struct sampler *sampler, struct sampler_figures *ret_figures)
{
	pthread_mutex_lock(&sampler->mutex);
	*ret_figures = sampler->figures;
	pthread_mutex_unlock(&sampler->mutex);
}
