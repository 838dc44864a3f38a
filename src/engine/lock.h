/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One agent per --dir: a lock file that holds the pid. The kernel lets go of the lock when its
 * holder dies, so that a stale file stops nobody.
 */
#ifndef SKEP_LOCK_H
#define SKEP_LOCK_H

#include "base/fail.h"

/* Makes the directory where it is missing and takes DIR/lock. 0 and a descriptor whose close lets
 * go, or -errno; -EBUSY names the pid of the holder. */
int lock_take(const char *directory, int *ret_fd, struct fail *fail);

#endif
