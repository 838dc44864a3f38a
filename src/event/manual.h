/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people read about commands, made from their option tables: --help, man pages, and the
 * reference in Markdown. Completion for shells is in completion.h.
 */
#ifndef SKEP_MANUAL_H
#define SKEP_MANUAL_H

#include "base/buf.h"
#include "event/option.h"

struct manual_example {
	const char *command; /* as typed, with the program's name */
	const char *what;    /* what it shows, without a full stop */
};

/* A command. All text is borrowed. */
struct manual_page {
	const char *name;		   /* "watch" */
	const char *summary;		   /* one line without a full stop */
	const char *operands;		   /* "KIND…", NULL when it takes none */
	const char *const *operand_words;  /* what an operand may be, NULL-terminated or NULL */
	const char *description;	   /* paragraphs with an empty line between, or NULL */
	const struct option_table *tables; /* only rows and count are read */
	unsigned int table_count;
	const struct manual_example *examples; /* ended by a NULL command, or NULL */
};

struct manual_style {
	unsigned int columns; /* of the terminal; lines are between 40 and 100 long */
	bool has_color;
};

/* Pages of a program: "skep" and its commands in order. */
struct manual {
	const char *program;
	const char *summary; /* one sentence without a full stop */
	const char *version;
	const struct manual_page *pages;
	unsigned int page_count;
};

/* Each appends to out and returns its error: 0, -ENOBUFS, -ENOMEM. */
int manual_help(const struct manual *manual, const struct manual_page *page,
	const struct manual_style *style, struct buf *out);
/* The program's own --help: every command with its summary. */
int manual_help_program(
	const struct manual *manual, const struct manual_style *style, struct buf *out);
/* man(7) pages, section 1: one of a command, and that of the program. */
int manual_man(const struct manual *manual, const struct manual_page *page, struct buf *out);
int manual_man_program(const struct manual *manual, struct buf *out);
/* Every command and option as Markdown. */
int manual_markdown(const struct manual *manual, struct buf *out);

/*
 * For completion.c and the forms above: calls visit for each row of a page, section by section in
 * the order in which the sections first come, with is_first at the first row of a section.
 */
typedef void manual_visit(void *context, const struct option_row *row, bool is_first);
void manual_each_row(const struct manual_page *page, manual_visit *visit, void *context);
/* The heading over a row: its section, "Options" when it has none. */
const char *manual_section(const struct option_row *row);
/* Help, the words that are possible and the default in one sentence. Returns destination. */
char *manual_sentence(const struct option_row *row, char *destination, size_t size);
#define MANUAL_SENTENCE_BYTES 640

#endif
