/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many of N are kept when many keys want rows of a common budget.
 */
#ifndef SKEP_SHARE_H
#define SKEP_SHARE_H

#include "base/base.h"

/*
 * The highest level at which sum(min(wants[i], level)) stays within the budget, at least 1: who
 * wants less gets all, who wants more gets the level. UINT64_MAX when all fits.
 */
uint64_t share_level(const uint64_t *wants, size_t count, uint64_t budget);

#endif
