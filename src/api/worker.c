/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads for slow answers: see worker.h.
 */
#include "api/worker.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/clock.h"
#include "engine/privilege.h"
#include "engine/store.h"

#define BUFFER_BYTES (32 * 1024)
#define WAIT_NS	     (2 * NS_PER_S) /* for the store, which may stand still */

struct worker {
	struct work *work; /* NULL: the place is free */
	struct outflow *outflow;
	pthread_t thread;
	bool has_written;	     /* the thread's own: something went to the outflow */
	atomic_uint_fast64_t cpu_ns; /* when it was finished */
	bool is_discarded;	     /* what is in the stream's buffer goes nowhere */
	atomic_bool cancel;
	atomic_bool is_finished;
};

struct workers {
	struct worker all[WORKERS_MAXIMUM];
	uint64_t cpu_ns; /* of those that are gone */
};

int workers_new(struct workers **ret_workers)
{
	struct workers *workers = calloc(1, sizeof(*workers));

	if (!workers)
		return -ENOMEM;
	*ret_workers = workers;
	return 0;
}

static ssize_t write_stream(void *cookie, const char *data, size_t length)
{
	struct worker *worker = cookie;
	int error;

	if (worker->is_discarded)
		return (ssize_t)length;
	worker->has_written = true;
	error = outflow_write(worker->outflow, data, length);
	errno = -error;
	return error ? -1 : (ssize_t)length;
}

static int run_work(struct worker *worker, struct fail *fail)
{
	FILE *stream = fopencookie(worker, "w", (cookie_io_functions_t){ .write = write_stream });
	int error;

	if (!stream)
		return fail_set(fail, -ENOMEM, "no memory for the answer");
	if (worker->work->store)
		store_wait(worker->work->store, worker->work->mark, WAIT_NS);
	outflow_set_deadline(worker->outflow,
		clock_monotonic_ns() +
			(worker->work->timeout_ns ? worker->work->timeout_ns : WORK_TIMEOUT_NS));
	setvbuf(stream, NULL, _IOFBF, BUFFER_BYTES);
	error = worker->work->run(worker->work, stream, &worker->cancel, fail);
	/* The client then gets a clean refusal instead of half an answer. */
	worker->is_discarded = error && !worker->has_written;
	if (fclose(stream) != 0 && !error)
		error = -EPIPE;
	return error;
}

static uint64_t cpu_ns(clockid_t clock)
{
	struct timespec time;

	if (clock_gettime(clock, &time) < 0)
		return 0;
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

static void *worker_main(void *argument)
{
	struct worker *worker = argument;
	struct fail fail = { 0 };
	int error;

	(void)privilege_keep(worker->work->privileges);
	error = run_work(worker, &fail);

	if (error && !fail.code)
		fail_set(&fail, error, "%s", strerror(-error));
	outflow_end(worker->outflow, error ? &fail : NULL);
	atomic_store(&worker->cpu_ns, cpu_ns(CLOCK_THREAD_CPUTIME_ID));
	atomic_store(&worker->is_finished, true);
	return NULL;
}

static void worker_join(struct worker *worker)
{
	pthread_join(worker->thread, NULL);
	worker->work->free(worker->work);
	worker->work = NULL;
	outflow_unref(worker->outflow);
}

void workers_tick(struct workers *workers)
{
	for (size_t i = 0; i < WORKERS_MAXIMUM; i++) {
		struct worker *worker = &workers->all[i];

		if (!worker->work)
			continue;
		if (outflow_is_cancelled(worker->outflow))
			atomic_store(&worker->cancel, true);
		if (atomic_load(&worker->is_finished)) {
			workers->cpu_ns += atomic_load(&worker->cpu_ns);
			worker_join(worker);
		}
	}
}

uint64_t workers_cpu_ns(void *context)
{
	struct workers *workers = context;
	uint64_t sum_ns = workers->cpu_ns;

	for (size_t i = 0; i < WORKERS_MAXIMUM; i++) {
		struct worker *worker = &workers->all[i];
		clockid_t clock;

		if (!worker->work)
			continue;
		if (atomic_load(&worker->is_finished))
			sum_ns += atomic_load(&worker->cpu_ns);
		else if (pthread_getcpuclockid(worker->thread, &clock) == 0)
			sum_ns += cpu_ns(clock);
	}
	return sum_ns;
}

void workers_free(struct workers *workers)
{
	if (!workers)
		return;
	for (size_t i = 0; i < WORKERS_MAXIMUM; i++) {
		struct worker *worker = &workers->all[i];

		if (!worker->work)
			continue;
		outflow_cancel(worker->outflow);
		atomic_store(&worker->cancel, true);
		worker_join(worker);
	}
	free(workers);
}

/* Signals are the loop thread's. */
static int start_thread(struct worker *worker)
{
	sigset_t all, old;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&worker->thread, NULL, worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -error;
}

int workers_start(
	struct workers *workers, struct work *work, struct outflow *outflow, struct fail *fail)
{
	struct worker *worker = NULL;
	int error;

	workers_tick(workers);
	for (size_t i = 0; i < WORKERS_MAXIMUM && !worker; i++) {
		if (!workers->all[i].work)
			worker = &workers->all[i];
	}
	if (!worker) {
		work->free(work);
		return fail_set(fail, -EBUSY, "%d questions are being answered: try again soon",
			WORKERS_MAXIMUM);
	}
	if (work->store)
		work->mark = store_mark(work->store);
	*worker = (struct worker){ .work = work, .outflow = outflow_ref(outflow) };
	error = start_thread(worker);
	if (error) {
		work->free(work);
		outflow_unref(worker->outflow);
		worker->work = NULL;
		return fail_set(fail, error, "cannot start a thread: %s", strerror(-error));
	}
	return 0;
}
