/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records become events with reasons, durations and paths; a failure is judged by what is at its
 * path; a listing finds closes.
 */
#include "observe/unix/unix_event.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "event/request.h"
#include "node/node.h"
#include "observe/unix/unix_failure.h"
#include "observe/unix/unix_sweep.h"

static void reasons_are_words_for_errors(void **state)
{
	static const struct {
		uint16_t error;
		enum unix_reason reason;
	} cases[] = { { ENOENT, UNIX_REASON_MISSING }, { ENOTDIR, UNIX_REASON_MISSING },
		{ ECONNREFUSED, UNIX_REASON_REFUSED }, { EACCES, UNIX_REASON_DENIED },
		{ EPERM, UNIX_REASON_DENIED }, { EAGAIN, UNIX_REASON_BUSY },
		{ EPROTOTYPE, UNIX_REASON_WRONG_TYPE }, { EINTR, UNIX_REASON_ABANDONED },
		{ EISCONN, UNIX_REASON_OTHER } };

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct unix_record record = { .header = { .type = UNIX_FAILED },
			.error = cases[i].error };

		assert_int_equal(unix_reason_of(&record), cases[i].reason);
	}
}

static void a_close_says_who_was_first(void **state)
{
	static const enum unix_reason wanted[] = {
		[UNIX_END_UNKNOWN] = UNIX_REASON_NONE,
		[UNIX_END_FIRST] = UNIX_REASON_LOCAL_CLOSE,
		[UNIX_END_FIRST_UNREAD] = UNIX_REASON_LOCAL_RESET,
		[UNIX_END_SECOND] = UNIX_REASON_PEER_CLOSE,
		[UNIX_END_SECOND_RESET] = UNIX_REASON_PEER_RESET,
	};

	for (uint8_t end = 0; end < ARRAY_LENGTH(wanted); end++) {
		struct unix_record record = { .header = { .type = UNIX_CLOSED }, .end = end };

		assert_int_equal(unix_reason_of(&record), wanted[end]);
	}
}

static void an_event_has_what_the_record_says(void **state)
{
	struct unix_record record = {
		.header = { .type = UNIX_CLOSED, .time_ns = 5000 },
		.connection = 9,
		.owner = { .pid = 3, .start_ns = 4 },
		.comm = "worker",
		.since_ns = 2000,
		.bytes_sent = 10,
		.bytes_received = 20,
		.role = ROLE_SERVER,
		.socket_type = SOCK_SEQPACKET,
		.name_length = 7,
		.name = "/run/a",
	};
	struct unix_event event = { 0 };

	unix_event_fill(&event, &record);
	assert_int_equal(event.event, UNIX_STEP_CLOSE);
	assert_int_equal(event.duration_ns, 3000);
	assert_int_equal(event.owner, UNIX_OWNER_SEEN);
	assert_false(event.is_start_unknown);
	assert_string_equal(event.path, "/run/a");
	assert_string_equal(event.process.comm, "worker");
	assert_int_equal(event.socket_type, 2);

	record.since_ns = 0;
	memcpy(record.name, "\0a\0b", 4);
	record.name_length = 4;
	memset(&event, 0, sizeof(event));
	unix_event_fill(&event, &record);
	assert_int_equal(event.duration_ns, 0);
	assert_true(event.is_start_unknown);
	assert_string_equal(event.path, "@a@b");

	/* Not cut off by what stands behind it, and never beyond the record. */
	memset(record.name, 'x', sizeof(record.name));
	record.name_length = 255;
	memset(&event, 0, sizeof(event));
	unix_event_fill(&event, &record);
	assert_int_equal(strlen(event.path), UNIX_NAME_BYTES);
}

/* ---- against this machine ---- */

struct fixture {
	char folder[64];
	struct node *node;
	struct sockaddr_un address;
	int listener, client, server;
};

static uint64_t inode_of(int fd)
{
	struct stat status;

	assert_return_code(fstat(fd, &status), errno);
	return status.st_ino;
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct fail fail;

	assert_non_null(fixture);
	assert_int_equal(node_new("/", &fixture->node, &fail), 0);
	snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/skep-unix-test.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	fixture->address.sun_family = AF_UNIX;
	snprintf(fixture->address.sun_path, sizeof(fixture->address.sun_path), "%s/s",
		fixture->folder);
	fixture->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	fixture->client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(bind(fixture->listener, (struct sockaddr *)&fixture->address,
				   sizeof(fixture->address)),
		errno);
	assert_return_code(listen(fixture->listener, 4), errno);
	assert_return_code(connect(fixture->client, (struct sockaddr *)&fixture->address,
				   sizeof(fixture->address)),
		errno);
	fixture->server = accept(fixture->listener, NULL, NULL);
	assert_return_code(fixture->server, errno);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	close(fixture->client);
	close(fixture->server);
	close(fixture->listener);
	unlink(fixture->address.sun_path);
	rmdir(fixture->folder);
	node_free(fixture->node);
	free(fixture);
	return 0;
}

static struct unix_record record_of(const struct fixture *fixture, uint8_t role)
{
	struct stat status;

	assert_return_code(stat("/proc/self/ns/net", &status), errno);
	return (struct unix_record){
		.header = { .size = sizeof(struct unix_record), .time_ns = 1 },
		.connection = inode_of(fixture->client),
		.owner = { .pid = (uint32_t)getpid() },
		.network_namespace = (uint32_t)status.st_ino,
		.role = role,
	};
}

struct closes {
	struct unix_record records[4];
	size_t count;
	bool is_last;
};

