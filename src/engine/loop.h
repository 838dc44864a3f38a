/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one thread that owns all state: waits for descriptors and timers (epoll) and takes messages
 * from workers. Only loop_post may be called from other threads. Callbacks may add and
 * remove descriptors and timers, their own included.
 */
#ifndef SKEP_LOOP_H
#define SKEP_LOOP_H

#include "base/fail.h"

struct loop;
typedef void loop_ready(void *context, uint32_t epoll_events);
typedef void loop_timer(void *context, uint64_t now_ns);
typedef void loop_message(void *context);

int loop_new(struct loop **ret_loop, struct fail *fail);
void loop_free(struct loop *loop); /* accepts NULL */
/* The descriptor stays the caller's. At most 256. 0 or -errno. */
int loop_add(struct loop *loop, int fd, uint32_t epoll_events, loop_ready *ready, void *context);
void loop_remove(struct loop *loop, int fd);
/*
 * Calls timer about every period (at least 1 ms), at whole multiples of it so that timers of a kind
 * wake the machine together; late calls are not made up for. At most 64. The same timer and context
 * again: changes the period. 0, -EINVAL or -ENOSPC.
 */
int loop_every(struct loop *loop, uint64_t period_ns, loop_timer *timer, void *context);
void loop_every_stop(struct loop *loop, loop_timer *timer, void *context);
/* Any thread: has message(context) called on the loop thread, in order. 0, or -EAGAIN when 4096
 * wait. Messages still waiting in loop_free are dropped: stop the workers first. */
int loop_post(struct loop *loop, loop_message *message, void *context);
/* Runs until loop_stop, also one that was called before. 0 or -errno. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
