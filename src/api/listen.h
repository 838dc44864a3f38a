/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets that the API listens on: a unix one whose file mode decides who may connect, and a
 * TCP one on loopback.
 */
#ifndef SKEP_API_LISTEN_H
#define SKEP_API_LISTEN_H

#include <sys/socket.h>

#include "base/fail.h"

#define LISTEN_GROUP "skep" /* whose members may use the unix socket, where the group exists */

struct listen_address {
	struct sockaddr_storage address;
	socklen_t length;
};

/*
 * "127.0.0.1:7850", "[::1]:7850", "localhost:7850"; port 0 means any free one. -EINVAL when it is
 * no address, or not one of these, with a sentence.
 */
int listen_parse(const char *text, struct listen_address *ret_address, struct fail *fail);
/* A listening, non-blocking descriptor and the port it got. -EADDRINUSE says who has the port. */
int listen_tcp(const char *text, int *ret_fd, uint16_t *ret_port, struct fail *fail);
/* Makes the socket file, mode 0660, in place of an old one: the caller holds the folder's lock. */
int listen_unix(const char *path, int *ret_fd, struct fail *fail);
/* Gives the socket to the group, and its folder when that has the mode and the owner of one that an
 * agent made. 0 or -errno. */
int listen_share(const char *path, gid_t group, struct fail *fail);
/*
 * "nginx (pid 123)" for who listens on the port in this network namespace. -ENOENT when nobody
 * does, -EACCES when it cannot be known.
 */
int listen_owner(uint16_t port, char *ret_owner, size_t size);

#endif
