/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One listening socket served by libmicrohttpd without threads of its own, driven by the
 * agent's loop. Loop thread only.
 */
#ifndef SKEP_API_SERVER_H
#define SKEP_API_SERVER_H

#include "api/exchange.h"

struct loop;

struct server {
	struct loop *loop;
	struct exchange_door door; /* to be filled before server_start */
	struct MHD_Daemon *daemon;
	int epoll_fd;
	bool is_posted; /* a message to go on waits in the loop's queue: one is enough */
};

/* Takes the listening descriptor. The server must stay where it is until server_stop. 0 or -errno.
 */
int server_start(struct server *server, struct loop *loop, int listen_fd, struct fail *fail);
/* Lets libmicrohttpd do what is due: timeouts, resumed connections. */
void server_run(struct server *server);
/* No connection may be suspended. Accepts one that was never started. */
void server_stop(struct server *server);

#endif
