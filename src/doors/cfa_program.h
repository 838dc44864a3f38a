/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Call frame instructions (DWARF 5, 6.4.2): runs the program of one function and tells each change
 * of its rule. Pure, over untrusted bytes.
 */
#ifndef SKEP_CFA_PROGRAM_H
#define SKEP_CFA_PROGRAM_H

#include "doors/eh_frame.h"

/* Reads forward; past the end everything is 0 and is_over is set. */
struct cfa_reader {
	const uint8_t *at;
	const uint8_t *end;
	bool is_over;
};

struct cfa_reader cfa_reader_of(struct slice bytes);
uint64_t cfa_read_fixed(struct cfa_reader *reader, unsigned int bytes); /* little endian, 1 to 8 */
uint64_t cfa_read_uleb(struct cfa_reader *reader);
int64_t cfa_read_sleb(struct cfa_reader *reader);
void cfa_skip(struct cfa_reader *reader, uint64_t bytes);

/* What many functions have in common (a CIE). */
struct cfa_common {
	uint64_t code_factor;
	int64_t data_factor;
	uint64_t return_register;
	uint8_t encoding; /* of pointers */
	bool has_augmentation;
	bool is_signal; /* the frame that the kernel makes for a signal handler */
	struct slice program;
};

struct cfa_function {
	const struct cfa_common *common;
	uint64_t start;
	uint64_t length;
	struct slice program;
};

/* 0; -EBADMSG: the program is broken, and from there to the function's end the rule is unknown; or
 * what row returned, or -ECANCELED for it. */
int cfa_run(const struct cfa_function *function, eh_frame_row *row, void *context);

#endif
