/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer with a maximum: doubles its memory as it grows.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#define FIRST_BYTES 64

void buf_init(struct buf *buf, size_t maximum)
{
	/* One byte is kept for the NUL. */
	*buf = (struct buf){ .maximum = MIN(maximum, SIZE_MAX - 1) };
}

void buf_done(struct buf *buf)
{
	free(buf->data);
	buf_init(buf, buf->maximum);
}

void buf_clear(struct buf *buf)
{
	buf->length = 0;
	buf->error = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

/* Makes room for `more` bytes and the NUL. */
static int reserve(struct buf *buf, size_t more)
{
	size_t needed;
	size_t capacity;
	char *data;

	if (buf->error)
		return buf->error;
	if (more > buf->maximum - buf->length)
		return buf->error = -ENOBUFS;
	needed = buf->length + more + 1;
	if (needed <= buf->capacity)
		return 0;
	capacity = MAX(needed, FIRST_BYTES);
	if (buf->capacity <= buf->maximum / 2)
		capacity = MAX(capacity, buf->capacity * 2);
	capacity = MIN(capacity, buf->maximum + 1);
	data = realloc(buf->data, capacity);
	if (!data)
		return buf->error = -ENOMEM;
	buf->data = data;
	buf->capacity = capacity;
	buf->data[buf->length] = '\0';
	return 0;
}

int buf_append(struct buf *buf, const void *data, size_t length)
{
	int error = reserve(buf, length);

	if (error < 0)
		return error;
	if (length > 0)
		memcpy(buf->data + buf->length, data, length);
	buf->length += length;
	buf->data[buf->length] = '\0';
	return 0;
}

int buf_append_string(struct buf *buf, const char *text)
{
	return buf_append(buf, text, strlen(text));
}

int buf_append_byte(struct buf *buf, char byte)
{
	/* The way that nearly every byte of JSON goes. */
	if (buf->length + 1 < buf->capacity && buf->length < buf->maximum && !buf->error) {
		buf->data[buf->length++] = byte;
		buf->data[buf->length] = '\0';
		return 0;
	}
	return buf_append(buf, &byte, 1);
}

int buf_printf(struct buf *buf, const char *format, ...)
{
	va_list arguments;
	int length;
	int error;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0 && !buf->error)
		buf->error = -EINVAL;
	error = reserve(buf, length < 0 ? 0 : (size_t)length);
	if (error < 0)
		return error;
	va_start(arguments, format);
	vsnprintf(buf->data + buf->length, (size_t)length + 1, format, arguments);
	va_end(arguments);
	buf->length += (size_t)length;
	return 0;
}

const char *buf_text(const struct buf *buf)
{
	return buf->length > 0 ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
	if (buf->length == 0)
		return NULL;
	buf->length = 0;
	buf->capacity = 0;
	return TAKE(buf->data);
}
