/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoll with computed timeouts; messages of other threads wait in a bounded queue behind an
 * eventfd. A slot of the table is named by its index and a generation, so that an event of a
 * descriptor that a callback has just removed reaches nobody.
 */
#include "engine/loop.h"

#include <limits.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

#define WATCH_MAXIMUM	256
#define TIMER_MAXIMUM	64
#define MESSAGE_MAXIMUM 4096
#define BATCH_EVENTS	64
#define WAKE_UP		UINT64_MAX /* what epoll tells of the eventfd */

struct watch {
	int fd; /* -1: free */
	uint32_t generation;
	loop_ready *ready;
	void *context;
};

struct timer {
	loop_timer *timer; /* NULL: free */
	void *context;
	uint64_t period_ns;
	uint64_t due_ns;
};

struct message {
	loop_message *message;
	void *context;
};

struct loop {
	int epoll_fd;
	int event_fd;
	bool is_stopping;
	struct watch watches[WATCH_MAXIMUM];
	struct timer timers[TIMER_MAXIMUM];
	pthread_mutex_t lock; /* of the queue */
	unsigned int message_first;
	unsigned int message_count;
	struct message messages[MESSAGE_MAXIMUM];
};

static int loop_open(struct loop *loop)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = WAKE_UP };

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return -errno;
	loop->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->event_fd < 0)
		return -errno;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->event_fd, &event) < 0)
		return -errno;
	return 0;
}

int loop_new(struct loop **ret_loop, struct fail *fail)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int r;

	if (!loop)
		return fail_set(fail, -ENOMEM, "event loop: out of memory");
	loop->epoll_fd = loop->event_fd = -1;
	for (unsigned int i = 0; i < WATCH_MAXIMUM; i++)
		loop->watches[i].fd = -1;
	pthread_mutex_init(&loop->lock, NULL);
	r = loop_open(loop);
	if (r < 0) {
		loop_free(loop);
		return fail_set(fail, r, "event loop: %s", strerror(-r));
	}
	*ret_loop = loop;
	return 0;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	fd_closep(&loop->event_fd);
	fd_closep(&loop->epoll_fd);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}

/* ---- descriptors ---- */

int loop_add(struct loop *loop, int fd, uint32_t epoll_events, loop_ready *ready, void *context)
{
	struct epoll_event event = { .events = epoll_events };
	unsigned int i = 0;

	if (fd < 0)
		return -EBADF;
	while (i < WATCH_MAXIMUM && loop->watches[i].fd >= 0)
		i++;
	if (i == WATCH_MAXIMUM)
		return -ENOSPC;
	event.data.u64 = (uint64_t)loop->watches[i].generation << 32 | i;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	loop->watches[i].fd = fd;
	loop->watches[i].ready = ready;
	loop->watches[i].context = context;
	return 0;
}

void loop_remove(struct loop *loop, int fd)
{
	for (unsigned int i = 0; fd >= 0 && i < WATCH_MAXIMUM; i++) {
		struct watch *watch = &loop->watches[i];

		if (watch->fd != fd)
			continue;
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
		watch->fd = -1;
		watch->generation++;
	}
}

/* ---- timers ---- */

static struct timer *timer_find(struct loop *loop, loop_timer *timer, const void *context)
{
	for (unsigned int i = 0; i < TIMER_MAXIMUM; i++)
		if (loop->timers[i].timer == timer &&
			(!timer || loop->timers[i].context == context))
			return &loop->timers[i];
	return NULL;
}

static uint64_t timer_next(const struct timer *timer, uint64_t now_ns)
{
	return (now_ns / timer->period_ns + 1) * timer->period_ns;
}

int loop_every(struct loop *loop, uint64_t period_ns, loop_timer *timer, void *context)
{
	struct timer *slot = timer_find(loop, timer, context);

	if (period_ns < NS_PER_MS || !timer)
		return -EINVAL;
	if (!slot)
		slot = timer_find(loop, NULL, NULL);
	if (!slot)
		return -ENOSPC;
	*slot = (struct timer){ .timer = timer, .context = context, .period_ns = period_ns };
	slot->due_ns = timer_next(slot, clock_monotonic_ns());
	return 0;
}

