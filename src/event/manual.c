/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --help: headings, two aligned columns, wrapped to the terminal. The other forms are in
 * manual_page.c.
 */
#include "event/manual.h"

#include <ctype.h>
#include <stdio.h>

#include "base/str.h"

#define COLUMNS_MINIMUM	 40
#define COLUMNS_MAXIMUM	 100
#define LEFT_MINIMUM	 16
#define LEFT_MAXIMUM	 30 /* what is longer has its text on the next line */
#define SECTIONS_MAXIMUM 32
/* On a terminal narrower than this the text of every option has a line of its own. */
#define NARROW_COLUMNS	 60
#define NARROW_LEFT	 8

struct page_writer {
	struct buf *out;
	bool has_color;
	size_t columns;
	size_t left; /* where the right column starts */
};

const char *manual_section(const struct option_row *row)
{
	return row->section ? row->section : "Options";
}

static unsigned int collect_sections(const struct manual_page *page, const char **sections)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < page->table_count; i++) {
		for (unsigned int j = 0; j < page->tables[i].count; j++) {
			const char *name = manual_section(&page->tables[i].rows[j]);
			unsigned int k = 0;
			while (k < count && strcmp(sections[k], name) != 0)
				k++;
			if (k == count && count < SECTIONS_MAXIMUM)
				sections[count++] = name;
		}
	}
	return count;
}

static void each_row_of(
	const struct manual_page *page, const char *section, manual_visit *visit, void *context)
{
	bool is_first = true;

	for (unsigned int i = 0; i < page->table_count; i++) {
		for (unsigned int j = 0; j < page->tables[i].count; j++) {
			const struct option_row *row = &page->tables[i].rows[j];
			if (strcmp(manual_section(row), section) != 0)
				continue;
			visit(context, row, is_first);
			is_first = false;
		}
	}
}

void manual_each_row(const struct manual_page *page, manual_visit *visit, void *context)
{
	const char *sections[SECTIONS_MAXIMUM];
	unsigned int count = collect_sections(page, sections);

	for (unsigned int i = 0; i < count; i++)
		each_row_of(page, sections[i], visit, context);
}

char *manual_sentence(const struct option_row *row, char *destination, size_t size)
{
	size_t length = (size_t)snprintf(destination, size, "%s", row->help);

	for (unsigned int i = 0; row->words && row->words[i] && length < size; i++)
		length += (size_t)snprintf(destination + length, size - length, "%s%s",
			i == 0 ? ": " : ", ", row->words[i]);
	const char *initial = row->initial;
	if (!initial && row->type == OPTION_WORD)
		initial = row->words[0];
	if (initial && initial[0] != '\0' && length < size)
		snprintf(destination + length, size - length, " (default: %s)", initial);
	return destination;
}

