/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/kallsyms, sorted: see kernel_symbol.h.
 */
#include "node/kernel_symbol.h"

#include <ctype.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"

#define READ_AGAIN_NS (60 * NS_PER_S)

struct entry {
	uint64_t address;
	uint32_t name;
};

struct kernel_symbols {
	struct entry *entries;
	size_t count, capacity;
	struct buf names;
	uint64_t read_ns; /* 0: never */
};

struct kernel_symbols *kernel_symbols_new(void)
{
	struct kernel_symbols *symbols = calloc(1, sizeof(*symbols));

	if (symbols)
		buf_init(&symbols->names, KERNEL_SYMBOLS_BYTES_MAXIMUM);
	return symbols;
}

void kernel_symbols_free(struct kernel_symbols *symbols)
{
	if (!symbols)
		return;
	free(symbols->entries);
	buf_done(&symbols->names);
	free(symbols);
}

static bool add(struct kernel_symbols *symbols, uint64_t address, const char *name)
{
	if (symbols->count == symbols->capacity) {
		size_t capacity = symbols->capacity ? symbols->capacity * 2 : 65536;
		struct entry *grown = reallocarray(symbols->entries, capacity, sizeof(*grown));

		if (!grown)
			return false;
		symbols->entries = grown;
		symbols->capacity = capacity;
	}
	symbols->entries[symbols->count++] =
		(struct entry){ address, (uint32_t)symbols->names.length };
	return buf_append(&symbols->names, name, strlen(name) + 1) == 0;
}

/* "ffffffff81000000 T _text [module]": of code only. */
static bool add_line(struct kernel_symbols *symbols, char *line)
{
	char *name, *end;
	uint64_t address = strtoull(line, &end, 16);

	if (*end != ' ' || address == 0 || tolower(end[1]) != 't' || end[2] != ' ')
		return true;
	name = end + 3;
	name[strcspn(name, "\t\n ")] = '\0';
	return add(symbols, address, name);
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

static void read_all(struct kernel_symbols *symbols)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[1024];

	symbols->read_ns = clock_monotonic_ns();
	symbols->count = 0;
	buf_clear(&symbols->names);
	if (!file)
		return;
	while (fgets(line, sizeof(line), file) && add_line(symbols, line))
		;
	fclose(file);
	qsort(symbols->entries, symbols->count, sizeof(*symbols->entries), compare_entries);
}

static const char *find(const struct kernel_symbols *symbols, uint64_t address)
{
	size_t low = 0, high = symbols->count;

	if (symbols->count == 0 || address < symbols->entries[0].address)
		return "";
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (symbols->entries[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	/* Modules lie apart: what is far behind a function belongs to none. */
	if (address - symbols->entries[low].address > 1U << 20)
		return "";
	return symbols->names.data + symbols->entries[low].name;
}

const char *kernel_symbols_find(struct kernel_symbols *symbols, uint64_t address)
{
	const char *name = find(symbols, address);

	if (*name || (symbols->read_ns && clock_monotonic_ns() - symbols->read_ns < READ_AGAIN_NS))
		return name;
	read_all(symbols);
	return find(symbols, address);
}
