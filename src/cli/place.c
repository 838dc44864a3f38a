/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which agent a command talks to: see place.h.
 */
#include "cli/place.h"

#include "engine/config.h"

int place_directory(const struct place *place, const char **ret_directory, struct fail *fail)
{
	static char usual[sizeof(place->directory)];

	*ret_directory = place->directory;
	if (place->directory[0])
		return 0;
	*ret_directory = usual;
	if (config_default_directory(usual, sizeof(usual)) == 0)
		return 0;
	return fail_set(fail, -ENOENT, "no usual folder for an agent: name it with --dir");
}
