/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks again and again on a thread of its own: see top_feed.h.
 */
#include "cli/top_feed.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

#define PERIOD_NS   NS_PER_S
#define FIRST_NS    (300 * NS_PER_MS) /* to the second answer, where one needs two */
#define COST_FACTOR 9		      /* of a question's time is left free after it */
#define LONGEST_NS  (30 * NS_PER_S)

struct top_feed {
	struct top_memory memory;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int cancel_fd; /* readable while the question is not wanted any more */
	int result_fd;
	/* Under the mutex. */
	struct top_wish wish;
	bool has_wish;
	bool is_new; /* not asked yet */
	bool is_once;
	bool is_over;
	struct top_snapshot *result;
};

static struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec){ (time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S) };
}

/* Waits for a new wish or for the time of the next question; false at the end. */
static bool next_wish(struct top_feed *feed, uint64_t next_ns, struct top_wish *ret_wish)
{
	const struct timespec next = to_timespec(next_ns);
	eventfd_t count;

	pthread_mutex_lock(&feed->mutex);
	while (!feed->is_over && !feed->is_new &&
		(!feed->has_wish || feed->is_once || clock_monotonic_ns() < next_ns)) {
		if (feed->has_wish && !feed->is_once)
			pthread_cond_timedwait(&feed->changed, &feed->mutex, &next);
		else
			pthread_cond_wait(&feed->changed, &feed->mutex);
	}
	feed->is_new = false;
	*ret_wish = feed->wish;
	if (!feed->is_over)
		eventfd_read(feed->cancel_fd, &count);
	pthread_mutex_unlock(&feed->mutex);
	return !feed->is_over;
}

static void publish(struct top_feed *feed, struct top_snapshot *snapshot)
{
	struct top_snapshot *old;

	pthread_mutex_lock(&feed->mutex);
	old = feed->result;
	feed->result = snapshot;
	pthread_mutex_unlock(&feed->mutex);
	top_snapshot_free(old);
	eventfd_write(feed->result_fd, 1);
}

static void *feed_main(void *argument)
{
	struct top_feed *feed = argument;
	enum top_screen screen = TOP_SCREENS;
	struct top_wish wish;
	uint64_t next_ns = 0;

	while (next_wish(feed, next_ns, &wish)) {
		uint64_t start_ns = clock_monotonic_ns(), period_ns;
		struct top_snapshot *snapshot = top_ask(&feed->memory, &wish);

		period_ns = (clock_monotonic_ns() - start_ns) * COST_FACTOR;
		period_ns = MIN(MAX(period_ns, PERIOD_NS), LONGEST_NS);
		if (screen != wish.screen && top_needs_two(wish.screen))
			period_ns = FIRST_NS;
		screen = wish.screen;
		next_ns = clock_monotonic_ns() + period_ns;
		if (snapshot && snapshot->fail.code == -ECANCELED)
			top_snapshot_free(snapshot);
		else if (snapshot)
			publish(feed, snapshot);
	}
	return NULL;
}

static int init(struct top_feed *feed, const char *directory)
{
	pthread_condattr_t attributes;
	int error = top_memory_init(&feed->memory, directory);

	feed->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	feed->result_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (error || feed->cancel_fd < 0 || feed->result_fd < 0)
		return error ? error : -errno;
	feed->memory.stop_fd = feed->cancel_fd;
	pthread_mutex_init(&feed->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&feed->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return -pthread_create(&feed->thread, NULL, feed_main, feed);
}

static void feed_free(struct top_feed *feed)
{
	top_memory_done(&feed->memory);
	top_snapshot_free(feed->result);
	fd_closep(&feed->cancel_fd);
	fd_closep(&feed->result_fd);
	free(feed);
}

int top_feed_start(const char *directory, struct top_feed **ret_feed)
{
	struct top_feed *feed = calloc(1, sizeof(*feed));
	int error;

	if (!feed)
		return -ENOMEM;
	error = init(feed, directory);
	if (error) {
		feed_free(feed);
		return error;
	}
	*ret_feed = feed;
	return 0;
}

void top_feed_stop(struct top_feed *feed)
{
	if (!feed)
		return;
	pthread_mutex_lock(&feed->mutex);
	feed->is_over = true;
	eventfd_write(feed->cancel_fd, 1);
	pthread_cond_signal(&feed->changed);
	pthread_mutex_unlock(&feed->mutex);
	pthread_join(feed->thread, NULL);
	pthread_cond_destroy(&feed->changed);
	pthread_mutex_destroy(&feed->mutex);
	feed_free(feed);
}

void top_feed_wish(struct top_feed *feed, const struct top_wish *wish, bool is_once)
{
	pthread_mutex_lock(&feed->mutex);
	feed->wish = *wish;
	feed->has_wish = feed->is_new = true;
	feed->is_once = is_once;
	eventfd_write(feed->cancel_fd, 1);
	pthread_cond_signal(&feed->changed);
	pthread_mutex_unlock(&feed->mutex);
}

int top_feed_fd(const struct top_feed *feed)
{
	return feed->result_fd;
}

struct top_snapshot *top_feed_take(struct top_feed *feed)
{
	struct top_snapshot *snapshot;
	eventfd_t count;

	pthread_mutex_lock(&feed->mutex);
	eventfd_read(feed->result_fd, &count);
	snapshot = TAKE(feed->result);
	pthread_mutex_unlock(&feed->mutex);
	return snapshot;
}
