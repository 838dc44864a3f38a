/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the kernel's sock_diag (sock_diag(7)) in any network namespace. In: a request and
 * who takes the answers; out: a call for each socket. Any thread; keeps nothing.
 */
#ifndef SKEP_NODE_DIAG_H
#define SKEP_NODE_DIAG_H

#include <linux/netlink.h>

#include "node/socket.h"

/*
 * A netlink socket that lives in the namespace, whoever calls: descriptor, to be closed, or -errno;
 * -ESRCH when the process lives elsewhere by now. It keeps the namespace alive while it is open. An
 * answer that does not come within a second fails.
 */
int diag_open(int root_fd, const struct network_namespace *namespace);

/* One socket of the answer: the message behind the netlink header. 0, or -errno to stop. */
typedef int diag_take(void *context, const void *message, size_t length);
/*
 * Sends the request (a struct nlmsghdr with what belongs to it, nlmsg_len set) and has each answer
 * that is at least minimum bytes long taken. 0 or -errno, also what take returned.
 */
struct diag_question {
	const struct nlmsghdr *request;
	size_t minimum;
	diag_take *take;
	void *context;
};
int diag_ask(int fd, const struct diag_question *question);

#endif
