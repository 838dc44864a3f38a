/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The right side of a filter term: text to a value for the type and unit of a field, and the
 * comparison with an event. Every comparison of numbers becomes a range.
 */
#include <ctype.h>
#include <stdio.h>

#include "base/str.h"
#include "event/filter_term.h"

/* Signed numbers are shifted so that unsigned comparison keeps their order. */
static uint64_t value_order(const struct field *field, uint64_t raw)
{
	return field_is_signed(field) ? raw ^ 1ULL << 63 : raw;
}

static int fail_value(
	struct fail *fail, const struct term *term, const char *text, const char *expected)
{
	return fail_set(fail, -EINVAL, "%s: expected %s, got '%.64s'", term->name, expected, text);
}

static bool is_digits(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static const char *number_expected(const struct field *field)
{
	switch (field->unit) {
	case UNIT_NANOSECONDS:
		return "a time with its unit, such as 100ms";
	case UNIT_BYTES:
		return "a size such as 10KiB";
	default:
		return "a number";
	}
}

static int parse_signed(const char *text, uint64_t *ret_raw)
{
	bool is_negative = text[0] == '-';
	uint64_t magnitude;
	int error =
		str_to_u64(text + is_negative, 0, (uint64_t)INT64_MAX + is_negative, &magnitude);

	if (error == 0)
		*ret_raw = is_negative ? -magnitude : magnitude;
	return error;
}

/* One number in the field's unit. A bare number is a time only under the full name, duration_ns,
 * which says the unit. */
static int parse_number(
	const struct term *term, const struct field *field, const char *text, uint64_t *ret_raw)
{
	char digits[32];
	size_t length = strlen(text);

	switch (field->unit) {
	case UNIT_NANOSECONDS:
		if (is_digits(text) && strcmp(text, "0") != 0 && strcmp(term->name, field->name))
			return -EINVAL;
		if (is_digits(text))
			return str_to_u64(text, 0, UINT64_MAX, ret_raw);
		return str_to_duration_ns(text, ret_raw);
	case UNIT_BYTES:
		return str_to_bytes(text, ret_raw);
	case UNIT_PERCENT:
		if (length > 1 && text[length - 1] == '%')
			length--;
		str_copy_slice(
			digits, sizeof(digits), (struct slice){ (const uint8_t *)text, length });
		return str_to_u64(digits, 0, UINT64_MAX, ret_raw);
	default:
		if (field_is_signed(field))
			return parse_signed(text, ret_raw);
		return str_to_u64(text, 0, UINT64_MAX, ret_raw);
	}
}

/* The dash between two numbers, NULL when there is one number: "10-20", "-5--1". */
static const char *find_dash(const char *text)
{
	for (const char *at = text; *at; at++) {
		if (*at == '-' && at > text && isalnum((unsigned char)at[-1]))
			return at;
	}
	return NULL;
}

static int parse_range(
	const struct term *term, const struct field *field, const char *text, struct value *value)
{
	char first[FILTER_TEXT_MAXIMUM];
	const char *dash = find_dash(text);
	uint64_t low, high;

	if (!dash || term->comparison != FILTER_EQUAL) {
		if (parse_number(term, field, text, &low) < 0)
			return -EINVAL;
		high = low;
	} else {
		str_copy_slice(first, sizeof(first),
			(struct slice){ (const uint8_t *)text, (size_t)(dash - text) });
		if (parse_number(term, field, first, &low) < 0 ||
			parse_number(term, field, dash + 1, &high) < 0)
			return -EINVAL;
	}
	value->low = value_order(field, low);
	value->high = value_order(field, high);
	return value->low <= value->high ? 0 : -EINVAL;
}

/* Turns [n, n] into what the operator means; an impossible one, < 0, matches never. */
static void apply_comparison(enum filter_comparison comparison, struct value *value)
{
	value->type = VALUE_RANGE;
	switch (comparison) {
	case FILTER_LESS:
		if (value->low == 0)
			value->type = VALUE_NEVER;
		value->high = value->low - 1;
		value->low = 0;
		break;
	case FILTER_AT_MOST:
		value->low = 0;
		break;
	case FILTER_MORE:
		if (value->high == UINT64_MAX)
			value->type = VALUE_NEVER;
		value->low = value->high + 1;
		value->high = UINT64_MAX;
		break;
	case FILTER_AT_LEAST:
		value->high = UINT64_MAX;
		break;
	default:
		break;
	}
}

/* 404, 5xx, 200-299; any other text only for equality. */
static int parse_code(const struct term *term, const char *text, struct value *value)
{
	static const struct field number = { .type = FIELD_U64 };
	bool is_class = text[0] >= '0' && text[0] <= '9' && strcasecmp(text + 1, "xx") == 0;
	const char *dash = find_dash(text);

	if (term->comparison != FILTER_EQUAL) {
		if (parse_range(term, &number, text, value) < 0)
			return -EINVAL;
		apply_comparison(term->comparison, value);
	} else if (is_class) {
		value->type = VALUE_RANGE;
		value->low = (uint64_t)(text[0] - '0') * 100;
		value->high = value->low + 99;
	} else if (dash && isdigit((unsigned char)text[0]) &&
		   parse_range(term, &number, text, value) == 0) {
		value->type = VALUE_RANGE;
	} else {
		value->type = VALUE_TEXT;
	}
	return 0;
}

static int parse_network(const char *text, struct value *value)
{
	char address[ADDRESS_TEXT_BYTES];
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	uint64_t bits = 128;

	if (!str_copy_slice(
		    address, sizeof(address), (struct slice){ (const uint8_t *)text, length }) ||
		address_parse(address, &value->network) < 0)
		return -EINVAL;
	bool is_ipv4 = !strchr(address, ':');
	if (slash && str_to_u64(slash + 1, 0, is_ipv4 ? 32 : 128, &bits) < 0)
		return -EINVAL;
	value->prefix_bits = (unsigned int)bits + (slash && is_ipv4 ? ADDRESS_IPV4_PREFIX : 0);
	value->type = VALUE_NETWORK;
	return 0;
}

static int parse_bool(const char *text, struct value *value)
{
	static const char *const words[] = { "no", "yes", "false", "true", "0", "1" };

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		value->type = VALUE_RANGE;
		value->low = value->high = i % 2;
		return 0;
	}
	return -EINVAL;
}

