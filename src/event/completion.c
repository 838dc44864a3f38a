/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One script per shell: the commands, then for each its options, their words, and its operands.
 * Summaries and help are put in single quotes; names of commands, options and words have nothing
 * that a shell would act upon.
 */
#include "event/completion.h"

#include "base/str.h"

/* Whether a value is a file or folder, told by the name it has in help. */
static bool wants_path(const struct option_row *row)
{
	return row->value_name &&
	       (strstr(row->value_name, "FILE") || strstr(row->value_name, "DIR") ||
		       strstr(row->value_name, "PATH"));
}

static void append_words(struct buf *out, const char *const *words)
{
	for (unsigned int i = 0; words && words[i]; i++)
		buf_printf(out, "%s%s", i > 0 ? " " : "", words[i]);
}

/* Text inside single quotes, with a backslash before each of special; quote is how the shell
 * writes a quote there. */
static void append_quoted(struct buf *out, const char *text, const char *special, const char *quote)
{
	for (; *text; text++) {
		if (*text == '\'') {
			buf_append_string(out, quote);
			continue;
		}
		if (strchr(special, *text))
			buf_append_byte(out, '\\');
		buf_append_byte(out, *text);
	}
}

/* ---- bash ---- */

static void bash_flag(void *context, const struct option_row *row, bool is_first)
{
	buf_printf(context, " --%s", row->name);
}

struct bash_values {
	struct buf *out;
	const char *command;
};

static void bash_value(void *context, const struct option_row *row, bool is_first)
{
	struct bash_values *values = context;
	struct buf *out = values->out;

	if (!option_takes_value(row))
		return;
	buf_printf(out, "\t%s:--%s", values->command, row->name);
	if (row->letter)
		buf_printf(out, " | %s:-%c", values->command, row->letter);
	buf_append_string(out, ") ");
	if (wants_path(row)) {
		buf_append_string(out, "compopt -o filenames; action=-f");
	} else {
		buf_append_string(out, "words='");
		append_words(out, row->words);
		buf_append_byte(out, '\'');
	}
	buf_append_string(out, " ;;\n");
}

static void bash_page(const struct manual_page *page, struct buf *out)
{
	struct bash_values values = { out, page->name };

	manual_each_row(page, bash_value, &values);
	buf_printf(out, "\t%s:*) words='", page->name);
	append_words(out, page->operand_words);
	manual_each_row(page, bash_flag, out);
	buf_append_string(out, " --help' ;;\n");
}

int completion_bash(const struct manual *manual, struct buf *out)
{
	const char *program = manual->program;

	buf_printf(out,
		"# bash completion for %s\n"
		"_%s()\n{\n"
		"\tlocal current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
		"\tlocal words='' action=-W\n"
		"\t# bash takes --name=value apart at the sign\n"
		"\tif [ \"$current\" = '=' ]; then\n\t\tcurrent=''\n"
		"\telif [ \"$before\" = '=' ]; then\n"
		"\t\tbefore=${COMP_WORDS[COMP_CWORD - 2]}\n\tfi\n"
		"\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tbefore=''\n\tfi\n"
		"\tcase \"${COMP_WORDS[1]}:$before\" in\n",
		program, program);
	buf_append_string(out, "\t*:) words='");
	for (unsigned int i = 0; i < manual->page_count; i++)
		buf_printf(out, "%s%s", i > 0 ? " " : "", manual->pages[i].name);
	buf_append_string(out, " --help --version' ;;\n");
	for (unsigned int i = 0; i < manual->page_count; i++)
		bash_page(&manual->pages[i], out);
	buf_printf(out,
		"\tesac\n"
		"\tif [ \"$action\" = -f ]; then\n"
		"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
		"\telse\n"
		"\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
		"\tfi\n}\n"
		"complete -F _%s %s\n",
		program, program);
	return out->error;
}

/* ---- zsh ---- */

#define ZSH_QUOTE "'\\''"

