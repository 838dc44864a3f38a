/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds what is wrong with option tables before a person does.
 */
#include "event/option.h"

static bool is_kebab_case(const char *name)
{
	return name && name[0] >= 'a' && name[0] <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static bool size_fits(const struct option_row *row)
{
	switch (row->type) {
	case OPTION_BOOL:
		return row->size == sizeof(bool);
	case OPTION_U32:
	case OPTION_WORD:
		return row->size == sizeof(uint32_t);
	case OPTION_TEXT:
		return row->size > 1;
	case OPTION_LIST:
		return row->size == sizeof(struct option_list);
	case OPTION_TERM:
		return row->size == sizeof(struct option_terms);
	default:
		return row->size == sizeof(uint64_t);
	}
}

static const char *row_defect(const struct option_row *row)
{
	if (!is_kebab_case(row->name))
		return "the name is not kebab-case";
	if (!row->help || row->help[0] == '\0')
		return "no help";
	if (row->help[strlen(row->help) - 1] == '.')
		return "the help ends with a full stop";
	if (!size_fits(row))
		return "the size does not fit the type";
	if ((row->type == OPTION_WORD) != (row->words != NULL))
		return "words belong to OPTION_WORD, and must be there";
	if (row->type == OPTION_BOOL ? row->value_name != NULL
				     : row->type != OPTION_TERM && !row->value_name)
		return "values have a name in help, except yes and no";
	if (row->maximum != 0 && row->minimum > row->maximum)
		return "the minimum is above the maximum";
	return NULL;
}

/* How many rows have the name, and how many the letter. */
static void count_same(const struct option_table *tables, unsigned int count,
	const struct option_row *row, unsigned int *ret_counts)
{
	unsigned int names = 0, letters = 0;

	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int j = 0; j < tables[i].count; j++) {
			const struct option_row *other = &tables[i].rows[j];
			names += other->name && strcmp(other->name, row->name) == 0;
			letters += row->letter && other->letter == row->letter;
		}
	}
	ret_counts[0] = names;
	ret_counts[1] = letters;
}

int option_check(const struct option_table *tables, unsigned int count, struct fail *fail)
{
	unsigned int same[2];

	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int j = 0; j < tables[i].count; j++) {
			const struct option_row *row = &tables[i].rows[j];
			const char *defect = row_defect(row);
			if (defect)
				return fail_set(fail, -EINVAL, "%s: %s",
					row->name ? row->name : "?", defect);
			count_same(tables, count, row, same);
			if (same[0] > 1 || same[1] > 1)
				return fail_set(fail, -EINVAL, "%s: the %s is there twice",
					row->name, same[0] > 1 ? "name" : "letter");
		}
	}
	return option_defaults(tables, count, fail);
}
