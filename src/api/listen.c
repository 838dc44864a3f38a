/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets that the API listens on: see listen.h.
 */
#include "api/listen.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

#define BACKLOG 64

static int bad_address(const char *text, struct fail *fail)
{
	return fail_set(fail, -EINVAL,
		"'%s' is no address to listen on: write 127.0.0.1:7850, [::1]:7850 or off", text);
}

static int set_ipv6(const char *host, uint16_t port, struct listen_address *ret_address)
{
	struct sockaddr_in6 *address = (struct sockaddr_in6 *)&ret_address->address;

	*address = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port) };
	ret_address->length = sizeof(*address);
	if (inet_pton(AF_INET6, host, &address->sin6_addr) != 1)
		return -EINVAL;
	return IN6_IS_ADDR_LOOPBACK(&address->sin6_addr) ? 0 : -EPERM;
}

static int set_ipv4(const char *host, uint16_t port, struct listen_address *ret_address)
{
	struct sockaddr_in *address = (struct sockaddr_in *)&ret_address->address;

	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	ret_address->length = sizeof(*address);
	if (inet_pton(AF_INET, host, &address->sin_addr) != 1)
		return -EINVAL;
	return address->sin_addr.s_addr == htonl(INADDR_LOOPBACK) ? 0 : -EPERM;
}

int listen_parse(const char *text, struct listen_address *ret_address, struct fail *fail)
{
	const char *colon = strrchr(text, ':');
	struct listen_address address = { 0 };
	size_t length = colon ? (size_t)(colon - text) : 0;
	struct slice host_part = { (const uint8_t *)text, length };
	char host[64];
	uint64_t port;
	int error;

	if (length == 0 || str_to_u64(colon + 1, 0, UINT16_MAX, &port) != 0)
		return bad_address(text, fail);
	if (text[0] == '[' && text[length - 1] == ']')
		host_part = (struct slice){ (const uint8_t *)text + 1, length - 2 };
	if (!str_copy_slice(host, sizeof(host), host_part))
		return bad_address(text, fail);
	if (text[0] == '[')
		error = set_ipv6(host, (uint16_t)port, &address);
	else
		error = set_ipv4(str_equal(host, "localhost") ? "127.0.0.1" : host, (uint16_t)port,
			&address);
	if (error == -EPERM)
		return fail_set(fail, -EINVAL,
			"'%s': addresses other than 127.0.0.1 and [::1] need TLS, which the API "
			"does not speak yet; listen on 127.0.0.1 and use an SSH tunnel",
			text);
	if (error)
		return bad_address(text, fail);
	*ret_address = address;
	return 0;
}

/* The inode of the socket that listens on the port, from one /proc/net/tcp table; 0 when none. */
static uint64_t listening_inode(const char *path, uint16_t port)
{
	static const unsigned int listening = 0x0a; /* TCP_LISTEN, include/net/tcp_states.h */
	FILE *file = fopen(path, "re");
	uint64_t found = 0;
	char line[512];

	while (file && !found && fgets(line, sizeof(line), file)) {
		unsigned int local_port, state;
		unsigned long long inode;
		/* sl local:port remote:port state queues timer retransmits uid timeout inode */
		int count = sscanf(line, " %*[^:]: %*[^:]:%x %*s %x %*s %*s %*s %*s %*s %llu",
			&local_port, &state, &inode);

		if (count == 3 && local_port == port && state == listening)
			found = inode;
	}
	if (file)
		fclose(file);
	return found;
}

static bool process_has_socket(const char *pid, const char *wanted)
{
	char path[64], target[64];
	bool is_found = false;
	struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	directory = opendir(path);
	while (directory && !is_found && (entry = readdir(directory)) != NULL) {
		ssize_t length =
			readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);

		target[MAX(length, 0)] = '\0';
		is_found = length > 0 && str_equal(target, wanted);
	}
	if (directory)
		closedir(directory);
	return is_found;
}

