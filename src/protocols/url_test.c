/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets in URLs: what is masked, and what is left alone.
 */
#include "protocols/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct slice as_slice(const char *text)
{
	return (struct slice){ (const uint8_t *)text, strlen(text) };
}

static void check_cut(const char *url, bool is_cut, const char *expected)
{
	char found[256];
	struct text text;

	text_init(&text, found, sizeof(found));
	url_write_masked(as_slice(url), is_cut, &text);
	assert_string_equal(found, expected);
}

static void check(const char *url, const char *expected)
{
	check_cut(url, false, expected);
}

static void test_names(void **state)
{
	static const char *const secret[] = { "token", "access_token", "id_token", "apikey",
		"apiKey", "api_key", "X-API-Key", "key", "client_secret", "password", "PASSWD",
		"pwd", "user[password]", "auth", "X-Amz-Signature", "X-Amz-Credential", "sig",
		"code", "session", "PHPSESSID", "AWSAccessKeyId", "jsessionid", "pass%77ord",
		"code_verifier", "%2573ig" };
	static const char *const open[] = { "", "page", "author", "keyword", "monkey", "MONKEY",
		"zipcode", "postal_code", "design", "compass", "spin", "q", "tab", "id" };

	for (size_t index = 0; index < ARRAY_LENGTH(secret); index++) {
		if (!url_is_secret_name(as_slice(secret[index])))
			fail_msg("%s is shown", secret[index]);
	}
	for (size_t index = 0; index < ARRAY_LENGTH(open); index++) {
		if (url_is_secret_name(as_slice(open[index])))
			fail_msg("%s is masked", open[index]);
	}
}

static void test_parameters(void **state)
{
	check("/a?page=2&q=bees", "/a?page=2&q=bees");
	check("/a?token=abc", "/a?token=REDACTED");
	check("/a?x=1&token=a/b;c?d=e&y=2", "/a?x=1&token=REDACTED&y=2");
	check("/a?token=&y=2", "/a?token=&y=2");
	check("/a?token", "/a?token");
	check("/a?key=k#access_token=t&x=1", "/a?key=REDACTED#access_token=REDACTED&x=1");
	check("/a;jsessionid=123/b?x=1", "/a;jsessionid=REDACTED/b?x=1");
	check("/login/password=hunter2", "/login/password=REDACTED");
	check("/a?x=1;sig=2", "/a?x=1;sig=REDACTED");
}

static void test_userinfo(void **state)
{
	check("http://ann:pw@host/a", "http://REDACTED@host/a");
	check("http://host/a", "http://host/a");
	check("http://a:b@c@host?x=1", "http://REDACTED@host?x=1");
	check("ann:pw@host:443", "REDACTED@host:443");
	check("host:443", "host:443");
	check("/proxy/http://ann:pw@host/", "/proxy/http://REDACTED@host/");
	check("/go?to=http://ann:pw@host/&mail=b@c.d", "/go?to=http://REDACTED@host/&mail=b@c.d");
	check("/go?to=http://host&mail=b@c.d", "/go?to=http://host&mail=b@c.d");
}

static void test_urls_within_parameters(void **state)
{
	check("/go?to=https%3A%2F%2Fh%2F%3Fa%3D1%26token%3Dabc%26b%3D2&c=3",
		"/go?to=https%3A%2F%2Fh%2F%3Fa%3D1%26token%3DREDACTED%26b%3D2&c=3");
	check("/go?to=http%3a%2f%2fann%3apw%40host%2f", "/go?to=http%3a%2f%2fREDACTED%40host%2f");
	check("/go?to=%253Ftoken%253Dabc%2526b", "/go?to=%253Ftoken%253DREDACTED%2526b");
	check("/go?token=a%26b%3Dc&d=e", "/go?token=REDACTED&d=e");
	check("/%", "/%");
	check("/%2", "/%2");
	check("/%25", "/%25");
	check("/%252", "/%252");
}

static void test_cut(void **state)
{
	check_cut("http://ann:pw", true, "http://REDACTED");
	check_cut("/go?to=http://ann:p", true, "/go?to=http://REDACTED");
	check_cut("/a?token=ab", true, "/a?token=REDACTED");
	check_cut("http://host/a", true, "http://host/a");
}

static void test_never_cuts_an_escape(void **state)
{
	char found[8];
	struct text text;

	text_init(&text, found, sizeof(found));
	url_write_masked(as_slice("/abc\xc3\xa9\x01zzz"), false, &text);
	assert_string_equal(found, "/abc\xc3\xa9");
	text_init(&text, found, sizeof(found));
	url_write_masked(as_slice("/?key=secret&a"), false, &text);
	assert_string_equal(found, "/?key=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_userinfo),
		cmocka_unit_test(test_urls_within_parameters),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_never_cuts_an_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
