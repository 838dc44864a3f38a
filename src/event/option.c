/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets the values of option tables from text: defaults, single options and command lines. The
 * configuration file is read in option_file.c.
 */
#include "event/option.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "event/nearest.h"

/* A row, and where its value is. */
struct target {
	const struct option_row *row;
	void *value;
};

bool option_takes_value(const struct option_row *row)
{
	return row->type != OPTION_BOOL && (row->type != OPTION_TERM || row->value_name);
}

static bool find_name(const struct option_table *tables, unsigned int count, const char *name,
	struct target *ret_target)
{
	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int j = 0; j < tables[i].count; j++) {
			const struct option_row *row = &tables[i].rows[j];
			if (strcmp(row->name, name) != 0)
				continue;
			*ret_target =
				(struct target){ row, (char *)tables[i].values + row->offset };
			return true;
		}
	}
	return false;
}

static bool find_letter(const struct option_table *tables, unsigned int count, char letter,
	struct target *ret_target)
{
	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int j = 0; j < tables[i].count; j++) {
			const struct option_row *row = &tables[i].rows[j];
			if (row->letter != letter)
				continue;
			*ret_target =
				(struct target){ row, (char *)tables[i].values + row->offset };
			return true;
		}
	}
	return false;
}

static int fail_unknown(const struct option_table *tables, unsigned int count, const char *name,
	const char *dashes, struct fail *fail)
{
	struct nearest nearest;

	nearest_init(&nearest, name);
	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int j = 0; j < tables[i].count; j++)
			nearest_offer(&nearest, tables[i].rows[j].name);
	}
	const char *found = nearest_found(&nearest);
	if (found)
		return fail_set(fail, -ENOENT, "unknown option '%s%s', did you mean '%s%s'?",
			dashes, name, dashes, found);
	return fail_set(fail, -ENOENT, "unknown option '%s%s'", dashes, name);
}

/* ---- text to value ---- */

/* "one of a, b or c" */
static void list_words(const char *const *words, char *destination, size_t size)
{
	size_t length = 0;

	for (; *words && length < size; words++) {
		const char *joint = length == 0 ? "" : words[1] ? ", " : " or ";
		length += (size_t)snprintf(
			destination + length, size - length, "%s%s", joint, *words);
	}
}

static void describe_range(const struct option_row *row, char *destination, size_t size)
{
	char low[32], high[32];

	destination[0] = '\0';
	if (row->minimum == 0 && row->maximum == 0)
		return;
	if (row->type == OPTION_DURATION) {
		str_from_duration(low, sizeof(low), row->minimum);
		str_from_duration(high, sizeof(high), row->maximum);
	} else if (row->type == OPTION_BYTES) {
		str_from_bytes(low, sizeof(low), row->minimum);
		str_from_bytes(high, sizeof(high), row->maximum);
	} else {
		snprintf(low, sizeof(low), "%" PRIu64, row->minimum);
		snprintf(high, sizeof(high), "%" PRIu64, row->maximum);
	}
	if (row->maximum == 0 || row->maximum == UINT64_MAX)
		snprintf(destination, size, ", at least %s", low);
	else
		snprintf(destination, size, " from %s to %s", low, high);
}

char *option_expected(const struct option_row *row, char *destination, size_t size)
{
	char range[96], words[256] = "";

	describe_range(row, range, sizeof(range));
	switch (row->type) {
	case OPTION_BOOL:
		str_copy(destination, size, "expected yes or no");
		break;
	case OPTION_DURATION:
		snprintf(destination, size, "expected a time such as 250ms, 10s or 5m%s", range);
		break;
	case OPTION_BYTES:
		snprintf(destination, size, "expected a size such as 64K, 20MiB or 2G%s", range);
		break;
	case OPTION_WORD:
		list_words(row->words, words, sizeof(words));
		snprintf(destination, size, "expected %s", words);
		break;
	case OPTION_U32:
	case OPTION_U64:
		snprintf(destination, size, "expected a number%s", range);
		break;
	case OPTION_TEXT:
		snprintf(destination, size, "expected at most %u characters", row->size - 1U);
		break;
	case OPTION_LIST:
		snprintf(destination, size, "expected at most %d times, %zu characters each",
			OPTION_LIST_MAXIMUM, MEMBER_SIZE(struct option_list, values[0]) - 1);
		break;
	case OPTION_TERM:
		snprintf(destination, size, "expected at most %d such options, %zu characters each",
			OPTION_TERMS_MAXIMUM, MEMBER_SIZE(struct option_term, text) - 1);
		break;
	}
	return destination;
}

