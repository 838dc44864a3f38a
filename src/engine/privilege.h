/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Least privilege: once everything is loaded, a thread keeps only the capabilities that its work
 * still needs, and no program that it starts can have more.
 */
#ifndef SKEP_PRIVILEGE_H
#define SKEP_PRIVILEGE_H

#include "base/base.h"

/* The loop thread: maps and programs by number (BPF, PERFMON), other users' /proc (SYS_PTRACE,
 * DAC_READ_SEARCH), other network namespaces and the kernel's accounts of programs (SYS_ADMIN). */
extern const uint64_t privilege_of_agent;

/* The effective capabilities of the calling thread, bits by linux/capability.h. */
uint64_t privilege_held(void);

/*
 * Gives up every capability of the calling thread, and of threads that it starts later, but those
 * of keep (bits by linux/capability.h) that it has. 0 or -errno; nothing to give up is no error.
 */
int privilege_keep(uint64_t keep);

#endif
