/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A step from a frame to its caller's: see unwind_rule.h.
 */
#include "doors/unwind_rule.h"

/*
 * struct ucontext as the kernel lays it out for a signal handler on x86-64
 * (arch/x86/include/uapi/asm/sigcontext.h): what the handler returns to stands at sp.
 */
#define SIGNAL_BP 120
#define SIGNAL_SP 160
#define SIGNAL_IP 168

/* arch/arm64/include/asm/pointer_auth.h: a return address is signed in the bits above those that a
 * program's addresses have; a program has to ask for addresses beyond 48 bits. */
#if defined(__aarch64__)
#define CODE_ADDRESS(word) ((word)&0xffffffffffffULL)
#else
#define CODE_ADDRESS(word) (word)
#endif

static bool read_word(const struct unwind_memory *memory, uint64_t address, uint64_t *ret_word)
{
	uint64_t offset = address - memory->address;

	if (memory->length < sizeof(*ret_word) || offset > memory->length - sizeof(*ret_word))
		return false;
	memcpy(ret_word, memory->data + offset, sizeof(*ret_word));
	return true;
}

static enum unwind_step step_signal(
	const struct unwind_memory *memory, struct unwind_registers *registers)
{
	struct unwind_registers caller = { .is_bp_known = true, .is_exact = true };

	if (!read_word(memory, registers->sp + SIGNAL_IP, &caller.ip) ||
		!read_word(memory, registers->sp + SIGNAL_SP, &caller.sp) ||
		!read_word(memory, registers->sp + SIGNAL_BP, &caller.bp))
		return STEP_MEMORY;
	*registers = caller;
	return STEP_FINE;
}

/* Without a rule: code that keeps a frame pointer has the caller's bp and the return address there.
 */
static enum unwind_step step_frame_pointer(
	const struct unwind_memory *memory, struct unwind_registers *registers)
{
	struct unwind_registers caller = { .sp = registers->bp + 16, .is_bp_known = true };

	if (!registers->is_bp_known || registers->bp < registers->sp || registers->bp % 8 != 0)
		return STEP_NO_RULE;
	if (!read_word(memory, registers->bp, &caller.bp) ||
		!read_word(memory, registers->bp + 8, &caller.ip))
		return STEP_NO_RULE;
	caller.ip = CODE_ADDRESS(caller.ip);
	if (caller.ip == 0)
		return STEP_END;
	*registers = caller;
	return STEP_FINE;
}

/* The canonical frame address. False when it cannot be read; *ret_step says why. */
static bool find_frame(const struct unwind_rule *rule, const struct unwind_memory *memory,
	const struct unwind_registers *registers, uint64_t *ret_cfa, enum unwind_step *ret_step)
{
	bool is_by_bp = rule->kind == RULE_BP || rule->kind == RULE_BP_DEREF;
	uint64_t base = is_by_bp ? registers->bp : registers->sp;

	*ret_step = STEP_NO_RULE;
	if (is_by_bp && !registers->is_bp_known)
		return false;
	if (rule->kind == RULE_PLT) {
		*ret_cfa = base + 8 + ((registers->ip & 15) >= (uint64_t)rule->cfa_offset ? 8 : 0);
		return true;
	}
	*ret_cfa = base + (uint64_t)(int64_t)rule->cfa_offset;
	if (rule->kind == RULE_SP || rule->kind == RULE_BP)
		return true;
	*ret_step = STEP_MEMORY;
	return read_word(memory, *ret_cfa, ret_cfa);
}

static bool find_bp(const struct unwind_rule *rule, const struct unwind_memory *memory,
	const struct unwind_registers *registers, uint64_t cfa, uint64_t *ret_bp)
{
	*ret_bp = registers->bp;
	switch (rule->bp) {
	case RULE_BP_SAME:
		return registers->is_bp_known;
	case RULE_BP_AT_CFA:
		return read_word(memory, cfa + (uint64_t)(int64_t)rule->bp_offset, ret_bp);
	case RULE_BP_AT_BP:
		return registers->is_bp_known &&
		       read_word(
			       memory, registers->bp + (uint64_t)(int64_t)rule->bp_offset, ret_bp);
	}
	return false;
}

enum unwind_step unwind_step(const struct unwind_rule *rule, const struct unwind_memory *memory,
	struct unwind_registers *registers)
{
	struct unwind_registers caller = { 0 };
	enum unwind_step step;
	uint64_t cfa;

	switch (rule->kind) {
	case RULE_UNKNOWN:
		return step_frame_pointer(memory, registers);
	case RULE_STOP:
		return STEP_END;
	case RULE_SIGNAL:
		return step_signal(memory, registers);
	}
	if (!find_frame(rule, memory, registers, &cfa, &step))
		return step;
	/* Stacks grow downwards: a frame that does not lead up leads nowhere. */
	if (cfa <= registers->sp)
		return STEP_NO_RULE;
	if (!read_word(memory, cfa - 8, &caller.ip))
		return STEP_MEMORY;
	if (caller.ip == 0)
		return STEP_END;
	caller.is_bp_known = find_bp(rule, memory, registers, cfa, &caller.bp);
	caller.sp = cfa;
	*registers = caller;
	return STEP_FINE;
}
