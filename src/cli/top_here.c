/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent in a child process: see top_here.h.
 */
#include "cli/top_here.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/api.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/loop.h"
#include "engine/privilege.h"

#define STORE_BYTES (256ULL << 20) /* of a folder that goes away again */

/* Only files of the agent's own are in it, no folders. */
static void remove_folder(const char *path)
{
	static const char *const names[] = { "lock", "socket", "store.db", "store.db-wal",
		"store.db-shm", "token" };
	char file[128];

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]);
		unlink(file);
	}
	rmdir(path);
}

static void tell(int fd, const struct fail *fail)
{
	if (write(fd, fail, sizeof(*fail)) != sizeof(*fail))
		_exit(EXIT_CODE_FAILED);
}

/* Tells once the loop turns, which is when it answers. */
struct teller {
	struct agent *agent;
	int fd;
};

static void on_turn(void *context)
{
	struct teller *teller = context;
	const struct fail fine = { 0 };

	tell(teller->fd, &fine);
}

static int run(const struct command_call *call, int tell_fd, struct fail *fail)
{
	_cleanup_(agent_freep)
	struct agent *agent = NULL;
	_cleanup_(api_closep)
	struct api *api = NULL;
	struct teller teller = { .fd = tell_fd };
	int error = agent_new(call->config, &agent, fail);

	if (error)
		return error;
	agent_use_slots(agent, TAKE(*call->slots));
	error = api_open(agent, &api, fail);
	if (error)
		return error;
	if (agent_start(agent, NULL) == 0)
		return agent_why_off(agent, fail);
	(void)privilege_keep(privilege_of_agent);
	error = loop_post(agent->loop, on_turn, &teller);
	return error ? error : agent_run(agent);
}

/* Leaves the terminal and its signals to the command. */
static void stand_apart(void)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	for (int fd = 0; null_fd >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null_fd, fd);
}

static _Noreturn void child_main(
	const struct command_call *call, const char *directory, pid_t parent, int tell_fd)
{
	struct fail fail = { 0 };
	int error;

	stand_apart();
	str_set(call->config->directory, directory);
	str_set(call->config->listen, "off");
	if (call->config->store_bytes == 0)
		call->config->store_bytes = STORE_BYTES;
	error = getppid() == parent ? run(call, tell_fd, &fail) : 0;
	if (error) {
		if (!fail.code)
			fail_set(&fail, error, "%s", strerror(-error));
		tell(tell_fd, &fail);
	}
	remove_folder(directory);
	_exit(error ? EXIT_CODE_FAILED : EXIT_CODE_FINE);
}

int top_here_start(const struct command_call *call, struct top_here *ret_here, struct fail *fail)
{
	const char *parent_folder = getenv("TMPDIR");
	struct top_here here = { 0 };
	struct fail told = { 0 };
	pid_t parent = getpid();
	int fds[2];

	if (!parent_folder || strlen(parent_folder) > 40)
		parent_folder = "/tmp";
	snprintf(here.directory, sizeof(here.directory), "%s/skep-top.XXXXXX", parent_folder);
	if (!mkdtemp(here.directory))
		return fail_set(fail, -errno, "cannot make a folder in %s: %s", parent_folder,
			strerror(errno));
	if (pipe2(fds, O_CLOEXEC) < 0)
		return fail_set(fail, -errno, "cannot make a pipe: %s", strerror(errno));
	fflush(NULL);
	here.pid = fork();
	if (here.pid == 0)
		child_main(call, here.directory, parent, fds[1]);
	close(fds[1]);
	if (here.pid < 0 || read(fds[0], &told, sizeof(told)) != sizeof(told))
		fail_set(&told, -ECHILD, "the agent that was started for this ended at once");
	close(fds[0]);
	if (!told.code) {
		*ret_here = here;
		return 0;
	}
	*fail = told;
	top_here_stop(&here);
	return told.code;
}

void top_here_stop(struct top_here *here)
{
	if (here->pid <= 0)
		return;
	kill(here->pid, SIGTERM);
	waitpid(here->pid, NULL, 0);
	/* One that crashed left it. */
	remove_folder(here->directory);
	here->pid = 0;
}
