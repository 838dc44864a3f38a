/* SPDX-License-Identifier: Apache-2.0 */
/* Who runs where: whole hosts as small trees of files, and forks, execs and exits as features tell.
 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <dirent.h>

#include "../tests/golden.h"
#include "../tests/tree.h"
#include "base/clock.h"
#include "node/node.h"

#define TREES "tests/golden/node"

/* Start times of the trees are ten times the pid, in ticks of 10 ms. */
#define START_NS(pid) ((pid)*10ULL * 10000000ULL)

static struct node *make_node(const char *tree, char *root, size_t size)
{
	_cleanup_(buf_done)
	struct buf text = { .maximum = TREE_BYTES_MAXIMUM };
	char path[256];
	struct node *node;
	struct fail fail = {};

	snprintf(path, sizeof(path), TREES "/%s.tree", tree);
	assert_return_code(file_read(AT_FDCWD, path, &text), 0);
	tree_make(buf_text(&text), root, size);
	assert_return_code(node_new(root, &node, &fail), 0);
	return node;
}

static void print_process(struct buf *out, const struct event_process *process)
{
	buf_printf(out, "%u %s: service=%s", process->pid, process->comm, process->service);
	buf_printf(out, " parent=%u/%s uid=%u netns=%u", process->parent_pid, process->parent_comm,
		process->uid, process->network_namespace);
	const struct {
		const char *name, *value;
	} texts[] = {
		{ "exe", process->exe },
		{ "unit", process->unit },
		{ "container", process->container },
		{ "image", process->image },
		{ "pod", process->pod },
	};
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
		if (texts[i].value[0])
			buf_printf(out, " %s=%s", texts[i].name, texts[i].value);
	buf_append_string(out, "\n");
}

static void check_tree(const char *tree)
{
	_cleanup_(buf_done)
	struct buf out = { .maximum = TREE_BYTES_MAXIMUM };
	char root[128], name[128];
	struct node *node = make_node(tree, root, sizeof(root));

	for (uint32_t pid = 1; pid < 1100; pid++) {
		struct event_process process = { .pid = pid };
		node_describe(node, &process);
		assert_int_equal(process.pid, pid);
		if (process.start_ns)
			print_process(&out, &process);
	}
	node_free(node);
	tree_remove(root);
	snprintf(name, sizeof(name), "node/%s.txt", tree);
	golden_check(name, buf_text(&out));
}

static void describes_whole_hosts(void **state)
{
	DIR *folder = opendir(TREES);
	const struct dirent *entry;
	unsigned int count = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		char name[256];
		str_set(name, entry->d_name);
		char *suffix = strstr(name, ".tree");
		if (!suffix)
			continue;
		*suffix = '\0';
		check_tree(name);
		count++;
	}
	closedir(folder);
	assert_true(count >= 8);
}

/* Each test below works on the tree of systemd units. */
struct fixture {
	char root[128];
	struct node *node;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->node = make_node("units", fixture->root, sizeof(fixture->root));
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

static struct event_process describe(struct node *node, uint32_t pid, uint64_t start_ns)
{
	struct event_process process = { .pid = pid, .start_ns = start_ns };

