/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel half copies from other processes: any bytes as arguments and as components of
 * a path. A line never holds more than the bytes and its masks.
 */
#include "observe/exec/arguments.h"
#include "observe/exec/exec_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(buf_done)
	struct buf plain = { .maximum = ARGUMENTS_LINE_BYTES };
	_cleanup_(buf_done)
	struct buf masked = { .maximum = ARGUMENTS_LINE_BYTES };
	_cleanup_(buf_done)
	struct buf path = { .maximum = ARGUMENTS_LINE_BYTES };
	struct slice bytes = { data, size };

	if (size > EXEC_ARGUMENTS_MAXIMUM)
		return 0;
	if (arguments_join(bytes, &plain) != 0 || plain.length > size)
		abort();
	if (arguments_join_masked(bytes, &masked) != 0 || masked.length > 4 * size + 16)
		abort();
	if (exec_join_path(bytes, size & 1, size & 2, &path) != 0)
		abort();
	return 0;
}