static void note_close(void *context, struct unix_record *record, bool is_last)
{
	struct closes *closes = context;

	assert_true(closes->count < ARRAY_LENGTH(closes->records));
	closes->records[closes->count++] = *record;
	closes->is_last = is_last;
}

static void a_listing_finds_each_close(void **state)
{
	struct fixture *fixture = *state;
	struct closes closes = { 0 };
	struct unix_sweep *sweep = unix_sweep_new(fixture->node, note_close, &closes);
	struct unix_record server = record_of(fixture, ROLE_SERVER);
	struct unix_record client = record_of(fixture, ROLE_CLIENT);

	unix_sweep_add(sweep, &server);
	unix_sweep_add(sweep, &client);
	unix_sweep_tick(sweep, 10 * NS_PER_S);
	assert_int_equal(closes.count, 0);

	close(fixture->server);
	fixture->server = -1;
	unix_sweep_tick(sweep, 20 * NS_PER_S);
	assert_int_equal(closes.count, 1);
	assert_int_equal(closes.records[0].role, ROLE_SERVER);
	assert_int_equal(closes.records[0].end, UNIX_END_FIRST);
	assert_false(closes.is_last);

	close(fixture->client);
	fixture->client = -1;
	unix_sweep_tick(sweep, 30 * NS_PER_S);
	assert_int_equal(closes.count, 2);
	assert_int_equal(closes.records[1].role, ROLE_CLIENT);
	assert_int_equal(closes.records[1].end, UNIX_END_SECOND);
	assert_true(closes.is_last);
	unix_sweep_free(sweep);
}

static enum unix_reason judge(const struct fixture *fixture, const char *name, size_t length)
{
	struct unix_failures *failures = unix_failures_new(fixture->node);
	struct unix_record record = record_of(fixture, ROLE_CLIENT);
	enum unix_reason reason;

	record.name_length = (uint8_t)length;
	memcpy(record.name, name, length);
	reason = unix_failures_judge(failures, &record);
	unix_failures_free(failures);
	return reason;
}

static void a_failure_is_judged_by_what_is_there(void **state)
{
	struct fixture *fixture = *state;
	const char *path = fixture->address.sun_path;

	/* Somebody listens: what it was cannot be known. */
	assert_int_equal(judge(fixture, path, strlen(path)), UNIX_REASON_OTHER);
	assert_int_equal(judge(fixture, "/tmp", 4), UNIX_REASON_REFUSED);
	assert_int_equal(judge(fixture, "\0skep nobody", 12), UNIX_REASON_REFUSED);
	close(fixture->listener);
	fixture->listener = -1;
	assert_int_equal(judge(fixture, path, strlen(path)), UNIX_REASON_REFUSED);
	unlink(path);
	assert_int_equal(judge(fixture, path, strlen(path)), UNIX_REASON_MISSING);
}

struct wanted {
	uint64_t inode;
	struct unix_socket found;
};

static void find(void *context, const struct unix_socket *socket)
{
	struct wanted *wanted = context;

	if (socket->inode == wanted->inode)
		wanted->found = *socket;
}

static void a_scan_knows_both_ends_and_their_owner(void **state)
{
	struct fixture *fixture = *state;
	struct wanted client = { .inode = inode_of(fixture->client) };
	struct wanted server = { .inode = inode_of(fixture->server) };
	struct wanted listener = { .inode = inode_of(fixture->listener) };

	assert_true(unix_socket_scan(fixture->node, find, &client) > 0);
	assert_true(unix_socket_scan(fixture->node, find, &server) > 0);
	assert_true(unix_socket_scan(fixture->node, find, &listener) > 0);
	assert_int_equal(client.found.pid, getpid());
	assert_int_equal(client.found.peer_inode, server.inode);
	assert_string_equal(client.found.path, "");
	assert_int_equal(server.found.peer_inode, client.inode);
	assert_int_equal(server.found.state, SOCKET_ESTABLISHED);
	assert_string_equal(server.found.path, fixture->address.sun_path);
	assert_int_equal(listener.found.state, SOCKET_LISTEN);
}

/* Without sock_diag, as when its module cannot be loaded. */
static void the_file_tells_all_but_the_other_end(void **state)
{
	struct fixture *fixture = *state;
	struct unix_record record = record_of(fixture, ROLE_SERVER);
	struct network_namespace namespace = { record.network_namespace, (uint32_t)getpid() };
	struct wanted server = { .inode = inode_of(fixture->server) };
	struct wanted listener = { .inode = inode_of(fixture->listener) };
	int root_fd = node_root_fd(fixture->node);

	assert_int_equal(unix_socket_list(root_fd, -1, &namespace, find, &server), 0);
	assert_int_equal(unix_socket_list(root_fd, -1, &namespace, find, &listener), 0);
	assert_int_equal(server.found.state, SOCKET_ESTABLISHED);
	assert_int_equal(server.found.type, SOCK_STREAM);
	assert_int_equal(server.found.peer_inode, 0);
	assert_string_equal(server.found.path, fixture->address.sun_path);
	assert_int_equal(listener.found.state, SOCKET_LISTEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons_are_words_for_errors),
		cmocka_unit_test(a_close_says_who_was_first),
		cmocka_unit_test(an_event_has_what_the_record_says),
		cmocka_unit_test_setup_teardown(a_listing_finds_each_close, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_failure_is_judged_by_what_is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_scan_knows_both_ends_and_their_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_file_tells_all_but_the_other_end, setup, teardown),
	};

	return cmocka_run_group_tests_name("unix_event", tests, NULL, NULL);
}
