/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads /proc/PID/maps (proc(5)) and .dynstr of what is mapped there.
 */
#include "doors/key_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "node/elf_file.h"

/* A line is some 100 bytes; who maps more is read as far as that. */
#define MAPS_BYTES_MAXIMUM (4 * 1024 * 1024)

struct mapping {
	unsigned long long start, end;
	char permissions[5];
	unsigned int major, minor;
	unsigned long long inode;
	const char *path; /* to the end of the line */
};

static bool parse_mapping(const char *line, struct mapping *ret_mapping)
{
	int path = 0;

	if (sscanf(line, "%llx-%llx %4s %*x %x:%x %llu %n", &ret_mapping->start, &ret_mapping->end,
		    ret_mapping->permissions, &ret_mapping->major, &ret_mapping->minor,
		    &ret_mapping->inode, &path) != 6)
		return false;
	ret_mapping->path = line + path;
	return ret_mapping->permissions[2] == 'x' && ret_mapping->inode != 0;
}

/* The file itself, also when it was replaced or deleted; where that is refused, what has its name.
 */
static int open_mapped(uint32_t pid, const struct mapping *mapping)
{
	_cleanup_(fd_closep)
	int fd = -1;
	struct stat status;
	char path[4200];

	snprintf(path, sizeof(path), "/proc/%u/map_files/%llx-%llx", pid, mapping->start,
		mapping->end);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		snprintf(path, sizeof(path), "/proc/%u/root%.*s", pid,
			(int)strcspn(mapping->path, "\n"), mapping->path);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_ino != mapping->inode)
		return -ESTALE;
	return fd_take(&fd);
}

static void visit_mapping(
	uint32_t pid, const struct mapping *mapping, const struct key_file_visit *visit)
{
	const struct key_file file = { makedev(mapping->major, mapping->minor), mapping->inode };
	int fd;

	if (visit->is_known(visit->context, &file))
		return;
	fd = open_mapped(pid, mapping);
	if (fd < 0)
		return;
	visit->found(visit->context, &file, fd);
	close(fd);
}

int key_file_visit_process(uint32_t pid, const struct key_file_visit *visit)
{
	_cleanup_(buf_done)
	struct buf maps = { 0 };
	struct mapping mapping;
	char path[32];
	int r;

	buf_init(&maps, MAPS_BYTES_MAXIMUM);
	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	r = file_read(AT_FDCWD, path, &maps);
	if (r < 0 && r != -EFBIG)
		return r;
	for (const char *line = buf_text(&maps); line && *line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (parse_mapping(line, &mapping))
			visit_mapping(pid, &mapping, visit);
	}
	return 0;
}

bool key_file_names(int fd, const char *name)
{
	_cleanup_(elf_file_freep)
	struct elf_file *file = NULL;
	struct elf_section names;
	int own_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (own_fd < 0)
		return false;
	if (elf_file_open(own_fd, &file) < 0) {
		close(own_fd);
		return false;
	}
	return elf_file_section(file, ".dynstr", &names) &&
	       memmem(names.bytes.data, names.bytes.length, name, strlen(name) + 1);
}
