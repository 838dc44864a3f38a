/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mutex guards the queue and the figures; the database belongs to the thread alone.
 */
#include "engine/store_writer.h"

#include <pthread.h>
#include <signal.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/privilege.h"

#define RETRY_NS     NS_PER_S
#define MAINTAIN_NS  (10 * NS_PER_S)
/* A clock that jumps this far ahead may be wrong: nothing is deleted for its age until it has
 * had time to be set right. */
#define JUMP_NS	     (24 * 3600 * NS_PER_S)
#define JUMP_HOLD_NS (3600 * NS_PER_S)

struct store_writer {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	pthread_cond_t done;
	/* Under the mutex: */
	struct store_batch queue[WRITER_QUEUE + 1]; /* one more for the last */
	unsigned int queued;
	uint64_t taken;	   /* batches so far */
	uint64_t finished; /* of these: written or lost */
	bool is_stopping;
	struct writer_counts counts;
	/* The thread's own: */
	struct store_database database;
	struct timeline timeline;
	uint64_t settled_rowid;
	uint64_t maintained_ns; /* monotonic */
	uint64_t maintained_wall_ns;
	uint64_t age_held_until_ns; /* monotonic */
};

static void report(struct store_writer *writer, const struct fail *fail)
{
	bool is_news;

	pthread_mutex_lock(&writer->mutex);
	is_news = writer->counts.problem.code != fail->code;
	writer->counts.problem = *fail;
	pthread_mutex_unlock(&writer->mutex);
	if (!is_news)
		return;
	if (fail->code == 0)
		log_info("store", "writes again");
	else
		log_error("store", "%s: %s", writer->database.path, fail->text);
}

static bool is_stopping(struct store_writer *writer)
{
	bool answer;

	pthread_mutex_lock(&writer->mutex);
	answer = writer->is_stopping;
	pthread_mutex_unlock(&writer->mutex);
	return answer;
}

static struct timespec in(uint64_t duration_ns)
{
	uint64_t until_ns = clock_monotonic_ns() + duration_ns;

	return (struct timespec){ .tv_sec = (time_t)(until_ns / NS_PER_S),
		.tv_nsec = (long)(until_ns % NS_PER_S) };
}

/* ---- one batch ----------------------------------------------------------------------------- */

static void set_aside(struct store_writer *writer)
{
	struct fail fail = { 0 };
	char name[256] = "";
	int error = store_database_set_aside(&writer->database, name, &fail);

	log_error("store", "%s was damaged: it is kept as %s, a new one is begun",
		writer->database.path, name);
	pthread_mutex_lock(&writer->mutex);
	str_set(writer->counts.set_aside, name);
	pthread_mutex_unlock(&writer->mutex);
	if (error != 0)
		report(writer, &fail);
}

/* One try. 0 when the rows are in the file. */
static int try_write(struct store_writer *writer, const struct store_batch *batch, bool *ret_retry)
{
	struct slice rows = { (const uint8_t *)batch->rows.data, batch->rows.length };
	struct fail fail = { 0 };
	int error;

	*ret_retry = true;
	if (!writer->database.handle) {
		/* The last try to begin a new file failed. */
		char name[256];

		error = store_database_open(&writer->database, name, &fail);
		if (error != 0) {
			report(writer, &fail);
			return error;
		}
	}
	error = store_database_write(&writer->database, rows, &fail);
	/* Was it the limit, not the disk? */
	if (error == -ENOSPC && store_limit_bytes(&writer->database, NULL) > 0)
		error = store_database_write(&writer->database, rows, &fail);
	if (error == -EUCLEAN) {
		set_aside(writer);
		if (writer->database.handle)
			error = store_database_write(&writer->database, rows, &fail);
	}
	if (error == -ENOSPC)
		fail_prefix(&fail, "nothing is stored while the disk is full");
	else if (error == -EBUSY)
		fail_prefix(&fail, "nothing is stored while another program holds the file");
	else if (error == -EINVAL)
		*ret_retry = false;
	report(writer, error ? &fail : &(struct fail){ 0 });
	return error;
}

