/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that writes: takes batches of rows, makes each one transaction, and keeps the file
 * within its limits. When the disk is full or the file locked it holds on to the batch and tries
 * again; a damaged file is set aside and the batch goes into a new one.
 */
#ifndef SKEP_STORE_WRITER_H
#define SKEP_STORE_WRITER_H

#include "engine/store_database.h"

/* Batches that may wait; with one in work and one being filled that bounds the memory. */
#define WRITER_QUEUE 2

struct store_writer;

struct store_batch {
	struct buf rows;
	uint64_t settled_rowid; /* rows of counts below it do not change any more */
};

struct writer_counts {
	uint64_t rows;	       /* committed */
	uint64_t rows_lost;    /* could not be written at all */
	uint64_t rows_expired; /* deleted for the caps */
	uint64_t commits;
	uint64_t commit_ns; /* what the last one took */
	uint64_t commit_longest_ns;
	uint64_t bytes;	     /* file and log on disk */
	char set_aside[256]; /* the damaged file, "" when there was none */
	struct fail problem; /* code 0 when all is well */
};

/*
 * Takes the opened database over (its struct is copied). read and context as timeline_init. 0 or
 * -errno; then the database is still the caller's.
 */
int store_writer_start(const struct store_database *database, timeline_read *read, void *context,
	struct store_writer **ret_writer);
/* Takes the rows of the batch and leaves it empty. False when WRITER_QUEUE wait already. */
bool store_writer_offer(struct store_writer *writer, struct store_batch *batch);
/* True when the next offer will be taken. For the thread that offers. */
bool store_writer_has_room(struct store_writer *writer);
/*
 * Writes what waits and then the last batch (its rows are taken; NULL: none), ends the thread,
 * closes the file, frees. What cannot be written at once now is lost. Accepts NULL. Fills
 * *ret_counts.
 */
void store_writer_stop(
	struct store_writer *writer, struct store_batch *last, struct writer_counts *ret_counts);
/* How many batches were taken so far. Any thread, as is waiting until so many are in the file (or
 * lost for good): false when the time is over first. */
uint64_t store_writer_taken(struct store_writer *writer);
bool store_writer_wait(struct store_writer *writer, uint64_t batches, uint64_t timeout_ns);
/* Any thread. */
void store_writer_counts(struct store_writer *writer, struct writer_counts *ret_counts);

#endif
