/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that reads stacks: see stack_reader.h.
 */
#include "doors/stack_reader.h"

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
#include "base/str.h"
#include "doors/stack_event.h"
#include "engine/pipeline.h"
#include "engine/privilege.h"

/* How often rings are looked at when they do not fill up. */
#define PERIOD_MS	100
/* What is the same within that time becomes one event. */
#define INTERVAL_NS	(10 * NS_PER_S)
#define CLIENTS_MAXIMUM 4

struct text {
	uint64_t stack_id;
	char *frames; /* owned */
};

struct stack_client {
	struct stack_reader *reader;
	struct stack_client_calls calls;
	struct ring_buffer *ring;
	struct map *sums;  /* struct stack_sum_key → struct stack_sum; under the reader's mutex */
	uint64_t unsound;  /* the same */
	uint64_t waiting;  /* the same: in sums */
	uint64_t kept;	   /* the same: by the feature */
	uint64_t reported; /* loop thread */
	uint64_t collected_ns;
};

struct stack_reader {
	struct agent *agent;
	pthread_t thread;
	bool is_running;
	int epoll_fd;
	int stop_fd; /* eventfd */
	struct stack_door *door;
	atomic_bool wants_caches_dropped;
	/* The thread holds it while it reads: who joins or leaves waits for a round. */
	pthread_mutex_t round;
	struct stack_client *clients[CLIENTS_MAXIMUM];
	unsigned int client_count;
	struct stack_client *leaving; /* to be read a last time */
	pthread_cond_t has_left;
	/* Between the two threads: sums and texts. */
	pthread_mutex_t mutex;
	struct text *texts;
	size_t text_count;
};

/* ---- the thread ---- */

static void add_text(struct stack_reader *reader, const struct stack_answer *answer)
{
	char *frames;

	if (!answer->text || reader->text_count == STACK_TEXTS_MAXIMUM)
		return;
	frames = strdup(answer->text);
	if (frames)
		reader->texts[reader->text_count++] = (struct text){ answer->id, frames };
}

bool stack_client_read(struct stack_client *client, const struct stack_record *record,
	struct stack_answer *ret_answer)
{
	struct stack_reader *reader = client->reader;

	if (record->header.size < sizeof(*record) ||
		stack_door_read(reader->door, record, ret_answer) < 0)
		return false;
	if (ret_answer->text) {
		pthread_mutex_lock(&reader->mutex);
		add_text(reader, ret_answer);
		pthread_mutex_unlock(&reader->mutex);
	}
	return true;
}

bool stack_client_is_interrupt(struct stack_client *client, const __u64 *frames, unsigned int count)
{
	return stack_door_is_interrupt(client->reader->door, frames, count);
}

void stack_sum_key_of(
	const struct stack_record *record, uint64_t stack_id, struct stack_sum_key *ret_key)
{
	*ret_key = (struct stack_sum_key){ .task = record->task, .stack_id = stack_id };
	ret_key->task.thread = 0;
	memcpy(ret_key->comm, record->comm, sizeof(ret_key->comm));
	memcpy(ret_key->thread, record->thread, sizeof(ret_key->thread));
}

bool stack_client_add(struct stack_client *client, const struct stack_sum_key *key,
	const struct stack_sum *amounts)
{
	struct stack_sum *sum;
	bool is_new;

	pthread_mutex_lock(&client->reader->mutex);
	sum = map_add(client->sums, key, &is_new);
	if (sum) {
		if (is_new)
			sum->first_ns = amounts->first_ns;
		sum->count += amounts->count;
		sum->waits += amounts->waits;
		sum->cpu_ns += amounts->cpu_ns;
		sum->wait_ns += amounts->wait_ns;
		sum->run_queue_ns += amounts->run_queue_ns;
		client->waiting += amounts->count;
	}
	pthread_mutex_unlock(&client->reader->mutex);
	return sum;
}

