/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The status document: what is on, off and why; losses, and what the agent itself costs. The API
 * and `skep status -o json` show it as it is.
 */
#ifndef SKEP_STATUS_H
#define SKEP_STATUS_H

#include "base/json.h"
#include "engine/agent.h"

/*
 * Writes one object with `features`, `agent`, `store` and `node`. url: of the page with its token,
 * NULL when there is none. Runs and time of programs count only while agent_measure_programs is on.
 * Loop thread only.
 */
void status_write(struct agent *agent, const char *url, struct json *json);

#endif
