/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that have no safe use here do not compile. Included before everything
 * else in user space by the build (-include).
 */
#ifndef SKEP_BANNED_H
#define SKEP_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef alloca /* a macro in glibc */

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok
#pragma GCC poison localtime gmtime ctime asctime atoi atol atof alloca

#endif
