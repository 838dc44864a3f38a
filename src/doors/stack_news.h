/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel tells of processes and their mappings beside a profile (perf_event_open(2):
 * PERF_RECORD_MMAP2, COMM, FORK, EXIT), in the order in which it happened. In: a ring per CPU. Out:
 * changes of stack_spaces. Belongs to one thread.
 */
#ifndef SKEP_STACK_NEWS_H
#define SKEP_STACK_NEWS_H

#include "base/fail.h"
#include "doors/stack_space.h"

struct stack_news;

/* A ring of each CPU: holds what some thousand starts of programs tell. */
#define STACK_NEWS_PAGES 64

int stack_news_open(struct stack_news **ret_news, struct fail *fail);
void stack_news_close(struct stack_news *news); /* accepts NULL */
DEFINE_CLEANUP(struct stack_news *, stack_news_close);
/* Descriptors become readable in an epoll instance once much waits. 0 or -errno. */
int stack_news_watch(const struct stack_news *news, int epoll_fd);
/* Applies what happened until then (CLOCK_MONOTONIC). */
void stack_news_apply(struct stack_news *news, struct stack_spaces *spaces, uint64_t until_ns);

#endif
