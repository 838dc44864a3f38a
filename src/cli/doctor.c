/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skep doctor`: what this machine allows and lacks, what follows from it, and the fix
 * (engine/doctor.h), and what runs here already.
 */
#include <stdio.h>

#include "api/listen.h"
#include "base/str.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/finding_print.h"
#include "cli/place.h"
#include "engine/doctor.h"
#include "engine/loader.h"
#include "engine/privilege.h"

#define USUAL_PORT 7850 /* of --listen */

struct doctor_options {
	struct place place;
	uint32_t format;
};

static const struct option_row doctor_rows[] = {
	OPTION(doctor_options, format, "output", 'o', OPTION_WORD, .words = findings_format_words,
		.value_name = "FORMAT", .initial = "table", .help = "how to show it"),
	PLACE_OPTION(doctor_options),
};

static void check_agent(struct findings *findings, const char *directory)
{
	_cleanup_(buf_done)
	struct buf answer = { 0 };
	struct fail fail = { 0 };
	char owner[64];
	int error;

	buf_init(&answer, 4 * 1024 * 1024);
	error = client_fetch(directory, "/api/status", &answer, &fail);
	if (!error)
		findings_add(findings, FINDING_GOOD, "agent", "runs on %s", directory);
	else if (error == -ENOTCONN)
		findings_add(findings, FINDING_GOOD, "agent", "none runs on %s", directory);
	else
		findings_add(findings, FINDING_NOTE, "agent", "%s", fail.text);
	error = listen_owner(USUAL_PORT, owner, sizeof(owner));
	if (error == -ENOENT) {
		findings_add(findings, FINDING_GOOD, "port", "%d is free", USUAL_PORT);
		return;
	}
	if (error)
		str_set(owner, "another program");
	if (str_starts_with(owner, "skep ")) {
		findings_add(findings, FINDING_GOOD, "port", "%d: %s", USUAL_PORT, owner);
		return;
	}
	str_set(findings_add(findings, FINDING_NOTE, "port", "%d: %s", USUAL_PORT, owner)->fix,
		"choose another with --listen 127.0.0.1:PORT");
}

static int doctor_run(const struct command_call *call)
{
	const struct doctor_options *options = call->options;
	struct findings findings = { .count = 0 };
	struct fail fail = { 0 };
	const char *directory;

	if (place_directory(&options->place, &directory, &fail) != 0)
		return command_failed(&fail);
	loader_init();
	doctor_examine(
		&(struct doctor_patient){ directory, "this process", privilege_held() }, &findings);
	check_agent(&findings, directory);
	findings_print(&findings, options->format, stdout);
	if (findings_worst(&findings) != FINDING_BAD)
		return EXIT_CODE_FINE;
	for (unsigned int i = 0; i < findings.count; i++) {
		if (findings.all[i].grade == FINDING_BAD &&
			!str_starts_with(findings.all[i].check, "CAP_"))
			return EXIT_CODE_KERNEL;
	}
	return EXIT_CODE_PRIVILEGE;
}

static const struct manual_example doctor_examples[] = {
	{ "sudo skep doctor", "what works here and what does not" },
	{ "skep doctor -o json", "the same for a fleet" },
	{ NULL, NULL },
};

const struct command doctor_command = {
	.name = "doctor",
	.summary = "what this machine allows and lacks, and the fix",
	.description = "Exit code 0: skep works here, perhaps not with every door; 4: rights are "
		       "missing; 5: the kernel lacks what skep cannot do without.",
	.examples = doctor_examples,
	.options = doctor_rows,
	.option_count = ARRAY_LENGTH(doctor_rows),
	.options_bytes = sizeof(struct doctor_options),
	.run = doctor_run,
};
