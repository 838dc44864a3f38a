/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API as a whole: opens its sockets, ties its parts to the agent's loop, takes them
 * down in the right order.
 */
#include "api/api.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "api/listen.h"
#include "api/live.h"
#include "api/metrics.h"
#include "api/server.h"
#include "api/worker.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/agent.h"
#include "engine/budget.h"
#include "engine/loop.h"
#include "engine/store.h"

struct api {
	struct agent *agent;
	struct exchanges exchanges;
	struct server unix_server;
	struct server tcp_server;
	struct live *live;
	struct workers *workers;
	struct metrics *metrics;
	char store_path[256];
	char socket_path[256];
	char url[160];
};

static void wake(void *context)
{
	struct api *api = context;

	eventfd_write(api->exchanges.wake_fd, 1);
}

static void run_servers(struct api *api)
{
	server_run(&api->unix_server);
	server_run(&api->tcp_server);
}

static void on_wake(void *context, uint32_t epoll_events)
{
	struct api *api = context;
	eventfd_t count;

	eventfd_read(api->exchanges.wake_fd, &count);
	exchanges_resume_ready(&api->exchanges);
	run_servers(api);
}

static void tick(void *context, uint64_t now_ns)
{
	struct api *api = context;

	live_tick(api->live);
	workers_tick(api->workers);
	exchanges_tick(&api->exchanges, now_ns);
	run_servers(api);
}

static int start_unix(struct api *api, struct fail *fail)
{
	int fd, error;

	snprintf(api->socket_path, sizeof(api->socket_path), "%s/socket",
		api->agent->config.directory);
	error = listen_unix(api->socket_path, &fd, fail);
	if (error)
		return error;
	api->unix_server.door.exchanges = &api->exchanges;
	return server_start(&api->unix_server, api->agent->loop, fd, fail);
}

static int start_tcp(struct api *api, struct fail *fail)
{
	const struct config *config = &api->agent->config;
	struct auth *auth = &api->exchanges.auth;
	const char *colon = strrchr(config->listen, ':');
	int fd, error;

	if (str_equal(config->listen, "off"))
		return 0;
	error = auth_load_token(auth, config->directory, fail);
	if (!error)
		error = listen_tcp(config->listen, &fd, &auth->port, fail);
	if (error)
		return error;
	/* A Host that is not one of the three names is refused: 127.0.0.2 is reached as localhost
	 * only by those who know how. */
	snprintf(api->url, sizeof(api->url), "http://%.*s:%u/?token=%s",
		(int)(colon - config->listen), config->listen, auth->port, auth->token);
	api->tcp_server.door = (struct exchange_door){ &api->exchanges, true };
	return server_start(&api->tcp_server, api->agent->loop, fd, fail);
}

static int start(struct api *api, struct fail *fail)
{
	struct route_request *common = &api->exchanges.common;
	struct agent *agent = api->agent;
	int error;

	api->exchanges.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (api->exchanges.wake_fd < 0)
		return fail_set(fail, -errno, "cannot make an eventfd: %s", strerror(errno));
	error = loop_add(agent->loop, api->exchanges.wake_fd, EPOLLIN, on_wake, api);
	if (!error)
		error = loop_every(agent->loop, NS_PER_S, tick, api);
	if (!error)
		error = live_new(agent, &api->live);
	if (!error)
		error = workers_new(&api->workers);
	if (!error)
		budget_set_other_cpu(agent->budget, workers_cpu_ns, api->workers);
	if (!error)
		error = metrics_new(agent, &api->metrics);
	if (error)
		return fail_set(fail, error, "cannot prepare the API: %s", strerror(-error));
	error = start_tcp(api, fail);
	if (!error)
		error = start_unix(api, fail);
	if (error)
		return error;
	snprintf(api->store_path, sizeof(api->store_path), "%s/" STORE_FILE,
		agent->config.directory);
	common->agent = agent;
	common->live = api->live;
	common->workers = api->workers;
	common->metrics = api->metrics;
	common->store_path = api->store_path;
	common->url = api_url(api);
	common->wake = wake;
	common->wake_context = api;
	return 0;
}

int api_open(struct agent *agent, struct api **ret_api, struct fail *fail)
{
	_cleanup_(api_closep)
	struct api *api = calloc(1, sizeof(*api));
	int error;

	if (!api)
		return fail_set(fail, -ENOMEM, "no memory for the API");
	api->agent = agent;
	api->exchanges.wake_fd = -1;
	error = start(api, fail);
	if (error)
		return error;
	*ret_api = TAKE(api);
	return 0;
}

void api_close(struct api *api)
{
	if (!api)
		return;
	budget_set_other_cpu(api->agent->budget, NULL, NULL);
	loop_every_stop(api->agent->loop, tick, api);
	exchanges_cancel(&api->exchanges);
	server_stop(&api->unix_server);
	server_stop(&api->tcp_server);
	workers_free(api->workers);
	live_free(api->live);
	metrics_free(api->metrics);
	if (api->exchanges.wake_fd >= 0) {
		loop_remove(api->agent->loop, api->exchanges.wake_fd);
		close(api->exchanges.wake_fd);
	}
	if (api->socket_path[0])
		unlink(api->socket_path);
	free(api);
}

const char *api_url(const struct api *api)
{
	return api->url[0] ? api->url : NULL;
}