static int read_number(const struct option_row *row, const char *text, uint64_t *ret_number)
{
	uint64_t number = 0;
	uint64_t most = row->type == OPTION_U32 ? UINT32_MAX : UINT64_MAX;
	int error;

	if (row->type == OPTION_DURATION)
		error = str_to_duration_ns(text, &number);
	else if (row->type == OPTION_BYTES)
		error = str_to_bytes(text, &number);
	else
		error = str_to_u64(text, 0, most, &number);
	if (error < 0)
		return error;
	if (number < row->minimum || (row->maximum != 0 && number > row->maximum))
		return -ERANGE;
	*ret_number = number;
	return 0;
}

static int set_number(const struct target *target, const char *text)
{
	uint64_t number;
	int error = read_number(target->row, text, &number);

	if (error < 0)
		return error;
	if (target->row->type == OPTION_U32)
		*(uint32_t *)target->value = (uint32_t)number;
	else
		*(uint64_t *)target->value = number;
	return 0;
}

static int set_bool(const struct target *target, const char *text)
{
	static const char *const words[][2] = { { "no", "yes" }, { "false", "true" },
		{ "off", "on" }, { "0", "1" } };

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		for (int value = 0; value < 2; value++) {
			if (strcmp(text, words[i][value]) != 0)
				continue;
			*(bool *)target->value = value;
			return 0;
		}
	}
	return -EINVAL;
}

