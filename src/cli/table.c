/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small table on stdout: see table.h.
 */
#include "cli/table.h"

#include "base/str.h"
#include "event/inert.h"

#define TEXT_MAXIMUM (1024 * 1024)

void table_init(struct table *table, unsigned int columns)
{
	*table = (struct table){ .columns = columns };
	buf_init(&table->text, TEXT_MAXIMUM);
}

void table_done(struct table *table)
{
	buf_done(&table->text);
}

void table_cell(struct table *table, const char *text)
{
	_cleanup_(buf_done)
	struct buf safe = { 0 };

	buf_init(&safe, TEXT_MAXIMUM);
	inert_append(&safe, text ? text : "", INERT_UNLIMITED);
	buf_append(&table->text, buf_text(&safe), safe.length + 1);
	table->cells++;
}

void table_number(struct table *table, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	table->right |= 1U << (table->cells % table->columns);
	table_cell(table, text);
}

static const char *next_cell(const char *cell)
{
	return cell + strlen(cell) + 1;
}

static void print_cell(
	const struct table *table, FILE *file, unsigned int column, size_t width, const char *cell)
{
	int pad = (int)(width - inert_columns(cell));

	if (table->right & (1U << column))
		fprintf(file, "%*s%s", pad, "", cell);
	else if (column + 1 == table->columns)
		fprintf(file, "%s", cell);
	else
		fprintf(file, "%s%*s", cell, pad, "");
	fputs(column + 1 == table->columns ? "\n" : "  ", file);
}

void table_print(const struct table *table, FILE *file)
{
	size_t widths[TABLE_COLUMNS_MAXIMUM] = { 0 };
	const char *cell = buf_text(&table->text);

	if (table->text.error)
		return;
	for (unsigned int i = 0; i < table->cells; i++, cell = next_cell(cell)) {
		size_t *width = &widths[i % table->columns];

		*width = MAX(*width, inert_columns(cell));
	}
	cell = buf_text(&table->text);
	for (unsigned int i = 0; i < table->cells; i++, cell = next_cell(cell)) {
		unsigned int column = i % table->columns;

		print_cell(table, file, column, widths[column], cell);
	}
}
