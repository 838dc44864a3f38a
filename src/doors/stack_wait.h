/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a thread waits for, told from the functions of the kernel that its stack ends in.
 */
#ifndef SKEP_STACK_WAIT_H
#define SKEP_STACK_WAIT_H

#include "base/base.h"

enum stack_state {
	STATE_RUNNING,
	STATE_PREEMPTED, /* could run, had no CPU */
	STATE_LOCK,	 /* of user space: futex */
	STATE_KERNEL_LOCK,
	STATE_DISK,
	STATE_NETWORK, /* sockets, also of this machine */
	STATE_POLL,    /* any of several files: epoll, poll, select, io_uring */
	STATE_SLEEP,
	STATE_PIPE,
	STATE_PAGE_FAULT, /* memory that is read from a file or from swap */
	STATE_CHILD,
	STATE_TERMINAL,
	STATE_SIGNAL, /* also stopped by one */
	STATE_OTHER,
	STATE_COUNT
};

/* "running", …; NULL-terminated, by enum stack_state. */
extern const char *const stack_state_names[STATE_COUNT + 1];

/* frames: "root;…;leaf", functions of the kernel end in "_[k]". Never running or preempted. */
enum stack_state stack_wait_of(const char *frames);

/* The functions of the scheduler itself, in which every stack of a wait ends. */
bool stack_wait_is_scheduler(const char *function);
/* Code that an interrupt or a fault entered the kernel with: then no system call was under way. */
bool stack_wait_is_exception(const char *function);
/* The same of interrupts alone. */
bool stack_wait_is_interrupt(const char *function);

#endif
