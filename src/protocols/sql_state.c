/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes and numbers of errors with which a server did what it should.
 */
#include "protocols/sql_state.h"

#include "base/str.h"

bool sql_state_blames_client(const char *state)
{
	/* P0 is what functions raise. */
	static const char classes[][3] = { "02", "0A", "20", "21", "22", "23", "24", "25", "26",
		"27", "28", "2B", "2D", "2F", "34", "3B", "3D", "3F", "42", "44", "54", "P0" };

	for (size_t index = 0; index < ARRAY_LENGTH(classes); index++) {
		if (str_starts_with(state, classes[index]))
			return true;
	}
	return false;
}

bool sql_number_blames_client(uint64_t number)
{
	/* Unknown variable, unknown statement, value cut, no default, wrong value, CHECK. */
	static const uint16_t numbers[] = { 1193, 1243, 1265, 1364, 1366, 3819 };

	for (size_t index = 0; index < ARRAY_LENGTH(numbers); index++) {
		if (numbers[index] == number)
			return true;
	}
	return false;
}
