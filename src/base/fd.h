/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File descriptors and small files.
 */
#ifndef SKEP_FD_H
#define SKEP_FD_H

#include "base/base.h"
#include "base/buf.h"

void fd_closep(int *fd); /* for _cleanup_: closes when >= 0, keeps errno, leaves -1 */
int fd_take(int *fd);	 /* yields the descriptor, leaves -1 */

/*
 * Reads a whole file, also one without a size (/proc), in the place of what the buffer holds, up to
 * its maximum. directory_fd may be AT_FDCWD. 0, -errno; -EFBIG when longer (the part read stays).
 */
int file_read(int directory_fd, const char *path, struct buf *ret_content);
/* The same into an array, cut and NUL-terminated. Returns the length or -errno. */
ssize_t file_read_array(int directory_fd, const char *path, char *destination, size_t size);
/*
 * Writes through a temporary file beside it and rename, so that a reader, also after a crash, sees
 * the old or the new content. mode is taken as it is, without the umask. 0 or -errno.
 */
int file_replace(const char *path, const void *content, size_t length, mode_t mode);
/* mkdir -p: each missing folder of the path gets mode (less the umask). 0 or -errno. */
int directory_make(const char *path, mode_t mode);

#endif
