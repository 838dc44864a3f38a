/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments into a line.
 */
#include "observe/exec/arguments.h"

int arguments_join(struct slice arguments, struct buf *line)
{
	size_t length = arguments.length;

	if (length > 0 && arguments.data[length - 1] == '\0')
		length--;
	for (size_t at = 0; at < length;) {
		const uint8_t *start = arguments.data + at;
		const uint8_t *end = memchr(start, '\0', length - at);
		size_t part = end ? (size_t)(end - start) : length - at;

		buf_append(line, start, part);
		at += part + 1;
		if (at <= length)
			buf_append_byte(line, ' ');
	}
	return line->error;
}

int arguments_join_masked(struct slice arguments, struct buf *line)
{
	return arguments_join(arguments, line);
}
