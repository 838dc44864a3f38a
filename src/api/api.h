/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP API of a running agent, on the unix socket DIR/socket and, unless --listen is off, on a
 * TCP address on loopback that wants a token. Everything runs on the loop thread but
 * questions to the store, which have threads of their own.
 */
#ifndef SKEP_API_H
#define SKEP_API_H

#include "base/fail.h"

struct agent;
struct api;

/*
 * Listens; requests are answered once the agent's loop runs. To be called after agent_new and
 * before privileges are dropped. 0 or -errno; -EADDRINUSE says who has the port.
 */
int api_open(struct agent *agent, struct api **ret_api, struct fail *fail);
/* Ends all answers and removes the socket; before agent_free. Accepts NULL. */
void api_close(struct api *api);
DEFINE_CLEANUP(struct api *, api_close);

/* The address of the page with its token, NULL when --listen is off. Valid as long as api. */
const char *api_url(const struct api *api);

#endif
