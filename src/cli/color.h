/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether stdout gets colours: --color, then NO_COLOR (no-color.org), then whether it is a
 * terminal.
 */
#ifndef SKEP_CLI_COLOR_H
#define SKEP_CLI_COLOR_H

#include "base/base.h"

enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
extern const char *const color_words[]; /* for OPTION_WORD */

bool color_is_wanted(enum color_choice choice);

#endif
