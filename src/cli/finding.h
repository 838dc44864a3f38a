/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a check found: rows of `skep doctor` and `skep why`, as a table or as JSON.
 */
#ifndef SKEP_CLI_FINDING_H
#define SKEP_CLI_FINDING_H

#include <stdio.h>

#include "base/base.h"

#define FINDINGS_MAXIMUM 64

enum finding_grade {
	FINDING_GOOD,
	FINDING_NOTE, /* something is not watched, or costs more */
	FINDING_BAD,  /* nothing works without it */
};

struct finding {
	enum finding_grade grade;
	char check[48];
	char found[192];
	char effect[256]; /* "" when good */
	char fix[256];	  /* "" when there is none */
};

struct findings {
	struct finding all[FINDINGS_MAXIMUM];
	unsigned int count;
};

enum findings_format { FINDINGS_TABLE, FINDINGS_JSON };
extern const char *const findings_format_words[];

/* Adds a row and returns it, for effect and fix; the last one when there are too many. */
struct finding *findings_add(struct findings *findings, enum finding_grade grade, const char *check,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
void findings_print(const struct findings *findings, enum findings_format format, FILE *file);
enum finding_grade findings_worst(const struct findings *findings);

#endif
