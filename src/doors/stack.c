/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a copied stack to its frames and their names: see stack.h.
 */
#include "doors/stack.h"

#include <stdio.h>
#include <xxhash.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/str.h"
#include "doors/stack_jit.h"
#include "doors/stack_news.h"
#include "doors/stack_space.h"
#include "node/kernel_symbol.h"
#include "node/symbol.h"

/* Rules and symbols of files in memory at one time. */
#define MODULE_BYTES_MAXIMUM (24U << 20)
#define KNOWN_STACKS_MAXIMUM 65536
#define KNOWN_NAMES_MAXIMUM  32768
/* Innermost frames of a wait that may be the scheduler's and those of the hook in it. */
#define SCHEDULER_FRAMES     12
/* A stack's text is given again after that time, so that what keeps it may forget the old. */
#define TEXT_AGAIN_NS	     (3600 * NS_PER_S)

/* A frame as it is told apart from others: compared and hashed as bytes. */
struct frame {
	uint64_t address; /* of the file, the process or the kernel */
	uint32_t module;  /* number, 0: none; of JIT code that of what is known of the process */
	uint32_t kind;	  /* enum frame_kind */
};

enum frame_kind {
	FRAME_USER,
	FRAME_JIT,	  /* address: where the function begins */
	FRAME_NO_FILE,	  /* code in no file, */
	FRAME_NO_MAP,	  /* in a mapping without a file, of a process that wrote no map, */
	FRAME_NOT_IN_MAP, /* or one that does not tell of it */
	FRAME_KERNEL,
	FRAME_SIGNAL, /* what a handler returns to */
	FRAME_END_CUT,
	FRAME_END_NO_RULE,
	FRAME_END_MEMORY,
};

struct frame_key {
	XXH128_hash_t hash;
};

struct known_stack {
	uint64_t id;
	uint64_t told_ns;
	enum stack_state state; /* of a thread that waits there */
};

struct stack_door {
	struct stack_modules *modules;
	struct stack_spaces *spaces;
	struct stack_news *news;
	struct kernel_symbols *kernel;
	struct stack_jit *jit;
	struct map *stacks; /* struct frame_key → struct known_stack */
	struct map *names;  /* struct frame → char * */
	struct buf text;
	/* The stack at hand, the leaf first. */
	struct frame frames[STACK_FRAMES_MAXIMUM + 1];
	struct stack_module *frame_modules[STACK_FRAMES_MAXIMUM + 1]; /* borrowed, may be NULL */
	unsigned int count;
	uint32_t pid; /* whose it is */
};

static void name_removed(void *context, const void *key, void *value)
{
	free(*(char **)value);
}

void stack_door_close(struct stack_door *door)
{
	if (!door)
		return;
	map_free(door->names);
	map_free(door->stacks);
	stack_jit_free(door->jit);
	kernel_symbols_free(door->kernel);
	stack_news_close(door->news);
	stack_spaces_free(door->spaces);
	stack_modules_free(door->modules);
	buf_done(&door->text);
	free(door);
}

int stack_door_open(struct stack_door **ret_door, struct fail *fail)
{
	_cleanup_(stack_door_closep)
	struct stack_door *door = calloc(1, sizeof(*door));
	int r;

	if (!door)
		return fail_set(fail, -ENOMEM, "out of memory");
	buf_init(&door->text, STACK_TEXT_MAXIMUM);
	door->modules = stack_modules_new(MODULE_BYTES_MAXIMUM);
	door->spaces = door->modules ? stack_spaces_new(door->modules) : NULL;
	door->kernel = kernel_symbols_new();
	door->jit = stack_jit_new();
	door->stacks =
		map_new(sizeof(struct frame_key), sizeof(struct known_stack), KNOWN_STACKS_MAXIMUM);
	door->names = map_new(sizeof(struct frame), sizeof(char *), KNOWN_NAMES_MAXIMUM);
	if (!door->spaces || !door->kernel || !door->jit || !door->stacks || !door->names)
		return fail_set(fail, -ENOMEM, "out of memory");
	map_on_remove(door->names, name_removed, NULL);
	r = stack_news_open(&door->news, fail);
	if (r < 0)
		return r;
	*ret_door = TAKE(door);
	return 0;
}

int stack_door_watch(struct stack_door *door, int epoll_fd)
{
	return stack_news_watch(door->news, epoll_fd);
}

/* ---- walking ---- */

static bool add_frame(struct stack_door *door, enum frame_kind kind, uint64_t address,
	struct stack_module *module)
{
	if (door->count >= STACK_FRAMES_MAXIMUM)
		return false;
	door->frame_modules[door->count] = module;
	door->frames[door->count++] = (struct frame){ address, module ? module->number : 0, kind };
	return true;
}

/* The outermost frame of a stack that goes on where nobody could look. */
static void add_end(struct stack_door *door, enum frame_kind kind)
{
	if (door->count > STACK_FRAMES_MAXIMUM)
		return;
	door->frame_modules[door->count] = NULL;
	door->frames[door->count++] = (struct frame){ 0, 0, kind };
}

