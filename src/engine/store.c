/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop thread's side: events become rows of the current batch, once a second the batch goes to
 * the writer. Counts and single requests of a batch belong together and become one transaction, so
 * that sum(request.weight) = sum(request_rate.count) at every commit.
 */
#include "engine/store.h"

#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/rate_level.h"

#define MAXIMUM_BYTES	  (2ULL << 30)
#define DISK_PART	  20	       /* 5 % */
#define LEAST_BYTES	  (4ULL << 20) /* empty tables and their indexes need some */
#define MAXIMUM_AGE_NS	  (7 * 24 * 3600 * NS_PER_S)
#define KEYS_MAXIMUM	  4096
/* Half a second, so that with the time a commit takes a crash costs less than one. */
#define FLUSH_NS	  (NS_PER_S / 2)
#define ADAPT_NS	  NS_PER_S
/* A batch goes early when it is that large; a small store takes small ones, since the log holds
 * a whole transaction. */
#define FLUSH_BYTES	  (4UL << 20)
#define FLUSH_BYTES_LEAST (64UL << 10)
#define FLUSH_PART	  64
#define FRUGAL_PART	  10
#define BATCH_BYTES	  (32UL << 20) /* never more, with all counts and held back rows */
/* At the end: how long the writer may take for a batch. */
#define LAST_WAIT_NS	  (5 * NS_PER_S)

struct store {
	const struct event_kind *kinds[STORE_TABLES_MAXIMUM + 1];
	struct row_place places[STORE_TABLES_MAXIMUM];
	unsigned int kind_count;
	unsigned int last_kind; /* most events are of the kind of the one before */
	uint64_t maximum_bytes;
	struct timeline timeline;
	struct rate *rate; /* NULL when there are no requests */
	struct store_writer *writer;
	struct store_batch batch;
	size_t flush_bytes;
	uint64_t flushed_ns; /* monotonic */
	uint64_t adapted_ns;
	uint64_t shed;
	uint32_t rows_per_second; /* as wished */
	char set_aside[256];
};

/* ---- opening ------------------------------------------------------------------------------- */

static int choose_bytes(const struct store_options *options, uint64_t *ret_bytes, struct fail *fail)
{
	struct statvfs disk;

	if (statvfs(options->directory, &disk) != 0)
		return fail_set(fail, -errno, "%s: %s", options->directory, strerror(errno));
	*ret_bytes = options->maximum_bytes;
	if (*ret_bytes == 0)
		*ret_bytes = MIN(MAXIMUM_BYTES, disk.f_blocks * disk.f_frsize / DISK_PART);
	*ret_bytes = MAX(*ret_bytes, LEAST_BYTES);
	return 0;
}

static int collect_kinds(
	struct store *store, const struct store_options *options, struct fail *fail)
{
	bool has_requests = false;

	for (const struct event_kind *const *kind = options->kinds; *kind; kind++) {
		/* Some are left for request_rate and its copies. */
		if (store->kind_count == STORE_TABLES_MAXIMUM - 1 - RATE_LEVELS)
			return fail_set(fail, -E2BIG, "more than %d kinds of events",
				STORE_TABLES_MAXIMUM - 1 - RATE_LEVELS);
		store->kinds[store->kind_count++] = *kind;
		has_requests |= *kind == &request_kind;
	}
	if (has_requests)
		store->kinds[store->kind_count++] = rate_kind();
	for (unsigned int level = 0; has_requests && level < RATE_LEVELS; level++)
		store->kinds[store->kind_count++] = rate_level_kind(level);
	for (uint16_t i = 0; i < store->kind_count; i++)
		store->places[i] = row_place(store->kinds[i], i);
	return 0;
}

static uint16_t index_of(const struct store *store, const struct event_kind *kind)
{
	uint16_t i = 0;

	while (i < store->kind_count && store->kinds[i] != kind)
		i++;
	return i;
}

static int open_rate(struct store *store, const struct store_options *options,
	const struct store_database *database)
{
	uint16_t request = index_of(store, &request_kind);
	struct rate_options rate = {
		.keys_maximum = options->keys_maximum ? options->keys_maximum : KEYS_MAXIMUM,
		.rows_per_second = options->rows_per_second,
		.request = store->places[request],
		.rate_table = index_of(store, rate_kind()),
		.timeline = &store->timeline,
	};

	if (request == store->kind_count)
		return 0;
	rate.next_rowid = database->tables[rate.rate_table].last_rowid + 1;
	return rate_new(&rate, &store->rate);
}

static int open_database(struct store *store, const struct store_options *options,
	struct store_database *ret_database, struct fail *fail)
{
	memset(ret_database, 0, sizeof(*ret_database));
	snprintf(ret_database->path, sizeof(ret_database->path), "%s/%s", options->directory,
		STORE_FILE);
	ret_database->schema =
		(struct store_schema){ .kinds = store->kinds, .protocols = options->protocols };
	ret_database->maximum_bytes = store->maximum_bytes;
	ret_database->maximum_age_ns =
		options->maximum_age_ns ? options->maximum_age_ns : MAXIMUM_AGE_NS;
	return store_database_open(ret_database, store->set_aside, fail);
}

static void free_half(struct store **store)
{
	if (!*store)
		return;
	rate_free((*store)->rate);
	buf_done(&(*store)->batch.rows);
	free(*store);
}

