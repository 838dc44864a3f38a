/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two columns: what to write, and what it does, wrapped at 100.
 */
#include "cli/help.h"

#include "base/str.h"

#define LEFT_COLUMN  26
#define LINE_COLUMNS 100

/* Prints text from column LEFT_COLUMN on, in lines of whole words. */
static void print_wrapped(FILE *file, const char *text)
{
	const size_t width = LINE_COLUMNS - LEFT_COLUMN;

	while (strlen(text) > width) {
		size_t length = width;

		while (length > 0 && text[length] != ' ')
			length--;
		if (length == 0)
			break;
		fprintf(file, "%.*s\n%*s", (int)length, text, LEFT_COLUMN, "");
		text += length + 1;
	}
	fprintf(file, "%s\n", text);
}

static void print_row(FILE *file, const struct option_row *row)
{
	char left[80], text[512];
	int length;

	length = snprintf(left, sizeof(left), "  %c%c%s--%s%s%s", row->letter ? '-' : ' ',
		row->letter ? row->letter : ' ', row->letter ? ", " : "  ", row->name,
		row->value_name ? " " : "", row->value_name ? row->value_name : "");
	fprintf(file, "%-*s", LEFT_COLUMN, left);
	if (length >= LEFT_COLUMN)
		fprintf(file, "\n%*s", LEFT_COLUMN, "");
	if (row->initial)
		snprintf(text, sizeof(text), "%s [%s]", row->help, row->initial);
	else
		snprintf(text, sizeof(text), "%s", row->help);
	print_wrapped(file, text);
}

static const char *section_of(const struct option_row *row)
{
	return row->section ? row->section : "Options";
}

static void print_table(FILE *file, const struct option_table *table, const char **section)
{
	for (unsigned int i = 0; i < table->count; i++) {
		if (!*section || !str_equal(*section, section_of(&table->rows[i]))) {
			*section = section_of(&table->rows[i]);
			fprintf(file, "\n%s\n", *section);
		}
		print_row(file, &table->rows[i]);
	}
}

void help_command(FILE *file, const struct command *command, const struct option_table *tables,
	unsigned int table_count)
{
	const char *section = NULL;

	fprintf(file, "usage: skep %s [OPTION…]%s%s\n\n%s.\n", command->name,
		command->operands ? " " : "", command->operands ? command->operands : "",
		command->summary);
	if (command->description)
		fprintf(file, "\n%s\n", command->description);
	for (unsigned int i = 0; i < table_count; i++)
		print_table(file, &tables[i], &section);
}

void help_program(FILE *file)
{
	size_t count;
	const struct command *const *commands = commands_all(&count);

	fprintf(file, "usage: skep COMMAND [OPTION…]\n\n"
		      "Shows, profiles and protects this machine through eBPF.\n\nCommands\n");
	for (size_t i = 0; i < count; i++) {
		fprintf(file, "  %-*s", LEFT_COLUMN - 2, commands[i]->name);
		print_wrapped(file, commands[i]->summary);
	}
	fprintf(file,
		"\n'skep COMMAND --help' tells more; 'skep --version' says which one this is.\n");
}
