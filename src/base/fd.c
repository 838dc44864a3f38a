/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File descriptors and small files.
 */
#include "base/fd.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define CHUNK_BYTES 8192

void fd_closep(int *fd)
{
	int saved_errno = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved_errno;
}

int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* read() until size bytes or the end. Returns the length or -errno. */
static ssize_t read_full(int fd, char *destination, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t count = read(fd, destination + length, size - length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0)
			break;
		length += (size_t)count;
	}
	return (ssize_t)length;
}

int file_read(int directory_fd, const char *path, struct buf *ret_content)
{
	_cleanup_(fd_closep)
	int fd = openat(directory_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char chunk[CHUNK_BYTES];
	ssize_t length;
	int error;

	if (fd < 0)
		return -errno;
	buf_clear(ret_content);
	do {
		size_t room = ret_content->maximum - ret_content->length;

		length = read_full(fd, chunk, sizeof(chunk));
		if (length < 0)
			return (int)length;
		error = buf_append(ret_content, chunk, MIN((size_t)length, room));
		if (error < 0)
			return error;
		if ((size_t)length > room)
			return -EFBIG;
	} while (length == (ssize_t)sizeof(chunk));
	return 0;
}

ssize_t file_read_array(int directory_fd, const char *path, char *destination, size_t size)
{
	_cleanup_(fd_closep)
	int fd = -1;
	ssize_t length;

	if (size == 0)
		return -EINVAL;
	fd = openat(directory_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	length = read_full(fd, destination, size - 1);
	destination[MAX(length, 0)] = '\0';
	return length;
}

static int write_full(int fd, const char *content, size_t length)
{
	while (length > 0) {
		ssize_t count = write(fd, content, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		content += count;
		length -= (size_t)count;
	}
	return 0;
}

/* Everything up to the rename. fsync: else a crash may leave the new name with no content. */
static int fill(int fd, const void *content, size_t length, mode_t mode)
{
	int error = write_full(fd, content, length);

	if (error < 0)
		return error;
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

int file_replace(const char *path, const void *content, size_t length, mode_t mode)
{
	_cleanup_(fd_closep)
	int fd = -1;
	char temporary[PATH_MAX];
	int error;

	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = fill(fd, content, length, mode);
	if (error == 0 && rename(temporary, path) < 0)
		error = -errno;
	if (error < 0)
		unlink(temporary);
	return error;
}

static int make_one(const char *path, mode_t mode)
{
	struct stat status;
	int error;

	if (mkdir(path, mode) == 0)
		return 0;
	/* Others may make it at the same time; and "exists" comes after "read-only" or "not
	 * allowed" on some file systems. */
	error = -errno;
	if (stat(path, &status) < 0)
		return error;
	return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
}

int directory_make(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	int error = 0;

	if (!str_set(part, path))
		return -ENAMETOOLONG;
	for (char *slash = part; error == 0 && (slash = strchr(slash + 1, '/')) != NULL;) {
		*slash = '\0';
		error = make_one(part, mode);
		*slash = '/';
	}
	return error < 0 ? error : make_one(part, mode);
}
