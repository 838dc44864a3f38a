/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What skep reads of programs and libraries: sections, where the code lies, the build id. Files are
 * untrusted: everything is read within bounds, and a file that lies about itself costs an error.
 * Not thread-safe: one thread an object.
 */
#ifndef SKEP_NODE_ELF_FILE_H
#define SKEP_NODE_ELF_FILE_H

#include "base/base.h"

struct elf_file;

#define ELF_BUILD_ID_BYTES  20
/* Larger sections are not read: that of .eh_frame in a browser has some 20 MB. */
#define ELF_SECTION_MAXIMUM (256ULL << 20)

/* Takes the descriptor over when it succeeds. 0; -ENOEXEC when it is no ELF file for this machine's
 * 64-bit code; -errno. */
int elf_file_open(int fd, struct elf_file **ret_file);
/* An image that is in memory as in the file, like the kernel's vDSO; borrowed. */
int elf_file_open_image(const void *image, size_t length, struct elf_file **ret_file);
void elf_file_free(struct elf_file *file); /* accepts NULL */
DEFINE_CLEANUP(struct elf_file *, elf_file_free);

/* The descriptor, which stays the file's; -1 for an image. */
int elf_file_fd(const struct elf_file *file);

struct elf_section {
	struct slice bytes; /* the file's, valid for as long as it is open */
	uint64_t address;
	uint64_t offset; /* in the file */
};
/* False when there is none, it has no bytes in the file, or too many. */
bool elf_file_section(struct elf_file *file, const char *name, struct elf_section *ret_section);
/* The address that a place in the file is linked to. False when no code lies there. */
bool elf_file_address(const struct elf_file *file, uint64_t offset, uint64_t *ret_address);
/* Gives back the memory of sections; descriptor, addresses and build id stay. */
void elf_file_forget_sections(struct elf_file *file);
/* Returns its length, 0 without one. */
size_t elf_file_build_id(const struct elf_file *file, uint8_t *ret_id, size_t size);

#endif
