/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands as man pages (man(7) macros) and as Markdown.
 */
#include "event/manual.h"

#include <ctype.h>
#include <stdio.h>

#include "base/str.h"

/* What every command returns. */
static const char *const exit_codes[] = {
	"done",
	"failed",
	"wrong usage",
	"nothing was found",
	"a privilege is missing",
	"the kernel lacks what is needed",
};

/* ---- troff ---- */

/* Text as troff takes it for itself: no escapes, no requests, dashes that can be copied. An empty
 * line becomes a new paragraph. */
static void roff_text(struct buf *out, const char *text)
{
	bool is_line_start = true;

	for (; *text; text++) {
		if (is_line_start && (*text == '.' || *text == '\''))
			buf_append_string(out, "\\&");
		if (*text == '\\')
			buf_append_string(out, "\\e");
		else if (*text == '-')
			buf_append_string(out, "\\-");
		else if (*text == '\n' && is_line_start)
			buf_append_string(out, ".PP\n");
		else
			buf_append_byte(out, *text);
		is_line_start = *text == '\n';
	}
}

static void roff_line(struct buf *out, const char *before, const char *text, const char *after)
{
	buf_append_string(out, before);
	roff_text(out, text);
	buf_append_string(out, after);
}

static void roff_heading(const struct manual *manual, const char *page, struct buf *out)
{
	char title[64];

	snprintf(title, sizeof(title), "%s%s%s", manual->program, page[0] ? "-" : "", page);
	buf_append_string(out, ".TH ");
	for (const char *letter = title; *letter; letter++)
		buf_append_byte(out, (char)toupper((unsigned char)*letter));
	buf_printf(out, " 1 \"\" \"%s %s\" \"User Commands\"\n.SH NAME\n", manual->program,
		manual->version);
	roff_text(out, title);
}

static void roff_row(void *context, const struct option_row *row, bool is_first)
{
	struct buf *out = context;
	char text[MANUAL_SENTENCE_BYTES];

	if (is_first)
		roff_line(out, ".SS ", manual_section(row), "\n");
	buf_append_string(out, ".TP\n");
	if (row->letter)
		buf_printf(out, "\\fB\\-%c\\fR, ", row->letter);
	roff_line(out, "\\fB\\-\\-", row->name, "\\fR");
	if (row->value_name)
		roff_line(out, " \\fI", row->value_name, "\\fR");
	buf_append_byte(out, '\n');
	roff_line(out, "", manual_sentence(row, text, sizeof(text)), ".\n");
}

static void roff_examples(const struct manual_page *page, struct buf *out)
{
	if (!page->examples)
		return;
	buf_append_string(out, ".SH EXAMPLES\n");
	for (const struct manual_example *at = page->examples; at->command; at++) {
		roff_line(out, ".TP\n\\fB", at->command, "\\fR\n");
		roff_line(out, "", at->what, ".\n");
	}
}

static void roff_exit_codes(struct buf *out)
{
	buf_append_string(out, ".SH EXIT STATUS\n");
	for (size_t i = 0; i < ARRAY_LENGTH(exit_codes); i++)
		buf_printf(out, ".TP\n%zu\n%s\n", i, exit_codes[i]);
}

int manual_man(const struct manual *manual, const struct manual_page *page, struct buf *out)
{
	roff_heading(manual, page->name, out);
	roff_line(out, " \\- ", page->summary, "\n.SH SYNOPSIS\n");
	buf_printf(out, "\\fB%s %s\\fR [\\fIOPTION\\fR…]", manual->program, page->name);
	if (page->operands)
		roff_line(out, " \\fI", page->operands, "\\fR");
	buf_append_string(out, "\n.SH DESCRIPTION\n");
	roff_line(out, "", page->description ? page->description : page->summary, "\n");
	if (page->table_count > 0)
		buf_append_string(out, ".SH OPTIONS\n");
	manual_each_row(page, roff_row, out);
	roff_examples(page, out);
	roff_exit_codes(out);
	buf_printf(out, ".SH SEE ALSO\n.BR %s (1)\n", manual->program);
	return out->error;
}

int manual_man_program(const struct manual *manual, struct buf *out)
{
	roff_heading(manual, "", out);
	roff_line(out, " \\- ", manual->summary, "\n.SH SYNOPSIS\n");
	buf_printf(out, "\\fB%s\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR…]\n.SH COMMANDS\n",
		manual->program);
	for (unsigned int i = 0; i < manual->page_count; i++) {
		const struct manual_page *page = &manual->pages[i];
		buf_printf(out, ".TP\n.BR %s\\-%s (1)\n", manual->program, page->name);
		roff_line(out, "", page->summary, "\n");
	}
	roff_exit_codes(out);
	return out->error;
}

/* ---- Markdown ---- */

/* A cell of a table: bars would end it, angle brackets would be HTML. */
static void markdown_cell(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			buf_append_byte(out, '\\');
		if (*text == '<')
			buf_append_string(out, "&lt;");
		else
			buf_append_byte(out, *text);
	}
}

static void markdown_row(void *context, const struct option_row *row, bool is_first)
{
	struct buf *out = context;
	char text[MANUAL_SENTENCE_BYTES];

	if (is_first)
		buf_printf(
			out, "\n**%s**\n\n| option | meaning |\n|---|---|\n", manual_section(row));
	buf_append_string(out, "| `");
	if (row->letter)
		buf_printf(out, "-%c`, `", row->letter);
	buf_printf(out, "--%s", row->name);
	if (row->value_name) {
		buf_append_byte(out, ' ');
		markdown_cell(out, row->value_name);
	}
	buf_append_string(out, "` | ");
	markdown_cell(out, manual_sentence(row, text, sizeof(text)));
	buf_append_string(out, " |\n");
}

static void markdown_page(
	const struct manual *manual, const struct manual_page *page, struct buf *out)
{
	buf_printf(out, "\n## %s %s\n\n`%s %s [OPTION…]%s%s`: %s.\n", manual->program, page->name,
		manual->program, page->name, page->operands ? " " : "",
		page->operands ? page->operands : "", page->summary);
	if (page->description)
		buf_printf(out, "\n%s\n", page->description);
	manual_each_row(page, markdown_row, out);
	if (!page->examples)
		return;
	buf_append_string(out, "\n**Examples**\n\n");
	for (const struct manual_example *at = page->examples; at->command; at++)
		buf_printf(out, "- `%s`: %s\n", at->command, at->what);
}

int manual_markdown(const struct manual *manual, struct buf *out)
{
	buf_printf(out,
		"# Commands and options\n\nGenerated from the option tables. The names of the "
		"options of `%s run` are also the keys of its configuration file.\n",
		manual->program);
	for (unsigned int i = 0; i < manual->page_count; i++)
		markdown_page(manual, &manual->pages[i], out);
	return out->error;
}
