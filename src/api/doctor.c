/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /api/doctor: what this machine allows and lacks, as `skep doctor` says it, with the
 * capabilities that the agent started with. Examined on a thread.
 */
#include "engine/doctor.h"

#include "api/routes.h"
#include "api/worker.h"
#include "base/str.h"
#include "engine/agent.h"
#include "engine/privilege.h"

struct doctor_work {
	struct work work;
	uint64_t capabilities;
	char directory[sizeof(((struct config *)NULL)->directory)];
};

static int doctor_run(struct work *work, FILE *stream, const atomic_bool *cancel, struct fail *fail)
{
	const struct doctor_work *doctor = (const struct doctor_work *)work;
	const struct doctor_patient patient = { doctor->directory, "the agent",
		doctor->capabilities };
	_cleanup_(buf_done)
	struct buf answer = { 0 };
	struct findings findings = { .count = 0 };
	struct json json;

	(void)cancel;
	doctor_examine(&patient, &findings);
	buf_init(&answer, ROUTE_REPLY_MAXIMUM);
	json_init(&json, &answer);
	findings_write(&findings, &json);
	buf_append_byte(&answer, '\n');
	return fputs(buf_text(&answer), stream) < 0 ? fail_set(fail, -EPIPE, "nobody reads") : 0;
}

static void doctor_free(struct work *work)
{
	free(work);
}

static int doctor_handle(
	const struct route_request *request, struct route_reply *reply, struct fail *fail)
{
	struct doctor_work *doctor = calloc(1, sizeof(*doctor));

	if (!doctor)
		return fail_set(fail, -ENOMEM, "no memory for the examination");
	doctor->work = (struct work){
		.run = doctor_run, .free = doctor_free, .privileges = privilege_of_agent
	};
	doctor->capabilities = request->agent->capabilities;
	str_set(doctor->directory, request->agent->config.directory);
	reply->content_type = "application/json";
	return route_start_work(request, &doctor->work, reply, fail);
}

const struct route doctor_route = {
	.method = "GET",
	.path = "/api/doctor",
	.summary = "what this machine allows and lacks, and the fix, as `skep doctor` says it",
	.handle = doctor_handle,
};
