/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys as paths with other separators: see key_pattern.h.
 */
#include "protocols/key_pattern.h"

#include "protocols/path_template.h"

/* As much as memcached takes, and more than a pattern needs. */
#define KEY_BYTES 256

void key_pattern(struct slice key, bool is_cut, char *destination, size_t size)
{
	uint8_t path[KEY_BYTES], separators[KEY_BYTES];
	size_t length = MIN(key.length, sizeof(path));
	size_t count = 0, next = 0;

	for (size_t i = 0; i < length; i++) {
		bool separates = key.data[i] == ':' || key.data[i] == '|' || key.data[i] == '/';

		path[i] = separates ? '/' : key.data[i];
		if (separates)
			separators[count++] = key.data[i];
	}
	path_template(
		(struct slice){ path, length }, is_cut || length < key.length, destination, size);
	for (; *destination; destination++)
		if (*destination == '/' && next < count)
			*destination = (char)separators[next++];
}
