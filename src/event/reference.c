/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field tables as Markdown tables and as TypeScript interfaces.
 */
#include "event/reference.h"

#include <ctype.h>

#include "event/encode.h"

static const char *const unit_names[UNIT_COUNT_OF_UNITS] = {
	[UNIT_NONE] = "none",
	[UNIT_TIME] = "time",
	[UNIT_NANOSECONDS] = "nanoseconds",
	[UNIT_BYTES] = "bytes",
	[UNIT_COUNT] = "count",
	[UNIT_PERCENT] = "percent",
};

/* ---- Markdown ---- */

static const char *markdown_type(const struct field *field)
{
	switch (field->type) {
	case FIELD_BOOL:
		return "yes or no";
	case FIELD_CODE:
		return "number or text";
	case FIELD_ADDRESS:
		return "address";
	case FIELD_TEXT:
	case FIELD_TEXT_LONG:
		return "text";
	case FIELD_WORD:
		return "";
	default:
		return "number";
	}
}

static void markdown_field(const struct field *field, struct buf *out)
{
	buf_printf(out, "| `%s` | %s", field->name, markdown_type(field));
	for (unsigned int i = 0; field->words && field->words[i]; i++)
		buf_printf(out, "%s`%s`", i > 0 ? ", " : "", field->words[i]);
	if (field->unit != UNIT_NONE && field->unit != UNIT_TIME)
		buf_printf(out, ", %s", unit_names[field->unit]);
	buf_append_string(out, " | ");
	if (field->convention)
		buf_printf(out, "`%s`", field->convention);
	buf_printf(out, " | %s%s |\n", field->help,
		field->flags & FIELD_IS_KEY ? " (a dimension of rates)" : "");
}

int reference_markdown(const struct event_kind *const *kinds, size_t count, struct buf *out)
{
	buf_printf(out,
		"# Events\n\n"
		"Generated from the field tables. Each kind is a table of the store and a word of "
		"`skep watch`; the fields are its columns, the keys of its JSON and the names in "
		"filters. JSON has before them `kind`, `v` (%d), `id` (unique in one run of the "
		"agent) and `time` (RFC 3339, UTC). Empty texts mean that the value is not "
		"known.\n",
		ENCODE_VERSION);
	for (size_t i = 0; i < count; i++) {
		buf_printf(out,
			"\n## %s\n\n%s.\n\n| field | type | semantic convention | meaning |\n"
			"|---|---|---|---|\n",
			kinds[i]->name, kinds[i]->summary);
		for (unsigned int j = 0; j < kinds[i]->field_count; j++)
			markdown_field(&kinds[i]->fields[j], out);
	}
	return out->error;
}

/* ---- TypeScript ---- */

/* "RequestEvent" for request, "TcpCloseEvent" for tcp_close. */
static void append_type_name(struct buf *out, const char *name)
{
	bool is_start = true;

	for (; *name; name++) {
		if (*name != '_')
			buf_append_byte(
				out, is_start ? (char)toupper((unsigned char)*name) : *name);
		is_start = *name == '_';
	}
	buf_append_string(out, "Event");
}

static void append_type(struct buf *out, const struct field *field)
{
	if (field->type == FIELD_BOOL)
		buf_append_string(out, "boolean");
	else if (field->type == FIELD_CODE)
		buf_append_string(out, "number | string");
	else if (field_is_number(field))
		buf_append_string(out, "number");
	else if (field->type != FIELD_WORD)
		buf_append_string(out, "string");
	for (unsigned int i = 0; field->words && field->words[i]; i++)
		buf_printf(out, "%s\"%s\"", i > 0 ? " | " : "", field->words[i]);
}

/* In double quotes, as in JSON. */
static void append_literal(struct buf *out, const char *text)
{
	struct json json;

	json_init(&json, out);
	json_string_text(&json, text);
}

static void append_interface(struct buf *out, const struct event_kind *kind)
{
	buf_printf(out, "\n/** %s */\nexport interface ", kind->summary);
	append_type_name(out, kind->name);
	buf_printf(out,
		" {\n  kind: \"%s\";\n  v: %d;\n  id: number;\n  /** RFC 3339, UTC */\n"
		"  time: string;\n",
		kind->name, ENCODE_VERSION);
	for (unsigned int i = 0; i < kind->field_count; i++) {
		buf_printf(out, "  /** %s */\n  %s: ", kind->fields[i].help, kind->fields[i].name);
		append_type(out, &kind->fields[i]);
		buf_append_string(out, ";\n");
	}
	buf_append_string(out, "}\n");
}

static const char *shape_of(const struct field *field)
{
	switch (field->type) {
	case FIELD_BOOL:
		return "bool";
	case FIELD_CODE:
		return "code";
	case FIELD_ADDRESS:
		return "address";
	case FIELD_WORD:
		return "word";
	default:
		return field_is_number(field) ? "number" : "text";
	}
}

static void append_words(struct buf *out, const struct field *field)
{
	for (unsigned int i = 0; field->words && field->words[i]; i++)
		buf_printf(out, "%s\"%s\"", i > 0 ? ", " : ", words: [", field->words[i]);
	if (field->words)
		buf_append_byte(out, ']');
}

static void append_fields(struct buf *out, const struct event_kind *kind)
{
	buf_printf(out, "  %s: [\n", kind->name);
	for (unsigned int i = 0; i < kind->field_count; i++) {
		const struct field *field = &kind->fields[i];
		buf_printf(out,
			"    { name: \"%s\", type: \"%s\", unit: \"%s\", isKey: %s, isWide: %s, "
			"help: ",
			field->name, shape_of(field), unit_names[field->unit],
			field->flags & FIELD_IS_KEY ? "true" : "false",
			field->flags & FIELD_IN_WIDE ? "true" : "false");
		append_literal(out, field->help);
		append_words(out, field);
		buf_append_string(out, " },\n");
	}
	buf_append_string(out, "  ],\n");
}

int reference_typescript(const struct event_kind *const *kinds, size_t count, struct buf *out)
{
	buf_append_string(out, "// SPDX-License-Identifier: Apache-2.0\n"
			       "// Generated from the field tables of the agent: do not edit.\n");
	for (size_t i = 0; i < count; i++)
		append_interface(out, kinds[i]);
	buf_append_string(out, "\nexport type Event =");
	for (size_t i = 0; i < count; i++) {
		buf_append_string(out, i > 0 ? " | " : " ");
		append_type_name(out, kinds[i]->name);
	}
	buf_append_string(out, count > 0 ? ";\n" : " never;\n");
	buf_append_string(out,
		"export type Kind = Event[\"kind\"];\n"
		"\nexport interface Field {\n  name: string;\n"
		"  type: \"number\" | \"bool\" | \"text\" | \"code\" | \"word\" | \"address\";\n"
		"  unit: \"none\" | \"time\" | \"nanoseconds\" | \"bytes\" | \"count\" | "
		"\"percent\";\n"
		"  isKey: boolean;\n  isWide: boolean;\n  help: string;\n"
		"  words?: readonly string[];\n}\n"
		"\nexport const fields: Record<Kind, readonly Field[]> = {\n");
	for (size_t i = 0; i < count; i++)
		append_fields(out, kinds[i]);
	buf_append_string(out, "};\n\nexport const summaries: Record<Kind, string> = {\n");
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, "  %s: ", kinds[i]->name);
		append_literal(out, kinds[i]->summary);
		buf_append_string(out, ",\n");
	}
	buf_append_string(out, "};\n");
	return out->error;
}
