/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages on stderr: a message becomes one line and one write, so that the
 * lines of several threads do not mix.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES 2048

static _Atomic enum log_level current_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&current_level, level, memory_order_relaxed);
}

enum log_level log_get_level(void)
{
	return atomic_load_explicit(&current_level, memory_order_relaxed);
}

/* systemd sets JOURNAL_STREAM to "device:inode" of the stream it connected (systemd.exec(5)). */
static bool is_stderr_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char expected[64];
	struct stat status;

	if (!stream || fstat(STDERR_FILENO, &status) < 0)
		return false;
	snprintf(expected, sizeof(expected), "%ju:%ju", (uintmax_t)status.st_dev,
		(uintmax_t)status.st_ino);
	return strcmp(stream, expected) == 0;
}

/* Names and paths of strangers are part of messages: they may not start lines or move cursors. */
static void replace_controls(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	}
}

/* What snprintf returned as what it wrote. */
static size_t written(int result, size_t size)
{
	return result < 0 ? 0 : MIN((size_t)result, size - 1);
}

void log_write(enum log_level level, const char *area, const char *format, ...)
{
	/* Priorities of syslog(3), which journald reads from "<N>" (sd-daemon(3)). */
	static const int priorities[] = { 3, 4, 6, 7 };
	char line[LINE_BYTES];
	size_t length = 0;
	va_list arguments;
	int saved_errno = errno;

	if (level > log_get_level())
		return;
	if (is_stderr_journal())
		length = written(snprintf(line, sizeof(line), "<%d>", priorities[level]), 4);
	length += written(snprintf(line + length, sizeof(line) - length, "%s: ", area),
		sizeof(line) - length);
	errno = saved_errno; /* for %m */
	va_start(arguments, format);
	length += written(vsnprintf(line + length, sizeof(line) - length, format, arguments),
		sizeof(line) - length);
	va_end(arguments);
	replace_controls(line, length);
	line[length] = '\n'; /* in the place of the NUL */
	if (write(STDERR_FILENO, line, length + 1) < 0) {
		/* There is nobody left to tell. */
	}
	errno = saved_errno;
}
