/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at the path as the process sees it, then for a listener with that file.
 */
#include "observe/unix/unix_failure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "node/diag.h"
#include "node/node.h"
#include "node/proc.h"

#define LISTINGS_A_SECOND 10

struct unix_failures {
	const struct node *node;
	uint64_t second;
	unsigned int listings; /* in that second */
};

struct search {
	const char *path; /* abstract; NULL: by inode */
	uint64_t file_inode;
	bool is_found;
};

struct unix_failures *unix_failures_new(const struct node *node)
{
	struct unix_failures *failures = calloc(1, sizeof(*failures));

	if (failures)
		failures->node = node;
	return failures;
}

void unix_failures_free(struct unix_failures *failures)
{
	free(failures);
}

static bool may_list(struct unix_failures *failures)
{
	uint64_t second = clock_monotonic_ns() / NS_PER_S;

	if (second != failures->second)
		failures->listings = 0;
	failures->second = second;
	return failures->listings++ < LISTINGS_A_SECOND;
}

static void visit_socket(void *context, const struct unix_socket *socket)
{
	struct search *search = context;

	if (socket->state != SOCKET_LISTEN)
		return;
	if (search->path ? strcmp(socket->path, search->path) == 0
			 : socket->file_inode == search->file_inode)
		search->is_found = true;
}

/* Refused, when nobody listens there. A file leads to a listener of any namespace. */
static enum unix_reason look_for_listener(
	struct unix_failures *failures, const struct unix_record *record, struct search *search)
{
	struct network_namespace namespace = { record->network_namespace, record->owner.pid };
	int root_fd = node_root_fd(failures->node);
	_cleanup_(fd_closep)
	int fd = may_list(failures) ? diag_open(root_fd, &namespace) : -1;

	if (fd < 0 || unix_socket_list(root_fd, fd, &namespace, visit_socket, search) <= 0)
		return UNIX_REASON_OTHER;
	return search->is_found ? UNIX_REASON_OTHER : UNIX_REASON_REFUSED;
}

/* The file as the process sees it: relative to its root or its working directory. */
static int stat_there(const struct unix_failures *failures, uint32_t pid, const char *path,
	struct stat *ret_status)
{
	char there[64 + UNIX_PATH_BYTES];
	_cleanup_(fd_closep)
	int process_fd = -1;

	snprintf(there, sizeof(there), "proc/%u", pid);
	process_fd =
		openat(node_root_fd(failures->node), there, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process_fd < 0)
		return -ESRCH;
	snprintf(there, sizeof(there), path[0] == '/' ? "root%s" : "cwd/%s", path);
	if (fstatat(process_fd, there, ret_status, 0) == 0)
		return 0;
	if (errno != ENOENT && errno != ENOTDIR)
		return -errno;
	/* So is everything of a process that has just ended. */
	return faccessat(process_fd, "root/", F_OK, 0) == 0 ? -ENOENT : -ESRCH;
}

enum unix_reason unix_failures_judge(
	struct unix_failures *failures, const struct unix_record *record)
{
	char path[UNIX_PATH_BYTES];
	struct search search = { 0 };
	struct stat status;
	int r;

	unix_path_text(record->name, MIN((size_t)record->name_length, sizeof(record->name)), path,
		sizeof(path));
	if (record->name_length && !record->name[0]) {
		search.path = path;
		return look_for_listener(failures, record, &search);
	}
	r = stat_there(failures, record->owner.pid, path, &status);
	if (r < 0)
		return r == -ENOENT ? UNIX_REASON_MISSING : UNIX_REASON_OTHER;
	if (!S_ISSOCK(status.st_mode))
		return UNIX_REASON_REFUSED;
	search.file_inode = status.st_ino & UINT32_MAX;
	return look_for_listener(failures, record, &search);
}
