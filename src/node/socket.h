/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP and UDP sockets that exist already, and who has them open: for those that are older than the
 * agent. Reads sock_diag (sock_diag(7)) in every network namespace that a process lives in,
 * /proc/PID/net/tcp or udp where that is refused, and /proc/PID/fd. Keeps nothing; any thread,
 * since it uses only the node's folders. Takes about 1 ms per 1000 open descriptors of the node.
 */
#ifndef SKEP_NODE_SOCKET_H
#define SKEP_NODE_SOCKET_H

#include "event/field.h"

struct node;

#define SOCKETS_MAXIMUM		   262144
#define NETWORK_NAMESPACES_MAXIMUM 1024

/* States of enum tcp_state in the kernel's include/net/tcp_states.h, for socket.state. Those of UDP
 * are established with a peer and close without. */
enum {
	SOCKET_ESTABLISHED = 1,
	SOCKET_SYN_SENT = 2,
	SOCKET_SYN_RECEIVED = 3,
	SOCKET_TIME_WAIT = 6,
	SOCKET_CLOSE = 7,
	SOCKET_CLOSE_WAIT = 8,
	SOCKET_LISTEN = 10,
};

/* Sets of states, for the listing. */
#define SOCKETS_LISTENING (1U << SOCKET_LISTEN)
/* All but those that no process has: time-wait and half-made ones. */
#define SOCKETS_OWNED	  (0xfffU & ~(1U << SOCKET_TIME_WAIT) & ~(1U << SOCKET_SYN_RECEIVED))

struct socket_entry {
	uint64_t cookie;   /* SO_COOKIE; 0 when it comes from /proc/PID/net/tcp */
	uint64_t inode;	   /* 0 before accept() */
	uint64_t start_ns; /* of the owner, in ticks of /proc */
	uint32_t pid;	   /* of a process that has it open, 0 when none was found */
	uint32_t uid;
	uint32_t network_namespace;
	uint16_t local_port, peer_port; /* host order */
	uint8_t state;
	struct address local, peer;
};

/* Called for each socket; the entry is borrowed. */
typedef void socket_visit(void *context, const struct socket_entry *socket);

/*
 * Visits all sockets of a protocol, IPPROTO_TCP or IPPROTO_UDP, with their owners. A socket of
 * several processes is given to the one with the lowest pid that is not a service manager. Returns
 * their number, or -errno when nothing could be read; -E2BIG after SOCKETS_MAXIMUM were visited.
 */
int socket_scan(const struct node *node, int protocol, socket_visit *visit, void *context);

/* The parts of socket_scan. */
struct socket_list {
	struct socket_entry *items;
	size_t count, capacity;
	bool is_cut; /* there were more than SOCKETS_MAXIMUM */
	bool is_udp; /* set before: of UDP, not of TCP */
};

/* A network namespace and a process that lives in it. */
struct network_namespace {
	uint32_t inode;
	uint32_t pid;
};

void socket_list_done(struct socket_list *list);
/* Appends a zeroed entry; NULL without memory or past the maximum. */
struct socket_entry *socket_list_append(struct socket_list *list);
/* The distinct namespaces of live processes, at most `maximum`. The count or -errno. */
int network_namespaces(int root_fd, struct network_namespace *namespaces, size_t maximum);
/* Appends the sockets of one namespace whose state is in the set. 0 or -errno. */
int socket_list_namespace(int root_fd, const struct network_namespace *namespace, uint32_t states,
	struct socket_list *list);
/* Fills pid and start_ns; sorts the list by inode. */
void socket_list_find_owners(int root_fd, struct socket_list *list);

#endif
