/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the text of --scope to numbers. The v2 tree is the one that mountinfo shows, on hybrid hosts
 * beside the v1 trees; where none is mounted, fsmount(2) gives a mount that is attached
 * nowhere and goes with its descriptor.
 */
#include "engine/scope.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

#define MOUNTINFO_BYTES_MAXIMUM (8 * 1024 * 1024)
#define CGROUP_DEPTH_MAXIMUM	128

static enum scope_kind scope_split(const char *text, const char **ret_value)
{
	static const struct {
		const char *prefix;
		enum scope_kind kind;
	} forms[] = {
		{ "cgroup:", SCOPE_CGROUP },
		{ "netns:", SCOPE_NETNS },
		{ "pid:", SCOPE_PID },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(forms); i++)
		if (str_starts_with(text, forms[i].prefix)) {
			*ret_value = text + strlen(forms[i].prefix);
			return forms[i].kind;
		}
	*ret_value = text;
	return SCOPE_HOST;
}

int scope_check(const char *text, struct fail *fail)
{
	const char *value;
	enum scope_kind kind = scope_split(text, &value);
	uint64_t pid;

	if (kind == SCOPE_HOST && text[0] == '\0')
		return 0;
	if (kind == SCOPE_HOST || value[0] == '\0' ||
		(kind == SCOPE_PID && str_to_u64(value, 1, INT32_MAX, &pid) < 0))
		return fail_set(fail, -EINVAL,
			"--scope %s: expected cgroup:PATH, netns:PATH or pid:N", text);
	return 0;
}

/* ---- the v2 tree ---- */

/* mountinfo writes blank, tab, newline and backslash as \ooo (proc(5)). */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++)
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	*to = '\0';
}

bool scope_find_mount(char *mountinfo, char *destination, size_t size)
{
	char *line, *rest = mountinfo;

	/* "36 35 0:29 ROOT MOUNTPOINT options … - TYPE source options" */
	while ((line = strsep(&rest, "\n"))) {
		char *type = strstr(line, " - "), *root = NULL, *point = NULL;

		for (int i = 0; i < 5 && line; i++) {
			point = strsep(&line, " ");
			root = i == 3 ? point : root;
		}
		if (!type || !root || !point || !str_equal(root, "/") ||
			!str_starts_with(type, " - cgroup2 "))
			continue;
		unescape(point);
		return str_copy(destination, size, point);
	}
	return false;
}

