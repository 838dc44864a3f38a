/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the files that a process has mapped as code, and whether one exports a function. In: /proc.
 * Out: descriptors of files that were not looked at before. Loop thread only.
 */
#ifndef SKEP_KEY_FILE_H
#define SKEP_KEY_FILE_H

#include "base/base.h"

/* A file by what stays the same when it is renamed, and changes when another takes its name. */
struct key_file {
	uint64_t device;
	uint64_t inode;
};

/*
 * Called for each file that the process has mapped as code; is_known says whether it was looked at
 * before, then no descriptor is opened. The descriptor is closed afterwards.
 */
struct key_file_visit {
	bool (*is_known)(void *context, const struct key_file *file);
	void (*found)(void *context, const struct key_file *file, int fd);
	void *context;
};

/* 0 or -errno: -ENOENT when the process is gone. */
int key_file_visit_process(uint32_t pid, const struct key_file_visit *visit);
/* Whether the ELF file has the name among those of its dynamic symbols. */
bool key_file_names(int fd, const char *name);

#endif
