/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF through libelf, which reads with read(2): a file that shrinks meanwhile gives an error and no
 * signal. See elf_file.h.
 */
#include "node/elf_file.h"

#include <elf.h>
#include <gelf.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#endif

#define SEGMENTS_MAXIMUM 64

struct segment {
	uint64_t offset, address, length;
};

struct elf_file {
	int fd;
	Elf *elf;
	struct segment code[SEGMENTS_MAXIMUM]; /* that is executable */
	unsigned int code_count;
	uint8_t build_id[ELF_BUILD_ID_BYTES];
	size_t build_id_length;
};

static void read_build_id(struct elf_file *file, const GElf_Phdr *header)
{
	Elf_Data *data = elf_getdata_rawchunk(
		file->elf, (int64_t)header->p_offset, header->p_filesz, ELF_T_NHDR);
	size_t at = 0, next, name, id;
	GElf_Nhdr note;

	while (data && (next = gelf_getnote(data, at, &note, &name, &id)) > 0) {
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
			memcmp((char *)data->d_buf + name, "GNU", 4) == 0) {
			file->build_id_length = MIN(note.n_descsz, sizeof(file->build_id));
			memcpy(file->build_id, (char *)data->d_buf + id, file->build_id_length);
			return;
		}
		at = next;
	}
}

static void read_segments(struct elf_file *file)
{
	size_t count = 0;
	GElf_Phdr header;

	if (elf_getphdrnum(file->elf, &count) != 0)
		return;
	for (size_t i = 0; i < count && file->code_count < SEGMENTS_MAXIMUM; i++) {
		if (!gelf_getphdr(file->elf, (int)i, &header))
			return;
		if (header.p_type == PT_LOAD && (header.p_flags & PF_X))
			file->code[file->code_count++] = (struct segment){ header.p_offset,
				header.p_vaddr, header.p_filesz };
		else if (header.p_type == PT_NOTE && file->build_id_length == 0)
			read_build_id(file, &header);
	}
}

/* Takes file->elf over from what libelf returned. */
static int finish(struct elf_file *file)
{
	GElf_Ehdr header;

	if (!file->elf || elf_kind(file->elf) != ELF_K_ELF || !gelf_getehdr(file->elf, &header) ||
		header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != MACHINE)
		return -ENOEXEC;
	read_segments(file);
	return 0;
}

static struct elf_file *file_new(void)
{
	struct elf_file *file = calloc(1, sizeof(*file));

	if (file)
		file->fd = -1;
	elf_version(EV_CURRENT);
	return file;
}

int elf_file_open(int fd, struct elf_file **ret_file)
{
	_cleanup_(elf_file_freep)
	struct elf_file *file = file_new();
	int r;

	if (!file)
		return -ENOMEM;
	file->elf = elf_begin(fd, ELF_C_READ, NULL);
	r = finish(file);
	if (r < 0)
		return r;
	file->fd = fd;
	*ret_file = TAKE(file);
	return 0;
}

int elf_file_open_image(const void *image, size_t length, struct elf_file **ret_file)
{
	_cleanup_(elf_file_freep)
	struct elf_file *file = file_new();
	int r;

	if (!file)
		return -ENOMEM;
	/* libelf does not write to an image that is only read. */
	file->elf = elf_memory((char *)(uintptr_t)image, length);
	r = finish(file);
	if (r < 0)
		return r;
	*ret_file = TAKE(file);
	return 0;
}

void elf_file_free(struct elf_file *file)
{
	if (!file)
		return;
	elf_end(file->elf);
	fd_closep(&file->fd);
	free(file);
}

void elf_file_forget_sections(struct elf_file *file)
{
	elf_end(file->elf);
	file->elf = NULL;
}

int elf_file_fd(const struct elf_file *file)
{
	return file->fd;
}

bool elf_file_section(struct elf_file *file, const char *name, struct elf_section *ret_section)
{
	Elf_Scn *section = NULL;
	size_t names;
	GElf_Shdr header;

	if (!file->elf || elf_getshdrstrndx(file->elf, &names) != 0)
		return false;
	while ((section = elf_nextscn(file->elf, section))) {
		const char *found;
		Elf_Data *data;

		if (!gelf_getshdr(section, &header))
			continue;
		found = elf_strptr(file->elf, names, header.sh_name);
		if (!found || !str_equal(found, name))
			continue;
		if (header.sh_type == SHT_NOBITS || header.sh_size == 0 ||
			header.sh_size > ELF_SECTION_MAXIMUM || (header.sh_flags & SHF_COMPRESSED))
			return false;
		data = elf_rawdata(section, NULL);
		if (!data || !data->d_buf || data->d_size < header.sh_size)
			return false;
		*ret_section = (struct elf_section){
			.bytes = { data->d_buf, header.sh_size },
			.address = header.sh_addr,
			.offset = header.sh_offset,
		};
		return true;
	}
	return false;
}

bool elf_file_address(const struct elf_file *file, uint64_t offset, uint64_t *ret_address)
{
	for (unsigned int i = 0; i < file->code_count; i++) {
		const struct segment *segment = &file->code[i];

		if (offset >= segment->offset && offset - segment->offset < segment->length) {
			*ret_address = offset - segment->offset + segment->address;
			return true;
		}
	}
	return false;
}

size_t elf_file_build_id(const struct elf_file *file, uint8_t *ret_id, size_t size)
{
	size_t length = MIN(size, file->build_id_length);

	memcpy(ret_id, file->build_id, length);
	return length;
}