int store_open(const struct store_options *options, struct store **ret_store, struct fail *fail)
{
	_cleanup_(free_half)
	struct store *store = calloc(1, sizeof(*store));
	struct store_database database;
	int error;

	if (!store)
		return fail_set(fail, -ENOMEM, "out of memory");
	timeline_init(&store->timeline, options->read, options->context);
	store->rows_per_second = options->rows_per_second;
	buf_init(&store->batch.rows, options->batch_bytes ? options->batch_bytes : BATCH_BYTES);
	error = choose_bytes(options, &store->maximum_bytes, fail);
	store->flush_bytes =
		MIN(MAX(store->maximum_bytes / FLUSH_PART, FLUSH_BYTES_LEAST), FLUSH_BYTES);
	if (error == 0)
		error = collect_kinds(store, options, fail);
	if (error == 0)
		error = open_database(store, options, &database, fail);
	if (error != 0)
		return error;
	error = open_rate(store, options, &database);
	if (error == 0)
		error = store_writer_start(
			&database, options->read, options->context, &store->writer);
	if (error != 0) {
		store_database_close(&database);
		return fail_set(fail, error, "%s: %s", database.path, strerror(-error));
	}
	if (store->set_aside[0] != '\0')
		log_error("store", "%s was damaged: it is kept as %s, a new one is begun",
			database.path, store->set_aside);
	*ret_store = TAKE(store);
	return 0;
}

/* ---- events -------------------------------------------------------------------------------- */

static void hand_over(struct store *store)
{
	store->batch.settled_rowid = store->rate ? rate_settled_rowid(store->rate) : 0;
	if (store->batch.rows.length > 0)
		store_writer_offer(store->writer, &store->batch);
}

void store_flush(struct store *store)
{
	bool is_full = true;

	while (is_full && store_writer_has_room(store->writer)) {
		is_full = store->rate && rate_flush(store->rate, &store->batch.rows) != 0;
		hand_over(store);
	}
}

void store_set_frugal(struct store *store, bool is_frugal)
{
	uint32_t part = is_frugal ? FRUGAL_PART : 1;

	if (store->rate && store->rows_per_second > 0)
		rate_set_rows(store->rate, MAX(store->rows_per_second / part, 1U));
}

bool store_is_behind(struct store *store)
{
	return !store_writer_has_room(store->writer);
}

uint64_t store_mark(struct store *store)
{
	store_flush(store);
	/* What found no room goes with the next batch. */
	return store_writer_taken(store->writer) + (store->batch.rows.length > 0);
}

bool store_wait(struct store *store, uint64_t mark, uint64_t timeout_ns)
{
	return store_writer_wait(store->writer, mark, timeout_ns);
}

static bool find_kind(struct store *store, const struct event_kind *kind)
{
	unsigned int found;

	if (store->kinds[store->last_kind] == kind)
		return true;
	found = index_of(store, kind);
	if (found == store->kind_count)
		return false;
	store->last_kind = found;
	return true;
}

void store_write(void *context, const struct event_header *event)
{
	struct store *store = context;
	struct buf *rows = &store->batch.rows;

	if (!find_kind(store, event->kind))
		return;
	if (rows->length >= store->flush_bytes)
		store_flush(store);
	/* Still full: the writer is behind. Requests are held back, the rest is let go. */
	if (rows->length >= store->flush_bytes)
		rows = NULL;
	if (store->rate && event->kind == &request_kind)
		rate_add(store->rate, (const struct request_event *)event, rows);
	else if (!rows ||
		 row_write(rows, &store->places[store->last_kind], event, &store->timeline) != 0)
		store->shed++;
}

void store_tick(struct store *store)
{
	uint64_t now_ns = timeline_measure(&store->timeline);

	if (now_ns < store->flushed_ns + FLUSH_NS)
		return;
	store->flushed_ns = now_ns;
	store_flush(store);
	if (!store->rate || now_ns < store->adapted_ns + ADAPT_NS)
		return;
	store->adapted_ns = now_ns;
	rate_adapt(store->rate);
}

/* ---- figures and the end ------------------------------------------------------------------- */

static void fill_counts(const struct store *store, const struct writer_counts *writer,
	struct store_counts *ret_counts)
{
	struct rate_counts rate = { 0 };

	if (store->rate)
		rate = rate_get_counts(store->rate);
	*ret_counts = (struct store_counts){
		.written = writer->rows,
		.sampled = rate.sampled,
		.shed = store->shed,
		.lost = writer->rows_lost,
		.uncounted = rate.lost,
		.folded = rate.folded,
		.expired = writer->rows_expired,
		.keys = rate.keys,
		.bytes = writer->bytes,
		.maximum_bytes = store->maximum_bytes,
		.waiting_bytes = store->batch.rows.length,
		.commit_ns = writer->commit_ns,
		.commit_longest_ns = writer->commit_longest_ns,
		.problem = writer->problem,
	};
	str_set(ret_counts->set_aside, writer->set_aside[0] ? writer->set_aside : store->set_aside);
}

void store_get_counts(struct store *store, struct store_counts *ret_counts)
{
	struct writer_counts writer;

	store_writer_counts(store->writer, &writer);
	fill_counts(store, &writer, ret_counts);
}

/* What is left of the counts goes out in as many batches as it takes. */
static void flush_last(struct store *store)
{
	while (rate_flush(store->rate, &store->batch.rows) != 0) {
		hand_over(store);
		if (store->batch.rows.length == 0)
			continue;
		if (!store_writer_wait(
			    store->writer, store_writer_taken(store->writer) - 1, LAST_WAIT_NS)) {
			rate_give_up(store->rate);
			return;
		}
	}
}

void store_close(struct store *store, struct store_counts *ret_counts)
{
	struct writer_counts writer = { 0 };

	if (!store)
		return;
	if (store->rate)
		flush_last(store);
	store_writer_stop(store->writer, &store->batch, &writer);
	if (ret_counts)
		fill_counts(store, &writer, ret_counts);
	free_half(&store);
}
