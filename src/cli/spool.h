/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer on its way to stdout, whose reader may stand still (a pager). Whoever sends the answer
 * must not wait for that: it holds a state of the store meanwhile, and its time is limited. What
 * stdout does not take at once goes to a temporary file without a name, and from there to stdout at
 * the end.
 */
#ifndef SKEP_CLI_SPOOL_H
#define SKEP_CLI_SPOOL_H

#include <stdio.h>

#include "base/base.h"

/* At most so much is held back; what comes after that waits for the reader. */
#define SPOOL_BYTES_MAXIMUM (1ULL << 30)

struct spool {
	FILE *rest; /* NULL while stdout takes all */
	uint64_t bytes;
};

/* 0, or -EPIPE when nobody reads or the disk has no room. */
int spool_write(struct spool *spool, const char *data, size_t length);
/* Writes what was held back, however long that takes. 0 or -EPIPE. */
int spool_end(struct spool *spool);
/* A stream into the spool, to be closed before spool_end; NULL without memory. */
FILE *spool_stream(struct spool *spool);

#endif
