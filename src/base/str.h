/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text in fixed arrays and borrowed slices. Nothing here allocates.
 */
#ifndef SKEP_STR_H
#define SKEP_STR_H

#include "base/base.h"

/* Copies source into the array, cut to size - 1, always NUL-terminated. Returns true when nothing
 * was cut. */
bool str_copy(char *destination, size_t size, const char *source);
bool str_copy_slice(char *destination, size_t size, struct slice source);
/* str_copy into an array whose size the compiler knows. */
#define str_set(array, source) str_copy((array), sizeof(array), (source))

bool str_equal(const char *a, const char *b); /* NULL equals only NULL */
bool str_starts_with(const char *text, const char *prefix);
bool str_ends_with(const char *text, const char *suffix);

/*
 * Whole text as a number within [minimum, maximum]; 0, -EINVAL (not a number) or
 * -ERANGE. Base 10, no sign, no blanks.
 */
int str_to_u64(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *ret_value);
/* "90s", "5m", "2h", "7d", "250ms", "10us", "1ns" to nanoseconds; a bare number is seconds. Whole
 * numbers and one unit. 0, -EINVAL or -ERANGE. */
int str_to_duration_ns(const char *text, uint64_t *ret_ns);
/* "64", "10K", "5MiB", "2G", "1TB" to bytes, all powers of 1024. 0, -EINVAL or -ERANGE. */
int str_to_bytes(const char *text, uint64_t *ret_bytes);

#define STR_NUMBER_BYTES 21 /* the longest 64-bit number, with its sign and the NUL */
/* Base 10, much faster than snprintf. size at least STR_NUMBER_BYTES. Returns destination. */
char *str_from_u64(char *destination, size_t size, uint64_t value);
char *str_from_i64(char *destination, size_t size, int64_t value);
/* "950ns" "1.2ms" "3.4s" "5m12s" "2h" "3d4h"; "0" for zero. Cut, never rounded up; 16 bytes hold
 * any. Returns destination. */
char *str_from_duration(char *destination, size_t size, uint64_t ns);
/* "512 B", "1.5 KiB", "20 MiB". Cut, never rounded up; 16 bytes hold any. Returns destination. */
char *str_from_bytes(char *destination, size_t size, uint64_t bytes);

#endif
