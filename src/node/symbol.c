/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symbols sorted by address: see symbol.h.
 */
#include "node/symbol.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

/* Of libiberty, whose header uses alloca(), which is banned here. The flags are its DMGL_PARAMS,
 * DMGL_ANSI and DMGL_AUTO. */
char *cplus_demangle(const char *mangled, int options);
#define DEMANGLE_AS_WRITTEN (1 << 0 | 1 << 1 | 1 << 8)

struct symbol {
	uint64_t address;
	uint32_t size;
	uint32_t name; /* offset in the strings */
};

struct symbol_table {
	struct symbol *symbols; /* by address, no two at one */
	size_t count;
	int fd; /* -1: strings are in memory */
	uint64_t strings_offset;
	struct slice strings; /* data is NULL where they are read from fd */
};

/* ---- reading ---- */

static bool is_function(const Elf64_Sym *symbol)
{
	unsigned char type = ELF64_ST_TYPE(symbol->st_info);

	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx == SHN_ABS || symbol->st_name == 0)
		return false;
	/* Assembler code often says no type. */
	return type == STT_FUNC || type == STT_GNU_IFUNC ||
	       (type == STT_NOTYPE && symbol->st_size > 0);
}

/* At one address: the one with a size first, then the one that others may call, then by name, so
 * that the choice is always the same. */
struct candidate {
	struct symbol symbol;
	unsigned char binding;
};

static int compare_candidates(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	if (a->symbol.address != b->symbol.address)
		return a->symbol.address < b->symbol.address ? -1 : 1;
	if (!a->symbol.size != !b->symbol.size)
		return a->symbol.size ? -1 : 1;
	if (a->binding != b->binding)
		return a->binding == STB_GLOBAL ? -1 : b->binding == STB_GLOBAL ? 1 : 0;
	return a->symbol.name < b->symbol.name ? -1 : a->symbol.name > b->symbol.name;
}

static size_t collect(struct slice bytes, struct candidate *candidates)
{
	size_t count = 0;
	Elf64_Sym symbol;

	for (size_t at = 0; at + sizeof(symbol) <= bytes.length; at += sizeof(symbol)) {
		memcpy(&symbol, bytes.data + at, sizeof(symbol));
		if (!is_function(&symbol))
			continue;
		candidates[count++] = (struct candidate){
			.symbol = { symbol.st_value, (uint32_t)MIN(symbol.st_size, UINT32_MAX),
				symbol.st_name },
			.binding = ELF64_ST_BIND(symbol.st_info),
		};
	}
	return count;
}

static int read_symbols(struct slice bytes, struct symbol_table *table)
{
	size_t maximum = bytes.length / sizeof(Elf64_Sym), count;
	_cleanup_(freep)
	struct candidate *candidates = NULL;

	if (maximum == 0 || maximum > SYMBOLS_MAXIMUM)
		return maximum ? -E2BIG : -ENOENT;
	candidates = calloc(maximum, sizeof(*candidates));
	if (!candidates)
		return -ENOMEM;
	count = collect(bytes, candidates);
	if (count == 0)
		return -ENOENT;
	qsort(candidates, count, sizeof(*candidates), compare_candidates);
	table->symbols = calloc(count, sizeof(*table->symbols));
	if (!table->symbols)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (table->count == 0 ||
			table->symbols[table->count - 1].address != candidates[i].symbol.address)
			table->symbols[table->count++] = candidates[i].symbol;
	}
	return 0;
}

int symbol_table_new(struct elf_file *file, struct symbol_table **ret_table)
{
	_cleanup_(symbol_table_freep)
	struct symbol_table *table = calloc(1, sizeof(*table));
	struct elf_section symbols, strings;
	int r;

	if (!table)
		return -ENOMEM;
	table->fd = -1;
	if (!(elf_file_section(file, ".symtab", &symbols) &&
		    elf_file_section(file, ".strtab", &strings)) &&
		!(elf_file_section(file, ".dynsym", &symbols) &&
			elf_file_section(file, ".dynstr", &strings)))
		return -ENOENT;
	r = read_symbols(symbols.bytes, table);
	if (r < 0)
		return r;
	table->strings = strings.bytes;
	table->strings_offset = strings.offset;
	if (elf_file_fd(file) >= 0) {
		table->strings.data = NULL;
		table->fd = fcntl(elf_file_fd(file), F_DUPFD_CLOEXEC, 0);
		if (table->fd < 0)
			return -errno;
	}
	*ret_table = TAKE(table);
	return 0;
}

void symbol_table_free(struct symbol_table *table)
{
	if (!table)
		return;
	fd_closep(&table->fd);
	free(table->symbols);
	free(table);
}

/* ---- asking ---- */

ssize_t symbol_table_find(const struct symbol_table *table, uint64_t address, uint64_t *ret_offset)
{
	size_t low = 0, high = table->count;
	const struct symbol *found;

	if (table->count == 0 || address < table->symbols[0].address)
		return -ENOENT;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (table->symbols[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	found = &table->symbols[low];
	/* One without a size reaches to the next. */
	if (found->size && address - found->address >= found->size)
		return -ENOENT;
	*ret_offset = address - found->address;
	return (ssize_t)low;
}

size_t symbol_table_count(const struct symbol_table *table)
{
	return table->count;
}

char *symbol_demangle(const char *name, char *ret_name, size_t size)
{
	_cleanup_(freep)
	char *text = NULL;

	if (str_starts_with(name, "_Z") || str_starts_with(name, "_R"))
		text = cplus_demangle(name, DEMANGLE_AS_WRITTEN);
	str_copy(ret_name, size, text ? text : name);
	/* What follows is the version of a library's symbol. */
	if (!text)
		ret_name[strcspn(ret_name, "@")] = '\0';
	return ret_name;
}

int symbol_table_name(const struct symbol_table *table, size_t number, char *ret_name, size_t size)
{
	char raw[SYMBOL_NAME_MAXIMUM] = "";
	uint64_t name;
	ssize_t length;

	if (number >= table->count)
		return -ENOENT;
	name = table->symbols[number].name;
	if (name >= table->strings.length)
		return -EBADMSG;
	length = (ssize_t)MIN(sizeof(raw) - 1, table->strings.length - name);
	if (table->fd < 0)
		memcpy(raw, table->strings.data + name, (size_t)length);
	else
		length = pread(
			table->fd, raw, (size_t)length, (off_t)(table->strings_offset + name));
	if (length <= 0)
		return length < 0 ? -errno : -EBADMSG;
	symbol_demangle(raw, ret_name, size);
	return 0;
}
