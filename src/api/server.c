/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd driven by the agent's loop: see server.h.
 */
#include "api/server.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/loop.h"

#define CONNECTIONS_MAXIMUM 64
#define MEMORY_BYTES	    (48 * 1024) /* of a connection: request line, headers, what is sent */
#define IDLE_SECONDS	    20
#define TURNS		    8 /* in one go, before others of the loop get theirs */

static void run_again(void *context)
{
	struct server *server = context;

	server->is_posted = false;
	server_run(server);
}

void server_run(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms = 1;

	for (int i = 0; i < TURNS && server->daemon; i++) {
		MHD_run(server->daemon);
		/* Its epoll is edge-triggered inside: work may be left that no descriptor tells of.
		 */
		if (MHD_get_timeout(server->daemon, &wait_ms) != MHD_YES || wait_ms > 0)
			return;
	}
	/* Should the loop's queue be full, the tick carries on. */
	if (server->daemon && !server->is_posted)
		server->is_posted = loop_post(server->loop, run_again, server) == 0;
}

static void on_ready(void *context, uint32_t epoll_events)
{
	server_run(context);
}

static void log_message(void *context, const char *format, va_list arguments)
{
	char text[256];

	vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\n")] = '\0';
	log_debug("api", "%s", text);
}

int server_start(struct server *server, struct loop *loop, int listen_fd, struct fail *fail)
{
	const union MHD_DaemonInfo *info;
	int error;

	server->loop = loop;
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
		exchange_handle, &server->door, MHD_OPTION_EXTERNAL_LOGGER, log_message, NULL,
		MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)CONNECTIONS_MAXIMUM, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)MEMORY_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_SECONDS,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED, exchange_completed,
		&server->door, MHD_OPTION_NOTIFY_CONNECTION, exchange_visitor, &server->door,
		MHD_OPTION_END);
	if (!server->daemon) {
		close(listen_fd);
		return fail_set(fail, -ENOMEM, "libmicrohttpd cannot start a server");
	}
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	server->epoll_fd = info ? info->epoll_fd : -1;
	error = loop_add(loop, server->epoll_fd, EPOLLIN, on_ready, server);
	if (!error)
		return 0;
	MHD_stop_daemon(server->daemon);
	server->daemon = NULL;
	return fail_set(fail, error, "cannot watch the server's sockets: %s", strerror(-error));
}

void server_stop(struct server *server)
{
	if (!server->daemon)
		return;
	loop_remove(server->loop, server->epoll_fd);
	MHD_stop_daemon(server->daemon);
	server->daemon = NULL;
}
