/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities through libcap-ng; they belong to threads, so each thread gives up its own.
 */
#include "engine/privilege.h"

#include <cap-ng.h>
#include <sys/prctl.h>

#define BIT(capability) (1ULL << (capability))

const uint64_t privilege_of_agent = BIT(CAP_BPF) | BIT(CAP_PERFMON) | BIT(CAP_SYS_PTRACE) |
				    BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_SYS_ADMIN);

uint64_t privilege_held(void)
{
	uint64_t held = 0;

	if (capng_get_caps_process() < 0)
		return 0;
	for (unsigned int capability = 0; capability <= CAP_LAST_CAP; capability++)
		if (capng_have_capability(CAPNG_EFFECTIVE, capability))
			held |= BIT(capability);
	return held;
}

int privilege_keep(uint64_t keep)
{
	if (capng_get_caps_process() < 0)
		return -EPERM;
	for (unsigned int capability = 0; capability <= CAP_LAST_CAP; capability++)
		if (!(keep & BIT(capability)))
			capng_update(CAPNG_DROP,
				CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE, capability);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -EPERM;
	/* A program that is executed gets nothing back, not even one with file capabilities. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return 0;
}
