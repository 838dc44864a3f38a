/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pattern behind a key of a cache: user:42:cart becomes user:{id}:cart, level by level as
 * path_template does for paths, so that the number of names stays small.
 */
#ifndef SKEP_KEY_PATTERN_H
#define SKEP_KEY_PATTERN_H

#include "base/base.h"

/* Levels are separated by ':', '|' or '/'. is_cut: its end is missing. */
void key_pattern(struct slice key, bool is_cut, char *destination, size_t size);

#endif