static void write_batch(struct store_writer *writer, struct store_batch *batch)
{
	uint64_t rows =
		row_count((struct slice){ (const uint8_t *)batch->rows.data, batch->rows.length });
	uint64_t start_ns = clock_monotonic_ns();
	bool may_retry;
	int error = try_write(writer, batch, &may_retry);

	while (error != 0 && may_retry && !is_stopping(writer)) {
		struct timespec until = in(RETRY_NS);

		pthread_mutex_lock(&writer->mutex);
		if (!writer->is_stopping)
			pthread_cond_timedwait(&writer->wake, &writer->mutex, &until);
		pthread_mutex_unlock(&writer->mutex);
		start_ns = clock_monotonic_ns();
		error = try_write(writer, batch, &may_retry);
	}
	pthread_mutex_lock(&writer->mutex);
	if (error == 0) {
		writer->counts.rows += rows;
		writer->counts.commits++;
		writer->counts.commit_ns = clock_monotonic_ns() - start_ns;
		writer->counts.commit_longest_ns =
			MAX(writer->counts.commit_longest_ns, writer->counts.commit_ns);
	} else {
		writer->counts.rows_lost += rows;
	}
	pthread_mutex_unlock(&writer->mutex);
	writer->settled_rowid = batch->settled_rowid;
	buf_done(&batch->rows);
}

/* ---- upkeep -------------------------------------------------------------------------------- */

static bool clock_is_believed(struct store_writer *writer, uint64_t now_ns, uint64_t wall_ns)
{
	uint64_t expected_ns = writer->maintained_wall_ns + (now_ns - writer->maintained_ns);

	if (writer->maintained_ns != 0 && wall_ns > expected_ns + JUMP_NS)
		writer->age_held_until_ns = now_ns + JUMP_HOLD_NS;
	writer->maintained_ns = now_ns;
	writer->maintained_wall_ns = wall_ns;
	return now_ns >= writer->age_held_until_ns;
}

static void maintain(struct store_writer *writer)
{
	uint64_t now_ns = timeline_measure(&writer->timeline);
	struct fail fail = { 0 };
	int64_t expired = 0;

	if (!writer->database.handle)
		return;
	expired = store_limit_bytes(&writer->database, &fail);
	if (expired >= 0 && now_ns >= writer->maintained_ns + MAINTAIN_NS) {
		uint64_t wall_ns = timeline_wall(&writer->timeline, now_ns);
		int64_t aged = 0;

		if (clock_is_believed(writer, now_ns, wall_ns))
			aged = store_limit_age(&writer->database, wall_ns, &fail);
		if (aged >= 0 &&
			store_rollup(&writer->database, wall_ns, writer->settled_rowid, &fail) >= 0)
			store_condense(&writer->database, wall_ns, &fail);
		expired += MAX(aged, 0);
	}
	pthread_mutex_lock(&writer->mutex);
	writer->counts.rows_expired += (uint64_t)MAX(expired, 0);
	writer->counts.bytes = store_database_bytes(&writer->database);
	pthread_mutex_unlock(&writer->mutex);
	if (fail.code == -EUCLEAN)
		set_aside(writer);
	else if (fail.code != 0)
		report(writer, &fail);
}

/* ---- the thread ---------------------------------------------------------------------------- */

/* False when there is nothing more to do. */
static bool next_batch(struct store_writer *writer, struct store_batch *ret_batch)
{
	struct timespec until = in(MAINTAIN_NS);
	bool goes_on = true;

	memset(ret_batch, 0, sizeof(*ret_batch));
	pthread_mutex_lock(&writer->mutex);
	while (writer->queued == 0 && !writer->is_stopping)
		if (pthread_cond_timedwait(&writer->wake, &writer->mutex, &until) == ETIMEDOUT)
			break;
	if (writer->queued > 0) {
		*ret_batch = writer->queue[0];
		writer->queued--;
		memmove(&writer->queue[0], &writer->queue[1],
			writer->queued * sizeof(writer->queue[0]));
	} else {
		goes_on = !writer->is_stopping;
	}
	pthread_mutex_unlock(&writer->mutex);
	return goes_on;
}

static void finish_batch(struct store_writer *writer)
{
	pthread_mutex_lock(&writer->mutex);
	writer->finished++;
	pthread_cond_broadcast(&writer->done);
	pthread_mutex_unlock(&writer->mutex);
}

