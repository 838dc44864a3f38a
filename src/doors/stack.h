/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stack door, user half: turns copied stacks into text. In: struct stack_record. Out: a number
 * for each stack, the same wherever and whenever it is seen, and once its frames, "root;…;leaf".
 * Belongs to one thread, which is not the loop's: reading files takes time.
 */
#ifndef SKEP_STACK_H
#define SKEP_STACK_H

#include "base/fail.h"
#include "doors/stack_record.h"
#include "doors/stack_wait.h"

struct stack_door;

/* Of one stack; what is further out is left out, and the outermost frame says so. */
#define STACK_FRAMES_MAXIMUM 1024
/* Of the text of one stack. */
#define STACK_TEXT_MAXIMUM   65536

struct stack_answer {
	uint64_t id;	  /* never 0, below 2^53 */
	const char *text; /* NULL when the same was given not long ago; valid until the next call */
	enum stack_state state; /* what a thread that gave up its CPU there waits for */
};

/* Opens what the kernel tells of mappings: wants CAP_PERFMON. 0 or -errno with the reason. */
int stack_door_open(struct stack_door **ret_door, struct fail *fail);
void stack_door_close(struct stack_door *door); /* accepts NULL */
DEFINE_CLEANUP(struct stack_door *, stack_door_close);

/* An epoll instance becomes readable when mappings change often. 0 or -errno. */
int stack_door_watch(struct stack_door *door, int epoll_fd);
/* 0; -EBADMSG for a record that contradicts itself. */
int stack_door_read(struct stack_door *door, const struct stack_record *record,
	struct stack_answer *ret_answer);
/* Whether these frames of the kernel are those of an interrupt, which interrupted whom it may. */
bool stack_door_is_interrupt(struct stack_door *door, const __u64 *frames, unsigned int count);
/* Gives back names and rules, which are read again when they are needed. */
void stack_door_drop_caches(struct stack_door *door);
/* A few times a second: keeps up with what the kernel tells, forgets the dead. */
void stack_door_tick(struct stack_door *door);

#endif