static int parse_word(const struct term *term, const struct field *field, const char *text,
	struct value *value, struct fail *fail)
{
	char expected[256] = "one of";
	size_t length = strlen(expected);

	for (unsigned int i = 0; field->words[i]; i++) {
		if (strcmp(text, field->words[i]) == 0) {
			value->type = VALUE_RANGE;
			value->low = value->high = i;
			return 0;
		}
		if (length < sizeof(expected))
			length += (size_t)snprintf(expected + length, sizeof(expected) - length,
				"%s %s", i > 0 ? "," : "", field->words[i]);
	}
	return fail_value(fail, term, text, expected);
}

static bool has_order(const struct field *field)
{
	return field_is_number(field) || field->type == FIELD_CODE;
}

int value_parse(const struct term *term, unsigned int n, const struct field *field,
	struct value *ret_value, struct fail *fail)
{
	const char *text = term->values[n];
	struct value value = { .type = VALUE_TEXT, .text = text };

	if (term->is_bare && field->type != FIELD_BOOL)
		return fail_set(fail, -EINVAL,
			"%s: expected =, !=, <, <=, >, >= or ~ and a value after it", term->name);
	if (term->comparison != FILTER_EQUAL && !has_order(field))
		return fail_set(fail, -EINVAL, "%s: has no order, expected =, != or ~ before '%s'",
			term->name, text);
	if (field->type == FIELD_WORD) {
		int error = parse_word(term, field, text, &value, fail);
		if (error < 0)
			return error;
	} else if (field->type == FIELD_ADDRESS) {
		if (parse_network(text, &value) < 0)
			return fail_value(
				fail, term, text, "an address or a network such as 10.0.0.0/8");
	} else if (field->type == FIELD_BOOL) {
		if (parse_bool(text, &value) < 0)
			return fail_value(fail, term, text, "yes or no");
	} else if (field->type == FIELD_CODE) {
		if (parse_code(term, text, &value) < 0)
			return fail_value(fail, term, text, "a number");
	} else if (field_is_number(field)) {
		if (parse_range(term, field, text, &value) < 0)
			return fail_value(fail, term, text, number_expected(field));
		apply_comparison(term->comparison, &value);
	}
	*ret_value = value;
	return 0;
}

static bool number_of(
	const struct field *field, const struct event_header *event, uint64_t *ret_number)
{
	if (field->type == FIELD_CODE)
		return field_code_number(field_text(field, event, NULL, 0), ret_number);
	*ret_number = value_order(field, field_number(field, event));
	return true;
}

bool value_matches(
	const struct value *value, const struct field *field, const struct event_header *event)
{
	uint64_t number;

	switch (value->type) {
	case VALUE_TEXT:
		return strcmp(field_text(field, event, NULL, 0), value->text) == 0;
	case VALUE_RANGE:
		return number_of(field, event, &number) && number >= value->low &&
		       number <= value->high;
	case VALUE_NETWORK:
		return !address_is_empty(field_address(field, event)) &&
		       address_in_network(
			       field_address(field, event), &value->network, value->prefix_bits);
	default:
		return false;
	}
}
