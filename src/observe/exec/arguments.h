/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arguments of a process as one line for people and for questions: with blanks between them,
 * and without the secrets that programs take there. Pure, over borrowed bytes.
 */
#ifndef SKEP_EXEC_ARGUMENTS_H
#define SKEP_EXEC_ARGUMENTS_H

#include "base/buf.h"

/*
 * Appends. arguments: each ended by NUL, the last one perhaps cut. The buffer's error is the
 * result; a buffer of ARGUMENTS_LINE_BYTES takes any 32 KiB.
 */
int arguments_join(struct slice arguments, struct buf *line);
/* The same with MESSAGE_MASK in the place of what looks like a secret: rather too much than too
 * little. */
int arguments_join_masked(struct slice arguments, struct buf *line);

#define ARGUMENTS_LINE_BYTES (128 * 1024)

#endif
