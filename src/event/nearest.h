/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Did you mean …?": finds, among names that are offered one by one, the one nearest to a mistyped
 * name.
 */
#ifndef SKEP_NEAREST_H
#define SKEP_NEAREST_H

#include "base/base.h"

/* All text is borrowed. */
struct nearest {
	const char *wanted;
	const char *best;
	unsigned int distance;
};

void nearest_init(struct nearest *nearest, const char *wanted);
void nearest_offer(struct nearest *nearest, const char *name);
/* NULL when nothing near was offered: more than a third of the letters differ. */
const char *nearest_found(const struct nearest *nearest);

#endif
