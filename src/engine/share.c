/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Max-min fairness by bisection: a busy key cannot push the rare ones out.
 */
#include "engine/share.h"

static uint64_t total_at(const uint64_t *wants, size_t count, uint64_t level)
{
	uint64_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += MIN(wants[i], level);
	return total;
}

uint64_t share_level(const uint64_t *wants, size_t count, uint64_t budget)
{
	uint64_t low = 1;
	uint64_t high = budget;

	if (total_at(wants, count, UINT64_MAX) <= budget)
		return UINT64_MAX;
	while (low < high) {
		uint64_t half = low + (high - low + 1) / 2;

		if (total_at(wants, count, half) <= budget)
			low = half;
		else
			high = half - 1;
	}
	return low;
}
