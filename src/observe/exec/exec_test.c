/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the kernel half into texts: paths, arguments, what wait(2) says, secrets. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "event/kind.h"
#include "observe/exec/arguments.h"
#include "observe/exec/descendants.h"
#include "observe/exec/exec_event.h"

/* The line of arguments that are separated by '|' here. */
static void check_line(const char *given, const char *wanted, bool is_masked)
{
	_cleanup_(buf_done)
	struct buf line = { .maximum = ARGUMENTS_LINE_BYTES };
	_cleanup_(freep)
	char *bytes = strdup(given);
	size_t length = strlen(given);

	assert_non_null(bytes);
	for (size_t i = 0; i < length; i++)
		if (bytes[i] == '|')
			bytes[i] = '\0';
	struct slice arguments = { (const uint8_t *)bytes, length ? length + 1 : 0 };
	int r = is_masked ? arguments_join_masked(arguments, &line)
			  : arguments_join(arguments, &line);
	assert_int_equal(r, 0);
	assert_string_equal(buf_text(&line), wanted);
}

static void joins_arguments(void **state)
{
	check_line("", "", false);
	check_line("true", "true", false);
	check_line("true||two words|", "true  two words ", false);
	check_line("mysql|-psecret", "mysql -psecret", false);
}

static void masks_secrets(void **state)
{
	static const char *const cases[][2] = {
		{ "app|--password=hunter2|-v", "app --password=REDACTED -v" },
		{ "app|--password=two words|x", "app --password=REDACTED x" },
		{ "app|--db-password|hunter2|x", "app --db-password REDACTED x" },
		{ "app|-token|abc", "app -token REDACTED" },
		{ "env|API_TOKEN=a b c|app", "env API_TOKEN=REDACTED app" },
		{ "env|AWS_SECRET_ACCESS_KEY=abc|aws", "env AWS_SECRET_ACCESS_KEY=REDACTED aws" },
		{ "java|-Dspring.datasource.password=x|-jar|a.jar",
			"java -Dspring.datasource.password=REDACTED -jar a.jar" },
		{ "mysql|-uroot|-phunter2|shop", "mysql -uroot -pREDACTED shop" },
		{ "/usr/bin/mysqldump|-phunter2|shop", "/usr/bin/mysqldump -pREDACTED shop" },
		{ "mysql|-p|shop", "mysql -p shop" },
		{ "mysqladmin|-u|root|password|new", "mysqladmin -u root password REDACTED" },
		{ "redis-cli|-a|s3cret|get|k", "redis-cli -a REDACTED get k" },
		{ "redis-cli|AUTH|s3cret", "redis-cli AUTH REDACTED" },
		{ "sshpass|-p|x y|ssh|host", "sshpass -p REDACTED ssh host" },
		{ "mongosh|-u|me|-p|x|--host|h", "mongosh -u me -p REDACTED --host h" },
		{ "curl|-u|me:hunter2|http://h/", "curl -u me:REDACTED http://h/" },
		{ "curl|--user|me:hunter2", "curl --user me:REDACTED" },
		{ "curl|-H|Authorization: Bearer abc.def|http://h/?a=1",
			"curl -H Authorization: REDACTED http://h/?a=1" },
		{ "curl|http://h/x?token=abc&b=2", "curl http://h/x?token=REDACTED&b=2" },
		{ "curl|-d|{\"user\":\"me\",\"password\":\"x y\",\"n\":1}",
			"curl -d {\"user\":\"me\",\"password\":REDACTED,\"n\":1}" },
		{ "git|clone|https://me:tok@host/r.git", "git clone https://REDACTED@host/r.git" },
		{ "psql|postgres://u:p@h/db?sslmode=off",
			"psql postgres://REDACTED@h/db?sslmode=off" },
		{ "psql|host=h password=x user=u", "psql host=h password=REDACTED user=u" },
		{ "docker|login|-u|me|-p|x|reg", "docker login -u me -p REDACTED reg" },
		{ "openssl|rsa|-passin|pass:x y", "openssl rsa -passin pass:REDACTED" },
		{ "sh|-c|mysql -phunter2 shop && echo done",
			"sh -c mysql -pREDACTED shop && echo done" },
		{ "sh|-c|TOKEN=abc app --password 'x y' end",
			"sh -c TOKEN=REDACTED app --password 'REDACTED' end" },
		{ "bash|-lc|curl -H 'Authorization: Bearer x' http://h/; jq .",
			"bash -lc curl -H 'Authorization: REDACTED' http://h/; jq ." },
		{ "tool|ghp_0123456789abcdef", "tool REDACTED" },
		{ "tool|Bearer|abc", "tool Bearer REDACTED" },
		{ "ldapsearch|-x|-w|secret|-b|dc=x", "ldapsearch -x -w REDACTED -b dc=x" },
		{ "smbclient|-U|me%pw|//h/s", "smbclient -U me%REDACTED //h/s" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		check_line(cases[i][0], cases[i][1], true);
}

static void leaves_the_rest(void **state)
{
	static const char *const cases[] = {
		"true|a|b c|",
		"docker|run|-p|8080:80|nginx",
		"ssh|-p|22|host",
		"app|--password-file=/run/x|--no-password|--password-stdin|x",
		"app|--password|--verbose",
		"curl|http://h/path?page=2&sort=name",
		"tar|-czf|a.tgz|--exclude=token.txt",
		"mkdir|-p|/a/b",
		"grep|-r|token|.",
		"ls|mysql|-l",
		"sh|-c|for i in 1 2; do echo $i; done",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		char wanted[256];
		size_t length = strlen(cases[i]);

		memcpy(wanted, cases[i], length + 1);
		for (size_t k = 0; k < length; k++)
			wanted[k] = wanted[k] == '|' ? ' ' : wanted[k];
		check_line(cases[i], wanted, true);
	}
}

static void check_path(struct slice components, bool is_cut, bool is_detached, const char *wanted)
{
	_cleanup_(buf_done)
	struct buf path = { .maximum = 8192 };

	assert_int_equal(exec_join_path(components, is_cut, is_detached, &path), 0);
	assert_string_equal(buf_text(&path), wanted);
}

static void joins_paths(void **state)
{
	static const uint8_t true_path[] = "true\0bin\0usr";
	static const uint8_t memory[] = "memfd:hidden";

	check_path((struct slice){ true_path, sizeof(true_path) }, false, false, "/usr/bin/true");
	check_path((struct slice){ true_path, sizeof(true_path) }, true, false, "…/usr/bin/true");
	check_path(
		(struct slice){ memory, sizeof(memory) }, false, true, "/memfd:hidden (deleted)");
	check_path((struct slice){ NULL, 0 }, false, false, "/");
	/* Two roots that an attacker might want. */
	check_path((struct slice){ (const uint8_t *)"\0", 2 }, false, false, "//");
}

static void splits_records(void **state)
{
	struct {
		struct exec_exec exec;
		char bytes[16];
	} record = { .bytes = "true\0bin\0/\0abc" };
	struct exec_parts parts;

	record.exec.process.header.size = sizeof(record.exec) + 14;
	record.exec.exe_length = 9;
	record.exec.directory_length = 2;
	record.exec.argument_length = 3;
	assert_true(exec_split(&record.exec, &parts));
	assert_memory_equal(parts.arguments.data, "abc", 3);
	assert_int_equal(parts.exe.length, 9);
	record.exec.argument_length = 4;
	assert_false(exec_split(&record.exec, &parts));
	record.exec.argument_length = UINT32_MAX;
	assert_false(exec_split(&record.exec, &parts));
	record.exec.process.header.size = sizeof(record.exec) - 1;
	assert_false(exec_split(&record.exec, &parts));
}

static struct exit_event exit_of(uint32_t status)
{
	struct exit_event event = { .exit_code = -1, .signal = "x" };

	exit_read_status(status, &event);
	return event;
}

static void reads_exit_status(void **state)
{
	assert_int_equal(exit_of(0).exit_code, 0);
	assert_false(exit_of(0).is_error);
	assert_string_equal(exit_of(0).signal, "");
	assert_int_equal(exit_of(3 << 8).exit_code, 3);
	assert_true(exit_of(3 << 8).is_error);
	assert_string_equal(exit_of(9).signal, "SIGKILL");
	assert_int_equal(exit_of(9).exit_code, 0);
	assert_string_equal(exit_of(11 | 0x80).signal, "SIGSEGV");
	assert_true(exit_of(11 | 0x80).is_dumped);
	assert_string_equal(exit_of(40).signal, "SIG40");
}

static void sum_pids(void *context, uint32_t pid)
{
	*(uint64_t *)context += pid;
}

/* A child and a grandchild, which wait for the end of the pipe. */
static void finds_descendants(void **state)
{
	int wait_pipe[2], tell_pipe[2];
	uint32_t grandchild = 0;
	uint64_t sum = 0;
	pid_t child;
	char byte;

	assert_return_code(pipe(wait_pipe), errno);
	assert_return_code(pipe(tell_pipe), errno);
	child = fork();
	assert_return_code(child, errno);
	if (child == 0) {
		pid_t pid = fork();
		close(wait_pipe[1]);
		if (pid > 0 && write(tell_pipe[1], &pid, sizeof(pid)) != sizeof(pid))
			_exit(1);
		_exit(read(wait_pipe[0], &byte, 1) != 0 || (pid > 0 && waitpid(pid, NULL, 0) < 0));
	}
	assert_int_equal(read(tell_pipe[0], &grandchild, sizeof(grandchild)), sizeof(grandchild));
	assert_int_equal(descendants_find((uint32_t)getpid(), sum_pids, &sum), 3);
	assert_int_equal(sum, (uint64_t)getpid() + (uint64_t)child + grandchild);
	sum = 0;
	assert_int_equal(descendants_find((uint32_t)child, sum_pids, &sum), 2);
	close(wait_pipe[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(descendants_find((uint32_t)child, sum_pids, &sum), 0);
}

static void kinds_are_whole(void **state)
{
	struct fail fail = {};

	assert_int_equal(kind_check(&exec_kind, &fail), 0);
	assert_int_equal(kind_check(&exit_kind, &fail), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joins_arguments),
		cmocka_unit_test(masks_secrets),
		cmocka_unit_test(leaves_the_rest),
		cmocka_unit_test(joins_paths),
		cmocka_unit_test(splits_records),
		cmocka_unit_test(reads_exit_status),
		cmocka_unit_test(finds_descendants),
		cmocka_unit_test(kinds_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
