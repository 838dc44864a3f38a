/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The version that the Makefile passes to this file alone, so that a new commit compiles one file.
 */
#include "engine/version.h"

const char *skep_version(void)
{
	return SKEP_VERSION;
}
