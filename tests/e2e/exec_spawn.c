/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that end in known ways, for the exec test. The first argument is what to do;
 * everything it starts is waited for. Exit code 0 when all went as planned.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static const char self[] = "/proc/self/exe";

static pid_t start(const char *path, char *const *arguments)
{
	pid_t pid;
	int r = posix_spawn(&pid, path, NULL, NULL, arguments, environ);

	if (r != 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(r));
		exit(1);
	}
	return pid;
}

static int finish(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			exit(1);
	return status;
}

/* Four kinds in turn: true, false, a code of 7, a SIGKILL; each with its number as argument. */
static int spawn_many(const char *own_path, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		char number[16];
		char *plain[] = { i % 4 ? "false" : "true", number, NULL };
		char *code[] = { "spawn", "code", "7", number, NULL };
		char *kill[] = { "spawn", "kill", "9", number, NULL };

		snprintf(number, sizeof(number), "n%u", i);
		if (i % 4 < 2)
			finish(start(i % 4 ? "/bin/false" : "/bin/true", plain));
		else
			finish(start(own_path, i % 4 == 2 ? code : kill));
	}
	return 0;
}

/* One after the other, for measurements. */
static int spawn_loop(unsigned int count, char *path)
{
	char *arguments[] = { path, NULL };

	for (unsigned int i = 0; i < count; i++)
		finish(start(path, arguments));
	return 0;
}

/* Without waiting for each: they pile up in the scheduler. */
static int spawn_flood(unsigned int count)
{
	char *arguments[] = { "true", "flood", NULL };
	pid_t pids[64];

	for (unsigned int i = 0; i < count; i += 64) {
		for (unsigned int k = 0; k < 64; k++)
			pids[k] = start("/bin/true", arguments);
		for (unsigned int k = 0; k < 64; k++)
			finish(pids[k]);
	}
	return 0;
}

/* true with one argument of that length, or as many of 100,000 as it takes. */
static int spawn_long(unsigned long length)
{
	char *arguments[64] = { "true" };
	unsigned int count = 1;

	for (; length > 0 && count < 63; count++) {
		unsigned long part = length < 100000 ? length : 100000;

		arguments[count] = malloc(part + 1);
		memset(arguments[count], 'a' + (int)(count % 26), part);
		arguments[count][part] = '\0';
		length -= part;
	}
	return finish(start("/bin/true", arguments));
}

/* Executes itself so many times in one process. */
static int chain(const char *own_path, unsigned int left)
{
	char number[16];
	char *arguments[] = { "spawn", "chain", number, NULL };

	if (left == 0)
		return 0;
	snprintf(number, sizeof(number), "%u", left - 1);
	execv(own_path, arguments);
	return 1;
}

static int run_memory_file(void)
{
	char *arguments[] = { "in-memory", "memfd", NULL };
	int from = open("/bin/true", O_RDONLY | O_CLOEXEC);
	int to = memfd_create("hidden", MFD_CLOEXEC);
	struct stat status;
	pid_t pid;

	if (from < 0 || to < 0 || fstat(from, &status) < 0 ||
		sendfile(to, from, NULL, (size_t)status.st_size) != status.st_size)
		return 1;
	pid = fork();
	if (pid == 0) {
		fexecve(to, arguments, environ);
		_exit(127);
	}
	return finish(pid);
}

/* ---- threads ---- */

static pthread_barrier_t barrier;

static void *execute(void *path)
{
	char *arguments[] = { "true", "from-thread", NULL };

	execv(path, arguments);
	return NULL;
}

static int run_in_thread(void)
{
	pid_t pid = fork();
	pthread_t thread;

	if (pid != 0)
		return finish(pid);
	pthread_create(&thread, NULL, execute, "/bin/true");
	pause();
	return 1;
}

static void *end_together(void *unused)
{
	pthread_barrier_wait(&barrier);
	return NULL;
}

/* All threads end at the same moment, none by exit_group(2). */
static int run_together(unsigned int times)
{
	for (unsigned int i = 0; i < times; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			pthread_t threads[8];

			pthread_barrier_init(&barrier, NULL, 9);
			for (unsigned int k = 0; k < 8; k++)
				pthread_create(&threads[k], NULL, end_together, NULL);
			pthread_barrier_wait(&barrier);
			pthread_exit(NULL);
		}
		if (finish(pid) != 0)
			return 1;
	}
	return 0;
}

static void *end_with_code(void *unused)
{
	exit(23);
}

/* The first thread is gone when another ends the process. */
static int run_orphaned_thread(void)
{
	pid_t pid = fork();
	pthread_t thread;

	if (pid != 0)
		return WEXITSTATUS(finish(pid)) != 23;
	pthread_create(&thread, NULL, end_with_code, NULL);
	pthread_exit(NULL);
}

/* ---- the rest ---- */

static int run_vfork(void)
{
	char *arguments[] = { "true", "vfork", NULL };
	pid_t pid = vfork();

	if (pid == 0) {
		execv("/bin/true", arguments);
		_exit(127);
	}
	return finish(pid);
}

/* fork without exec: an exit alone. */
static int run_fork(unsigned int code)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit((int)code);
	return WEXITSTATUS(finish(pid)) != (int)code;
}

static int rename_self(const char *name)
{
	prctl(PR_SET_NAME, name);
	return 31;
}

static int die_by(int number)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	raise(number);
	return 1;
}

int main(int count, char **arguments)
{
	const char *what = count > 1 ? arguments[1] : "";
	unsigned long number = count > 2 ? strtoul(arguments[2], NULL, 10) : 0;
	char own_path[4096];
	ssize_t length = readlink(self, own_path, sizeof(own_path) - 1);

	if (length < 0)
		return 1;
	own_path[length] = '\0';
	if (strcmp(what, "many") == 0)
		return spawn_many(own_path, (unsigned int)number);
	if (strcmp(what, "loop") == 0 && count > 3)
		return spawn_loop((unsigned int)number, arguments[3]);
	if (strcmp(what, "flood") == 0)
		return spawn_flood((unsigned int)number);
	if (strcmp(what, "long") == 0)
		return spawn_long(number);
	if (strcmp(what, "chain") == 0)
		return chain(own_path, (unsigned int)number);
	if (strcmp(what, "memory-file") == 0)
		return run_memory_file();
	if (strcmp(what, "in-thread") == 0)
		return run_in_thread();
	if (strcmp(what, "together") == 0)
		return run_together((unsigned int)number);
	if (strcmp(what, "orphaned-thread") == 0)
		return run_orphaned_thread();
	if (strcmp(what, "vfork") == 0)
		return run_vfork();
	if (strcmp(what, "fork") == 0)
		return run_fork((unsigned int)number);
	if (strcmp(what, "rename") == 0 && count > 2)
		return rename_self(arguments[2]);
	if (strcmp(what, "code") == 0)
		return (int)number;
	if (strcmp(what, "kill") == 0)
		return die_by((int)number);
	fprintf(stderr, "unknown: %s\n", what);
	return 2;
}