	memset(process.service, 'x', sizeof(process.service));
	node_describe(node, &process);
	return process;
}

static void inherits_at_fork(void **state)
{
	struct node *node = ((struct fixture *)*state)->node;
	struct node_process child = { .pid = 5000,
		.parent_pid = 301,
		.uid = 33,
		.start_ns = 777000000001,
		.comm = "worker" };

	node_process_started(node, &child);
	struct event_process process = describe(node, 5000, 777000000001);
	assert_string_equal(process.comm, "worker");
	assert_string_equal(process.parent_comm, "nginx");
	assert_string_equal(process.service, "nginx");
	assert_string_equal(process.unit, "nginx.service");
	assert_string_equal(process.exe, "/usr/sbin/nginx");
	assert_int_equal(process.parent_pid, 301);
	assert_int_equal(process.network_namespace, 4026531840);
	assert_true(node_arguments(node, 5000, 0).length > 0);
}

static void exec_replaces(void **state)
{
	struct node *node = ((struct fixture *)*state)->node;
	static const uint8_t arguments[] = "perl\0/srv/feed/poll.pl";
	struct node_process child = { .pid = 5000, .parent_pid = 320, .start_ns = 777000000001 };

	node_process_started(node, &child);
	assert_string_equal(describe(node, 5000, 0).service, "cron");
	child.comm = "perl";
	child.exe = "/usr/bin/perl";
	child.uid = 1000;
	child.arguments = (struct slice){ arguments, sizeof(arguments) };
	node_process_executed(node, &child);
	struct event_process process = describe(node, 5000, 0);
	assert_string_equal(process.comm, "perl");
	assert_string_equal(process.exe, "/usr/bin/perl");
	assert_string_equal(process.parent_comm, "cron");
	assert_string_equal(process.unit, "cron.service");
	assert_string_equal(process.service, "poll");
	assert_int_equal(process.uid, 1000);
	assert_int_equal(process.start_ns, 777000000001);
	assert_int_equal(node_arguments(node, 5000, 0).length, sizeof(arguments));
}

/* Numbers of v2 groups are the inodes of their folders; a process may be born into another one. */
static void follows_groups(void **state)
{
	struct fixture *fixture = *state;
	struct node *node = fixture->node;
	struct stat status;
	char path[256], name[256];
	static const char text[] = "0::/system.slice/redis.service\n";
	static const char stat_text[] =
		"5000 (a) S 300 9 9 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 88800 1\n";

	snprintf(path, sizeof(path), "%s/sys/fs/cgroup/system.slice/nginx.service", fixture->root);
	assert_return_code(stat(path, &status), errno);
	assert_int_equal(describe(node, 300, 0).cgroup_id, status.st_ino);
	assert_int_equal(describe(node, 310, 0).cgroup_id, 0);
	str_set(name, "proc/5000/cgroup");
	tree_write(fixture->root, name, text, strlen(text));
	str_set(name, "proc/5000/stat");
	tree_write(fixture->root, name, stat_text, strlen(stat_text));
	struct node_process child = {
		.pid = 5000, .parent_pid = 300, .start_ns = 777000000001, .cgroup_id = status.st_ino
	};
	node_process_started(node, &child);
	assert_string_equal(describe(node, 5000, 0).unit, "nginx.service");
	child.start_ns = 888000000001;
	child.cgroup_id = status.st_ino + 1;
	node_process_started(node, &child);
	assert_string_equal(describe(node, 5000, 0).unit, "redis.service");
	assert_string_equal(describe(node, 5000, 0).service, "redis");
}

/* All that the kernel half of exec tells: a process that is long gone is described in full. */
static void takes_a_whole_exec(void **state)
{
	struct fixture *fixture = *state;
	static const uint8_t arguments[] = "python3\0worker.py";
	struct stat status;
	char path[256];

	snprintf(path, sizeof(path), "%s/sys/fs/cgroup/system.slice/nginx.service", fixture->root);
	assert_return_code(stat(path, &status), errno);
	struct node_process gone = { .pid = 5000,
		.parent_pid = 6000,
		.parent_start_ns = 111000000001,
		.parent_comm = "shell",
		.start_ns = 777000000001,
		.cgroup_id = 99,
		.network_namespace = 4026531999,
		.comm = "python3",
		.exe = "/usr/bin/python3.11",
		.directory = "/srv/feed",
		.arguments = { arguments, sizeof(arguments) } };

	node_process_executed(fixture->node, &gone);
	struct event_process process = describe(fixture->node, 5000, 777000000001);
	assert_string_equal(process.comm, "python3");
	assert_string_equal(process.exe, "/usr/bin/python3.11");
	assert_string_equal(process.service, "feed-worker");
	assert_int_equal(process.parent_pid, 6000);
	assert_string_equal(process.parent_comm, "shell");
	assert_int_equal(process.network_namespace, 4026531999);
	assert_int_equal(process.cgroup_id, 99);
	/* In a group that others were seen in. */
	gone.cgroup_id = status.st_ino;
	node_process_executed(fixture->node, &gone);
	process = describe(fixture->node, 5000, 777000000001);
	assert_string_equal(process.unit, "nginx.service");
	assert_string_equal(process.service, "nginx");
}

/* nginx stays nginx.service, whatever helper it executes. */
static void exec_keeps_the_unit(void **state)
{
	struct node *node = ((struct fixture *)*state)->node;
	struct node_process child = { .pid = 5000, .parent_pid = 300, .start_ns = 777000000001 };

	node_process_started(node, &child);
	child.comm = child.exe = "/bin/sh";
	node_process_executed(node, &child);
	assert_string_equal(describe(node, 5000, 0).service, "nginx");
}

static void keeps_the_dead_for_a_minute(void **state)
{
	struct node *node = ((struct fixture *)*state)->node;
	struct node_process child = {
		.pid = 5000, .parent_pid = 300, .start_ns = 777000000001, .comm = "one"
	};

	node_tick(node, 1000 * NS_PER_S);
	node_process_started(node, &child);
	node_process_exited(node, 5000, 777000000001, 1000 * NS_PER_S);
	child.start_ns = 888000000001;
	child.parent_pid = 310;
	child.comm = "two";
	node_process_started(node, &child);
	/* The pid has a new owner; events of the old one keep its name. */
	assert_string_equal(describe(node, 5000, 777000000001).service, "nginx");
	assert_string_equal(describe(node, 5000, 888000000001).service, "postgresql@15-main");
	assert_string_equal(describe(node, 5000, 0).comm, "two");
	node_tick(node, 1059 * NS_PER_S);
	assert_string_equal(describe(node, 5000, 777000000001).comm, "one");
	node_tick(node, 1061 * NS_PER_S);
	assert_string_equal(describe(node, 5000, 777000000001).comm, "");
}

static void tells_reused_pids_apart(void **state)
{
	struct node *node = ((struct fixture *)*state)->node;

	/* Exact time of the same tick: the one that /proc shows. */
	struct event_process process = describe(node, 300, START_NS(300) + 1234567);
	assert_string_equal(process.service, "nginx");
	assert_int_equal(process.start_ns, START_NS(300) + 1234567);
	/* Another time: somebody else, of whom nothing is known. */
	process = describe(node, 300, START_NS(300) + 20000000);
	assert_string_equal(process.comm, "");
	assert_string_equal(process.service, "");
	assert_int_equal(process.start_ns, START_NS(300) + 20000000);
	/* Nor does an exit of the other one end this one. */
	node_process_exited(node, 300, START_NS(300) + 20000000, 0);
	assert_string_equal(describe(node, 300, START_NS(300)).service, "nginx");
}

static void knows_nothing_of_strangers(void **state)
{
	struct node *node = ((struct fixture *)*state)->node;
	struct event_process process = describe(node, 0, 0);

	assert_string_equal(process.service, "");
	process = describe(node, 6000, 0);
	assert_string_equal(process.service, "");
	assert_int_equal(process.start_ns, 0);
	process = describe(node, 6000, 123456789);
	assert_int_equal(process.start_ns, 123456789);
	/* The event that tells comes later than the first that asks. */
	struct node_process late = {
		.pid = 6000, .parent_pid = 300, .start_ns = 123456789, .comm = "late"
	};
	node_process_started(node, &late);
	assert_string_equal(describe(node, 6000, 123456789).comm, "late");
	assert_string_equal(describe(node, 6000, 123456789).service, "nginx");
	assert_int_equal(node_arguments(node, 7000, 0).length, 0);
}

/* Nobody reports exits on a node without that feature: looking finds them. */
static void sweeps_what_is_gone(void **state)
{
	struct fixture *fixture = *state;
	char path[256];

	node_tick(fixture->node, 1000 * NS_PER_S);
	snprintf(path, sizeof(path), "%s/proc/300", fixture->root);
	tree_remove(path);
	for (uint64_t second = 1001; second < 1150; second++)
		node_tick(fixture->node, second * NS_PER_S);
	assert_string_equal(describe(fixture->node, 300, 0).comm, "");
	assert_string_equal(describe(fixture->node, 301, 0).service, "nginx");
}

static void names_a_container_that_is_late(void **state)
{
	static const char id[] = "d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0";
	struct fixture *fixture = *state;
	char name[256], text[256];

	snprintf(name, sizeof(name), "proc/900/cgroup");
	snprintf(text, sizeof(text), "0::/docker/%s\n", id);
	tree_write(fixture->root, name, text, strlen(text));
	snprintf(name, sizeof(name), "proc/900/stat");
	snprintf(text, sizeof(text), "900 (api) S 1 9 9 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 9000 1\n");
	tree_write(fixture->root, name, text, strlen(text));
	node_tick(fixture->node, 1000 * NS_PER_S);
	struct event_process process = describe(fixture->node, 900, START_NS(900));
	assert_string_equal(process.container, "d0d0d0d0d0d0");
	assert_string_equal(process.service, "api");
	snprintf(name, sizeof(name), "var/lib/docker/containers/%s/config.v2.json", id);
	snprintf(text, sizeof(text), "{\"Name\":\"/cart\",\"Config\":{\"Image\":\"cart:1\"}}");
	tree_write(fixture->root, name, text, strlen(text));
	node_tick(fixture->node, 1002 * NS_PER_S);
	process = describe(fixture->node, 900, START_NS(900));
	assert_string_equal(process.container, "cart");
	assert_string_equal(process.image, "cart:1");
	assert_string_equal(process.service, "cart");
}

static void fails_without_proc(void **state)
{
	struct node *node;
	struct fail fail = {};

	assert_int_equal(node_new("/nonexistent", &node, &fail), -ENOENT);
	assert_string_equal(fail.text, "/nonexistent/proc: No such file or directory");
	node_free(NULL);
}

/* This process, on the machine that runs the test. */
static void describes_itself(void **state)
{
	struct node *node;
	struct fail fail = {};
	char exe[128] = "";

	if (access("/proc/self/stat", R_OK) < 0)
		skip();
	assert_return_code(node_new("/", &node, &fail), 0);
	struct event_process process = describe(node, (uint32_t)getpid(), 0);
	assert_string_equal(process.comm, "node_test");
	assert_int_equal(process.parent_pid, getppid());
	assert_int_equal(process.uid, getuid());
	assert_true(process.start_ns > 0 && process.start_ns <= clock_boottime_ns());
	assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	assert_string_equal(process.exe, exe);
	assert_true(process.network_namespace > 0);
	assert_string_not_equal(process.service, "");
	node_free(node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(describes_whole_hosts),
		cmocka_unit_test_setup_teardown(inherits_at_fork, setup, teardown),
		cmocka_unit_test_setup_teardown(exec_replaces, setup, teardown),
		cmocka_unit_test_setup_teardown(follows_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(takes_a_whole_exec, setup, teardown),
		cmocka_unit_test_setup_teardown(exec_keeps_the_unit, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_the_dead_for_a_minute, setup, teardown),
		cmocka_unit_test_setup_teardown(tells_reused_pids_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(knows_nothing_of_strangers, setup, teardown),
		cmocka_unit_test_setup_teardown(sweeps_what_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(names_a_container_that_is_late, setup, teardown),
		cmocka_unit_test(fails_without_proc),
		cmocka_unit_test(describes_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