static int set_word(const struct target *target, const char *text)
{
	for (uint32_t i = 0; target->row->words[i]; i++) {
		if (strcmp(text, target->row->words[i]) == 0) {
			*(uint32_t *)target->value = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int add_to_list(struct option_list *list, const char *text)
{
	if (list->count == OPTION_LIST_MAXIMUM || strlen(text) >= sizeof(list->values[0]))
		return -ERANGE;
	str_set(list->values[list->count++], text);
	return 0;
}

static int add_term(struct option_terms *terms, const char *name, const char *text)
{
	struct option_term *term = &terms->terms[terms->count];

	if (terms->count == OPTION_TERMS_MAXIMUM || strlen(text) >= sizeof(term->text))
		return -ERANGE;
	term->name = name;
	str_set(term->text, text);
	terms->count++;
	return 0;
}

/* The texts only name what is wrong; callers put before it whose option it is. */
static int set_value(const struct target *target, const char *text, struct fail *fail)
{
	const struct option_row *row = target->row;
	char expected[384];
	int error = 0;

	switch (row->type) {
	case OPTION_BOOL:
		error = set_bool(target, text);
		break;
	case OPTION_WORD:
		error = set_word(target, text);
		break;
	case OPTION_TEXT:
		error = strlen(text) < row->size ? 0 : -ERANGE;
		if (error == 0)
			str_copy(target->value, row->size, text);
		break;
	case OPTION_LIST:
		error = add_to_list(target->value, text);
		break;
	case OPTION_TERM:
		error = add_term(target->value, row->name, text);
		break;
	default:
		error = set_number(target, text);
		break;
	}
	if (error < 0)
		return fail_set(fail, -EINVAL, "%s, got '%.64s'",
			option_expected(row, expected, sizeof(expected)), text);
	return 0;
}

static void set_zero(const struct target *target)
{
	switch (target->row->type) {
	case OPTION_TEXT:
		*(char *)target->value = '\0';
		break;
	case OPTION_LIST:
		((struct option_list *)target->value)->count = 0;
		break;
	case OPTION_TERM:
		((struct option_terms *)target->value)->count = 0;
		break;
	default:
		memset(target->value, 0, target->row->size);
		break;
	}
}

int option_defaults(const struct option_table *tables, unsigned int count, struct fail *fail)
{
	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int j = 0; j < tables[i].count; j++) {
			const struct option_row *row = &tables[i].rows[j];
			struct target target = { row, (char *)tables[i].values + row->offset };
			set_zero(&target);
			if (row->initial && set_value(&target, row->initial, fail) < 0)
				return fail_prefix(fail, "default of %s", row->name);
		}
	}
	return 0;
}

int option_set(const struct option_table *tables, unsigned int count, const char *name,
	const char *text, struct fail *fail)
{
	struct target target;

	if (!find_name(tables, count, name, &target))
		return fail_unknown(tables, count, name, "", fail);
	if (set_value(&target, text, fail) < 0) {
		fail_prefix(fail, "%s", name);
		return -EINVAL;
	}
	return 0;
}

/* ---- command lines ---- */

struct reading {
	const struct option_table *tables;
	unsigned int count;
	char **at; /* the next argument */
	struct option_result *result;
	struct fail *fail;
};

static int set_flag(
	struct reading *reading, const struct target *target, const char *flag, const char *text)
{
	if (!text && option_takes_value(target->row)) {
		if (!*reading->at)
			return fail_set(reading->fail, -EINVAL, "%s: expected %s after it", flag,
				target->row->value_name ? target->row->value_name : "a value");
		text = *reading->at++;
	} else if (!text) {
		text = target->row->type == OPTION_BOOL ? "yes" : "";
	} else if (target->row->type == OPTION_TERM && !target->row->value_name) {
		return fail_set(reading->fail, -EINVAL, "%s: takes no value", flag);
	}
	if (set_value(target, text, reading->fail) < 0) {
		fail_prefix(reading->fail, "%s", flag);
		return -EINVAL;
	}
	return 0;
}

/* argument: after the dashes. */
static int read_long(struct reading *reading, const char *argument)
{
	char name[64], flag[68];
	struct target target;
	size_t length = strcspn(argument, "=");
	const char *text = argument[length] == '=' ? argument + length + 1 : NULL;

	str_copy_slice(name, sizeof(name), (struct slice){ (const uint8_t *)argument, length });
	snprintf(flag, sizeof(flag), "--%s", name);
	if (find_name(reading->tables, reading->count, name, &target))
		return set_flag(reading, &target, flag, text);
	if (strcmp(argument, "help") == 0) {
		reading->result->wants_help = true;
		return 0;
	}
	if (str_starts_with(name, "no-") && !text &&
		find_name(reading->tables, reading->count, name + 3, &target) &&
		target.row->type == OPTION_BOOL)
		return set_flag(reading, &target, flag, "no");
	return fail_unknown(reading->tables, reading->count, name, "--", reading->fail);
}

/* argument: after the dash, not empty. */
static int read_letters(struct reading *reading, const char *argument)
{
	struct target target;
	char flag[3] = "-?";

	for (; *argument; argument++) {
		flag[1] = *argument;
		if (!find_letter(reading->tables, reading->count, *argument, &target)) {
			if (*argument != 'h')
				return fail_set(
					reading->fail, -ENOENT, "unknown option '-%c'", *argument);
			reading->result->wants_help = true;
			return 0;
		}
		bool has_text = option_takes_value(target.row) && argument[1];
		int error = set_flag(reading, &target, flag, has_text ? argument + 1 : NULL);
		if (error < 0 || has_text)
			return error;
	}
	return 0;
}

static int add_operand(struct reading *reading, const char *operand)
{
	struct option_result *result = reading->result;

	if (result->operand_count == OPTION_OPERANDS_MAXIMUM)
		return fail_set(
			reading->fail, -E2BIG, "more than %d arguments", OPTION_OPERANDS_MAXIMUM);
	result->operands[result->operand_count++] = operand;
	return 0;
}

int option_parse(const struct option_table *tables, unsigned int count, char **arguments,
	struct option_result *ret_result, struct fail *fail)
{
	struct option_result result = { 0 };
	struct reading reading = { tables, count, arguments, &result, fail };
	bool are_flags_over = false;
	int error = 0;

	while (error == 0 && *reading.at && !result.wants_help) {
		const char *argument = *reading.at++;
		if (are_flags_over || argument[0] != '-' || argument[1] == '\0')
			error = add_operand(&reading, argument);
		else if (strcmp(argument, "--") == 0)
			are_flags_over = true;
		else if (argument[1] == '-')
			error = read_long(&reading, argument + 2);
		else
			error = read_letters(&reading, argument + 1);
	}
	if (error == 0)
		*ret_result = result;
	return error;
}
