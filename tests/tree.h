/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small file system for tests, written from one text: "--- PATH" starts a file, "--- PATH ->
 * TARGET" makes a symbolic link. \0, \xHH and \\ stand for bytes; a cmdline has no newline at its
 * end. Included after cmocka.h.
 */
#ifndef SKEP_TESTS_TREE_H
#define SKEP_TESTS_TREE_H

#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/str.h"

#define TREE_BYTES_MAXIMUM (1 << 20)

static inline void tree_unescape(const char *text, size_t length, struct buf *content)
{
	for (size_t i = 0; i < length; i++) {
		unsigned int byte = (unsigned char)text[i];
		if (text[i] == '\\' && i + 1 < length && text[i + 1] == '0') {
			byte = 0;
			i++;
		} else if (text[i] == '\\' && i + 1 < length && text[i + 1] == '\\') {
			i++;
		} else if (text[i] == '\\' && i + 3 < length && text[i + 1] == 'x') {
			assert_int_equal(sscanf(text + i + 2, "%2x", &byte), 1);
			i += 3;
		}
		buf_append_byte(content, (char)byte);
	}
}

/* name is the line behind "--- ". */
static inline void tree_write(const char *root, char *name, const char *text, size_t length)
{
	char path[1024], folder[1024];
	char *target = strstr(name, " -> ");

	if (target) {
		*target = '\0';
		target += strlen(" -> ");
	}
	snprintf(path, sizeof(path), "%s/%s", root, name);
	str_set(folder, path);
	assert_return_code(directory_make(dirname(folder), 0755), 0);
	if (target) {
		assert_return_code(symlink(target, path), errno);
		return;
	}
	_cleanup_(buf_done)
	struct buf content = { .maximum = TREE_BYTES_MAXIMUM };
	tree_unescape(text, length, &content);
	if (str_ends_with(path, "/cmdline") && content.length &&
		content.data[content.length - 1] == '\n')
		content.length--;
	_cleanup_(fd_closep)
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_return_code(fd, errno);
	assert_int_equal(write(fd, buf_text(&content), content.length), content.length);
}

static inline int tree_remove_one(
	const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	return remove(path);
}

static inline void tree_remove(const char *root)
{
	assert_int_equal(nftw(root, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* Makes a folder and puts its name into root, at least 64 bytes. Removed by tree_remove. */
static inline void tree_make(const char *text, char *root, size_t size)
{
	const char *folder = getenv("TMPDIR");

	snprintf(root, size, "%s/skep-tree.XXXXXX", folder ? folder : "/tmp");
	assert_non_null(mkdtemp(root));
	for (const char *at = strstr(text, "--- "); at;) {
		char name[512];
		const char *line = at + strlen("--- ");
		size_t length = strcspn(line, "\n");
		assert_true(str_copy_slice(
			name, sizeof(name), (struct slice){ (const uint8_t *)line, length }));
		const char *content = line + length + (line[length] == '\n');
		const char *next =
			str_starts_with(content, "--- ") ? content - 1 : strstr(content, "\n--- ");
		const char *end = next ? next + 1 : content + strlen(content);
		tree_write(root, name, content, (size_t)(end - content));
		at = next ? next + 1 : NULL;
	}
}

#endif
