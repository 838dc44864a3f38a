/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that code runs from: each once, however many processes map it. Unwind rules and symbols
 * are read when they are first needed and given back, those of the file used longest ago first,
 * past a number of files and of bytes. Belongs to one thread.
 */
#ifndef SKEP_STACK_MODULE_H
#define SKEP_STACK_MODULE_H

#include "doors/unwind_table.h"

struct stack_modules;

#define STACK_MODULES_MAXIMUM 2048
/* With rules or symbols in memory: each has up to two descriptors. */
#define STACK_LOADED_MAXIMUM  192

struct stack_module {
	uint32_t number;     /* never used again */
	uint32_t references; /* by mappings */
	char name[64];	     /* of the file, without its folder */
};

/* What a mapping says of its file. */
struct stack_file {
	uint64_t device; /* as makedev(3) makes it */
	uint64_t inode;
	const char *path; /* "[vdso]" is the kernel's own */
	uint32_t pid;	  /* a process that maps it at start */
	uint64_t start, end;
};

/* bytes: of rules and symbols together. NULL without memory. */
struct stack_modules *stack_modules_new(size_t bytes_maximum);
void stack_modules_free(struct stack_modules *modules);

/*
 * The module of a file, with a reference for the caller. The file is opened while the process is
 * there: later its path may lead elsewhere. NULL when there are too many.
 */
struct stack_module *stack_module_get(struct stack_modules *modules, const struct stack_file *file);
struct stack_module *stack_module_ref(struct stack_module *module);
void stack_module_unref(struct stack_module *module); /* accepts NULL */

/* Gives back all rules and symbols: they are read again when they are needed. */
void stack_modules_unload(struct stack_modules *modules);

/* The address that a place in the file is linked to, or the place itself where that is unknown. */
uint64_t stack_module_address(
	struct stack_modules *modules, struct stack_module *module, uint64_t offset);
struct unwind_rule stack_module_rule(
	struct stack_modules *modules, struct stack_module *module, uint64_t address);
/* Writes the function's name, or where it begins, "[file+0x123]", when it has none. */
void stack_module_name(struct stack_modules *modules, struct stack_module *module, uint64_t address,
	char *ret_name, size_t size);

#endif
