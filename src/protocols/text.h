/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes from the wire as printable UTF-8 in a fixed array. What a terminal or
 * a page must not get (controls, blanks, invisible and direction-changing characters, bytes that
 * are no UTF-8) becomes %NN. Once something does not fit, nothing more is written, so that neither
 * an escape nor a character is ever cut.
 */
#ifndef SKEP_TEXT_H
#define SKEP_TEXT_H

#include "base/base.h"

struct text {
	char *data;
	size_t size; /* of data, with the NUL */
	size_t length;
	bool is_full;
};

/* size is at least 1; data is borrowed and NUL-terminated from here on. */
void text_init(struct text *text, char *data, size_t size);
/* Goes on behind the text that stands there. */
void text_resume(struct text *text, char *data, size_t size);
void text_bytes(struct text *text, struct slice bytes);
/* The same, but blanks between words stay: for sentences. */
void text_words(struct text *text, struct slice words);
/* Whole or not at all; the source is printable. */
void text_string(struct text *text, const char *source);

#endif
