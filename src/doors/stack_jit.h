/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of code that programs made while they run, out of the perf maps that they write. Read when
 * such code is first met, and again as the file grows. Belongs to one thread.
 */
#ifndef SKEP_STACK_JIT_H
#define SKEP_STACK_JIT_H

#include "base/base.h"

struct stack_jit;

/* Processes with maps at one time, and memory of all of them. */
#define STACK_JIT_PROCESSES_MAXIMUM 64
#define STACK_JIT_BYTES_MAXIMUM	    (24U << 20)

struct stack_jit *stack_jit_new(void);	    /* NULL without memory */
void stack_jit_free(struct stack_jit *jit); /* accepts NULL */
/* Gives the maps back: they are read again when they are needed. */
void stack_jit_unload(struct stack_jit *jit);

struct stack_jit_function {
	const char *name; /* borrowed until the next call */
	uint64_t start;
	uint32_t number; /* of what is known of the process: another one once its map grew */
};
enum stack_jit_answer { JIT_FOUND, JIT_NO_MAP, JIT_NOT_IN_MAP };
enum stack_jit_answer stack_jit_find(struct stack_jit *jit, uint32_t pid, uint64_t address,
	struct stack_jit_function *ret_function);

#endif
