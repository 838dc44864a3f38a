/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings on the command line: as a table for people, as JSON for scripts.
 */
#ifndef SKEP_FINDING_PRINT_H
#define SKEP_FINDING_PRINT_H

#include <stdio.h>

#include "engine/finding.h"

enum findings_format { FINDINGS_TABLE, FINDINGS_JSON };
extern const char *const findings_format_words[];

void findings_print(const struct findings *findings, enum findings_format format, FILE *file);

#endif