/* Code that was made while the program runs, or that nothing tells of. */
static bool add_frame_without_file(
	struct stack_door *door, const struct stack_mapping *mapping, uint64_t ip)
{
	struct stack_jit_function function;

	switch (stack_jit_find(door->jit, door->pid, ip, &function)) {
	case JIT_FOUND:
		if (!add_frame(door, FRAME_JIT, function.start, NULL))
			return false;
		door->frames[door->count - 1].module = function.number;
		return true;
	case JIT_NOT_IN_MAP:
		return add_frame(door, FRAME_NOT_IN_MAP, 0, NULL);
	case JIT_NO_MAP:
		break;
	}
	return add_frame(door, mapping ? FRAME_NO_MAP : FRAME_NO_FILE, 0, NULL);
}

/* One user frame: noted, and the step to its caller. */
static enum unwind_step walk_frame(struct stack_door *door, uint32_t pid,
	const struct unwind_memory *memory, struct unwind_registers *registers)
{
	/* A return address may be the first one of the next function. */
	uint64_t ip = registers->is_exact ? registers->ip : registers->ip - 1;
	const struct stack_mapping *mapping = stack_spaces_find(door->spaces, pid, ip);
	struct unwind_rule rule = { .kind = RULE_UNKNOWN };
	uint64_t address = ip;
	bool has_room;

	if (mapping && mapping->module) {
		address = stack_module_address(
			door->modules, mapping->module, ip - mapping->start + mapping->offset);
		rule = stack_module_rule(door->modules, mapping->module, address);
	}
	if (rule.kind == RULE_SIGNAL)
		has_room = add_frame(door, FRAME_SIGNAL, 0, NULL);
	else if (mapping && mapping->module)
		has_room = add_frame(door, FRAME_USER, address, mapping->module);
	else
		has_room = add_frame_without_file(door, mapping, ip);
	if (!has_room)
		return STEP_MEMORY;
	return unwind_step(&rule, memory, registers);
}

/* The frame at which user code entered the kernel tells how; that of a system call has no name
 * here.
 */
static bool is_exact(struct stack_door *door, const struct stack_record *record)
{
	if (record->flags & STACK_IS_EXACT)
		return true;
	return (record->flags & STACK_IS_SWITCH) && door->count > 0 &&
	       stack_wait_is_exception(
		       kernel_symbols_find(door->kernel, door->frames[door->count - 1].address));
}

static void walk_user(struct stack_door *door, const struct stack_record *record)
{
	const uint8_t *bytes = (const uint8_t *)(record + 1) + record->kernel_bytes;
	struct unwind_memory memory = { bytes, record->sp, record->stack_bytes };
	struct unwind_registers registers = {
		.ip = record->ip,
		.sp = record->sp,
		.bp = record->bp,
		.is_bp_known = true,
		.is_exact = is_exact(door, record),
	};
	enum unwind_step step;

	do
		step = walk_frame(door, record->task.pid, &memory, &registers);
	while (step == STEP_FINE);
	if (step == STEP_END)
		return;
	if (door->count >= STACK_FRAMES_MAXIMUM ||
		(step == STEP_MEMORY && (record->flags & STACK_IS_CUT)))
		add_end(door, FRAME_END_CUT);
	else
		add_end(door, step == STEP_NO_RULE ? FRAME_END_NO_RULE : FRAME_END_MEMORY);
}

/* Where the scheduler's own functions end, which every wait has: in bytes of the frames. */
static uint32_t find_waiter(struct stack_door *door, const struct stack_record *record)
{
	const uint8_t *kernel = (const uint8_t *)(record + 1);
	uint32_t end = MIN(record->kernel_bytes, SCHEDULER_FRAMES * 8U), found = 0;
	uint64_t address;

	if (!(record->flags & STACK_IS_SWITCH))
		return 0;
	for (uint32_t at = 0; at < end; at += sizeof(address)) {
		memcpy(&address, kernel + at, sizeof(address));
		if (stack_wait_is_scheduler(kernel_symbols_find(door->kernel, address)))
			found = at + sizeof(address);
	}
	return found;
}

static void walk(struct stack_door *door, const struct stack_record *record)
{
	const uint8_t *kernel = (const uint8_t *)(record + 1);
	uint64_t address;

	door->count = 0;
	door->pid = record->task.pid;
	for (uint32_t at = find_waiter(door, record); at < record->kernel_bytes;
		at += sizeof(address)) {
		memcpy(&address, kernel + at, sizeof(address));
		if (address)
			add_frame(door, FRAME_KERNEL, address, NULL);
	}
	if (record->flags & STACK_HAS_USER)
		walk_user(door, record);
}

/* ---- naming ---- */

static void write_jit_name(
	struct stack_door *door, const struct frame *frame, char *name, size_t size)
{
	struct stack_jit_function function;

