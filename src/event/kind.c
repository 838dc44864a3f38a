/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds and checks event kinds.
 */
#include "event/kind.h"

#include "event/line.h"

const struct event_kind *kind_find(
	const struct event_kind *const *kinds, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	}
	return NULL;
}

static bool is_snake_case(const char *name)
{
	return name && name[0] >= 'a' && name[0] <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static bool size_fits(const struct field *field)
{
	static const uint8_t sizes[FIELD_TYPE_COUNT] = {
		[FIELD_U8] = 1,
		[FIELD_U16] = 2,
		[FIELD_U32] = 4,
		[FIELD_U64] = 8,
		[FIELD_I32] = 4,
		[FIELD_I64] = 8,
		[FIELD_BOOL] = 1,
		[FIELD_WORD] = 1,
		[FIELD_ADDRESS] = sizeof(struct address),
		[FIELD_TEXT_LONG] = sizeof(char *),
	};

	if (field->type >= FIELD_TYPE_COUNT)
		return false;
	return sizes[field->type] ? field->size == sizes[field->type] : field->size > 1;
}

static const char *field_defect(const struct event_kind *kind, const struct field *field)
{
	if (!is_snake_case(field->name))
		return "the name is not snake_case";
	if (field_find(kind, field->name) != field)
		return "the name is there twice";
	if (!field->help || field->help[0] == '\0')
		return "no help";
	if (field->help[strlen(field->help) - 1] == '.')
		return "the help ends with a full stop";
	if (!size_fits(field))
		return "the size does not fit the type";
	if (field->offset + field->size > kind->size)
		return "it lies beyond the struct";
	if (field->unit >= UNIT_COUNT_OF_UNITS)
		return "unknown unit";
	if (field->unit != UNIT_NONE && !field_is_number(field))
		return "a unit needs a number";
	if ((field->type == FIELD_WORD) != (field->words != NULL))
		return "words belong to FIELD_WORD, and must be there";
	return NULL;
}

static bool names_field(void *context, const char *name)
{
	return strcmp(name, "kind") == 0 || field_find(context, name) != NULL;
}

int kind_check(const struct event_kind *kind, struct fail *fail)
{
	if (!is_snake_case(kind->name))
		return fail_set(fail, -EINVAL, "a kind's name is not snake_case");
	if (!kind->summary || kind->summary[0] == '\0')
		return fail_set(fail, -EINVAL, "%s: no summary", kind->name);
	if (kind->field_count == 0 || kind->field_count > KIND_FIELDS_MAXIMUM)
		return fail_set(fail, -EINVAL, "%s: %u fields, expected 1 to %d", kind->name,
			kind->field_count, KIND_FIELDS_MAXIMUM);
	if (strcmp(kind->fields[0].name, "time_ns") != 0 || kind->fields[0].unit != UNIT_TIME)
		return fail_set(fail, -EINVAL, "%s: the first field is not time_ns", kind->name);
	for (unsigned int i = 0; i < kind->field_count; i++) {
		const char *defect = field_defect(kind, &kind->fields[i]);
		if (defect)
			return fail_set(fail, -EINVAL, "%s.%s: %s", kind->name,
				kind->fields[i].name ? kind->fields[i].name : "?", defect);
	}
	if (kind->compact && !line_template_check(kind->compact, names_field, (void *)kind))
		return fail_set(fail, -EINVAL,
			"%s: malformed compact line, or a field in it that "
			"the kind does not have",
			kind->name);
	return 0;
}
