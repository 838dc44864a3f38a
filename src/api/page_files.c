/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of the page inside the program: see page_files.h. page.inc names them; the assembler
 * takes in their bytes.
 */
#include "api/page_files.h"

#include "base/str.h"

/* The bytes of a file between two symbols of our own. */
#define BYTES(symbol, file)                                                                        \
	__asm__(".pushsection .rodata\n.balign 16\n" symbol ":\n.incbin \"" file "\"\n" symbol     \
		"_end:\n.byte 0\n.popsection\n");

#define PAGE_MISSING(reason)
#define PAGE_FILE(number, path, content_type, tag, file)                                           \
	BYTES("page_gzip_" #number, file ".gz")                                                    \
	BYTES("page_brotli_" #number, file ".br")                                                  \
	extern const uint8_t page_gzip_##number[], page_gzip_##number##_end[];                     \
	extern const uint8_t page_brotli_##number[], page_brotli_##number##_end[];
#include <page.inc>
#undef PAGE_MISSING
#undef PAGE_FILE

#define PAGE_MISSING(reason)
#define PAGE_FILE(number, path, content_type, tag, file)                                           \
	{ path, content_type, tag, page_gzip_##number, page_gzip_##number##_end,                   \
		page_brotli_##number, page_brotli_##number##_end },
static const struct page_file files[] = {
#include <page.inc>
	{ NULL, NULL, NULL, NULL, NULL, NULL, NULL },
};
#undef PAGE_MISSING
#undef PAGE_FILE

const struct page_file *page_file_find(const char *path)
{
	for (const struct page_file *file = files; file->path; file++) {
		if (str_equal(file->path, path))
			return file;
	}
	return NULL;
}

const char *page_missing_reason(void)
{
#define PAGE_MISSING(reason) return reason;
#define PAGE_FILE(number, path, content_type, tag, file)
#include <page.inc>
	return "";
}