void stack_client_lose(struct stack_client *client)
{
	pthread_mutex_lock(&client->reader->mutex);
	client->unsound++;
	pthread_mutex_unlock(&client->reader->mutex);
}

void stack_client_keeps(struct stack_client *client, uint64_t count)
{
	pthread_mutex_lock(&client->reader->mutex);
	client->kept = count;
	pthread_mutex_unlock(&client->reader->mutex);
}

static int on_record(void *context, void *data, size_t size)
{
	struct stack_client *client = context;
	const struct record_header *header = data;

	if (size >= sizeof(*header) && header->size <= size &&
		client->calls.record(client->calls.context, header))
		return 0;
	stack_client_lose(client);
	return 0;
}

static void read_client(struct stack_client *client, bool is_last)
{
	(void)ring_buffer__consume(client->ring);
	if (client->calls.tick)
		client->calls.tick(client->calls.context, clock_monotonic_ns(), is_last);
}

static void drop_client(struct stack_reader *reader, const struct stack_client *client)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < reader->client_count; i++)
		if (reader->clients[i] != client)
			reader->clients[kept++] = reader->clients[i];
	reader->client_count = kept;
}

static void read_round(struct stack_reader *reader)
{
	pthread_mutex_lock(&reader->round);
	for (unsigned int i = 0; i < reader->client_count; i++)
		read_client(reader->clients[i], reader->clients[i] == reader->leaving);
	if (reader->leaving) {
		drop_client(reader, reader->leaving);
		reader->leaving = NULL;
		pthread_cond_broadcast(&reader->has_left);
	}
	if (atomic_exchange(&reader->wants_caches_dropped, false))
		stack_door_drop_caches(reader->door);
	stack_door_tick(reader->door);
	pthread_mutex_unlock(&reader->round);
}

static void *run(void *context)
{
	static const uint64_t kept = 1ULL << CAP_SYS_PTRACE | 1ULL << CAP_DAC_READ_SEARCH |
				     1ULL << CAP_SYS_ADMIN | 1ULL << CAP_SYSLOG;
	struct stack_reader *reader = context;
	struct epoll_event events[8];
	bool is_over = false;
	uint64_t value;

	(void)privilege_keep(kept);
	pthread_setname_np(pthread_self(), "skep-profile");
	while (!is_over) {
		int count = epoll_wait(reader->epoll_fd, events, 8, PERIOD_MS);

		for (int i = 0; i < count; i++)
			if (events[i].data.ptr == reader)
				(void)!read(reader->stop_fd, &value, sizeof(value));
		read_round(reader);
		pthread_mutex_lock(&reader->round);
		is_over = reader->client_count == 0;
		pthread_mutex_unlock(&reader->round);
	}
	return NULL;
}

/* ---- starting and ending ---- */

static int watch_fd(const struct stack_reader *reader, int fd, uint32_t flags, void *context)
{
	struct epoll_event event = { .events = EPOLLIN | flags, .data.ptr = context };

	return epoll_ctl(reader->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* The thread gets no signals: they are the loop's. */
static int start_thread(struct stack_reader *reader)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&reader->thread, NULL, run, reader);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	reader->is_running = error == 0;
	return -error;
}

static void reader_free(struct stack_reader *reader)
{
	if (!reader)
		return;
	if (reader->is_running)
		pthread_join(reader->thread, NULL);
	stack_door_close(reader->door);
	for (size_t i = 0; i < reader->text_count; i++)
		free(reader->texts[i].frames);
	free(reader->texts);
	fd_closep(&reader->epoll_fd);
	fd_closep(&reader->stop_fd);
	pthread_cond_destroy(&reader->has_left);
	pthread_mutex_destroy(&reader->round);
	pthread_mutex_destroy(&reader->mutex);
	free(reader);
}
DEFINE_CLEANUP(struct stack_reader *, reader_free);

