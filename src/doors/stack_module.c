/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that code runs from: see stack_module.h.
 */
#include "doors/stack_module.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/map.h"
#include "base/str.h"
#include "node/symbol.h"

/* The kernel maps its vDSO whole: an ELF image of a few pages. */
#define VDSO_BYTES_MAXIMUM 65536

struct module_key {
	uint64_t device, inode;
};

enum part_state { PART_UNREAD, PART_READ, PART_NONE };

struct module {
	struct stack_module module;	    /* first: a pointer to it is one to this */
	struct elf_file *file;		    /* NULL: could not be opened */
	uint8_t rules_state, symbols_state; /* enum part_state */
	struct unwind_table *rules;
	struct symbol_table *symbols;
	size_t bytes;
	uint64_t used; /* counts up with every use of a part */
};

struct stack_modules {
	struct map *by_key; /* struct module_key → struct module */
	size_t bytes_maximum;
	size_t bytes;
	unsigned int loaded;
	uint64_t clock;
	uint32_t next_number;
};

/* ---- parts ---- */

static void unload(struct stack_modules *modules, struct module *module)
{
	if (!module->rules && !module->symbols)
		return;
	unwind_table_free(module->rules);
	symbol_table_free(module->symbols);
	module->rules = NULL;
	module->symbols = NULL;
	module->rules_state = PART_UNREAD;
	module->symbols_state = PART_UNREAD;
	modules->bytes -= module->bytes;
	modules->loaded--;
	module->bytes = 0;
}

static void account(struct stack_modules *modules, struct module *module)
{
	struct unwind_table_size size = { 0 };
	size_t before = module->bytes;

	if (before == 0)
		modules->loaded++;
	if (module->rules)
		unwind_table_get_size(module->rules, &size);
	module->bytes =
		1 + size.bytes + (module->symbols ? symbol_table_count(module->symbols) * 16 : 0);
	modules->bytes += module->bytes - before;
}

/* Gives back what was used longest ago, never the one in hand. */
static void shed(struct stack_modules *modules, const struct module *kept)
{
	while (modules->bytes > modules->bytes_maximum || modules->loaded > STACK_LOADED_MAXIMUM) {
		struct module *oldest = NULL;

		MAP_FOREACH(modules->by_key, value) {
			struct module *module = value;

			if (module->bytes > 0 && module != kept &&
				(!oldest || module->used < oldest->used))
				oldest = module;
		}
		if (!oldest)
			return;
		unload(modules, oldest);
	}
}

void stack_modules_unload(struct stack_modules *modules)
{
	MAP_FOREACH(modules->by_key, value)
		unload(modules, value);
}

static void read_rules(struct module *module)
{
	struct elf_section section;
	struct eh_frame_section frames = { 0 };

	module->rules_state = PART_NONE;
	if (!elf_file_section(module->file, ".eh_frame", &section))
		return;
	frames.bytes = section.bytes;
	frames.address = section.address;
	if (unwind_table_new(&frames, &module->rules) == 0)
		module->rules_state = PART_READ;
}

/* Where distributions put what they took from the file: named after its build id. */
static int open_debug_file(const struct elf_file *file, struct elf_file **ret_file)
{
	uint8_t id[ELF_BUILD_ID_BYTES];
	size_t length = elf_file_build_id(file, id, sizeof(id));
	char path[128] = "/usr/lib/debug/.build-id/";
	size_t at = strlen(path);
	int fd, r;

	if (length < 2)
		return -ENOENT;
	for (size_t i = 0; i < length; i++)
		at += (size_t)snprintf(
			path + at, sizeof(path) - at, "%02x%s", id[i], i == 0 ? "/" : "");
	snprintf(path + at, sizeof(path) - at, ".debug");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = elf_file_open(fd, ret_file);
	if (r < 0)
		close(fd);
	return r;
}

static void read_symbols(struct module *module)
{
	_cleanup_(elf_file_freep)
	struct elf_file *debug = NULL;
	struct elf_section section;

	module->symbols_state = PART_NONE;
	if (!elf_file_section(module->file, ".symtab", &section) &&
		open_debug_file(module->file, &debug) == 0 &&
		symbol_table_new(debug, &module->symbols) == 0)
		module->symbols_state = PART_READ;
	else if (symbol_table_new(module->file, &module->symbols) == 0)
		module->symbols_state = PART_READ;
}

/* Sections are read anew for each part, and given back at once. */
static void read_part(
	struct stack_modules *modules, struct module *module, void (*read)(struct module *module))
{
	int fd = elf_file_fd(module->file);
	struct elf_file *fresh = NULL;

	if (fd >= 0) {
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return;
		if (elf_file_open(fd, &fresh) < 0) {
			close(fd);
			return;
		}
		elf_file_free(module->file);
		module->file = fresh;
	}
	read(module);
	if (fd >= 0)
		elf_file_forget_sections(module->file);
	/* Sections may have been large, and the next ones come much later. */
	malloc_trim(0);
	account(modules, module);
	shed(modules, module);
}

/* ---- modules ---- */

/* Through a path that may lead to another file by now. The device says nothing: an overlay has one
 * of its own. */
