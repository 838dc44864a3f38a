/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix sockets that keep connections (stream and seqpacket), and who has them open. Reads sock_diag
 * in every network namespace that a process lives in, /proc/PID/net/unix where that is refused or
 * its module is missing, and /proc/PID/fd. Keeps nothing; any thread. About 1 ms per 1000 unix
 * sockets of a namespace, and for owners per 1000 open descriptors of the node.
 */
#ifndef SKEP_NODE_UNIX_SOCKET_H
#define SKEP_NODE_UNIX_SOCKET_H

#include "node/socket.h"

/* sun_path (unix(7)) as text: 108 bytes, a @ for the first NUL of an abstract name. */
#define UNIX_PATH_BYTES 112

struct unix_socket {
	uint64_t inode;	     /* 0: nobody has accepted it yet */
	uint64_t peer_inode; /* 0: none, not accepted yet, or /proc/PID/net/unix does not tell */
	uint64_t file_inode; /* of the file it is bound to, its lower 32 bits; 0: unknown or none */
	uint64_t start_ns;   /* of the owner, in ticks of /proc */
	uint32_t pid;	     /* of a process that has it open, 0 when none was found */
	uint32_t network_namespace;
	uint8_t type;		    /* SOCK_STREAM or SOCK_SEQPACKET */
	uint8_t state;		    /* SOCKET_ESTABLISHED, SOCKET_LISTEN, SOCKET_CLOSE */
	char path[UNIX_PATH_BYTES]; /* "" without a name; accepted sockets have the listener's */
};

/* The name in length bytes of sun_path as people write it: "/run/a", "@abstract"; NULs inside an
 * abstract name become @ too, as the kernel's listing shows them. */
void unix_path_text(const void *sun_path, size_t length, char *ret_text, size_t size);

/* Called for each socket; the entry is borrowed. */
typedef void unix_socket_visit(void *context, const struct unix_socket *socket);

/* The sockets of one namespace, without owners. diag_fd: from diag_open, or negative. 1, 0 when the
 * other ends are not told, or -errno. */
int unix_socket_list(int root_fd, int diag_fd, const struct network_namespace *namespace,
	unix_socket_visit *visit, void *context);
/* Those of the whole node with their owners, chosen as socket_scan does. Their number, -errno when
 * nothing could be read, -E2BIG after SOCKETS_MAXIMUM. */
int unix_socket_scan(const struct node *node, unix_socket_visit *visit, void *context);

#endif
