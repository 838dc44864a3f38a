/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths and the routes behind them.
 */
#include "protocols/path_template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct slice as_slice(const char *text)
{
	return (struct slice){ (const uint8_t *)text, strlen(text) };
}

static void check(const char *path, const char *expected)
{
	char found[192];

	path_template(as_slice(path), false, found, sizeof(found));
	assert_string_equal(found, expected);
}

static void test_routes_stay(void **state)
{
	static const char *const routes[] = { "", "/", "*", "/users", "/api/v2/users/", "/a//b/",
		"/api/1.0/items", "/lib/2.10.3/x.js", "/static/app.min.js", "/utf8/s3/x86_64",
		"/@scope/package", "/top-10-things", "/caf\xc3\xa9", "/a%20b", "/getUserOrderItems",
		"/facade", "/oauth2GetUserV3", "/.well-known/openid-configuration", "/add" };

	for (size_t index = 0; index < ARRAY_LENGTH(routes); index++)
		check(routes[index], routes[index]);
}

static void test_numbers(void **state)
{
	check("/users/42", "/users/{id}");
	check("/users/42/orders/7/", "/users/{id}/orders/{id}/");
	check("/0", "/{id}");
	check("/-5", "/{id}");
	check("/tiles/12.5,-3.25", "/tiles/{id}");
	check("/order-12345", "/order-{id}");
	check("/user1234/x", "/user{id}/x");
	check("/7.json", "/{id}.json");
	check("/report-2024.pdf", "/report-{id}.pdf");
	check("/hosts/10.1.2.3/ping", "/hosts/{ip}/ping");
}

static void test_identifiers(void **state)
{
	check("/x/550e8400-e29b-41d4-a716-446655440000", "/x/{uuid}");
	check("/x/user-550E8400-E29B-41D4-A716-446655440000.png", "/x/user-{uuid}.png");
	check("/o/507f1f77bcf86cd799439011", "/o/{hash}");
	check("/a/da39a3ee5e6b4b0d3255bfef95601890afd80709/b", "/a/{hash}/b");
	check("/tx/0xdeadbeef", "/tx/{hash}");
	check("/img/0a1b2c3d4e.png", "/img/{hash}.png");
	check("/v/dQw4w9WgXcQ", "/v/{token}");
	check("/u/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/u/{token}");
	check("/n/V1StGXR8_Z5jdHi6B-myT", "/n/{token}");
	check("/j/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0",
		"/j/{token}");
	check("/pods/nginx-7c5ddbdf54-x8k2p/log", "/pods/{token}/log");
}

static void test_dates_and_people(void **state)
{
	check("/log/2024-05-06", "/log/{date}");
	check("/log/2024-05", "/log/{date}");
	check("/log/2024-05-06T10:20:30Z/x", "/log/{date}/x");
	check("/log/app-2024-05-06.gz", "/log/app-{date}.gz");
	check("/log/2024-13-06", "/log/{id}");
	check("/mail/ann@example.org", "/mail/{email}");
	check("/mail/ann%40example.org/", "/mail/{email}/");
	check("/set/password=hunter2", "/set/password={value}");
	check("/page;jsessionid=ABC123/next", "/page/next");
}

static void test_bounds(void **state)
{
	char found[23];
	char path[400] = "/";

	check("/1/2/3/4/5/6/7/8/9/10/11/12/13/14",
		"/{id}/{id}/{id}/{id}/{id}/{id}/{id}/{id}/{id}/{id}/{id}/{id}/{rest}");
	memset(path + 1, 'x', 70);
	check(path, "/{text}");
	path_template(as_slice("/users/123/orders/456"), false, found, sizeof(found));
	assert_string_equal(found, "/users/{id}/orders/");
	path_template(as_slice("/users/12"), true, found, sizeof(found));
	assert_string_equal(found, "/users/{rest}");
	path_template(as_slice("/users/"), true, found, sizeof(found));
	assert_string_equal(found, "/users/");
	path_template(as_slice("/abc"), false, found, 1);
	assert_string_equal(found, "");
}

static void test_what_may_not_be_shown_is_escaped(void **state)
{
	check("/a\x01\x7f\x80z", "/a%01%7F%80z");
	check("/a b", "/a%20b");
	check("/\xe2\x80\xae", "/%E2%80%AE");
	check("/\xe4\xbd\xa0\xe5\xa5\xbd", "/\xe4\xbd\xa0\xe5\xa5\xbd");
	check("/\xed\xa0\x80", "/%ED%A0%80");
	check("/\xc0\xaf", "/%C0%AF");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes_stay),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_identifiers),
		cmocka_unit_test(test_dates_and_people),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_what_may_not_be_shown_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
