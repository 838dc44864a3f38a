/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads .eh_frame: bytes in, unwind rules by address out. The format: Linux Standard Base 5,
 * 10.6 (.eh_frame); DWARF 5, 6.4 (call frame instructions); register numbers of the System V ABI
 * for x86-64. Pure, over untrusted bytes: each is looked at a bounded number of times.
 */
#ifndef SKEP_EH_FRAME_H
#define SKEP_EH_FRAME_H

#include "doors/unwind_rule.h"

struct eh_frame_section {
	struct slice bytes;
	uint64_t address;      /* of the first byte, in the file's own address space */
	uint64_t data_address; /* that datarel pointers count from; 0: none are expected */
};

/*
 * The rule that holds from address on, until the next one. A function's rows come in rising order;
 * functions come in any. is_end: no function reaches beyond here; a row of another function at the
 * same address takes precedence. Returns 0, or -errno to end the reading.
 */
typedef int eh_frame_row(
	void *context, uint64_t address, const struct unwind_rule *rule, bool is_end);

/*
 * Calls row for each change. Entries that cannot be read are left out: *ret_unread counts them
 * (may be NULL). 0, or what row returned.
 */
int eh_frame_read(const struct eh_frame_section *section, eh_frame_row *row, void *context,
	size_t *ret_unread);

#endif
