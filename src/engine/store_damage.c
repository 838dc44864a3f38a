/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moves a damaged file out of the way under a name that says when.
 */
#include <dirent.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "engine/store_database.h"

/* Only the newest damaged file is kept: the space is bounded. */
static void remove_older_copies(const char *path)
{
	char directory[256];
	char prefix[300];
	const char *name = strrchr(path, '/');
	struct dirent *entry;
	DIR *stream;

	str_copy_slice(directory, sizeof(directory),
		(struct slice){ (const uint8_t *)path, name ? (size_t)(name - path) : 0 });
	snprintf(prefix, sizeof(prefix), "%s.damaged-", name ? name + 1 : path);
	stream = opendir(name ? directory : ".");
	if (!stream)
		return;
	while ((entry = readdir(stream)))
		if (str_starts_with(entry->d_name, prefix))
			unlinkat(dirfd(stream), entry->d_name, 0);
	closedir(stream);
}

int store_move_aside(const char *path, char *ret_name)
{
	char from[300];
	char to[300];
	char when[32];
	struct tm tm;
	time_t now = (time_t)(clock_wall_ns() / NS_PER_S);

	remove_older_copies(path);
	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(to, sizeof(to), "%s.damaged-%s", path, when);
	if (rename(path, to) != 0)
		return -errno;
	str_copy(ret_name, 256, to);
	/* The log belongs to the file: a tool that rescues it wants both under matching names. */
	snprintf(from, sizeof(from), "%s-wal", path);
	snprintf(to, sizeof(to), "%s.damaged-%s-wal", path, when);
	rename(from, to);
	snprintf(from, sizeof(from), "%s-shm", path);
	unlink(from);
	return 0;
}