/* Columns of text in UTF-8; help has no wide characters. */
static size_t columns_of(const char *text, size_t length)
{
	size_t columns = 0;

	for (size_t i = 0; i < length; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

static void append_indent(struct page_writer *writer, size_t indent)
{
	buf_printf(writer->out, "%*s", (int)indent, "");
}

/* Whole words from the column on, which is also where the next lines start; an empty line in the
 * text stays one. */
static void append_wrapped(struct page_writer *writer, const char *text, size_t indent)
{
	size_t column = indent;

	while (*text) {
		size_t breaks = strspn(text, "\n");
		text += strspn(text, " \n");
		size_t length = strcspn(text, " \n");
		size_t columns = columns_of(text, length);
		if (breaks > 1) {
			buf_append_string(writer->out, "\n\n");
			append_indent(writer, indent);
			column = indent;
		} else if (column > indent && column + 1 + columns > writer->columns) {
			buf_append_byte(writer->out, '\n');
			append_indent(writer, indent);
			column = indent;
		} else if (column > indent) {
			buf_append_byte(writer->out, ' ');
			column++;
		}
		buf_append(writer->out, text, length);
		column += columns;
		text += length;
	}
	buf_append_byte(writer->out, '\n');
}

/* "what is on" as "What is on." */
static void append_sentence(struct page_writer *writer, const char *summary)
{
	char sentence[256];

	snprintf(sentence, sizeof(sentence), "%s.", summary);
	sentence[0] = (char)toupper((unsigned char)sentence[0]);
	append_wrapped(writer, sentence, 0);
}

static void append_heading(struct page_writer *writer, const char *text)
{
	buf_printf(writer->out, "\n%s%s%s\n", writer->has_color ? "\033[1m" : "", text,
		writer->has_color ? "\033[0m" : "");
}

/* Two columns; left is plain text. */
static void append_pair(struct page_writer *writer, const char *left, const char *right)
{
	size_t columns = 2 + columns_of(left, strlen(left));

	buf_printf(writer->out, "  %s%s%s", writer->has_color ? "\033[36m" : "", left,
		writer->has_color ? "\033[0m" : "");
	if (columns + 2 > writer->left) {
		buf_append_byte(writer->out, '\n');
		columns = 0;
	}
	append_indent(writer, writer->left - columns);
	append_wrapped(writer, right, writer->left);
}

static void flag_text(const struct option_row *row, char *text, size_t size)
{
	char letter[5] = "    ";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(text, size, "%s--%s%s%s", letter, row->name, row->value_name ? " " : "",
		row->value_name ? row->value_name : "");
}

static void append_row(void *context, const struct option_row *row, bool is_first)
{
	struct page_writer *writer = context;
	char left[128], right[MANUAL_SENTENCE_BYTES];

	if (is_first)
		append_heading(writer, manual_section(row));
	flag_text(row, left, sizeof(left));
	append_pair(writer, left, manual_sentence(row, right, sizeof(right)));
}

static void measure_row(void *context, const struct option_row *row, bool is_first)
{
	struct page_writer *writer = context;
	char left[128];

	flag_text(row, left, sizeof(left));
	size_t needed = 2 + columns_of(left, strlen(left)) + 2;
	if (needed <= LEFT_MAXIMUM && writer->columns >= NARROW_COLUMNS)
		writer->left = MAX(writer->left, needed);
}

static struct page_writer make_writer(const struct manual_style *style, struct buf *out)
{
	size_t columns = MAX(MIN(style->columns, COLUMNS_MAXIMUM), COLUMNS_MINIMUM);

	return (struct page_writer){
		.out = out,
		.has_color = style->has_color,
		.columns = columns,
		.left = columns < NARROW_COLUMNS ? NARROW_LEFT : LEFT_MINIMUM,
	};
}

int manual_help(const struct manual *manual, const struct manual_page *page,
	const struct manual_style *style, struct buf *out)
{
	struct page_writer writer = make_writer(style, out);

	buf_printf(out, "usage: %s %s [OPTION…]%s%s\n\n", manual->program, page->name,
		page->operands ? " " : "", page->operands ? page->operands : "");
	append_sentence(&writer, page->summary);
	if (page->description) {
		buf_append_byte(out, '\n');
		append_wrapped(&writer, page->description, 0);
	}
	manual_each_row(page, measure_row, &writer);
	manual_each_row(page, append_row, &writer);
	if (page->examples)
		append_heading(&writer, "Examples");
	for (const struct manual_example *at = page->examples; at && at->command; at++) {
		buf_printf(out, "  %s\n      ", at->command);
		append_wrapped(&writer, at->what, 6);
	}
	return out->error;
}

int manual_help_program(
	const struct manual *manual, const struct manual_style *style, struct buf *out)
{
	struct page_writer writer = make_writer(style, out);

	buf_printf(out, "usage: %s COMMAND [OPTION…]\n\n", manual->program);
	append_sentence(&writer, manual->summary);
	append_heading(&writer, "Commands");
	for (unsigned int i = 0; i < manual->page_count; i++)
		append_pair(&writer, manual->pages[i].name, manual->pages[i].summary);
	buf_printf(out, "\n'%s COMMAND --help' tells more about each.\n", manual->program);
	return out->error;
}
