/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of the page, as `make` bundled and compressed them (ui/build.mjs), inside the program.
 * Read only, any thread.
 */
#ifndef SKEP_API_PAGE_FILES_H
#define SKEP_API_PAGE_FILES_H

#include "base/base.h"

/* A file under /assets/ carries its hash in its name and never changes. */
struct page_file {
	const char *path;	  /* "/assets/app-1A2B3C4D.js"; the page itself is "/" */
	const char *content_type; /* with its charset */
	const char *tag;	  /* ETag, with its quotes */
	/* The first byte and the one behind the last. */
	const uint8_t *gzip, *gzip_end;
	const uint8_t *brotli, *brotli_end;
};

/* NULL when there is no such file; with "/" when the page was not built in. */
const struct page_file *page_file_find(const char *path);
/* Why it was not built in, in a sentence without a full stop; "" when it was. */
const char *page_missing_reason(void);

#endif
