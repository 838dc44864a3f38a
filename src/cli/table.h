/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small table on stdout: columns as wide as their widest cell, nothing that a terminal would act
 * upon. For lists of a few hundred rows that are made by hand; events and answers of
 * the store have their own encoders.
 */
#ifndef SKEP_CLI_TABLE_H
#define SKEP_CLI_TABLE_H

#include <stdio.h>

#include "base/buf.h"

#define TABLE_COLUMNS_MAXIMUM 10

struct table {
	unsigned int columns;
	unsigned int cells;
	struct buf text; /* the cells, each NUL-terminated */
	uint32_t right;	 /* bit per column: numbers, aligned to the right */
};

void table_init(struct table *table, unsigned int columns);
void table_done(struct table *table);			 /* for _cleanup_ */
void table_cell(struct table *table, const char *text);	 /* NULL: empty */
void table_number(struct table *table, uint64_t number); /* makes its column a number's */
void table_print(const struct table *table, FILE *file);

#endif
