/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every user-space file may rely on: fixed-width types and the few
 * helpers for ownership. Included by the other headers of base/.
 */
#ifndef SKEP_BASE_H
#define SKEP_BASE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define ARRAY_LENGTH(array)	  (sizeof(array) / sizeof((array)[0]))
#define MEMBER_SIZE(type, member) sizeof(((type *)0)->member)
#define MIN(a, b)		  ((a) < (b) ? (a) : (b))
#define MAX(a, b)		  ((a) > (b) ? (a) : (b))
#define PRINTF_LIKE(text, first)  __attribute__((format(printf, text, first)))
#define UNUSED			  __attribute__((unused))

/* A local that owns something names the function that gives it up: takes a pointer to the local. */
#define _cleanup_(function) __attribute__((cleanup(function)))

/* Hands an owned pointer over: yields it and leaves NULL behind. */
#define TAKE(pointer)                                                                              \
	({                                                                                         \
		__typeof__(pointer) taken_ = (pointer);                                            \
		(pointer) = NULL;                                                                  \
		taken_;                                                                            \
	})

/* Defines name##p for _cleanup_: frees *pointer through the function, which accepts NULL. */
#define DEFINE_CLEANUP(type, function)                                                             \
	static inline void function##p(type *pointer)                                              \
	{                                                                                          \
		function(*pointer);                                                                \
	}                                                                                          \
	struct base_semicolon_

static inline void freep(void *pointer)
{
	free(*(void **)pointer);
}

/* Bytes that somebody else owns. data may be NULL when length is 0. */
struct slice {
	const uint8_t *data;
	size_t length;
};

#endif
