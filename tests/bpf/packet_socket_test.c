/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packet door lets every byte of real connections through, whatever they hold, also when nobody
 * empties its ring. It is attached to a cgroup of the test's own; a child inside it holds both ends
 * of each conversation on loopback, and is ended by an alarm when bytes do not arrive.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "base/fd.h"
#include "bpf/event.h"
#include "packet.skel.h"

#define CHILD_SECONDS 60
#define STEPS_MAXIMUM 8
#define LARGE	      100000
#define FAILED_SOCKET 2 /* exit codes of the child */
#define FAILED_BYTES  3

#define GET	 "GET /a?b=c HTTP/1.1\r\nHost: example\r\n\r\n"
#define OK_HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

enum speaker { NOBODY, CLIENT, SERVER };
enum ending { CLOSED, RESET, HALF_CLOSED };

struct step {
	enum speaker speaker;
	const char *text;
	size_t filler;	      /* bytes after the text */
	bool is_byte_by_byte; /* each in a packet of its own */
};

struct conversation {
	const char *name;
	struct step steps[STEPS_MAXIMUM];
	enum ending ending;
};

static const struct conversation conversations[] = {
	{ "keep-alive",
		{ { CLIENT, GET }, { SERVER, OK_HELLO }, { CLIENT, GET }, { SERVER, OK_HELLO } } },
	{ "pipelined",
		{ { CLIENT, GET GET GET }, { SERVER, OK_HELLO OK_HELLO }, { SERVER, OK_HELLO } } },
	{ "nothing known", { { CLIENT, "\x16\x03\x01\x02" }, { SERVER, "\x16\x03\x03\x7a" } } },
	{ "begins like the protocol", { { CLIENT, GET }, { SERVER, "SSH-2.0-server\r\n" } } },
	{ "server speaks first", { { SERVER, "220 ready\r\n" }, { CLIENT, "HELO me\r\n" } } },
	{ "answer without request",
		{ { SERVER, OK_HELLO }, { CLIENT, GET }, { SERVER, OK_HELLO } } },
	{ "large request", { { CLIENT, GET, LARGE }, { SERVER, OK_HELLO } } },
	{ "large answer", { { CLIENT, GET }, { SERVER, OK_HELLO, LARGE } } },
	{ "byte by byte", { { CLIENT, GET, 0, true }, { SERVER, OK_HELLO, 0, true } } },
	{ "interim answer",
		{ { CLIENT,
			  "POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n" },
			{ SERVER, "HTTP/1.1 100 Continue\r\n\r\n" }, { CLIENT, "ab" },
			{ SERVER, OK_HELLO } } },
	{ "upgrade",
		{ { CLIENT, "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" },
			{ SERVER, "HTTP/1.1 101 Switching Protocols\r\n\r\n" },
			{ CLIENT, "\x81\x05hello" }, { SERVER, "\x81\x05hello" } } },
	{ "tunnel", { { CLIENT, "CONNECT a:1 HTTP/1.1\r\n\r\n" },
			    { SERVER, "HTTP/1.1 200 OK\r\n\r\n" }, { CLIENT, "any", LARGE } } },
	{ "unanswered", { { CLIENT, GET } } },
	{ "unanswered and reset", { { CLIENT, GET } }, RESET },
	{ "reset in an answer", { { CLIENT, GET }, { SERVER, "HTTP/1.1 200 OK\r\nConte" } },
		RESET },
	{ "request after which one side is closed", { { CLIENT, GET }, { SERVER, OK_HELLO } },
		HALF_CLOSED },
	{ "silent", { { NOBODY } } },
};

static struct packet_bpf *door;
static char cgroup[256];

/* ---- the child: both ends ---- */

/* A connection over loopback; exits when there is none. */
static void connect_both(int family, int *ret_client, int *ret_server)
{
	struct sockaddr_storage address = { .ss_family = (sa_family_t)family };
	socklen_t size = sizeof(address);
	int listener = socket(family, SOCK_STREAM, 0);

	if (family == AF_INET)
		((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&address)->sin6_addr = in6addr_loopback;
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) < 0 ||
		listen(listener, 1) < 0 ||
		getsockname(listener, (struct sockaddr *)&address, &size) < 0)
		_exit(FAILED_SOCKET);
	*ret_client = socket(family, SOCK_STREAM, 0);
	if (connect(*ret_client, (struct sockaddr *)&address, size) < 0)
		_exit(FAILED_SOCKET);
	*ret_server = accept(listener, NULL, NULL);
	close(listener);
}

/* Reads exactly what was written. Both ends are in one process, so pieces fit the socket's buffer.
 */
static void carry(int from, int to, const char *bytes, size_t length)
{
	char arrived[4096];

	while (length > 0) {
		ssize_t written = send(from, bytes, MIN(length, sizeof(arrived)), MSG_NOSIGNAL);

		if (written <= 0)
			_exit(FAILED_SOCKET);
		if (recv(to, arrived, (size_t)written, MSG_WAITALL) != written ||
			memcmp(arrived, bytes, (size_t)written) != 0)
			_exit(FAILED_BYTES);
		bytes += written;
		length -= (size_t)written;
	}
}

