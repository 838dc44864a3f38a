/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who listens where on this node, and which addresses belong to which network namespace: so that a
 * connection whose other end is here too gets the name of the service behind it. Loop thread only.
 */
#ifndef SKEP_NODE_LISTENER_H
#define SKEP_NODE_LISTENER_H

#include "event/process.h"
#include "node/socket.h"

#define LISTENERS_MAXIMUM	8192
#define LOCAL_ADDRESSES_MAXIMUM 16384

struct listener_table;

struct listener_table *listener_table_new(void);
void listener_table_free(struct listener_table *table); /* accepts NULL */

/*
 * Reads listening sockets and local addresses of all namespaces again; what lives on keeps its
 * entry, owners are searched only for what is new. 0 or -errno, then everything stays as it was.
 */
int listener_refresh(struct listener_table *table, struct node *node);
/* The listener of address:port as seen from a namespace; NULL when there is none here. Its pid is 0
 * when nobody was found to have it open. */
const struct event_process *listener_find(const struct listener_table *table,
	uint32_t network_namespace, const struct address *address, uint16_t port);
/* Whether the address is one of this namespace (loopback counts). */
bool listener_is_local(const struct listener_table *table, uint32_t network_namespace,
	const struct address *address);
void listener_add(struct listener_table *table, const struct socket_entry *socket,
	const struct event_process *process);
size_t listener_count(const struct listener_table *table);

#endif
