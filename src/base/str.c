/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text in fixed arrays: copies that cut, comparisons, numbers with units in
 * both directions.
 */
#include "base/str.h"

#include <stdio.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit duration_units[] = {
	{ "", 1000000000ULL },
	{ "ns", 1 },
	{ "us", 1000ULL },
	{ "ms", 1000000ULL },
	{ "s", 1000000000ULL },
	{ "m", 60000000000ULL },
	{ "h", 3600000000000ULL },
	{ "d", 86400000000000ULL },
	{ NULL, 0 },
};

static const struct unit byte_units[] = {
	{ "", 1 },
	{ "B", 1 },
	{ "K", 1ULL << 10 },
	{ "KB", 1ULL << 10 },
	{ "KiB", 1ULL << 10 },
	{ "M", 1ULL << 20 },
	{ "MB", 1ULL << 20 },
	{ "MiB", 1ULL << 20 },
	{ "G", 1ULL << 30 },
	{ "GB", 1ULL << 30 },
	{ "GiB", 1ULL << 30 },
	{ "T", 1ULL << 40 },
	{ "TB", 1ULL << 40 },
	{ "TiB", 1ULL << 40 },
	{ NULL, 0 },
};

bool str_copy(char *destination, size_t size, const char *source)
{
	/* No further than the array: the source may be long. */
	return str_copy_slice(destination, size,
		(struct slice){ (const uint8_t *)source, strnlen(source, size) });
}

bool str_copy_slice(char *destination, size_t size, struct slice source)
{
	size_t length;

	if (size == 0)
		return false;
	length = MIN(source.length, size - 1);
	if (length > 0)
		memcpy(destination, source.data, length);
	destination[length] = '\0';
	return length == source.length;
}

bool str_equal(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool str_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends_with(const char *text, const char *suffix)
{
	size_t text_length = strlen(text);
	size_t suffix_length = strlen(suffix);

	return text_length >= suffix_length &&
	       memcmp(text + text_length - suffix_length, suffix, suffix_length) == 0;
}

/* Reads the digits at the start; -EINVAL without one, -ERANGE past 64 bits. */
static int parse_digits(const char *text, uint64_t *ret_value, const char **ret_rest)
{
	bool is_too_big = false;
	uint64_t value = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9'; at++) {
		is_too_big |= __builtin_mul_overflow(value, 10, &value);
		is_too_big |= __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value);
	}
	if (at == text)
		return -EINVAL;
	*ret_value = value;
	*ret_rest = at;
	return is_too_big ? -ERANGE : 0;
}

int str_to_u64(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *ret_value)
{
	const char *rest = text;
	uint64_t value = 0;
	int error = parse_digits(text, &value, &rest);

	if (error == -EINVAL || *rest != '\0')
		return -EINVAL;
	if (error < 0 || value < minimum || value > maximum)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

static int parse_with_unit(const char *text, const struct unit *units, uint64_t *ret_value)
{
	const char *rest = text;
	uint64_t value = 0;
	int error = parse_digits(text, &value, &rest);

	if (error == -EINVAL)
		return error;
	while (units->name && strcmp(units->name, rest) != 0)
		units++;
	if (!units->name)
		return -EINVAL;
	if (error < 0 || __builtin_mul_overflow(value, units->factor, &value))
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int str_to_duration_ns(const char *text, uint64_t *ret_ns)
{
	return parse_with_unit(text, duration_units, ret_ns);
}

int str_to_bytes(const char *text, uint64_t *ret_bytes)
{
	return parse_with_unit(text, byte_units, ret_bytes);
}

/* One decimal, cut; none when it is 0. */
static void format_tenths(char *destination, size_t size, uint64_t value, struct unit unit)
{
	unsigned long long whole = value / unit.factor;
	unsigned int tenth = (unsigned int)(value % unit.factor * 10 / unit.factor);

	if (tenth > 0)
		snprintf(destination, size, "%llu.%u%s", whole, tenth, unit.name);
	else
		snprintf(destination, size, "%llu%s", whole, unit.name);
}

/* "5m12s": a big unit and the rest in the next smaller one, unless it is 0. */
static void format_pair(char *destination, size_t size, const struct unit *big, uint64_t value)
{
	const struct unit *small = big - 1;
	unsigned long long whole = value / big->factor;
	unsigned long long rest = value % big->factor / small->factor;

	if (rest > 0)
		snprintf(destination, size, "%llu%s%llu%s", whole, big->name, rest, small->name);
	else
		snprintf(destination, size, "%llu%s", whole, big->name);
}

char *str_from_duration(char *destination, size_t size, uint64_t ns)
{
	/* Without the row of the bare number. */
	const struct unit *first = duration_units + 1;
	const struct unit *minute = duration_units + 5;
	const struct unit *unit = first;

	while (unit[1].name && ns >= unit[1].factor)
		unit++;
	if (ns == 0)
		str_copy(destination, size, "0");
	else if (unit >= minute)
		format_pair(destination, size, unit, ns);
	else
		format_tenths(destination, size, ns, *unit);
	return destination;
}

char *str_from_bytes(char *destination, size_t size, uint64_t bytes)
{
	static const char *const names[] = { " B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB" };
	unsigned int power = 0;

	while (power + 1 < ARRAY_LENGTH(names) && bytes >> (10 * (power + 1)) > 0)
		power++;
	format_tenths(
		destination, size, bytes, (struct unit){ names[power], 1ULL << (10 * power) });
	return destination;
}

char *str_from_u64(char *destination, size_t size, uint64_t value)
{
	char digits[STR_NUMBER_BYTES];
	char *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	str_copy(destination, size, at);
	return destination;
}

char *str_from_i64(char *destination, size_t size, int64_t value)
{
	bool is_negative = value < 0 && size > 1;

	if (is_negative)
		destination[0] = '-';
	str_from_u64(destination + is_negative, size - is_negative,
		value < 0 ? -(uint64_t)value : (uint64_t)value);
	return destination;
}
