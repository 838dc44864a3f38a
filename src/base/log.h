/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to the person who runs the program: one line each on stderr, as
 * "area: text"; when stderr goes to journald the priority is put before it
 * ("<3>area: text"). Control characters become '?', a line is cut at 2 KiB. The
 * level is the only global state, at first LOG_LEVEL_INFO. Keeps errno, which
 * %m may show. Any thread.
 */
#ifndef SKEP_LOG_H
#define SKEP_LOG_H

#include "base/base.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_level(enum log_level level);
enum log_level log_get_level(void);
void log_write(enum log_level level, const char *area, const char *format, ...) PRINTF_LIKE(3, 4);

#define log_error(area, ...)   log_write(LOG_LEVEL_ERROR, area, __VA_ARGS__)
#define log_warning(area, ...) log_write(LOG_LEVEL_WARNING, area, __VA_ARGS__)
#define log_info(area, ...)    log_write(LOG_LEVEL_INFO, area, __VA_ARGS__)
#define log_debug(area, ...)   log_write(LOG_LEVEL_DEBUG, area, __VA_ARGS__)

#endif
