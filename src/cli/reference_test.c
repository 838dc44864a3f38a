/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is generated from the tables and kept in the repository is what the tables say:
 * docs/reference/ and, for the page, ui/src/schema.ts. `make reference` writes them anew.
 */
#include "event/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "../tests/golden.h"
#include "cli/pages.h"
#include "engine/feature.h"

#define KINDS_MAXIMUM 256

/* path is that from the root of the repository. */
static void check(const char *path, int error, const struct buf *text)
{
	char name[256];

	assert_int_equal(error, 0);
	snprintf(name, sizeof(name), "../../%s", path);
	golden_check(name, buf_text(text));
}

static void commands_are_described(void **state)
{
	_cleanup_(pages_freep)
	struct pages *pages = pages_new();
	_cleanup_(buf_done)
	struct buf text = { .maximum = PAGES_TEXT_MAXIMUM };

	assert_non_null(pages);
	check("docs/reference/commands.md", manual_markdown(pages_manual(pages), &text), &text);
}

static void events_are_described(void **state)
{
	const struct event_kind *kinds[KINDS_MAXIMUM];
	size_t count = features_kinds(kinds, KINDS_MAXIMUM);
	_cleanup_(buf_done)
	struct buf text = { .maximum = PAGES_TEXT_MAXIMUM };

	check("docs/reference/events.md", reference_markdown(kinds, count, &text), &text);
}

static void page_knows_the_events(void **state)
{
	const struct event_kind *kinds[KINDS_MAXIMUM];
	size_t count = features_kinds(kinds, KINDS_MAXIMUM);
	_cleanup_(buf_done)
	struct buf text = { .maximum = PAGES_TEXT_MAXIMUM };

	check("ui/src/schema.ts", reference_typescript(kinds, count, &text), &text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_described),
		cmocka_unit_test(events_are_described),
		cmocka_unit_test(page_knows_the_events),
	};
	/* The last is for trees that have the page's source. */
	size_t count = ARRAY_LENGTH(tests) - (access("ui/src", F_OK) < 0);

	return _cmocka_run_group_tests("reference", tests, count, NULL, NULL);
}
