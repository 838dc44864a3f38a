/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether stdout gets colours: see color.h.
 */
#include "cli/color.h"

#include <unistd.h>

#include "base/str.h"

const char *const color_words[] = { "auto", "always", "never", NULL };

bool color_is_wanted(enum color_choice choice)
{
	const char *no_color = getenv("NO_COLOR");

	if (choice != COLOR_AUTO)
		return choice == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
	       !str_equal(getenv("TERM"), "dumb");
}
