/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How to get from a function's frame to its caller's, at one place of its code, and the step that
 * does it over a copy of the stack. Pure: no allocation, no system call.
 *
 * The rules are what x86-64 compilers write into .eh_frame (System V ABI, 3.7; DWARF 5, 6.4),
 * narrowed to the registers that a sample carries: ip, sp and bp. Everything else is RULE_UNKNOWN
 * and the frame pointer is tried.
 */
#ifndef SKEP_UNWIND_RULE_H
#define SKEP_UNWIND_RULE_H

#include "base/base.h"

/* Where the canonical frame address (the caller's sp) is. */
enum rule_kind {
	RULE_UNKNOWN,  /* not told, or in registers that are not known */
	RULE_STOP,     /* the outermost function: nobody called it */
	RULE_SP,       /* sp + cfa_offset */
	RULE_BP,       /* bp + cfa_offset */
	RULE_SP_DEREF, /* what stands at sp + cfa_offset */
	RULE_BP_DEREF, /* what stands at bp + cfa_offset */
	RULE_PLT,      /* sp + 8, and 8 more from byte cfa_offset of the 16-byte entry on */
	RULE_SIGNAL,   /* the kernel's frame for a signal handler: all registers stand in it */
};

/* Where the caller's bp is. */
enum rule_bp {
	RULE_BP_SAME,	 /* untouched */
	RULE_BP_AT_CFA,	 /* at cfa + bp_offset */
	RULE_BP_AT_BP,	 /* at bp + bp_offset */
	RULE_BP_UNKNOWN, /* lost */
};

/* The return address stands at cfa - 8, always. */
struct unwind_rule {
	uint8_t kind; /* enum rule_kind */
	uint8_t bp;   /* enum rule_bp */
	int16_t cfa_offset;
	int16_t bp_offset;
	uint16_t reserved; /* 0: rules are compared as bytes */
};

struct unwind_registers {
	uint64_t ip, sp, bp;
	bool is_bp_known;
	bool is_exact; /* ip is an instruction that runs, not the one after a call */
};

/* Stack memory that was copied: length bytes from address on. */
struct unwind_memory {
	const uint8_t *data;
	uint64_t address;
	size_t length;
};

enum unwind_step {
	STEP_FINE,
	STEP_END,     /* it was the outermost frame */
	STEP_NO_RULE, /* and no frame pointer that could be one */
	STEP_MEMORY,  /* the copy does not reach that far */
};

/* One frame outwards. registers change only with STEP_FINE. */
enum unwind_step unwind_step(const struct unwind_rule *rule, const struct unwind_memory *memory,
	struct unwind_registers *registers);

#endif
