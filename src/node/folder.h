/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders relative to a descriptor, for reading entry by entry. Any thread.
 */
#ifndef SKEP_NODE_FOLDER_H
#define SKEP_NODE_FOLDER_H

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

/* NULL when it cannot be opened, with errno set. Use dirfd() for what lies in it. */
static inline DIR *folder_open(int fd, const char *path)
{
	int folder_fd = openat(fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = folder_fd < 0 ? NULL : fdopendir(folder_fd);

	if (!folder && folder_fd >= 0)
		close(folder_fd);
	return folder;
}

/* For _cleanup_. */
static inline void folder_closep(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

#endif