static void speak(int from, int to, const struct step *step)
{
	static char filler[LARGE];
	size_t length = strlen(step->text);

	for (size_t i = 0; step->is_byte_by_byte && i < length; i++)
		carry(from, to, step->text + i, 1);
	if (!step->is_byte_by_byte)
		carry(from, to, step->text, length);
	carry(from, to, filler, step->filler);
}

static void finish(int client, int server, enum ending ending)
{
	const struct linger at_once = { .l_onoff = 1 };

	if (ending == RESET)
		setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	if (ending == HALF_CLOSED) {
		shutdown(client, SHUT_WR);
		carry(server, client, "late", 4);
	}
	close(client);
	close(server);
}

static void converse(int family, const struct conversation *conversation)
{
	int client, server;

	connect_both(family, &client, &server);
	for (size_t i = 0; i < STEPS_MAXIMUM; i++) {
		const struct step *step = &conversation->steps[i];

		if (step->speaker == CLIENT)
			speak(client, server, step);
		else if (step->speaker == SERVER)
			speak(server, client, step);
	}
	finish(client, server, conversation->ending);
}

static void enter_cgroup(void)
{
	char path[300];
	FILE *file;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	file = fopen(path, "w");
	if (!file || fprintf(file, "%d", getpid()) < 0 || fclose(file) != 0)
		_exit(FAILED_SOCKET);
}

/* ---- the tests ---- */

/* Every conversation in a child, so many times. */
static void all_conversations(int family, unsigned int rounds)
{
	for (size_t i = 0; i < ARRAY_LENGTH(conversations); i++) {
		int status;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			alarm(CHILD_SECONDS);
			enter_cgroup();
			for (unsigned int round = 0; round < rounds; round++)
				converse(family, &conversations[i]);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			fail_msg("%s: %s", conversations[i].name,
				WIFSIGNALED(status)		      ? "bytes do not arrive"
				: WEXITSTATUS(status) == FAILED_BYTES ? "other bytes arrive"
								      : "no connection");
	}
}

static int count_record(void *context, void *data, size_t size)
{
	unsigned int *count = context;
	const struct record_header *record = data;

	*count += record->source == SOURCE_packet && record->size == size;
	return 0;
}

/* The ring is the door's own of one page: it is soon full, and that is no reason to hold a packet.
 */
static void all_bytes_arrive(void **state)
{
	struct ring_buffer *ring;
	unsigned int count = 0;

	if (!door) {
		print_message("# packet_socket: skipped: not permitted, or no cgroup v2 tree\n");
		skip();
	}
	all_conversations(AF_INET, 1);
	ring = ring_buffer__new(bpf_map__fd(door->maps.telemetry), count_record, &count, NULL);
	assert_non_null(ring);
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	print_message("# packet_socket: %u records\n", count);
	assert_true(count > 0);
	if (access("/proc/net/if_inet6", F_OK) == 0)
		all_conversations(AF_INET6, 3);
}

static bool make_cgroup(void)
{
	FILE *mounts = fopen("/proc/mounts", "r");
	char line[1024], folder[200], type[32];

	while (mounts && !cgroup[0] && fgets(line, sizeof(line), mounts))
		if (sscanf(line, "%*s %199s %31s", folder, type) == 2 &&
			strcmp(type, "cgroup2") == 0)
			snprintf(cgroup, sizeof(cgroup), "%s/skep-bpf-%d", folder, getpid());
	if (mounts)
		fclose(mounts);
	if (cgroup[0] && mkdir(cgroup, 0755) == 0)
		return true;
	cgroup[0] = '\0';
	return false;
}

static int be_silent(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return 0;
}

/* Links live as long as the door does. */
static void attach(const struct bpf_program *program, int folder, struct bpf_link **ret_link)
{
	*ret_link = bpf_program__attach_cgroup(program, folder);
	assert_non_null(*ret_link);
}

static int setup(void **state)
{
	_cleanup_(fd_closep)
	int folder = -1;
	int r;

	libbpf_set_print(be_silent);
	if (!make_cgroup())
		return 0;
	door = packet_bpf__open();
	assert_non_null(door);
	r = packet_bpf__load(door);
	if (r == -EPERM) {
		packet_bpf__destroy(TAKE(door));
		return 0;
	}
	assert_int_equal(r, 0);
	folder = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	attach(door->progs.on_ingress, folder, &door->links.on_ingress);
	attach(door->progs.on_egress, folder, &door->links.on_egress);
	attach(door->progs.on_connection, folder, &door->links.on_connection);
	return 0;
}

static int teardown(void **state)
{
	packet_bpf__destroy(door);
	return cgroup[0] ? rmdir(cgroup) : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_bytes_arrive),
	};

	return cmocka_run_group_tests_name("packet_socket", tests, setup, teardown);
}
