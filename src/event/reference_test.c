/* SPDX-License-Identifier: Apache-2.0 */
/* The reference of two kinds, against golden files. */
#include "event/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../tests/golden.h"
#include "../tests/sample_kind.h"
#include "event/request.h"

static const struct event_kind *const kinds[] = { &request_kind, &sample_kind };

static void markdown_is_golden(void **state)
{
	_cleanup_(buf_done)
	struct buf out = { .maximum = 1 << 20 };

	assert_int_equal(reference_markdown(kinds, ARRAY_LENGTH(kinds), &out), 0);
	golden_check("event/events.md", buf_text(&out));
}

static void typescript_is_golden(void **state)
{
	_cleanup_(buf_done)
	struct buf out = { .maximum = 1 << 20 };

	assert_int_equal(reference_typescript(kinds, ARRAY_LENGTH(kinds), &out), 0);
	golden_check("event/schema.ts", buf_text(&out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markdown_is_golden),
		cmocka_unit_test(typescript_is_golden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