static int open_inode(const char *path, uint64_t inode)
{
	_cleanup_(fd_closep)
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	return status.st_ino == inode ? fd_take(&fd) : -ESTALE;
}

/* The file itself, not what has its name now. */
static int open_file(const struct stack_file *file)
{
	struct stat status;
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/map_files/%llx-%llx", file->pid,
		(unsigned long long)file->start, (unsigned long long)file->end);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		snprintf(path, sizeof(path), "/proc/%u/root%s", file->pid, file->path);
		fd = open_inode(path, file->inode);
	}
	/* The process is gone. */
	if (fd < 0)
		fd = open_inode(file->path, file->inode);
	if (fd >= 0 && (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))) {
		close(fd);
		return -ENOEXEC;
	}
	return fd;
}

static void open_module(struct module *module, const struct stack_file *file)
{
	const char *slash = strrchr(file->path, '/');
	uint64_t vdso = getauxval(AT_SYSINFO_EHDR);
	int fd;

	str_set(module->module.name, slash ? slash + 1 : file->path);
	if (str_equal(file->path, "[vdso]")) {
		if (vdso)
			(void)elf_file_open_image((const void *)(uintptr_t)vdso,
				MIN(file->end - file->start, VDSO_BYTES_MAXIMUM), &module->file);
		return;
	}
	fd = open_file(file);
	if (fd < 0)
		return;
	if (elf_file_open(fd, &module->file) < 0)
		close(fd);
	else
		elf_file_forget_sections(module->file);
}

static void module_removed(void *context, const void *key, void *value)
{
	struct module *module = value;

	unload(context, module);
	elf_file_free(module->file);
}

struct stack_modules *stack_modules_new(size_t bytes_maximum)
{
	struct stack_modules *modules = calloc(1, sizeof(*modules));

	if (!modules)
		return NULL;
	modules->bytes_maximum = bytes_maximum;
	modules->next_number = 1;
	modules->by_key =
		map_new(sizeof(struct module_key), sizeof(struct module), STACK_MODULES_MAXIMUM);
	if (!modules->by_key) {
		free(modules);
		return NULL;
	}
	map_on_remove(modules->by_key, module_removed, modules);
	return modules;
}

void stack_modules_free(struct stack_modules *modules)
{
	if (!modules)
		return;
	map_free(modules->by_key);
	free(modules);
}

/* Files that nothing maps any more are kept for a while, as compilers come again and again. */
static bool make_room(struct stack_modules *modules)
{
	if (map_count(modules->by_key) < STACK_MODULES_MAXIMUM)
		return true;
	MAP_FOREACH(modules->by_key, value) {
		struct module *module = value;

		if (module->module.references == 0)
			return map_remove(modules->by_key, map_key(value));
	}
	return false;
}

struct stack_module *stack_module_get(struct stack_modules *modules, const struct stack_file *file)
{
	struct module_key key = { file->device, file->inode };
	struct module *module;
	bool is_new;

	if (str_equal(file->path, "[vdso]"))
		key = (struct module_key){ 0, 0 };
	module = map_find(modules->by_key, &key);
	if (!module) {
		if (!make_room(modules))
			return NULL;
		module = map_add(modules->by_key, &key, &is_new);
		if (!module)
			return NULL;
		module->module.number = modules->next_number++;
		open_module(module, file);
	}
	map_touch(modules->by_key, module);
	return stack_module_ref(&module->module);
}

struct stack_module *stack_module_ref(struct stack_module *module)
{
	if (module)
		module->references++;
	return module;
}

void stack_module_unref(struct stack_module *module)
{
	if (module)
		module->references--;
}

uint64_t stack_module_address(
	struct stack_modules *modules, struct stack_module *stack_module, uint64_t offset)
{
	struct module *module = (struct module *)stack_module;
	uint64_t address;

	return module->file && elf_file_address(module->file, offset, &address) ? address : offset;
}

struct unwind_rule stack_module_rule(
	struct stack_modules *modules, struct stack_module *stack_module, uint64_t address)
{
	struct module *module = (struct module *)stack_module;

	if (!module->file)
		return (struct unwind_rule){ .kind = RULE_UNKNOWN };
	if (module->rules_state == PART_UNREAD)
		read_part(modules, module, read_rules);
	module->used = ++modules->clock;
	return module->rules ? unwind_table_find(module->rules, address)
			     : (struct unwind_rule){ .kind = RULE_UNKNOWN };
}

void stack_module_name(struct stack_modules *modules, struct stack_module *stack_module,
	uint64_t address, char *ret_name, size_t size)
{
	struct module *module = (struct module *)stack_module;
	uint64_t offset;
	ssize_t number = -ENOENT;

	if (module->file && module->symbols_state == PART_UNREAD)
		read_part(modules, module, read_symbols);
	module->used = ++modules->clock;
	if (module->symbols)
		number = symbol_table_find(module->symbols, address, &offset);
	if (number >= 0 && symbol_table_name(module->symbols, (size_t)number, ret_name, size) == 0)
		return;
	/* Of one function all places have one name. */
	if (module->rules)
		address = unwind_table_function(module->rules, address);
	snprintf(ret_name, size, "[%s+0x%llx]", module->module.name, (unsigned long long)address);
}
