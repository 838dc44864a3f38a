/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host, origin and token rules of the API's TCP address.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/auth.h"

static const struct auth auth = { .token = "0123456789abcdef0123456789abcdef", .port = 7850 };

static void hosts(void **state)
{
	assert_true(auth_host_is_ours("localhost:7850", 7850));
	assert_true(auth_host_is_ours("LOCALHOST:7850", 7850));
	assert_true(auth_host_is_ours("127.0.0.1:7850", 7850));
	assert_true(auth_host_is_ours("[::1]:7850", 7850));
	assert_true(auth_host_is_ours("localhost", 80));
	assert_false(auth_host_is_ours(NULL, 7850));
	assert_false(auth_host_is_ours("", 7850));
	assert_false(auth_host_is_ours("localhost", 7850));
	assert_false(auth_host_is_ours("localhost:", 7850));
	assert_false(auth_host_is_ours("localhost:80", 7850));
	assert_false(auth_host_is_ours("localhost:7850x", 7850));
	assert_false(auth_host_is_ours("localhost.evil.example:7850", 7850));
	assert_false(auth_host_is_ours("127.0.0.1.evil.example:7850", 7850));
	assert_false(auth_host_is_ours("evil.example:7850", 7850));
}

static void origins(void **state)
{
	assert_true(auth_origin_is_ours("http://localhost:7850", 7850));
	assert_true(auth_origin_is_ours("http://[::1]:7850", 7850));
	assert_false(auth_origin_is_ours("null", 7850));
	assert_false(auth_origin_is_ours("https://localhost:7850", 7850));
	assert_false(auth_origin_is_ours("http://localhost:8080", 7850));
	assert_false(auth_origin_is_ours("http://evil.example", 7850));
	assert_false(auth_origin_is_ours("http://evil.example/http://localhost:7850", 7850));
}

static void tokens(void **state)
{
	assert_true(auth_token_is_equal(auth.token, "0123456789abcdef0123456789abcdef"));
	assert_false(auth_token_is_equal(auth.token, "0123456789abcdef0123456789abcdee"));
	assert_false(auth_token_is_equal(auth.token, "0123456789abcdef0123456789abcde"));
	assert_false(auth_token_is_equal(auth.token, ""));
	assert_false(auth_token_is_equal("", ""));
}

static int check(struct auth_facts facts)
{
	struct fail fail = { 0 };
	int error = auth_check(&auth, &facts, &fail);

	assert_true((error == 0) == (fail.text[0] == '\0'));
	return error;
}

static void whole_requests(void **state)
{
	const char *host = "127.0.0.1:7850";
	const char *good = "Bearer 0123456789abcdef0123456789abcdef";

	assert_int_equal(check((struct auth_facts){ .host = host }), -EACCES);
	assert_int_equal(check((struct auth_facts){ .host = host, .authorization = good }), 0);
	assert_int_equal(check((struct auth_facts){ .host = host, .token = auth.token }), 0);
	assert_int_equal(
		check((struct auth_facts){ .host = host, .authorization = "Basic x" }), -EACCES);
	/* A wrong token in the address is not saved by a good cookie. */
	assert_int_equal(check((struct auth_facts){ .host = host,
				 .token = "x",
				 .cookie = "skep_7850=0123456789abcdef0123456789abcdef" }),
		-EACCES);
	assert_int_equal(check((struct auth_facts){ .host = host,
				 .cookie = "a=1;  skep_7850=0123456789abcdef0123456789abcdef" }),
		0);
	/* The cookie of an agent on another port. */
	assert_int_equal(check((struct auth_facts){ .host = host,
				 .cookie = "skep_7851=0123456789abcdef0123456789abcdef" }),
		-EACCES);
	assert_int_equal(
		check((struct auth_facts){ .host = "evil.example", .authorization = good }),
		-EPERM);
	assert_int_equal(
		check((struct auth_facts){
			.host = host, .authorization = good, .origin = "http://evil.example" }),
		-EPERM);
	assert_int_equal(
		check((struct auth_facts){
			.host = host, .authorization = good, .origin = "http://127.0.0.1:7850" }),
		0);
}

static void token_file(void **state)
{
	char directory[] = "/tmp/skep-auth.XXXXXX";
	struct auth first = { 0 }, second = { 0 }, third = { 0 };
	struct stat status;
	char path[64];

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/token", directory);
	assert_int_equal(auth_load_token(&first, directory, NULL), 0);
	assert_int_equal(strlen(first.token), AUTH_TOKEN_BYTES - 1);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(auth_load_token(&second, directory, NULL), 0);
	assert_string_equal(first.token, second.token);
	/* Others may have read it: a new one. */
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(auth_load_token(&third, directory, NULL), 0);
	assert_string_not_equal(first.token, third.token);
	unlink(path);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts),
		cmocka_unit_test(origins),
		cmocka_unit_test(tokens),
		cmocka_unit_test(whole_requests),
		cmocka_unit_test(token_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
