/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a connect failed, where the kernel does not tell: judged from what is at its path a moment
 * later. In: the record of the failure; out: only what is certain then.
 */
#ifndef SKEP_UNIX_FAILURE_H
#define SKEP_UNIX_FAILURE_H

#include "observe/unix/unix_event.h"

struct node;
struct unix_failures;

struct unix_failures *unix_failures_new(const struct node *node);
void unix_failures_free(struct unix_failures *failures); /* accepts NULL */
/*
 * UNIX_REASON_MISSING, UNIX_REASON_REFUSED, or UNIX_REASON_OTHER: the process is gone, so that
 * nobody knows what its path means; somebody listens, who may have been busy or not for everyone;
 * or it was asked more than ten times within this second, for a listing costs 1 ms per 1000 unix
 * sockets.
 */
enum unix_reason unix_failures_judge(
	struct unix_failures *failures, const struct unix_record *record);

#endif