static int reader_new(struct agent *agent, struct stack_reader **ret_reader, struct fail *fail)
{
	_cleanup_(reader_freep)
	struct stack_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return fail_set(fail, -ENOMEM, "out of memory");
	reader->agent = agent;
	reader->epoll_fd = reader->stop_fd = -1;
	pthread_mutex_init(&reader->mutex, NULL);
	pthread_mutex_init(&reader->round, NULL);
	pthread_cond_init(&reader->has_left, NULL);
	r = stack_door_open(&reader->door, fail);
	if (r < 0)
		return r;
	reader->texts = calloc(STACK_TEXTS_MAXIMUM, sizeof(*reader->texts));
	if (!reader->texts)
		return fail_set(fail, -ENOMEM, "out of memory");
	reader->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	reader->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (reader->epoll_fd < 0 || reader->stop_fd < 0)
		return fail_set(fail, -errno, "descriptors: %s", strerror(errno));
	r = watch_fd(reader, reader->stop_fd, 0, reader);
	if (r == 0)
		r = stack_door_watch(reader->door, reader->epoll_fd);
	if (r < 0)
		return fail_set(fail, r, "epoll: %s", strerror(-r));
	*ret_reader = TAKE(reader);
	return 0;
}

static void client_free(struct stack_client *client)
{
	if (!client)
		return;
	ring_buffer__free(client->ring);
	map_free(client->sums);
	free(client);
}
DEFINE_CLEANUP(struct stack_client *, client_free);

static int client_new(
	const struct stack_client_calls *calls, struct stack_client **ret_client, struct fail *fail)
{
	_cleanup_(client_freep)
	struct stack_client *client = calloc(1, sizeof(*client));

	if (!client)
		return fail_set(fail, -ENOMEM, "out of memory");
	client->calls = *calls;
	client->collected_ns = clock_monotonic_ns();
	client->sums =
		map_new(sizeof(struct stack_sum_key), sizeof(struct stack_sum), STACK_SUMS_MAXIMUM);
	client->ring = ring_buffer__new(calls->ring_fd, on_record, client, NULL);
	if (!client->sums || !client->ring)
		return fail_set(fail, -ENOMEM, "out of memory");
	*ret_client = TAKE(client);
	return 0;
}

static int reader_add(struct stack_reader *reader, struct stack_client *client, struct fail *fail)
{
	int r = watch_fd(reader, client->calls.ring_fd, EPOLLET, NULL);

	if (r < 0)
		return fail_set(fail, r, "epoll: %s", strerror(-r));
	pthread_mutex_lock(&reader->round);
	if (reader->client_count < CLIENTS_MAXIMUM)
		reader->clients[reader->client_count++] = client;
	else
		r = -ENOSPC;
	pthread_mutex_unlock(&reader->round);
	if (r == 0 && !reader->is_running)
		r = start_thread(reader);
	return r < 0 ? fail_set(fail, r, "a thread: %s", strerror(-r)) : 0;
}

int stack_reader_join(struct agent *agent, const struct stack_client_calls *calls,
	struct stack_client **ret_client, struct fail *fail)
{
	_cleanup_(client_freep)
	struct stack_client *client = NULL;
	int r = client_new(calls, &client, fail);

	if (r == 0 && !agent->stack_reader)
		r = reader_new(agent, &agent->stack_reader, fail);
	if (r < 0)
		return r;
	client->reader = agent->stack_reader;
	*ret_client = client;
	r = reader_add(agent->stack_reader, client, fail);
	if (r == 0) {
		TAKE(client);
		return 0;
	}
	*ret_client = NULL;
	drop_client(agent->stack_reader, client);
	if (agent->stack_reader->client_count == 0)
		reader_free(TAKE(agent->stack_reader));
	return r;
}

/* ---- the loop's side ---- */

static void emit_text(struct stack_reader *reader, const struct text *text)
{
	struct stack_event event = {
		.header = { .kind = &stack_kind, .time_ns = clock_monotonic_ns() },
		.stack_id = text->stack_id,
		.frames = text->frames,
	};

	pipeline_emit(reader->agent->pipeline, &event.header);
}

