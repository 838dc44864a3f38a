/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer with a maximum. A refused append (maximum, no memory)
 * adds nothing: `error` holds -ENOBUFS or -ENOMEM and further appends do
 * nothing, so that a writer may check once at the end. data is always
 * NUL-terminated once anything was appended; the NUL counts neither for length
 * nor for maximum. What is appended may not be the buffer's own memory.
 */
#ifndef SKEP_BUF_H
#define SKEP_BUF_H

#include "base/base.h"

struct buf {
	char *data;
	size_t length;
	size_t capacity;
	size_t maximum;
	int error;
};

void buf_init(struct buf *buf, size_t maximum);
void buf_done(struct buf *buf);	 /* frees the data; also the function for _cleanup_ */
void buf_clear(struct buf *buf); /* empties it, keeps the memory, forgets the error */
int buf_append(struct buf *buf, const void *data, size_t length);
int buf_append_string(struct buf *buf, const char *text);
int buf_append_byte(struct buf *buf, char byte);
int buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
/* The text, "" when empty. Valid until the next change. */
const char *buf_text(const struct buf *buf);
/* Gives the memory to the caller (free) and leaves the buffer empty; NULL when empty.
 * The error stays. */
char *buf_take(struct buf *buf);

#endif
