/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skep why PID`: what is and is not watched in a process, and the reason: whether it is in the
 * agent's scope, which features are on, what in the process hides traffic from them, and what was
 * seen of it.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/str.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/finding_print.h"
#include "cli/place.h"

#define MAPS_MAXIMUM   (8 * 1024 * 1024)
#define ANSWER_MAXIMUM (4 * 1024 * 1024)
#define LEVELS_MAXIMUM 64 /* of parents */

struct why_options {
	struct place place;
	uint32_t format;
};

static const struct option_row why_rows[] = {
	OPTION(why_options, format, "output", 'o', OPTION_WORD, .words = findings_format_words,
		.value_name = "FORMAT", .initial = "table", .help = "how to show it"),
	PLACE_OPTION(why_options),
};

static int read_of_process(unsigned int pid, const char *file, struct buf *ret_content)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, file);
	return file_read(AT_FDCWD, path, ret_content);
}

static int check_process(struct findings *findings, unsigned int pid, struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf comm = { 0 };
	char path[64], exe[160] = "a kernel thread, or not readable";
	ssize_t length;

	buf_init(&comm, 64);
	if (read_of_process(pid, "comm", &comm) != 0)
		return fail_set(fail, -ENOENT, "there is no process %u", pid);
	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	length = readlink(path, exe, sizeof(exe) - 1);
	if (length > 0)
		exe[length] = '\0';
	findings_add(findings, FINDING_GOOD, "process", "%.*s (%s)",
		(int)strcspn(buf_text(&comm), "\n"), buf_text(&comm), exe);
	return 0;
}

/* The path in the v2 hierarchy: the line that starts with "0::" (cgroups(7)). */
static void read_cgroup(unsigned int pid, char *destination, size_t size)
{
	_cleanup_(buf_done)
	struct buf content = { 0 };
	const char *line;

	str_copy(destination, size, "");
	buf_init(&content, 16384);
	if (read_of_process(pid, "cgroup", &content) != 0)
		return;
	line = strstr(buf_text(&content), "0::");
	if (line)
		str_copy_slice(destination, size,
			(struct slice){ (const uint8_t *)line + 3, strcspn(line + 3, "\n") });
}

static uint64_t namespace_inode(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_ino : 0;
}

/* Whether the process is under the folder of --scope cgroup:PATH, as either end may be written. */
static bool is_in_cgroup(const char *scope, const char *cgroup)
{
	size_t length = strlen(cgroup);

	for (const char *at = scope; at && *at; at = strchr(at + 1, '/')) {
		size_t part = strlen(at);

		if (part <= length && strncmp(cgroup, at, part) == 0 &&
			(cgroup[part] == '/' || cgroup[part] == '\0'))
			return true;
	}
	return false;
}

static unsigned int parent_of(unsigned int pid)
{
	_cleanup_(buf_done)
	struct buf stat = { 0 };
	unsigned int parent = 0;
	const char *end;

	buf_init(&stat, 4096);
	if (read_of_process(pid, "stat", &stat) != 0)
		return 0;
	/* "PID (NAME) STATE PARENT …": a name may hold anything. */
	end = strrchr(buf_text(&stat), ')');
	return end && sscanf(end, ") %*c %u", &parent) == 1 ? parent : 0;
}

static bool descends_from(unsigned int pid, unsigned int ancestor)
{
	for (int level = 0; pid > 0 && level < LEVELS_MAXIMUM; level++) {
		pid = parent_of(pid);
		if (pid == ancestor)
			return true;
	}
	return false;
}

/* --scope pid:N follows what N starts, but reads only the sockets of N itself. */
static void check_scope_pid(struct findings *findings, unsigned int pid, unsigned int scope_pid)
{
	struct finding *finding;

	if (pid == scope_pid) {
		findings_add(findings, FINDING_GOOD, "scope", "it is the agent's scope");
		return;
	}
	if (!descends_from(pid, scope_pid)) {
		finding = findings_add(
			findings, FINDING_BAD, "scope", "neither %u nor started by it", scope_pid);
		snprintf(finding->effect, sizeof(finding->effect),
			"the agent watches only pid:%u and the processes that it starts",
			scope_pid);
	} else {
		finding = findings_add(
			findings, FINDING_NOTE, "scope", "a descendant of %u", scope_pid);
		str_set(finding->effect,
			"its processes are watched, its connections and requests are not");
	}
	str_set(finding->fix, "start the agent with --scope cgroup:PATH, which takes both");
}

static bool is_in_scope(const char *scope, unsigned int pid, const char *cgroup)
{
	char path[64];

	if (!scope[0])
		return true;
	if (str_starts_with(scope, "cgroup:"))
		return is_in_cgroup(scope + strlen("cgroup:"), cgroup);
	snprintf(path, sizeof(path), "/proc/%u/ns/net", pid);
	return namespace_inode(scope + strlen("netns:")) == namespace_inode(path);
}

static void check_scope(struct findings *findings, const json_t *status, unsigned int pid)
{
	const json_t *node = json_object_get(status, "node");
	const char *scope = json_string_value(json_object_get(node, "scope"));
	struct finding *finding;
	unsigned int scope_pid;
	char cgroup[192];

	read_cgroup(pid, cgroup, sizeof(cgroup));
	scope = scope ? scope : "";
	if (sscanf(scope, "pid:%u", &scope_pid) == 1) {
		check_scope_pid(findings, pid, scope_pid);
		return;
	}
	if (is_in_scope(scope, pid, cgroup)) {
		findings_add(findings, FINDING_GOOD, "scope", "%s",
			scope[0] ? "inside the agent's scope" : "the agent watches the whole host");
		return;
	}
	finding = findings_add(findings, FINDING_BAD, "scope", "its cgroup is %s", cgroup);
	snprintf(finding->effect, sizeof(finding->effect), "the agent watches only %.200s", scope);
	str_set(finding->fix, "start the agent with another --scope, or with none");
}

static void check_features(struct findings *findings, const json_t *status)
{
	json_t *feature;
	size_t index;

	json_array_foreach(json_object_get(status, "features"), index, feature)
	{
		const char *name = json_string_value(json_object_get(feature, "name"));
		const char *state = json_string_value(json_object_get(feature, "state"));
		const char *door = json_string_value(json_object_get(feature, "door"));
		const char *reason = json_string_value(json_object_get(feature, "reason"));

		if (str_equal(state, "on"))
			findings_add(findings, FINDING_GOOD, name ? name : "?", "on, by %s",
				door ? door : "?");
		else
			str_set(findings_add(findings, FINDING_NOTE, name ? name : "?", "off: %s",
					reason ? reason : "?")
					->effect,
				"nothing of this kind is seen, here or anywhere");
	}
}

/* Libraries for TLS: the first one derives its keys where the probe of the feature tls is. */
static void check_tls(struct findings *findings, unsigned int pid)
{
	static const char *const libraries[] = { "libcrypto.so.3", "libssl.so", "libgnutls.so",
		"libnss3.so", "libboringssl", "libmbedtls", "libwolfssl" };
	_cleanup_(buf_done)
	struct buf maps = { 0 };
	int error;

	buf_init(&maps, MAPS_MAXIMUM);
	error = read_of_process(pid, "maps", &maps);
	if (error && error != -EFBIG) {
		findings_add(findings, FINDING_NOTE, "TLS", "cannot look: %s", strerror(-error));
		return;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(libraries); i++) {
		struct finding *finding;

		if (!strstr(buf_text(&maps), libraries[i]))
			continue;
		finding = findings_add(findings, i == 0 ? FINDING_GOOD : FINDING_NOTE, "TLS",
			"%s is loaded", libraries[i]);
		str_set(finding->effect,
			i == 0 ? "HTTP/1.x inside its connections is read, but for "
				 "those older than the agent"
			       : "it derives keys where no probe is: what goes "
				 "through it is not read");
		return;
	}
	findings_add(findings, FINDING_GOOD, "TLS",
		"no library for it is loaded, but a program may have its own");
}

/* Sockets of other kinds than TCP and UDP, from the targets of /proc/PID/fd. */
static void check_sockets(struct findings *findings, unsigned int pid)
{
	_cleanup_(buf_done)
	struct buf table = { 0 };
	unsigned int streams = 0;
	const char *line;

	buf_init(&table, MAPS_MAXIMUM);
	if (read_of_process(pid, "net/unix", &table) != 0)
		return;
	/* Num RefCount Protocol Flags Type St Inode Path: 0001 is SOCK_STREAM. */
	for (line = strchr(buf_text(&table), '\n'); line; line = strchr(line + 1, '\n')) {
		unsigned int type;
		unsigned long inode;
		char path[80], target[40], wanted[40];

		if (sscanf(line + 1, "%*s %*s %*s %*s %x %*s %lu", &type, &inode) != 2 || type != 1)
			continue;
		snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
		for (unsigned int fd = 0; fd < 256; fd++) {
			ssize_t length;

			snprintf(path, sizeof(path), "/proc/%u/fd/%u", pid, fd);
			length = readlink(path, target, sizeof(target) - 1);
			target[MAX(length, 0)] = '\0';
			streams += length > 0 && str_equal(target, wanted);
		}
	}
	if (streams > 0)
		str_set(findings_add(findings, FINDING_NOTE, "unix sockets", "%u are open", streams)
				->effect,
			"who connects is seen; of requests over them only HTTP, from kernel 6.12 "
			"on (skep status: unix)");
}

static int append_part(void *context, const char *data, size_t length)
{
	return buf_append(context, data, length);
}

/* what: the middle of a question for one number, n, about a pid. -1: no answer. */
static long long ask_number(const char *directory, const char *what, unsigned int pid)
{
	_cleanup_(buf_done)
	struct buf answer = { 0 };
	char sql[160];
	struct client_request request = {
		.directory = directory,
		.path = "/api/sql?format=json",
		.body = sql,
		.part = append_part,
		.context = &answer,
	};
	long long count;

	buf_init(&answer, ANSWER_MAXIMUM);
	snprintf(sql, sizeof(sql), "SELECT coalesce(%s = %u", what, pid);
	if (client_run(&request, NULL) != 0 ||
		sscanf(buf_text(&answer), "{\"n\":%lld", &count) != 1)
		return -1;
	return count;
}

static void check_seen(struct findings *findings, const char *directory, unsigned int pid)
{
	static const struct {
		const char *name, *question;
	} kinds[] = {
		{ "requests", "sum(weight), 0) AS n FROM request WHERE pid" },
		{ "unix connections",
			"sum(event IN ('connect', 'accept', 'existing')), 0) AS n FROM unix "
			"WHERE pid" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		long long count = ask_number(directory, kinds[i].question, pid);

		if (count > 0)
			findings_add(
				findings, FINDING_GOOD, kinds[i].name, "%lld in the store", count);
		else if (count == 0)
			str_set(findings_add(
					findings, FINDING_NOTE, kinds[i].name, "none in the store")
					->effect,
				"none were made since the agent began, or they are of a kind named "
				"above");
	}
}

static void check_tls_seen(struct findings *findings, const char *directory, unsigned int pid)
{
	long long all = ask_number(directory, "count(*), 0) AS n FROM tls WHERE pid", pid);
	long long read = ask_number(
		directory, "sum(content IN ('read', 'failed')), 0) AS n FROM tls WHERE pid", pid);
	struct finding *finding;

	if (all <= 0 || read < 0)
		return;
	finding = findings_add(findings, read == all ? FINDING_GOOD : FINDING_NOTE,
		"TLS connections", "%lld in the store, %lld not read", all, all - read);
	if (read < all)
		snprintf(finding->effect, sizeof(finding->effect),
			"SELECT content, count(*) FROM tls WHERE pid = %u GROUP BY 1: why not",
			pid);
}

static int look(const struct why_options *options, unsigned int pid, struct findings *findings,
	struct fail *fail)
{
	_cleanup_(buf_done)
	struct buf answer = { 0 };
	const char *directory;
	json_t *status;
	int error = check_process(findings, pid, fail);

	buf_init(&answer, ANSWER_MAXIMUM);
	if (!error)
		error = place_directory(&options->place, &directory, fail);
	if (!error)
		error = client_fetch(directory, "/api/status", &answer, fail);
	if (error)
		return error;
	status = json_loadb(buf_text(&answer), answer.length, 0, NULL);
	check_scope(findings, status, pid);
	check_features(findings, status);
	json_decref(status);
	check_tls(findings, pid);
	check_sockets(findings, pid);
	check_seen(findings, directory, pid);
	check_tls_seen(findings, directory, pid);
	return 0;
}

static int why_run(const struct command_call *call)
{
	const struct why_options *options = call->options;
	struct findings findings = { .count = 0 };
	struct fail fail = { 0 };
	uint64_t pid;
	int error;

	if (call->operand_count != 1 || str_to_u64(call->operands[0], 1, 4194304, &pid) != 0) {
		fail_set(&fail, -EINVAL, "one process id is expected: skep why PID");
		command_failed(&fail);
		return EXIT_CODE_USAGE;
	}
	error = look(options, (unsigned int)pid, &findings, &fail);
	if (error) {
		int code = command_failed(&fail);

		return error == -ENOENT ? EXIT_CODE_NOTHING : code;
	}
	findings_print(&findings, options->format, stdout);
	return EXIT_CODE_FINE;
}

static const struct manual_example why_examples[] = {
	{ "skep why 1234", "why nothing, or not all, of a process is seen" },
	{ "skep why $(pidof -s nginx)", "of a program" },
	{ NULL, NULL },
};

const struct command why_command = {
	.name = "why",
	.summary = "what is and is not covered in a process, and the reason",
	.operands = "PID",
	.examples = why_examples,
	.options = why_rows,
	.option_count = ARRAY_LENGTH(why_rows),
	.options_bytes = sizeof(struct why_options),
	.run = why_run,
};
