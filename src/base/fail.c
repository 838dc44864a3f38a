/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reasons of failures: fills and prefixes the text of a struct fail.
 */
#include "base/fail.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"

int fail_set(struct fail *fail, int code, const char *format, ...)
{
	char text[FAIL_TEXT_BYTES];
	va_list arguments;

	if (!fail)
		return code;
	/* Through a copy, since an argument may be the old text. */
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fail->code = code;
	str_set(fail->text, text);
	return code;
}

int fail_prefix(struct fail *fail, const char *format, ...)
{
	char text[FAIL_TEXT_BYTES];
	va_list arguments;
	size_t length;

	if (!fail)
		return -EINVAL;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	length = strlen(text);
	snprintf(text + length, sizeof(text) - length, ": %s", fail->text);
	str_set(fail->text, text);
	return fail->code;
}
