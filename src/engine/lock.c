/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flock on DIR/lock; the pid inside is for people.
 */
#include "engine/lock.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fd.h"

static int lock_refused(int fd, const char *directory, struct fail *fail)
{
	char holder[24] = "";
	ssize_t length = pread(fd, holder, sizeof(holder) - 1, 0);

	holder[length > 0 ? strcspn(holder, "\n") : 0] = '\0';
	return fail_set(fail, -EBUSY,
		"another skep%s%s uses %s: stop it, or give this one another --dir",
		holder[0] ? " with pid " : "", holder, directory);
}

int lock_take(const char *directory, int *ret_fd, struct fail *fail)
{
	_cleanup_(fd_closep)
	int fd = -1;
	char path[PATH_MAX], pid[24];
	int length, r;

	r = directory_make(directory, 0750);
	if (r < 0)
		return fail_set(fail, r, "cannot make %s: %s; choose a folder with --dir",
			directory, strerror(-r));
	length = snprintf(path, sizeof(path), "%s/lock", directory);
	if (length < 0 || (size_t)length >= sizeof(path))
		return fail_set(fail, -ENAMETOOLONG, "%s: path too long", directory);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0) {
		r = -errno;
		return fail_set(fail, r, "%s: %s; choose a folder with --dir", path, strerror(-r));
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? lock_refused(fd, directory, fail)
					    : fail_set(fail, -errno, "%s: flock", path);
	length = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)length, 0) < 0) {
		r = -errno;
		return fail_set(fail, r, "%s: %s", path, strerror(-r));
	}
	*ret_fd = fd_take(&fd);
	return 0;
}
