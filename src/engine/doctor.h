/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this machine allows and lacks, what follows from it, and the fix: for `skep doctor` and for
 * the Status page. Looks only; the trial programs that find out which doors are open leave nothing
 * behind. Takes some 30 ms, on any thread that still has what trials need (privilege_of_agent),
 * after loader_init.
 */
#ifndef SKEP_DOCTOR_H
#define SKEP_DOCTOR_H

#include "engine/finding.h"

struct doctor_patient {
	const char *directory; /* of the store, "": none */
	const char *holder;    /* of the capabilities, as in "missing in the agent" */
	uint64_t capabilities; /* that it has, or had when it loaded; see privilege_held */
};

void doctor_examine(const struct doctor_patient *patient, struct findings *findings);

#endif
