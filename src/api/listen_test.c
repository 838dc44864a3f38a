/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses that the API takes and refuses, and who has a port.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/listen.h"

static int parse(const char *text)
{
	struct listen_address address;
	struct fail fail = { 0 };
	int error = listen_parse(text, &address, &fail);

	assert_true((error == 0) == (fail.text[0] == '\0'));
	return error;
}

static void addresses(void **state)
{
	struct listen_address address;

	assert_int_equal(listen_parse("127.0.0.1:7850", &address, NULL), 0);
	assert_int_equal(address.address.ss_family, AF_INET);
	assert_int_equal(ntohs(((struct sockaddr_in *)&address.address)->sin_port), 7850);
	assert_int_equal(listen_parse("[::1]:0", &address, NULL), 0);
	assert_int_equal(address.address.ss_family, AF_INET6);
	assert_int_equal(parse("localhost:1"), 0);
	assert_int_equal(parse(""), -EINVAL);
	assert_int_equal(parse(":7850"), -EINVAL);
	assert_int_equal(parse("7850"), -EINVAL);
	assert_int_equal(parse("127.0.0.1"), -EINVAL);
	assert_int_equal(parse("127.0.0.1:"), -EINVAL);
	assert_int_equal(parse("127.0.0.1:65536"), -EINVAL);
	assert_int_equal(parse("127.0.0.1:-1"), -EINVAL);
	assert_int_equal(parse("::1:7850"), -EINVAL);
	assert_int_equal(parse("[::1:7850"), -EINVAL);
	assert_int_equal(parse("[]:7850"), -EINVAL);
	/* Not on loopback, or under a name that Host would not be. */
	assert_int_equal(parse("0.0.0.0:7850"), -EINVAL);
	assert_int_equal(parse("[::]:7850"), -EINVAL);
	assert_int_equal(parse("192.0.2.1:7850"), -EINVAL);
	assert_int_equal(parse("127.0.0.2:7850"), -EINVAL);
	assert_int_equal(parse("[::ffff:127.0.0.1]:7850"), -EINVAL);
	assert_int_equal(parse("example.com:7850"), -EINVAL);
}

static void a_port_in_use_names_its_owner(void **state)
{
	char text[32], expected[32], owner[64];
	struct fail fail = { 0 };
	uint16_t port, second;
	int fd, other;

	assert_int_equal(listen_tcp("127.0.0.1:0", &fd, &port, &fail), 0);
	assert_int_not_equal(port, 0);
	assert_int_equal(listen_owner(port, owner, sizeof(owner)), 0);
	snprintf(expected, sizeof(expected), "(pid %d)", (int)getpid());
	assert_non_null(strstr(owner, expected));
	snprintf(text, sizeof(text), "127.0.0.1:%u", port);
	assert_int_equal(listen_tcp(text, &other, &second, &fail), -EADDRINUSE);
	assert_non_null(strstr(fail.text, owner));
	assert_non_null(strstr(fail.text, "--listen"));
	close(fd);
	assert_int_equal(listen_owner(port, owner, sizeof(owner)), -ENOENT);
}

static void unix_socket(void **state)
{
	char directory[] = "/tmp/skep-listen.XXXXXX";
	char path[64], longer[200];
	struct stat status;
	struct fail fail = { 0 };
	int fd, again;

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/socket", directory);
	assert_int_equal(listen_unix(path, &fd, &fail), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	assert_int_equal(status.st_mode & 0777, 0660);
	/* What an agent that was killed left behind is replaced. */
	assert_int_equal(listen_unix(path, &again, &fail), 0);
	close(fd);
	close(again);
	unlink(path);
	rmdir(directory);
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(listen_unix(longer, &fd, &fail), -ENAMETOOLONG);
}

/* Members of the group must get past the folder, too. */
static void the_group_reaches_the_socket(void **state)
{
	char directory[] = "/tmp/skep-listen.XXXXXX";
	const gid_t group = 1;
	char path[64];
	struct stat status;
	struct fail fail = { 0 };
	int fd;

	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/socket", directory);
	assert_int_equal(listen_unix(path, &fd, &fail), 0);
	/* Not as an agent makes it: left alone. */
	assert_int_equal(listen_share(path, group, &fail), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_gid, group);
	assert_int_equal(stat(directory, &status), 0);
	assert_int_not_equal(status.st_gid, group);
	assert_int_equal(chmod(directory, 0750), 0);
	assert_int_equal(listen_share(path, group, &fail), 0);
	assert_int_equal(stat(directory, &status), 0);
	assert_int_equal(status.st_gid, group);
	close(fd);
	unlink(path);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(a_port_in_use_names_its_owner),
		cmocka_unit_test(unix_socket),
		cmocka_unit_test(the_group_reaches_the_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
