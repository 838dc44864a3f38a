/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets with their owners, and who listens where: on a tree of files, and on this machine. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "../tests/tree.h"
#include "base/clock.h"
#include "node/node.h"
#include "node/socket.h"

#define HOST	  4026531840U
#define CONTAINER 4026532181U
#define OTHER	  4026532182U

struct fixture {
	char root[128];
	struct node *node;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	_cleanup_(buf_done)
	struct buf text = { .maximum = TREE_BYTES_MAXIMUM };
	struct fail fail = {};

	assert_non_null(fixture);
	assert_return_code(file_read(AT_FDCWD, "tests/golden/node/listeners.tree", &text), 0);
	tree_make(buf_text(&text), fixture->root, sizeof(fixture->root));
	assert_return_code(node_new(fixture->root, &fixture->node, &fail), 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	node_free(fixture->node);
	tree_remove(fixture->root);
	free(fixture);
	return 0;
}

static void collect(void *context, const struct socket_entry *socket)
{
	struct socket_entry *entry = socket_list_append(context);

	assert_non_null(entry);
	*entry = *socket;
}

static const struct socket_entry *find_inode(const struct socket_list *list, uint64_t inode)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].inode == inode)
			return &list->items[i];
	return NULL;
}

static void finds_owners(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_(socket_list_done)
	struct socket_list list = {};
	static const struct {
		uint64_t inode;
		uint32_t pid, network_namespace;
		uint16_t local_port, peer_port;
		uint8_t state;
		const char *local, *peer;
	} wanted[] = {
		/* The master holds it as the workers do; a manager only when nobody else does. */
		{ 9001, 1000, HOST, 80, 0, SOCKET_LISTEN, "0.0.0.0", "0.0.0.0" },
		{ 9002, 1002, HOST, 5432, 0, SOCKET_LISTEN, "127.0.0.1", "0.0.0.0" },
		{ 9003, 1000, HOST, 80, 40000, SOCKET_ESTABLISHED, "192.0.2.2", "192.0.2.9" },
		{ 9004, 999, HOST, 631, 0, SOCKET_LISTEN, "0.0.0.0", "0.0.0.0" },
		{ 9005, 1003, HOST, 6379, 0, SOCKET_LISTEN, "", "" },
		{ 9006, 1003, HOST, 7000, 0, SOCKET_LISTEN, "::1", "" },
		{ 9101, 1005, CONTAINER, 80, 0, SOCKET_LISTEN, "0.0.0.0", "0.0.0.0" },
		{ 9201, 1006, OTHER, 8080, 0, SOCKET_LISTEN, "0.0.0.0", "0.0.0.0" },
		/* Not accepted yet; the one in time-wait is left out. */
		{ 0, 0, HOST, 80, 40002, SOCKET_ESTABLISHED, "192.0.2.2", "192.0.2.9" },
	};

	assert_int_equal(
		socket_scan(fixture->node, IPPROTO_TCP, collect, &list), ARRAY_LENGTH(wanted));
	for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
		const struct socket_entry *found = find_inode(&list, wanted[i].inode);
		char text[ADDRESS_TEXT_BYTES];
		assert_non_null(found);
		assert_int_equal(found->pid, wanted[i].pid);
		assert_int_equal(found->start_ns, wanted[i].pid * 100000000ULL);
		assert_int_equal(found->network_namespace, wanted[i].network_namespace);
		assert_int_equal(found->local_port, wanted[i].local_port);
		assert_int_equal(found->peer_port, wanted[i].peer_port);
		assert_int_equal(found->state, wanted[i].state);
		assert_int_equal(found->cookie, 0);
		assert_string_equal(
			address_format(&found->local, text, sizeof(text)), wanted[i].local);
		assert_string_equal(
			address_format(&found->peer, text, sizeof(text)), wanted[i].peer);
	}
	assert_int_equal(find_inode(&list, 9002)->uid, 112);
}

