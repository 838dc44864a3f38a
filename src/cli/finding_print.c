/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings for a person or a script: see finding_print.h.
 */
#include "cli/finding_print.h"

#include "base/buf.h"
#include "base/json.h"
#include "cli/table.h"

#define JSON_MAXIMUM (1024 * 1024)

const char *const findings_format_words[] = { "table", "json", NULL };

static void print_json(const struct findings *findings, FILE *file)
{
	_cleanup_(buf_done)
	struct buf text = { 0 };
	struct json json;

	buf_init(&text, JSON_MAXIMUM);
	json_init(&json, &text);
	findings_write(findings, &json);
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
