/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden files for unit tests: text is compared with a file under tests/golden/, and
 * SKEP_GOLDEN_UPDATE=1 writes the file instead. Tests run in the root of the repository. Included
 * after cmocka.h.
 */
#ifndef SKEP_TESTS_GOLDEN_H
#define SKEP_TESTS_GOLDEN_H

#include <fcntl.h>
#include <libgen.h>

#include "base/buf.h"
#include "base/fd.h"

#define GOLDEN_BYTES_MAXIMUM (1 << 20)

/* name: "event/request.txt". */
static inline void golden_check(const char *name, const char *actual)
{
	_cleanup_(buf_done)
	struct buf expected = { .maximum = GOLDEN_BYTES_MAXIMUM };
	char path[256], folder[256];

	snprintf(path, sizeof(path), "tests/golden/%s", name);
	if (getenv("SKEP_GOLDEN_UPDATE")) {
		snprintf(folder, sizeof(folder), "%s", path);
		assert_return_code(directory_make(dirname(folder), 0755), 0);
		assert_return_code(file_replace(path, actual, strlen(actual), 0644), 0);
		return;
	}
	if (file_read(AT_FDCWD, path, &expected) < 0)
		fail_msg("%s cannot be read; SKEP_GOLDEN_UPDATE=1 writes it", path);
	if (strcmp(buf_text(&expected), actual) != 0)
		fail_msg("differs from %s; SKEP_GOLDEN_UPDATE=1 rewrites it. Now it is:\n%s", path,
			actual);
}

#endif