static const char *service_at(
	struct node *node, uint32_t network_namespace, const char *text, uint16_t port)
{
	static struct event_process process;
	struct address address;

	assert_return_code(address_parse(text, &address), 0);
	if (node_listener_find(node, network_namespace, &address, port, &process) < 0)
		return "";
	return process.service;
}

static void names_listeners(void **state)
{
	struct node *node = ((struct fixture *)*state)->node;

	assert_string_equal(service_at(node, HOST, "127.0.0.1", 80), "nginx");
	assert_string_equal(service_at(node, HOST, "192.0.2.2", 80), "nginx");
	assert_string_equal(service_at(node, HOST, "127.0.0.1", 5432), "postgresql@15-main");
	assert_string_equal(service_at(node, HOST, "192.0.2.2", 5432), "");
	/* :: takes IPv4 as well, 0.0.0.0 does not take IPv6. */
	assert_string_equal(service_at(node, HOST, "::1", 6379), "redis");
	assert_string_equal(service_at(node, HOST, "fd00::2", 6379), "redis");
	assert_string_equal(service_at(node, HOST, "127.0.0.1", 6379), "redis");
	assert_string_equal(service_at(node, HOST, "::1", 80), "");
	assert_string_equal(service_at(node, HOST, "::1", 7000), "redis");
	assert_string_equal(service_at(node, HOST, "127.0.0.1", 7000), "");
	/* A container's loopback is its own; its address leads to it from everywhere. */
	assert_string_equal(service_at(node, CONTAINER, "127.0.0.1", 80), "web");
	assert_string_equal(service_at(node, CONTAINER, "127.0.0.1", 5432), "");
	assert_string_equal(service_at(node, HOST, "10.88.0.5", 80), "web");
	assert_string_equal(service_at(node, OTHER, "10.88.0.5", 80), "web");
	assert_string_equal(service_at(node, CONTAINER, "10.88.0.6", 8080), "api");
	assert_string_equal(service_at(node, CONTAINER, "192.0.2.2", 80), "nginx");
	/* Two containers have it: only their own view is certain. */
	assert_string_equal(service_at(node, HOST, "10.99.0.9", 80), "");
	assert_string_equal(service_at(node, CONTAINER, "10.99.0.9", 80), "web");
	/* Not of this node. */
	assert_string_equal(service_at(node, HOST, "192.0.2.9", 80), "");
	assert_string_equal(service_at(node, HOST, "127.0.0.1", 81), "");
}

/* The host's namespace gets one listener, on all addresses; /proc/1000 is what it is read through.
 */
static void replace_listeners(const struct fixture *fixture, uint16_t port, unsigned int inode)
{
	char name[] = "proc/1000/net/tcp", path[256], text[512];

	snprintf(path, sizeof(path), "%s/%s", fixture->root, name);
	assert_return_code(unlink(path), errno);
	snprintf(text, sizeof(text),
		"  sl  local_address rem_address\n"
		"   0: 00000000:%04X 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0 "
		"       0 %u 1 0 100 0 0 10 0\n",
		port, inode);
	tree_write(fixture->root, name, text, strlen(text));
}

static void finds_new_listeners_after_a_miss(void **state)
{
	struct fixture *fixture = *state;
	struct node *node = fixture->node;

	node_tick(node, 1000 * NS_PER_S);
	assert_string_equal(service_at(node, HOST, "127.0.0.1", 81), "");
	replace_listeners(fixture, 81, 9002);
	node_tick(node, 1001 * NS_PER_S);
	assert_string_equal(service_at(node, HOST, "127.0.0.1", 81), "");
	node_tick(node, 1006 * NS_PER_S);
	assert_string_equal(service_at(node, HOST, "127.0.0.1", 81), "postgresql@15-main");
	assert_string_equal(service_at(node, HOST, "127.0.0.1", 80), "");
}