static void zsh_row(void *context, const struct option_row *row, bool is_first)
{
	struct buf *out = context;
	bool may_repeat = row->type == OPTION_LIST || row->type == OPTION_TERM;
	char text[MANUAL_SENTENCE_BYTES];

	buf_append_string(out, " \\\n\t\t\t");
	if (may_repeat)
		buf_printf(out, "'*--%s", row->name);
	else if (row->letter)
		buf_printf(out, "'(-%c --%s)'{-%c,--%s}'", row->letter, row->name, row->letter,
			row->name);
	else
		buf_printf(out, "'--%s", row->name);
	buf_append_byte(out, '[');
	append_quoted(out, manual_sentence(row, text, sizeof(text)), "[]\\:", ZSH_QUOTE);
	buf_append_byte(out, ']');
	if (option_takes_value(row)) {
		buf_append_byte(out, ':');
		append_quoted(out, row->value_name ? row->value_name : "VALUE", "[]\\:", ZSH_QUOTE);
		buf_append_byte(out, ':');
		if (row->words) {
			buf_append_byte(out, '(');
			append_words(out, row->words);
			buf_append_byte(out, ')');
		} else if (wants_path(row)) {
			buf_append_string(out, "_files");
		} else {
			buf_append_byte(out, ' ');
		}
	}
	buf_append_byte(out, '\'');
}

static void zsh_page(const struct manual_page *page, struct buf *out)
{
	buf_printf(out, "\t%s)\n\t\t_arguments '--help[tell what the command does]'", page->name);
	manual_each_row(page, zsh_row, out);
	if (page->operand_words) {
		buf_append_string(out, " \\\n\t\t\t'*:operand:(");
		append_words(out, page->operand_words);
		buf_append_string(out, ")'");
	}
	buf_append_string(out, " ;;\n");
}

int completion_zsh(const struct manual *manual, struct buf *out)
{
	const char *program = manual->program;

	buf_printf(out,
		"#compdef %s\n"
		"# zsh completion for %s\n"
		"_%s() {\n"
		"\tlocal -a commands\n"
		"\tcommands=(\n",
		program, program, program);
	for (unsigned int i = 0; i < manual->page_count; i++) {
		buf_printf(out, "\t\t'%s:", manual->pages[i].name);
		append_quoted(out, manual->pages[i].summary, "\\:", ZSH_QUOTE);
		buf_append_string(out, "'\n");
	}
	buf_append_string(out, "\t)\n"
			       "\tif (( CURRENT == 2 )); then\n"
			       "\t\t_describe command commands\n"
			       "\t\treturn\n"
			       "\tfi\n"
			       "\tshift words\n"
			       "\t(( CURRENT-- ))\n"
			       "\tcase $words[1] in\n");
	for (unsigned int i = 0; i < manual->page_count; i++)
		zsh_page(&manual->pages[i], out);
	buf_printf(out,
		"\tesac\n}\n"
		"if [ \"$funcstack[1]\" = _%s ]; then\n\t_%s \"$@\"\n"
		"else\n\tcompdef _%s %s\nfi\n",
		program, program, program, program);
	return out->error;
}

/* ---- fish ---- */

#define FISH_QUOTE "\\'"

struct fish_page {
	struct buf *out;
	const char *program;
	const char *command;
};

static void fish_start(const struct fish_page *page)
{
	buf_printf(page->out, "complete -c %s -n '__fish_seen_subcommand_from %s'", page->program,
		page->command);
}

static void fish_row(void *context, const struct option_row *row, bool is_first)
{
	const struct fish_page *page = context;
	struct buf *out = page->out;

	fish_start(page);
	buf_printf(out, " -l %s", row->name);
	if (row->letter)
		buf_printf(out, " -s %c", row->letter);
	if (option_takes_value(row))
		buf_append_string(out, wants_path(row) ? " -r -F" : " -x");
	if (row->words) {
		buf_append_string(out, " -a '");
		append_words(out, row->words);
		buf_append_byte(out, '\'');
	}
	buf_append_string(out, " -d '");
	append_quoted(out, row->help, "\\", FISH_QUOTE);
	buf_append_string(out, "'\n");
}

int completion_fish(const struct manual *manual, struct buf *out)
{
	buf_printf(out, "# fish completion for %s\ncomplete -c %s -f\n", manual->program,
		manual->program);
	for (unsigned int i = 0; i < manual->page_count; i++) {
		const struct manual_page *page = &manual->pages[i];
		struct fish_page context = { out, manual->program, page->name };
		buf_printf(out, "complete -c %s -n __fish_use_subcommand -a %s -d '",
			manual->program, page->name);
		append_quoted(out, page->summary, "\\", FISH_QUOTE);
		buf_append_string(out, "'\n");
		manual_each_row(page, fish_row, &context);
		if (!page->operand_words)
			continue;
		fish_start(&context);
		buf_append_string(out, " -a '");
		append_words(out, page->operand_words);
		buf_append_string(out, "'\n");
	}
	return out->error;
}