/* A mount of the v2 tree of our own, seen by nobody else. Descriptor or -errno. */
static int cgroup_open_private(void)
{
	_cleanup_(fd_closep)
	int context = -1;
	_cleanup_(fd_closep)
	int mount = -1;
	int fd;

	context = (int)syscall(SYS_fsopen, "cgroup2", FSOPEN_CLOEXEC);
	if (context < 0)
		return -errno;
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	if (mount < 0)
		return -errno;
	/* fsmount gives an O_PATH descriptor; attaching wants a real one. */
	fd = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int cgroup_open_root(struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf mountinfo = { 0 };
	char point[512];
	int fd, r;

	buf_init(&mountinfo, MOUNTINFO_BYTES_MAXIMUM);
	r = file_read(AT_FDCWD, "/proc/self/mountinfo", &mountinfo);
	if ((r == 0 || r == -EFBIG) && mountinfo.data &&
		scope_find_mount(mountinfo.data, point, sizeof(point))) {
		fd = open(point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
	}
	fd = cgroup_open_private();
	if (fd < 0)
		return fail_set(fail, fd,
			"no cgroup v2 tree is mounted, and a private mount fails: %s",
			strerror(-fd));
	return fd;
}

/* ---- the kinds ---- */

static bool is_cgroup(int fd)
{
	struct statfs status;

	return fstatfs(fd, &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
}

/* The real root of the hierarchy alone has no cgroup.type. Level, or -EXDEV when it is out of
 * sight. */
static int cgroup_level(int cgroup_fd)
{
	_cleanup_(fd_closep)
	int fd = openat(cgroup_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int level = 0; fd >= 0 && level < CGROUP_DEPTH_MAXIMUM; level++) {
		int parent;

		if (faccessat(fd, "cgroup.type", F_OK, 0) < 0)
			return is_cgroup(fd) ? level : -EXDEV;
		parent = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		fd_closep(&fd);
		fd = parent;
	}
	return -EXDEV;
}

static int cgroup_open_path(int root_fd, const char *path)
{
	int fd;

	if (path[0] == '/') {
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && is_cgroup(fd))
			return fd;
		fd_closep(&fd);
	}
	/* Also "/system.slice/x.service", as /proc/PID/cgroup writes it. */
	path += strspn(path, "/");
	fd = openat(root_fd, path[0] ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int scope_open_cgroup(const char *path, struct scope *scope, struct fail *fail)
{
	struct stat status;
	int fd, level;

	if (scope->cgroup_fd < 0)
		return fail_set(fail, scope->no_cgroup.code, "%s", scope->no_cgroup.text);
	fd = cgroup_open_path(scope->cgroup_fd, path);
	if (fd == -ENOENT)
		return fail_set(fail, -ESRCH,
			"--scope cgroup:%s: no such group in the cgroup v2 tree", path);
	if (fd < 0)
		return fail_set(fail, fd, "--scope cgroup:%s: %s", path, strerror(-fd));
	fd_closep(&scope->cgroup_fd);
	scope->cgroup_fd = fd;
	level = cgroup_level(fd);
	if (level < 0)
		return fail_set(fail, level,
			"--scope cgroup:%s: the root of the cgroup tree cannot be seen from this "
			"cgroup namespace",
			path);
	if (fstat(fd, &status) < 0)
		return fail_set(fail, -errno, "--scope cgroup:%s: cannot be read", path);
	scope->cgroup_level = (uint32_t)level;
	/* kernfs numbers its inodes with the cgroup id on 64-bit machines. */
	scope->cgroup_id = status.st_ino;
	return 0;
}

static int scope_open_netns(const char *path, struct scope *scope, struct fail *fail)
{
	struct stat status;
	struct statfs file_system;
	int r;

	scope->netns_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (scope->netns_fd < 0 || fstat(scope->netns_fd, &status) < 0 ||
		fstatfs(scope->netns_fd, &file_system) < 0) {
		r = errno == ENOENT ? -ESRCH : -errno;
		return fail_set(fail, r, "--scope netns:%s: %s", path, strerror(errno));
	}
	if (file_system.f_type != NSFS_MAGIC)
		return fail_set(fail, -EINVAL,
			"--scope netns:%s: not a namespace; such are /run/netns/NAME and "
			"/proc/PID/ns/net",
			path);
	scope->netns_inode = (uint32_t)status.st_ino;
	return 0;
}

static int scope_open_pid(const char *value, struct scope *scope, struct fail *fail)
{
	char path[64];
	struct stat status;
	uint64_t pid;
	int r;

	r = str_to_u64(value, 1, INT32_MAX, &pid);
	if (r < 0)
		return fail_set(fail, r, "--scope pid:%s: not a process id", value);
	snprintf(path, sizeof(path), "/proc/%llu", (unsigned long long)pid);
	if (access(path, F_OK) < 0)
		return fail_set(fail, -ESRCH, "--scope pid:%s: no such process", value);
	scope->pid = (uint32_t)pid;
	snprintf(path, sizeof(path), "/proc/%llu/ns/net", (unsigned long long)pid);
	/* Unreadable without the right to trace it: the pid alone then decides. */
	if (stat(path, &status) == 0)
		scope->netns_inode = (uint32_t)status.st_ino;
	return 0;
}

int scope_open(const char *text, struct scope *ret_scope, struct fail *fail)
{
	struct scope scope = { .cgroup_fd = -1, .netns_fd = -1 };
	const char *value;
	int r;

	r = scope_check(text, fail);
	if (r < 0)
		return r;
	scope.kind = scope_split(text, &value);
	scope.cgroup_fd = cgroup_open_root(&scope.no_cgroup);
	scope.cgroup_fd = MAX(scope.cgroup_fd, -1);
	if (scope.kind == SCOPE_CGROUP)
		r = scope_open_cgroup(value, &scope, fail);
	else if (scope.kind == SCOPE_NETNS)
		r = scope_open_netns(value, &scope, fail);
	else if (scope.kind == SCOPE_PID)
		r = scope_open_pid(value, &scope, fail);
	if (r < 0) {
		scope_done(&scope);
		return r;
	}
	*ret_scope = scope;
	return 0;
}

void scope_done(struct scope *scope)
{
	fd_closep(&scope->cgroup_fd);
	fd_closep(&scope->netns_fd);
}