static void emit_sum(
	struct stack_client *client, const struct stack_sum_key *key, const struct stack_sum *sum)
{
	struct sample_event event = {
		.header = { .kind = &sample_kind, .time_ns = sum->first_ns },
		.process = { .pid = key->task.pid, .start_ns = key->task.start_ns },
		.stack_id = key->stack_id,
		.state = (uint8_t)key->state,
		.count = sum->count,
		.waits = sum->waits,
		.cpu_ns = sum->cpu_ns,
		.wait_ns = sum->wait_ns,
		.run_queue_ns = sum->run_queue_ns,
	};

	str_set(event.thread, key->thread);
	str_set(event.waker, key->waker);
	/* Stays where nobody else knows the process. */
	str_set(event.process.comm, key->comm);
	client->reported += sum->count;
	pipeline_emit(client->reader->agent->pipeline, &event.header);
}

/* Takes sums and texts away under the lock; without memory all stays for the next time. */
static void collect(struct stack_client *client)
{
	struct stack_reader *reader = client->reader;
	_cleanup_(map_freep)
	struct map *sums =
		map_new(sizeof(struct stack_sum_key), sizeof(struct stack_sum), STACK_SUMS_MAXIMUM);
	_cleanup_(freep)
	struct text *texts = calloc(STACK_TEXTS_MAXIMUM, sizeof(*texts));
	size_t text_count;

	if (!sums || !texts)
		return;
	pthread_mutex_lock(&reader->mutex);
	struct map *full = client->sums;
	struct text *told = reader->texts;

	client->sums = sums;
	sums = full;
	client->waiting = 0;
	text_count = reader->text_count;
	reader->texts = texts;
	texts = told;
	reader->text_count = 0;
	pthread_mutex_unlock(&reader->mutex);
	/* The frames first, so that who has a sample has its stack. */
	for (size_t i = 0; i < text_count; i++) {
		emit_text(reader, &texts[i]);
		free(texts[i].frames);
	}
	MAP_FOREACH(sums, sum)
		emit_sum(client, map_key(sum), sum);
}

static bool is_filling(struct stack_client *client)
{
	struct stack_reader *reader = client->reader;
	bool is_full;

	pthread_mutex_lock(&reader->mutex);
	is_full = map_count(client->sums) >= STACK_SUMS_MAXIMUM / 2 ||
		  reader->text_count >= STACK_TEXTS_MAXIMUM / 2;
	pthread_mutex_unlock(&reader->mutex);
	return is_full;
}

void stack_client_tick(struct stack_client *client, uint64_t now_ns)
{
	if (now_ns - client->collected_ns < INTERVAL_NS && !is_filling(client))
		return;
	client->collected_ns = now_ns;
	collect(client);
}

void stack_reader_leave(struct stack_client *client)
{
	struct stack_reader *reader;
	uint64_t one = 1;

	if (!client)
		return;
	reader = client->reader;
	pthread_mutex_lock(&reader->round);
	reader->leaving = client;
	if (write(reader->stop_fd, &one, sizeof(one)) == sizeof(one))
		while (reader->leaving)
			pthread_cond_wait(&reader->has_left, &reader->round);
	pthread_mutex_unlock(&reader->round);
	(void)epoll_ctl(reader->epoll_fd, EPOLL_CTL_DEL, client->calls.ring_fd, NULL);
	collect(client);
	client_free(client);
	if (reader->client_count == 0) {
		reader->agent->stack_reader = NULL;
		reader_free(reader);
	}
}

void stack_client_counts(struct stack_client *client, struct feature_counts *counts)
{
	pthread_mutex_lock(&client->reader->mutex);
	counts->lost[COUNT_LOST_READ] += client->unsound;
	/* Those that wait for the end of the interval are safe. */
	counts->reported = client->reported + client->waiting + client->kept;
	pthread_mutex_unlock(&client->reader->mutex);
}

void stack_reader_drop_caches(struct stack_client *client)
{
	atomic_store(&client->reader->wants_caches_dropped, true);
}
