/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help texts, man pages and completion: see pages.h.
 */
#include "cli/pages.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/color.h"
#include "engine/version.h"

#define COMMANDS_MAXIMUM 32
#define TABLES_MAXIMUM	 32 /* of a command: its own, the agent's, one per feature */
#define WORDS_MAXIMUM	 128

struct pages {
	struct manual manual;
	struct manual_page pages[COMMANDS_MAXIMUM];
	struct option_table tables[COMMANDS_MAXIMUM][TABLES_MAXIMUM];
	const char *words[COMMANDS_MAXIMUM][WORDS_MAXIMUM + 1];
};

static void add_table(struct manual_page *page, struct option_table *tables,
	const struct option_row *rows, unsigned int count)
{
	if (count > 0 && page->table_count < TABLES_MAXIMUM)
		tables[page->table_count++] = (struct option_table){ rows, count, NULL };
}

static void fill_page(struct pages *pages, unsigned int index, const struct command *command)
{
	struct manual_page *page = &pages->pages[index];
	struct option_table *tables = pages->tables[index];
	size_t feature_count;
	const struct feature *const *features = features_all(&feature_count);

	*page = (struct manual_page){
		.name = command->name,
		.summary = command->summary,
		.operands = command->operands,
		.description = command->description,
		.examples = command->examples,
		.tables = tables,
	};
	if (command->operand_words) {
		command->operand_words(pages->words[index], WORDS_MAXIMUM);
		page->operand_words = pages->words[index];
	}
	add_table(page, tables, command->options, command->option_count);
	if (command->shared_options)
		add_table(page, tables, command->shared_options, *command->shared_option_count);
	if (!command->has_agent_options)
		return;
	add_table(page, tables, config_rows, config_row_count);
	for (size_t i = 0; i < feature_count; i++)
		add_table(page, tables, features[i]->options, features[i]->option_count);
}

struct pages *pages_new(void)
{
	struct pages *pages = calloc(1, sizeof(*pages));
	size_t count;
	const struct command *const *commands = commands_all(&count);

	if (!pages)
		return NULL;
	count = MIN(count, (size_t)COMMANDS_MAXIMUM);
	for (unsigned int i = 0; i < count; i++)
		fill_page(pages, i, commands[i]);
	pages->manual = (struct manual){
		.program = "skep",
		.summary = "shows, profiles and protects this machine through eBPF",
		.version = skep_version(),
		.pages = pages->pages,
		.page_count = (unsigned int)count,
	};
	return pages;
}

void pages_free(struct pages *pages)
{
	free(pages);
}

const struct manual *pages_manual(const struct pages *pages)
{
	return &pages->manual;
}

const struct manual_page *pages_find(const struct pages *pages, const char *name)
{
	for (unsigned int i = 0; i < pages->manual.page_count; i++) {
		if (str_equal(pages->pages[i].name, name))
			return &pages->pages[i];
	}
	return NULL;
}

int pages_print(FILE *file, int error, const struct buf *text)
{
	fputs(buf_text(text), file);
	return error;
}

static struct manual_style style_of(FILE *file)
{
	struct winsize size = { .ws_col = 80 };

	if (ioctl(fileno(file), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		size.ws_col = 80;
	return (struct manual_style){ size.ws_col, file == stdout && color_is_wanted(COLOR_AUTO) };
}

void pages_command(FILE *file, const struct command *command)
{
	_cleanup_(pages_freep)
	struct pages *pages = pages_new();
	_cleanup_(buf_done)
	struct buf text = { 0 };
	struct manual_style style = style_of(file);

	buf_init(&text, PAGES_TEXT_MAXIMUM);
	if (pages)
		pages_print(file,
			manual_help(
				&pages->manual, pages_find(pages, command->name), &style, &text),
			&text);
}

void pages_program(FILE *file)
{
	_cleanup_(pages_freep)
	struct pages *pages = pages_new();
	_cleanup_(buf_done)
	struct buf text = { 0 };
	struct manual_style style = style_of(file);

	buf_init(&text, PAGES_TEXT_MAXIMUM);
	if (pages)
		pages_print(file, manual_help_program(&pages->manual, &style, &text), &text);
}

size_t pages_words(const char **ret_words, size_t maximum)
{
	size_t count;
	const struct command *const *commands = commands_all(&count);

	count = MIN(count, maximum);
	for (size_t i = 0; i < count; i++)
		ret_words[i] = commands[i]->name;
	return count;
}
