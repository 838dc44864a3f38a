/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which skep this is, as the build named it.
 */
#ifndef SKEP_VERSION_H
#define SKEP_VERSION_H

const char *skep_version(void);

#endif
