/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which file's code lies where in which process. Kept by what the kernel tells of mappings
 * (stack_news.h); a process that was there before is read from /proc when it is first asked for.
 * Processes that forked share what they have in common. Belongs to one thread.
 */
#ifndef SKEP_STACK_SPACE_H
#define SKEP_STACK_SPACE_H

#include "doors/stack_module.h"

struct stack_spaces;

#define STACK_SPACES_MAXIMUM   65536
/* Of one process; more come from machines that make code as they run. */
#define STACK_MAPPINGS_MAXIMUM 8192

struct stack_mapping {
	uint64_t start, end;	     /* addresses of the process */
	uint64_t offset;	     /* of start in the file */
	struct stack_module *module; /* NULL: no file */
};

/* modules is borrowed and freed later. NULL without memory. */
struct stack_spaces *stack_spaces_new(struct stack_modules *modules);
void stack_spaces_free(struct stack_spaces *spaces);

/* A mapping that may be executed. file->pid, start and end say where; path "//anon" or "[heap]" and
 * inode 0 is no file. */
void stack_spaces_map(struct stack_spaces *spaces, const struct stack_file *file, uint64_t offset);
void stack_spaces_exec(struct stack_spaces *spaces, uint32_t pid);
void stack_spaces_fork(struct stack_spaces *spaces, uint32_t parent_pid, uint32_t pid);
/* Its space stays until stack_spaces_expire: samples may still be on their way. */
void stack_spaces_exit(struct stack_spaces *spaces, uint32_t pid, uint64_t now_ns);
void stack_spaces_expire(struct stack_spaces *spaces, uint64_t now_ns);
/* News were lost: nothing that is known can be relied on. */
void stack_spaces_forget(struct stack_spaces *spaces);

/* NULL where nothing is known to be. Valid until the next call of another function. */
const struct stack_mapping *stack_spaces_find(
	struct stack_spaces *spaces, uint32_t pid, uint64_t address);

#endif
