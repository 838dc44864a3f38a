/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the counters that both halves keep.
 */
#include "engine/feature.h"

const char *count_name(enum count count)
{
	static const char *const names[COUNT_MAXIMUM] = {
		[COUNT_SEEN] = "seen",
		[COUNT_LOST_RING_FULL] = "ring_full",
		[COUNT_LOST_STATE_FULL] = "state_full",
		[COUNT_LOST_READ] = "read",
		[COUNT_LOST_ORDER] = "order",
		[COUNT_LOST_LIMIT] = "limit",
		[COUNT_LOST_PARSE] = "parse",
		[COUNT_LOST_HANDSHAKE] = "handshake",
		[COUNT_LOST_NESTED] = "nested",
	};

	return (unsigned int)count < COUNT_MAXIMUM && names[count] ? names[count] : "unknown";
}
