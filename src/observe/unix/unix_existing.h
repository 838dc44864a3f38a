/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that are older than the agent: found once, by a scan of the node's unix sockets. They
 * are kept until they close, because the kernel half does not know which end listens when both
 * have a name. Loop thread only.
 */
#ifndef SKEP_UNIX_EXISTING_H
#define SKEP_UNIX_EXISTING_H

#include "engine/agent.h"
#include "node/unix_socket.h"
#include "observe/unix/unix_record.h"

/* Of those in scope; further ones are counted. */
#define UNIX_EXISTING_MAXIMUM 65536

struct unix_existing;

/* One end. */
struct unix_old {
	uint64_t connection; /* see struct unix_record; 0 when nobody told */
	uint8_t role;	     /* enum request_role */
	uint32_t peer_pid;
};

struct unix_existing *unix_existing_new(void);
void unix_existing_free(struct unix_existing *existing); /* accepts NULL */

/* Reads the node's sockets: milliseconds. 0 or -errno. */
int unix_existing_scan(struct unix_existing *existing, const struct agent *agent);
/* The kernel half told of this connection: it is none of those. Before unix_existing_report. */
void unix_existing_forget(struct unix_existing *existing, uint64_t connection);
/* Calls report for each end in scope that was found and not forgotten. Returns how many were left
 * out because of the maximum. */
typedef void unix_existing_end(
	void *context, const struct unix_socket *socket, const struct unix_old *old);
uint64_t unix_existing_report(
	struct unix_existing *existing, unix_existing_end *report, void *context);
/* Of the close of an end that is older than the agent: fills role and connection. */
void unix_existing_complete(struct unix_existing *existing, struct unix_record *record);

#endif
