/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stdout as long as it takes a piece without waiting, then a temporary file: see spool.h.
 */
#include "cli/spool.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

/* A pipe that is writable takes this much without waiting (pipe(7)). */
#define PIECE_BYTES PIPE_BUF

static bool is_ready(void)
{
	struct pollfd output = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&output, 1, 0) > 0;
}

static int print(const char *data, size_t length)
{
	return fwrite(data, 1, length, stdout) == length && fflush(stdout) == 0 ? 0 : -EPIPE;
}

static int hold_back(struct spool *spool, const char *data, size_t length)
{
	if (!spool->rest)
		spool->rest = tmpfile();
	if (!spool->rest)
		return print(data, length);
	spool->bytes += length;
	return fwrite(data, 1, length, spool->rest) == length ? 0 : -EPIPE;
}

int spool_write(struct spool *spool, const char *data, size_t length)
{
	int r = 0;

	if (spool->bytes + length > SPOOL_BYTES_MAXIMUM)
		r = spool_end(spool);
	while (r == 0 && length > 0 && !spool->rest && is_ready()) {
		size_t piece = MIN(length, (size_t)PIECE_BYTES);

		r = print(data, piece);
		data += piece;
		length -= piece;
	}
	return r == 0 && length > 0 ? hold_back(spool, data, length) : r;
}

int spool_end(struct spool *spool)
{
	char piece[64 * 1024];
	size_t length;
	int r = 0;

	if (!spool->rest)
		return 0;
	if (fflush(spool->rest) != 0)
		r = -EPIPE;
	rewind(spool->rest);
	while (r == 0 && (length = fread(piece, 1, sizeof(piece), spool->rest)) > 0)
		r = print(piece, length);
	fclose(spool->rest);
	*spool = (struct spool){ 0 };
	return r;
}

static ssize_t on_write(void *context, const char *data, size_t length)
{
	return spool_write(context, data, length) == 0 ? (ssize_t)length : 0;
}

FILE *spool_stream(struct spool *spool)
{
	return fopencookie(spool, "w", (cookie_io_functions_t){ .write = on_write });
}
