/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a check found: see finding.h.
 */
#include "engine/finding.h"

#include <stdarg.h>

#include "base/str.h"

static const char *const grade_words[] = { "good", "note", "bad" };

struct finding *findings_add(struct findings *findings, enum finding_grade grade, const char *check,
	const char *format, ...)
{
	unsigned int at = MIN(findings->count, FINDINGS_MAXIMUM - 1U);
	struct finding *finding = &findings->all[at];
	va_list arguments;

	*finding = (struct finding){ .grade = grade };
	str_set(finding->check, check);
	va_start(arguments, format);
	vsnprintf(finding->found, sizeof(finding->found), format, arguments);
	va_end(arguments);
	findings->count = at + 1;
	return finding;
}

enum finding_grade findings_worst(const struct findings *findings)
{
	enum finding_grade worst = FINDING_GOOD;

	for (unsigned int i = 0; i < findings->count; i++)
		worst = MAX(worst, findings->all[i].grade);
	return worst;
}

void findings_write(const struct findings *findings, struct json *json)
{
	json_array_begin(json);
	for (unsigned int i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->all[i];

		json_object_begin(json);
		json_member_string(json, "check", finding->check);
		json_member_string(json, "grade", grade_words[finding->grade]);
		json_member_string(json, "found", finding->found);
		json_member_string(json, "effect", finding->effect);
		json_member_string(json, "fix", finding->fix);
		json_object_end(json);
	}
	json_array_end(json);
}
