/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/topic_template.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect(const char *topic, char separator, bool is_cut, const char *wanted)
{
	char found[192];
	struct text text;

	text_init(&text, found, sizeof(found));
	topic_template(
		&text, (struct slice){ (const uint8_t *)topic, strlen(topic) }, separator, is_cut);
	assert_string_equal(found, wanted);
}

static void levels(void **state)
{
	expect("orders.42.paid", '.', false, "orders.{id}.paid");
	expect("sensors/+/temp", '/', false, "sensors/+/temp");
	expect("/begins/with", '/', false, "/begins/with");
	expect("a..b", '.', false, "a..b");
	expect("", '.', false, "");
	expect("path/inside.42", '.', false, "path/inside.{id}");
	expect("1.2.3.4.5.6.7.8.9.10.11.12.13.14", '.', false,
		"{id}.{id}.{id}.{id}.{id}.{id}.{id}.{id}.{id}.{id}.{id}.{id}.{rest}");
	expect("orders.4", '.', true, "orders.{rest}");
}

static void odd_bytes(void **state)
{
	expect("a b.\x01", '.', false, "a%20b.%01");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels),
		cmocka_unit_test(odd_bytes),
	};

	return cmocka_run_group_tests_name("topic_template", tests, NULL, NULL);
}