void loop_every_stop(struct loop *loop, loop_timer *timer, void *context)
{
	struct timer *slot = timer ? timer_find(loop, timer, context) : NULL;

	if (slot)
		slot->timer = NULL;
}

static void loop_run_timers(struct loop *loop)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (unsigned int i = 0; i < TIMER_MAXIMUM; i++) {
		struct timer *timer = &loop->timers[i];

		if (!timer->timer || timer->due_ns > now_ns)
			continue;
		/* First, because the callback may change or stop its own timer. */
		timer->due_ns = timer_next(timer, now_ns);
		timer->timer(timer->context, now_ns);
	}
}

/* Milliseconds until the next timer, rounded up so that a wake-up is never early; -1 for ever. */
static int loop_timeout(const struct loop *loop)
{
	uint64_t due_ns = UINT64_MAX, now_ns;

	for (unsigned int i = 0; i < TIMER_MAXIMUM; i++)
		if (loop->timers[i].timer)
			due_ns = MIN(due_ns, loop->timers[i].due_ns);
	if (due_ns == UINT64_MAX)
		return -1;
	now_ns = clock_monotonic_ns();
	if (due_ns <= now_ns)
		return 0;
	return (int)MIN((due_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS, (uint64_t)INT_MAX);
}

/* ---- messages ---- */

int loop_post(struct loop *loop, loop_message *message, void *context)
{
	const uint64_t one = 1;
	int r = -EAGAIN;

	pthread_mutex_lock(&loop->lock);
	if (loop->message_count < MESSAGE_MAXIMUM) {
		unsigned int at = (loop->message_first + loop->message_count) % MESSAGE_MAXIMUM;

		loop->messages[at] = (struct message){ message, context };
		loop->message_count++;
		r = 0;
	}
	pthread_mutex_unlock(&loop->lock);
	/* The counter cannot reach the value at which a write would be refused. */
	if (r == 0 && write(loop->event_fd, &one, sizeof(one)) < 0)
		return -errno;
	return r;
}

static bool message_take(struct loop *loop, struct message *ret_message)
{
	bool has_one;

	pthread_mutex_lock(&loop->lock);
	has_one = loop->message_count > 0;
	if (has_one) {
		*ret_message = loop->messages[loop->message_first];
		loop->message_first = (loop->message_first + 1) % MESSAGE_MAXIMUM;
		loop->message_count--;
	}
	pthread_mutex_unlock(&loop->lock);
	return has_one;
}

/* Those that are there now: one that posts itself again waits for the next round. */
static void loop_run_messages(struct loop *loop)
{
	struct message message;
	unsigned int left;
	uint64_t ignored;

	if (read(loop->event_fd, &ignored, sizeof(ignored)) < 0)
		return;
	pthread_mutex_lock(&loop->lock);
	left = loop->message_count;
	pthread_mutex_unlock(&loop->lock);
	while (left-- > 0 && message_take(loop, &message))
		message.message(message.context);
}

/* ---- running ---- */

static void loop_dispatch(struct loop *loop, const struct epoll_event *event)
{
	uint64_t name = event->data.u64;
	struct watch *watch;

	if (name == WAKE_UP) {
		loop_run_messages(loop);
		return;
	}
	watch = &loop->watches[(uint32_t)name % WATCH_MAXIMUM];
	if (watch->fd >= 0 && watch->generation == name >> 32)
		watch->ready(watch->context, event->events);
}

int loop_run(struct loop *loop)
{
	struct epoll_event events[BATCH_EVENTS];

	while (!loop->is_stopping) {
		int count = epoll_wait(loop->epoll_fd, events, BATCH_EVENTS, loop_timeout(loop));

		if (count < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < count; i++)
			loop_dispatch(loop, &events[i]);
		loop_run_timers(loop);
	}
	loop->is_stopping = false;
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->is_stopping = true;
}
