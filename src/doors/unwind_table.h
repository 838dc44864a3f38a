/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The unwind rules of one file, compact: three bytes a row, found by two looks and a binary search
 * over what 64 KiB of code have. Built once, read only afterwards.
 */
#ifndef SKEP_UNWIND_TABLE_H
#define SKEP_UNWIND_TABLE_H

#include "doors/eh_frame.h"

struct unwind_table;

/* Of code addresses from the lowest to the highest. */
#define UNWIND_TABLE_SPAN_MAXIMUM (4ULL << 30)
#define UNWIND_TABLE_ROWS_MAXIMUM (16U << 20)

/* Reads the section. 0; -ENOENT when it has no rule, -E2BIG past the maxima, -ENOMEM. */
int unwind_table_new(const struct eh_frame_section *section, struct unwind_table **ret_table);
void unwind_table_free(struct unwind_table *table); /* accepts NULL */
DEFINE_CLEANUP(struct unwind_table *, unwind_table_free);

/* The rule at an address of the file; RULE_UNKNOWN where it has none. */
struct unwind_rule unwind_table_find(const struct unwind_table *table, uint64_t address);

/* Where the function begins that the address lies in, as far as rules tell; else the address. */
uint64_t unwind_table_function(const struct unwind_table *table, uint64_t address);

struct unwind_table_size {
	size_t rows;
	size_t rules;	   /* different ones */
	size_t exceptions; /* rows whose rule does not fit into a byte */
	size_t bytes;	   /* of memory, all in all */
};
void unwind_table_get_size(const struct unwind_table *table, struct unwind_table_size *ret_size);

#endif
