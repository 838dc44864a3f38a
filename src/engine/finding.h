/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a check found: rows of `skep doctor`, of the Status page and of `skep why`.
 */
#ifndef SKEP_FINDING_H
#define SKEP_FINDING_H

#include "base/json.h"

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

/* Adds a row and returns it, for effect and fix; the last one when there are too many. */
struct finding *findings_add(struct findings *findings, enum finding_grade grade, const char *check,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
enum finding_grade findings_worst(const struct findings *findings);
/* An array of objects: check, grade (good, note, bad), found, effect, fix. */
void findings_write(const struct findings *findings, struct json *json);

#endif