/* Once: it copies the file, and what stood in its way is likely to stay. */
static void shrink(struct store_writer *writer)
{
	struct fail fail = { 0 };

	if (writer->database.handle && store_limit_shrink(&writer->database, &fail) != 0)
		log_warning("store", "%s stays larger than its limit until the next start: %s",
			writer->database.path, fail.text);
}

static void *run(void *context)
{
	struct store_writer *writer = context;
	struct store_batch batch;

	/* Its files are the agent's own; without the right nothing is lost. */
	(void)privilege_keep(0);
	pthread_setname_np(pthread_self(), "skep-store");
	maintain(writer);
	shrink(writer);
	while (next_batch(writer, &batch)) {
		if (batch.rows.length > 0) {
			write_batch(writer, &batch);
			finish_batch(writer);
		}
		maintain(writer);
	}
	store_database_close(&writer->database);
	return NULL;
}

/* The thread gets no signals: they are the loop's. */
static int start_thread(struct store_writer *writer)
{
	sigset_t all;
	sigset_t before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&writer->thread, NULL, run, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}

int store_writer_start(const struct store_database *database, timeline_read *read, void *context,
	struct store_writer **ret_writer)
{
	_cleanup_(freep)
	struct store_writer *writer = calloc(1, sizeof(*writer));
	pthread_condattr_t attributes;
	int error;

	if (!writer)
		return -ENOMEM;
	writer->database = *database;
	timeline_init(&writer->timeline, read, context);
	pthread_mutex_init(&writer->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&writer->wake, &attributes);
	pthread_cond_init(&writer->done, &attributes);
	pthread_condattr_destroy(&attributes);
	error = start_thread(writer);
	if (error != 0)
		return error;
	*ret_writer = TAKE(writer);
	return 0;
}

/* The writer takes the memory of the rows, too. */
static void enqueue(struct store_writer *writer, struct store_batch *batch)
{
	size_t maximum = batch->rows.maximum;

	writer->taken++;
	writer->queue[writer->queued++] = *batch;
	*batch = (struct store_batch){ 0 };
	buf_init(&batch->rows, maximum);
}

bool store_writer_has_room(struct store_writer *writer)
{
	bool has_room;

	pthread_mutex_lock(&writer->mutex);
	has_room = writer->queued < WRITER_QUEUE;
	pthread_mutex_unlock(&writer->mutex);
	return has_room;
}

bool store_writer_offer(struct store_writer *writer, struct store_batch *batch)
{
	bool has_room;

	pthread_mutex_lock(&writer->mutex);
	has_room = writer->queued < WRITER_QUEUE;
	if (has_room) {
		enqueue(writer, batch);
		pthread_cond_signal(&writer->wake);
	}
	pthread_mutex_unlock(&writer->mutex);
	return has_room;
}

void store_writer_stop(
	struct store_writer *writer, struct store_batch *last, struct writer_counts *ret_counts)
{
	if (!writer)
		return;
	pthread_mutex_lock(&writer->mutex);
	if (last)
		enqueue(writer, last);
	writer->is_stopping = true;
	pthread_cond_signal(&writer->wake);
	pthread_mutex_unlock(&writer->mutex);
	pthread_join(writer->thread, NULL);
	if (ret_counts)
		*ret_counts = writer->counts;
	pthread_cond_destroy(&writer->wake);
	pthread_cond_destroy(&writer->done);
	pthread_mutex_destroy(&writer->mutex);
	free(writer);
}

uint64_t store_writer_taken(struct store_writer *writer)
{
	uint64_t taken;

	pthread_mutex_lock(&writer->mutex);
	taken = writer->taken;
	pthread_mutex_unlock(&writer->mutex);
	return taken;
}

bool store_writer_wait(struct store_writer *writer, uint64_t batches, uint64_t timeout_ns)
{
	struct timespec until = in(timeout_ns);
	int error = 0;
	bool is_done;

	pthread_mutex_lock(&writer->mutex);
	while (writer->finished < batches && !writer->is_stopping && error == 0)
		error = pthread_cond_timedwait(&writer->done, &writer->mutex, &until);
	is_done = writer->finished >= batches;
	pthread_mutex_unlock(&writer->mutex);
	return is_done;
}

void store_writer_counts(struct store_writer *writer, struct writer_counts *ret_counts)
{
	pthread_mutex_lock(&writer->mutex);
	*ret_counts = writer->counts;
	pthread_mutex_unlock(&writer->mutex);
}
