/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two processes that talk over a socket, as often as they can.
 * Usage: load unix|tcp COUNT | load connect COUNT
 *   unix, tcp  COUNT exchanges of 100 bytes each way over one connection
 *   connect    COUNT connections over a unix socket with one such exchange each
 * Prints the nanoseconds that all took. The socket lies in the working directory.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define MESSAGE_BYTES 100
#define SOCKET_NAME   "load.sock"
#define TCP_PORT      18099

struct place {
	union {
		struct sockaddr any;
		struct sockaddr_un local;
		struct sockaddr_in internet;
	} address;
	socklen_t length;
};

static struct place place_of(bool is_tcp)
{
	struct place place = { .length = sizeof(struct sockaddr_un) };

	if (is_tcp) {
		place.length = sizeof(struct sockaddr_in);
		place.address.internet.sin_family = AF_INET;
		place.address.internet.sin_port = htons(TCP_PORT);
		place.address.internet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	} else {
		place.address.local.sun_family = AF_UNIX;
		str_set(place.address.local.sun_path, SOCKET_NAME);
	}
	return place;
}

/* False at the end of the connection. */
static bool take(int fd)
{
	char message[MESSAGE_BYTES];
	size_t got = 0;

	while (got < sizeof(message)) {
		ssize_t length = read(fd, message + got, sizeof(message) - got);

		if (length <= 0)
			return false;
		got += (size_t)length;
	}
	return true;
}

static bool give(int fd)
{
	static const char message[MESSAGE_BYTES];

	return write(fd, message, sizeof(message)) == sizeof(message);
}

/* Answers whatever comes over that many connections. */
static int serve(int listener, unsigned long connections)
{
	for (unsigned long i = 0; i < connections; i++) {
		int fd = accept(listener, NULL, NULL);

		while (take(fd))
			if (!give(fd))
				return 1;
		close(fd);
	}
	return 0;
}

static bool ask(const struct place *place, unsigned long exchanges)
{
	int fd = socket(place->address.any.sa_family, SOCK_STREAM, 0);
	bool is_fine = connect(fd, &place->address.any, place->length) == 0;

	for (unsigned long i = 0; is_fine && i < exchanges; i++)
		is_fine = give(fd) && take(fd);
	close(fd);
	return is_fine;
}

int main(int argc, char **argv)
{
	uint64_t count, began_ns;
	bool is_tcp = argc > 1 && str_equal(argv[1], "tcp");
	bool each_connects = argc > 1 && str_equal(argv[1], "connect");
	struct place place = place_of(is_tcp);
	int listener = socket(place.address.any.sa_family, SOCK_STREAM, 0);
	bool is_fine = true;
	int status;
	pid_t child;

	if (argc != 3 || str_to_u64(argv[2], 1, UINT32_MAX, &count) != 0)
		return 2;
	unlink(SOCKET_NAME);
	if (bind(listener, &place.address.any, place.length) != 0 || listen(listener, 16) != 0) {
		perror("load");
		return 1;
	}
	child = fork();
	if (child == 0)
		return serve(listener, each_connects ? count : 1);
	began_ns = clock_monotonic_ns();
	for (uint64_t i = 0; is_fine && i < (each_connects ? count : 1); i++)
		is_fine = ask(&place, each_connects ? 1 : count);
	printf("%llu\n", (unsigned long long)(clock_monotonic_ns() - began_ns));
	waitpid(child, &status, 0);
	return is_fine && status == 0 ? 0 : 1;
}
