/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded queue of bytes between a writer and a connection: see outflow.h.
 */
#include "api/outflow.h"

#include <pthread.h>

#include "base/clock.h"

struct outflow {
	pthread_mutex_t mutex;
	pthread_cond_t has_room;
	unsigned int references;
	outflow_wake *wake;
	void *context;
	size_t maximum;
	size_t start; /* of the bytes, in ring */
	size_t length;
	bool has_begun;
	bool has_ended;
	bool is_cancelled;
	struct fail fail;
	bool has_deadline;
	struct timespec deadline; /* monotonic */
	char *ring;
};

struct outflow *outflow_new(size_t maximum, outflow_wake *wake, void *context)
{
	struct outflow *outflow = calloc(1, sizeof(*outflow));
	pthread_condattr_t attributes;

	if (!outflow)
		return NULL;
	/* Pages that are never written cost nothing, so the whole ring may be asked for at once. */
	outflow->ring = malloc(maximum);
	if (!outflow->ring) {
		free(outflow);
		return NULL;
	}
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&outflow->mutex, NULL);
	pthread_cond_init(&outflow->has_room, &attributes);
	pthread_condattr_destroy(&attributes);
	outflow->references = 1;
	outflow->maximum = maximum;
	outflow->wake = wake;
	outflow->context = context;
	return outflow;
}

struct outflow *outflow_ref(struct outflow *outflow)
{
	pthread_mutex_lock(&outflow->mutex);
	outflow->references++;
	pthread_mutex_unlock(&outflow->mutex);
	return outflow;
}

void outflow_unref(struct outflow *outflow)
{
	unsigned int left;

	if (!outflow)
		return;
	pthread_mutex_lock(&outflow->mutex);
	left = --outflow->references;
	pthread_mutex_unlock(&outflow->mutex);
	if (left > 0)
		return;
	pthread_mutex_destroy(&outflow->mutex);
	pthread_cond_destroy(&outflow->has_room);
	free(outflow->ring);
	free(outflow);
}

/* With the mutex held, length within the room. */
static void put(struct outflow *outflow, const char *data, size_t length)
{
	size_t end = (outflow->start + outflow->length) % outflow->maximum;
	size_t first = MIN(length, outflow->maximum - end);

	memcpy(outflow->ring + end, data, first);
	memcpy(outflow->ring, data + first, length - first);
	outflow->length += length;
	outflow->has_begun = true;
}

void outflow_set_deadline(struct outflow *outflow, uint64_t deadline_ns)
{
	outflow->has_deadline = true;
	outflow->deadline = (struct timespec){ .tv_sec = (time_t)(deadline_ns / NS_PER_S),
		.tv_nsec = (long)(deadline_ns % NS_PER_S) };
}

/* With the mutex held. 0 when there is room. */
static int wait_for_room(struct outflow *outflow)
{
	int code = 0;

	while (outflow->length == outflow->maximum && !outflow->is_cancelled && code == 0)
		if (outflow->has_deadline)
			code = pthread_cond_timedwait(
				&outflow->has_room, &outflow->mutex, &outflow->deadline);
		else
			code = pthread_cond_wait(&outflow->has_room, &outflow->mutex);
	if (outflow->is_cancelled)
		return -ECANCELED;
	return outflow->length == outflow->maximum ? -code : 0;
}

int outflow_write(struct outflow *outflow, const void *data, size_t length)
{
	const char *bytes = data;

	while (length > 0) {
		bool was_empty;
		size_t now;
		int error;

		pthread_mutex_lock(&outflow->mutex);
		error = wait_for_room(outflow);
		was_empty = outflow->length == 0;
		now = error ? 0 : MIN(length, outflow->maximum - outflow->length);
		put(outflow, bytes, now);
		pthread_mutex_unlock(&outflow->mutex);
		if (error)
			return error;
		if (was_empty)
			outflow->wake(outflow->context);
		bytes += now;
		length -= now;
	}
	return 0;
}

int outflow_offer(struct outflow *outflow, const void *data, size_t length)
{
	bool was_empty = false;
	int error = 0;

	pthread_mutex_lock(&outflow->mutex);
	if (outflow->is_cancelled) {
		error = -ECANCELED;
	} else if (length > outflow->maximum - outflow->length) {
		error = -ENOBUFS;
	} else {
		was_empty = outflow->length == 0;
		put(outflow, data, length);
	}
	pthread_mutex_unlock(&outflow->mutex);
	if (was_empty)
		outflow->wake(outflow->context);
	return error;
}

void outflow_end(struct outflow *outflow, const struct fail *fail)
{
	pthread_mutex_lock(&outflow->mutex);
	if (fail)
		outflow->fail = *fail;
	outflow->has_ended = true;
	pthread_mutex_unlock(&outflow->mutex);
	outflow->wake(outflow->context);
}

bool outflow_is_cancelled(struct outflow *outflow)
{
	bool is_cancelled;

	pthread_mutex_lock(&outflow->mutex);
	is_cancelled = outflow->is_cancelled;
	pthread_mutex_unlock(&outflow->mutex);
	return is_cancelled;
}

bool outflow_is_ready(struct outflow *outflow)
{
	bool is_ready;

	pthread_mutex_lock(&outflow->mutex);
	is_ready = outflow->length > 0 || outflow->has_ended;
	pthread_mutex_unlock(&outflow->mutex);
	return is_ready;
}

ssize_t outflow_read(struct outflow *outflow, void *destination, size_t size)
{
	ssize_t result;

	pthread_mutex_lock(&outflow->mutex);
	if (outflow->length > 0) {
		size_t length = MIN(size, outflow->length);
		size_t first = MIN(length, outflow->maximum - outflow->start);

		memcpy(destination, outflow->ring + outflow->start, first);
		memcpy((char *)destination + first, outflow->ring, length - first);
		outflow->start = (outflow->start + length) % outflow->maximum;
		outflow->length -= length;
		pthread_cond_signal(&outflow->has_room);
		result = (ssize_t)length;
	} else if (outflow->has_ended) {
		result = outflow->fail.code ? -EPIPE : -ENODATA;
	} else {
		result = 0;
	}
	pthread_mutex_unlock(&outflow->mutex);
	return result;
}

bool outflow_failure(struct outflow *outflow, struct fail *ret_fail)
{
	bool has_failed;

	pthread_mutex_lock(&outflow->mutex);
	has_failed = outflow->has_ended && !outflow->has_begun && outflow->fail.code;
	if (has_failed)
		*ret_fail = outflow->fail;
	pthread_mutex_unlock(&outflow->mutex);
	return has_failed;
}

void outflow_cancel(struct outflow *outflow)
{
	pthread_mutex_lock(&outflow->mutex);
	outflow->is_cancelled = true;
	pthread_cond_broadcast(&outflow->has_room);
	pthread_mutex_unlock(&outflow->mutex);
}
