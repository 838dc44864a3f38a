/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process and all that it started, directly or not, as far as /proc shows it: those whose
 * parents are gone have another parent there.
 */
#ifndef SKEP_EXEC_DESCENDANTS_H
#define SKEP_EXEC_DESCENDANTS_H

#include "base/base.h"

/* At most so many processes of the node are looked at. */
#define DESCENDANTS_MAXIMUM 32768

/* Calls found for each of them, the process itself first. The number of calls, or -errno. */
int descendants_find(uint32_t pid, void (*found)(void *context, uint32_t pid), void *context);

#endif
