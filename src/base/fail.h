/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reason of a failure, for a person: a code and a sentence, by value.
 * Filled where the cause is known, printed once where it is handled.
 */
#ifndef SKEP_FAIL_H
#define SKEP_FAIL_H

#include "base/base.h"

#define FAIL_TEXT_BYTES 512

struct fail {
	int code; /* negative errno, 0 when nothing failed */
	char text[FAIL_TEXT_BYTES];
};

/*
 * Stores code and text, cut at FAIL_TEXT_BYTES, and returns code, so that a
 * caller can write `return fail_set(fail, -EINVAL, "...")`. fail may be NULL.
 */
int fail_set(struct fail *fail, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/*
 * Puts "context: " before the text that is there; keeps the code. Returns the
 * code; -EINVAL when fail is NULL, so that what failed stays failed.
 */
int fail_prefix(struct fail *fail, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
