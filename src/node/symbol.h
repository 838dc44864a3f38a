/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of a file by address: 16 bytes each; names stay in the file and are read when they
 * are asked for. One thread an object.
 */
#ifndef SKEP_NODE_SYMBOL_H
#define SKEP_NODE_SYMBOL_H

#include "node/elf_file.h"

struct symbol_table;

#define SYMBOLS_MAXIMUM	    (4U << 20)
/* Longer ones, as C++ has them, are cut. */
#define SYMBOL_NAME_MAXIMUM 512

/*
 * Reads .symtab, or .dynsym where that was stripped away. The table has a descriptor of its own,
 * the file may be closed; an image must stay. 0; -ENOENT without functions; -errno.
 */
int symbol_table_new(struct elf_file *file, struct symbol_table **ret_table);
void symbol_table_free(struct symbol_table *table); /* accepts NULL */
DEFINE_CLEANUP(struct symbol_table *, symbol_table_free);

/*
 * The number of the function that an address of the file lies in, and how far behind its start.
 * -ENOENT when it lies in none.
 */
ssize_t symbol_table_find(const struct symbol_table *table, uint64_t address, uint64_t *ret_offset);
/* Writes the name, as people write it (C++ and Rust names demangled), NUL-terminated. 0 or -errno.
 */
int symbol_table_name(const struct symbol_table *table, size_t number, char *ret_name, size_t size);
size_t symbol_table_count(const struct symbol_table *table);

/* A mangled name as people write it; other names stay. Returns ret_name. */
char *symbol_demangle(const char *name, char *ret_name, size_t size);

#endif
