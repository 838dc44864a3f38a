/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements from arbitrary bytes. The first byte chooses ('@' plus bits: 1 MySQL, 2 unmasked), the
 * rest is the statement. What must hold: texts are printable, nothing is read beyond the end, and
 * what is shown changes neither subject nor fingerprint.
 */
#include <stdio.h>

#include "base/base.h"
#include "protocols/sql_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static void check_text(const char *text, size_t size)
{
	REQUIRE(memchr(text, '\0', size) != NULL);
	for (; *text; text++)
		REQUIRE((uint8_t)*text >= ' ' && *text != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum sql_dialect dialect = size > 0 && data[0] & 1 ? SQL_MYSQL : SQL_POSTGRESQL;
	unsigned int flags = size > 0 && data[0] & 2 ? MESSAGE_UNMASKED : 0;
	struct message message = { 0 }, other = { 0 };
	uint8_t *exact;

	if (size == 0)
		return 0;
	exact = malloc(size);
	REQUIRE(exact != NULL);
	memcpy(exact, data + 1, size - 1);
	sql_text((struct slice){ exact, size - 1 }, dialect, flags, &message);
	sql_text((struct slice){ exact, size - 1 }, dialect, flags ^ MESSAGE_UNMASKED, &other);
	free(exact);
	check_text(message.operation, sizeof(message.operation));
	check_text(message.target, sizeof(message.target));
	check_text(message.detail, sizeof(message.detail));
	REQUIRE(message.operation[0] != '\0');
	REQUIRE(message.fingerprint == other.fingerprint);
	REQUIRE(strcmp(message.operation, other.operation) == 0);
	REQUIRE(strcmp(message.target, other.target) == 0);
	return 0;
}