	if (stack_jit_find(door->jit, door->pid, frame->address, &function) == JIT_FOUND)
		symbol_demangle(function.name, name, size);
	else
		str_copy(name, size, "[unknown: its map was read anew meanwhile]");
}

static void write_name(struct stack_door *door, unsigned int index, char *name, size_t size)
{
	const struct frame *frame = &door->frames[index];
	const char *kernel;

	switch ((enum frame_kind)frame->kind) {
	case FRAME_KERNEL:
		kernel = kernel_symbols_find(door->kernel, frame->address);
		snprintf(name, size, "%s_[k]", *kernel ? kernel : "[kernel]");
		return;
	case FRAME_SIGNAL:
		str_copy(name, size, "[signal handler called]");
		return;
	case FRAME_END_CUT:
		str_copy(name, size, "[cut: deeper than what was copied]");
		return;
	case FRAME_END_NO_RULE:
		str_copy(name, size, "[cut: code without unwind rules]");
		return;
	case FRAME_END_MEMORY:
		str_copy(name, size, "[cut: stack not readable]");
		return;
	case FRAME_NO_FILE:
		str_copy(name, size, "[unknown: code in no file]");
		return;
	case FRAME_NO_MAP:
		str_copy(name, size, "[unknown: JIT code without a map]");
		return;
	case FRAME_NOT_IN_MAP:
		str_copy(name, size, "[unknown: JIT code that its map leaves out]");
		return;
	case FRAME_JIT:
		write_jit_name(door, frame, name, size);
		return;
	case FRAME_USER:
		break;
	}
	stack_module_name(door->modules, door->frame_modules[index], frame->address, name, size);
}

/* The blanks and semicolons of a name would break the line that it stands in. */
static void make_inert(char *name)
{
	for (; *name; name++) {
		if (*name == ';')
			*name = ':';
		else if ((unsigned char)*name < 0x20 || *name == 0x7f)
			*name = '?';
	}
}

static const char *frame_name(struct stack_door *door, unsigned int index)
{
	char **known = map_find(door->names, &door->frames[index]);
	char name[SYMBOL_NAME_MAXIMUM];
	char *text;

	if (known) {
		map_touch(door->names, known);
		return *known;
	}
	write_name(door, index, name, sizeof(name));
	make_inert(name);
	text = strdup(name);
	known = text ? map_add_evict(door->names, &door->frames[index], NULL) : NULL;
	if (!known) {
		free(text);
		return "[unknown: out of memory]";
	}
	*known = text;
	return text;
}

static void make_text(struct stack_door *door)
{
	buf_clear(&door->text);
	for (unsigned int i = door->count; i-- > 0;) {
		if (door->text.length > 0)
			buf_append_byte(&door->text, ';');
		buf_append_string(&door->text, frame_name(door, i));
	}
	/* A thread of the kernel that just began has no frame at all. */
	if (door->text.length == 0)
		buf_append_string(&door->text, "[unknown: no stack]");
}

int stack_door_read(
	struct stack_door *door, const struct stack_record *record, struct stack_answer *ret_answer)
{
	struct frame_key key;
	struct known_stack *known;
	uint64_t now_ns = clock_monotonic_ns();
	bool is_new;

	if (record->header.size < sizeof(*record) || record->kernel_bytes % 8 != 0 ||
		record->header.size - sizeof(*record) <
			(uint64_t)record->kernel_bytes + record->stack_bytes)
		return -EBADMSG;
	stack_news_apply(door->news, door->spaces, record->header.time_ns);
	walk(door, record);
	key.hash = XXH3_128bits(door->frames, door->count * sizeof(door->frames[0]));
	known = map_add_evict(door->stacks, &key, &is_new);
	*ret_answer = (struct stack_answer){ 0 };
	if (!known)
		return -ENOMEM;
	map_touch(door->stacks, known);
	if (is_new || now_ns - known->told_ns > TEXT_AGAIN_NS) {
		make_text(door);
		known->told_ns = now_ns;
		/* 53 bits: what reads JSON as JavaScript does keeps them all. */
		known->id = (XXH3_64bits(door->text.data, door->text.length) >> 11) | 1;
		known->state = stack_wait_of(buf_text(&door->text));
		ret_answer->text = buf_text(&door->text);
	}
	ret_answer->state = known->state;
	ret_answer->id = known->id;
	return 0;
}

bool stack_door_is_interrupt(struct stack_door *door, const __u64 *frames, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (stack_wait_is_interrupt(kernel_symbols_find(door->kernel, frames[i])))
			return true;
	return false;
}

void stack_door_drop_caches(struct stack_door *door)
{
	map_clear(door->names);
	stack_jit_unload(door->jit);
	stack_modules_unload(door->modules);
}

void stack_door_tick(struct stack_door *door)
{
	uint64_t now_ns = clock_monotonic_ns();

	/* What is younger may still be asked for by a sample that waits. */
	stack_news_apply(door->news, door->spaces, now_ns - 200 * NS_PER_MS);
	stack_spaces_expire(door->spaces, now_ns);
}