int listen_owner(uint16_t port, char *ret_owner, size_t size)
{
	uint64_t inode = listening_inode("/proc/self/net/tcp", port);
	int result = -EACCES;
	struct dirent *entry;
	char wanted[48];
	DIR *directory;

	if (!inode)
		inode = listening_inode("/proc/self/net/tcp6", port);
	if (!inode)
		return -ENOENT;
	snprintf(wanted, sizeof(wanted), "socket:[%llu]", (unsigned long long)inode);
	directory = opendir("/proc");
	while (directory && result != 0 && (entry = readdir(directory)) != NULL) {
		char path[64], comm[32] = "?";

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
			!process_has_socket(entry->d_name, wanted))
			continue;
		snprintf(path, sizeof(path), "/proc/%.16s/comm", entry->d_name);
		file_read_array(AT_FDCWD, path, comm, sizeof(comm));
		comm[strcspn(comm, "\n")] = '\0';
		snprintf(ret_owner, size, "%s (pid %.16s)", comm, entry->d_name);
		result = 0;
	}
	if (directory)
		closedir(directory);
	return result;
}

static int bind_failed(const char *text, const struct listen_address *address, struct fail *fail)
{
	int error = -errno;
	uint16_t port = ntohs(((const struct sockaddr_in *)&address->address)->sin_port);
	char owner[64];

	if (error != -EADDRINUSE)
		return fail_set(fail, error, "cannot listen on %s: %s", text, strerror(-error));
	if (listen_owner(port, owner, sizeof(owner)) != 0)
		str_set(owner, "another program");
	return fail_set(fail, error,
		"%s is in use by %s: choose another address with --listen, port 0 for any free one",
		text, owner);
}

int listen_tcp(const char *text, int *ret_fd, uint16_t *ret_port, struct fail *fail)
{
	static const int on = 1;
	_cleanup_(fd_closep)
	int fd = -1;
	struct listen_address address;
	int error = listen_parse(text, &address, fail);

	if (error)
		return error;
	fd = socket(address.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail_set(fail, -errno, "cannot make a socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address.address, address.length) != 0 ||
		listen(fd, BACKLOG) != 0)
		return bind_failed(text, &address, fail);
	if (getsockname(fd, (struct sockaddr *)&address.address, &address.length) != 0)
		return fail_set(fail, -errno, "cannot learn the port: %s", strerror(errno));
	/* The port is at the same place for both families. */
	*ret_port = ntohs(((struct sockaddr_in *)&address.address)->sin_port);
	*ret_fd = fd_take(&fd);
	return 0;
}

int listen_share(const char *path, gid_t group, struct fail *fail)
{
	const char *slash = strrchr(path, '/');
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct stat status;

	if (chown(path, (uid_t)-1, group) != 0)
		return fail_set(fail, -errno, "cannot give %s to the group " LISTEN_GROUP ": %s",
			path, strerror(errno));
	if (!slash || !str_copy_slice(folder, sizeof(folder),
			      (struct slice){ (const uint8_t *)path, (size_t)(slash - path) }))
		return 0;
	/* A folder as an agent makes it lets only its group in; any other is a person's own choice.
	 * The files inside keep the group of the agent. */
	if (lstat(folder, &status) != 0 || !S_ISDIR(status.st_mode) ||
		(status.st_mode & 07777) != 0750 || status.st_uid != geteuid())
		return 0;
	if (chown(folder, (uid_t)-1, group) != 0)
		return fail_set(fail, -errno, "cannot give %s to the group " LISTEN_GROUP ": %s",
			folder, strerror(errno));
	return 0;
}

int listen_unix(const char *path, int *ret_fd, struct fail *fail)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_(fd_closep)
	int fd = -1;
	struct group *group;
	mode_t old_mask;
	int error;

	if (!str_set(address.sun_path, path))
		return fail_set(fail, -ENAMETOOLONG,
			"%s is too long for a socket (at most %zu bytes): choose a shorter --dir",
			path, sizeof(address.sun_path) - 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail_set(fail, -errno, "cannot make a socket: %s", strerror(errno));
	unlink(path);
	/* Nobody else may connect before the group is set. */
	old_mask = umask(0177);
	error = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : -errno;
	umask(old_mask);
	if (error || listen(fd, BACKLOG) != 0)
		return fail_set(fail, error ? error : -errno, "cannot listen on %s: %s", path,
			strerror(error ? -error : errno));
	group = getgrnam(LISTEN_GROUP);
	if (group && listen_share(path, group->gr_gid, fail) != 0)
		return fail->code;
	if (chmod(path, 0660) != 0)
		return fail_set(
			fail, -errno, "cannot set the mode of %s: %s", path, strerror(errno));
	*ret_fd = fd_take(&fd);
	return 0;
}