static void follows_a_port_to_its_new_owner(void **state)
{
	struct fixture *fixture = *state;
	struct node *node = fixture->node;
	char path[256];

	node_tick(node, 1000 * NS_PER_S);
	assert_string_equal(service_at(node, HOST, "127.0.0.1", 80), "nginx");
	/* Another socket of a process that lives: one of several on this port. */
	replace_listeners(fixture, 80, 9006);
	node_tick(node, 1061 * NS_PER_S);
	assert_string_equal(service_at(node, HOST, "127.0.0.1", 80), "nginx");
	/* Nobody has it open: no answer, and none is searched for again. */
	replace_listeners(fixture, 82, 4444);
	node_tick(node, 1122 * NS_PER_S);
	assert_string_equal(service_at(node, HOST, "127.0.0.1", 82), "");
	replace_listeners(fixture, 80, 9006);
	node_tick(node, 1183 * NS_PER_S);
	assert_string_equal(service_at(node, HOST, "127.0.0.1", 80), "redis");
	/* Its process ends and another one takes the port. */
	snprintf(path, sizeof(path), "%s/proc/1003", fixture->root);
	tree_remove(path);
	replace_listeners(fixture, 80, 9002);
	node_tick(node, 1244 * NS_PER_S);
	assert_string_equal(service_at(node, HOST, "127.0.0.1", 80), "postgresql@15-main");
}

/* A listener and a connection of this process, on the machine that runs the test. */
static int listen_on_loopback(struct sockaddr_in *ret_address)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_return_code(fd, errno);
	assert_return_code(bind(fd, (struct sockaddr *)&address, length), errno);
	assert_return_code(listen(fd, 4), errno);
	assert_return_code(getsockname(fd, (struct sockaddr *)&address, &length), errno);
	*ret_address = address;
	return fd;
}

static void check_own_socket(const struct socket_list *list, int fd, uint8_t state)
{
	struct stat status;
	uint64_t cookie = 0;
	socklen_t length = sizeof(cookie);

	assert_return_code(fstat(fd, &status), errno);
	const struct socket_entry *found = find_inode(list, status.st_ino);
	assert_non_null(found);
	assert_int_equal(found->pid, getpid());
	assert_int_equal(found->uid, getuid());
	assert_int_equal(found->state, state);
	assert_true(found->start_ns > 0 && found->start_ns <= clock_boottime_ns());
	assert_return_code(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length), errno);
	if (!found->cookie)
		skip(); /* no sock_diag: the kernel or a sandbox refuses it */
	assert_int_equal(found->cookie, cookie);
}

static void finds_sockets_of_this_process(void **state)
{
	_cleanup_(socket_list_done)
	struct socket_list list = {};
	struct sockaddr_in address;
	struct event_process process;
	struct address loopback;
	struct node *node;
	struct fail fail = {};

	_cleanup_(fd_closep)
	int server = listen_on_loopback(&address);
	_cleanup_(fd_closep)
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(connect(client, (struct sockaddr *)&address, sizeof(address)), errno);
	_cleanup_(fd_closep)
	int served = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	assert_return_code(served, errno);
	assert_return_code(node_new("/", &node, &fail), 0);
	assert_true(socket_scan(node, IPPROTO_TCP, collect, &list) >= 3);
	assert_return_code(address_parse("127.0.0.1", &loopback), 0);
	assert_return_code(
		node_listener_find(node, 0, &loopback, ntohs(address.sin_port), &process), 0);
	assert_int_equal(process.pid, getpid());
	assert_string_equal(process.comm, "socket_test");
	node_free(node);
	check_own_socket(&list, server, SOCKET_LISTEN);
	check_own_socket(&list, client, SOCKET_ESTABLISHED);
	check_own_socket(&list, served, SOCKET_ESTABLISHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_owners, setup, teardown),
		cmocka_unit_test_setup_teardown(names_listeners, setup, teardown),
		cmocka_unit_test_setup_teardown(finds_new_listeners_after_a_miss, setup, teardown),
		cmocka_unit_test_setup_teardown(follows_a_port_to_its_new_owner, setup, teardown),
		cmocka_unit_test(finds_sockets_of_this_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
