/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a check found: see finding.h.
 */
#include "cli/finding.h"

#include <stdarg.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/table.h"

#define JSON_MAXIMUM (1024 * 1024)

const char *const findings_format_words[] = { "table", "json", NULL };
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

static void print_json(const struct findings *findings, FILE *file)
{
	_cleanup_(buf_done)
	struct buf text = { 0 };
	struct json json;

	buf_init(&text, JSON_MAXIMUM);
	json_init(&json, &text);
	json_array_begin(&json);
	for (unsigned int i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->all[i];

		json_object_begin(&json);
		json_member_string(&json, "check", finding->check);
		json_member_string(&json, "grade", grade_words[finding->grade]);
		json_member_string(&json, "found", finding->found);
		json_member_string(&json, "effect", finding->effect);
		json_member_string(&json, "fix", finding->fix);
		json_object_end(&json);
	}
	json_array_end(&json);
	fprintf(file, "%s\n", buf_text(&text));
}

/* What is good takes one line; effect and fix of the others stand below them. */
static void print_table(const struct findings *findings, FILE *file)
{
	static const char *const marks[] = { "ok", "note", "BAD" };
	_cleanup_(table_done)
	struct table table;

	table_init(&table, 3);
	for (unsigned int i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->all[i];

		table_cell(&table, marks[finding->grade]);
		table_cell(&table, finding->check);
		table_cell(&table, finding->found);
		if (finding->effect[0]) {
			table_cell(&table, "");
			table_cell(&table, "");
			table_cell(&table, finding->effect);
		}
		if (finding->fix[0]) {
			char fix[sizeof(finding->fix) + 8];

			snprintf(fix, sizeof(fix), "fix: %s", finding->fix);
			table_cell(&table, "");
			table_cell(&table, "");
			table_cell(&table, fix);
		}
	}
	table_print(&table, file);
}

void findings_print(const struct findings *findings, enum findings_format format, FILE *file)
{
	if (format == FINDINGS_JSON)
		print_json(findings, file);
	else
		print_table(findings, file);
}
