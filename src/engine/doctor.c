/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks one by one; each adds a row.
 */
#include "engine/doctor.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "engine/abilities.h"

#define DISK_LOW_BYTES (512ULL * 1024 * 1024)

static void check_kernel(struct findings *findings)
{
	struct utsname names = { 0 };
	unsigned int major = 0, minor = 0;
	struct finding *finding;

	uname(&names);
	if (sscanf(names.release, "%u.%u", &major, &minor) != 2)
		major = minor = 0;
	if (major > 5 || (major == 5 && minor >= 10)) {
		findings_add(findings, FINDING_GOOD, "kernel", "Linux %s, %s", names.release,
			names.machine);
		return;
	}
	finding = findings_add(findings, FINDING_BAD, "kernel", "Linux %s", names.release);
	str_set(finding->effect, "skep needs 5.10 or newer");
	str_set(finding->fix, "install a newer kernel of your distribution");
}

static void check_btf(struct findings *findings)
{
	struct finding *finding;

	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0) {
		findings_add(findings, FINDING_GOOD, "BTF", "/sys/kernel/btf/vmlinux");
		return;
	}
	finding = findings_add(findings, FINDING_BAD, "BTF", "not readable: %s", strerror(errno));
	str_set(finding->effect, "programs cannot be fitted to this kernel");
	str_set(finding->fix, "use a kernel built with CONFIG_DEBUG_INFO_BTF=y");
}

static void check_cgroup(struct findings *findings)
{
	char line[1024], where[512], type[32];
	FILE *mounts = fopen("/proc/self/mounts", "re");
	struct finding *finding;
	bool is_found = false;

	while (mounts && !is_found && fgets(line, sizeof(line), mounts))
		is_found = sscanf(line, "%*s %511s %31s", where, type) == 2 &&
			   str_equal(type, "cgroup2");
	if (mounts)
		fclose(mounts);
	if (is_found) {
		findings_add(findings, FINDING_GOOD, "cgroup v2", "mounted at %.150s", where);
		return;
	}
	finding = findings_add(findings, FINDING_NOTE, "cgroup v2", "no tree is mounted");
	str_set(finding->effect,
		"skep opens a private one; --scope cgroup:PATH has nothing to name");
	str_set(finding->fix, "mount -t cgroup2 none /sys/fs/cgroup/unified");
}

static void check_capabilities(const struct doctor_patient *patient, struct findings *findings)
{
	static const struct {
		unsigned int number;
		const char *name;
		enum finding_grade grade;
		const char *effect;
	} wanted[] = {
		{ CAP_BPF, "CAP_BPF", FINDING_BAD, "no program can be loaded" },
		{ CAP_PERFMON, "CAP_PERFMON", FINDING_BAD, "no tracing program can be loaded" },
		{ CAP_NET_ADMIN, "CAP_NET_ADMIN", FINDING_BAD,
			"no program can look at packets of sockets" },
		{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE", FINDING_NOTE,
			"executables and sockets of other users' processes stay unknown" },
		{ CAP_SYS_RESOURCE, "CAP_SYS_RESOURCE", FINDING_NOTE,
			"limits cannot be raised: before Linux 5.11 maps may have to be smaller" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
		bool has = patient->capabilities & (1ULL << wanted[i].number);
		/* Until 5.8 it was all of these, and it still stands for them. */
		bool has_admin = patient->capabilities & (1ULL << CAP_SYS_ADMIN);
		struct finding *finding;

		if (has || (has_admin && wanted[i].number >= CAP_PERFMON)) {
			findings_add(findings, FINDING_GOOD, wanted[i].name, "held");
			continue;
		}
		finding = findings_add(findings, wanted[i].grade, wanted[i].name, "missing in %s",
			patient->holder);
		str_set(finding->effect, wanted[i].effect);
		str_set(finding->fix,
			wanted[i].grade == FINDING_BAD
				? "run it with sudo, or give the capability to the unit"
				: "");
	}
}

static void check_lockdown(struct findings *findings)
{
	char text[128];
	struct finding *finding;
	ssize_t length =
		file_read_array(AT_FDCWD, "/sys/kernel/security/lockdown", text, sizeof(text));
	char *chosen, *end;

	if (length < 0) {
		findings_add(
			findings, FINDING_GOOD, "lockdown", "not known: securityfs is not mounted");
		return;
	}
	chosen = strchr(text, '[');
	end = chosen ? strchr(chosen, ']') : NULL;
	if (!end)
		return;
	*end = '\0';
	chosen++;
	if (!str_equal(chosen, "confidentiality")) {
		findings_add(findings, FINDING_GOOD, "lockdown", "%s", chosen);
		return;
	}
	finding = findings_add(findings, FINDING_BAD, "lockdown", "%s", chosen);
	str_set(finding->effect, "the kernel refuses programs that read its memory");
	str_set(finding->fix, "boot with lockdown=integrity");
}

static void check_doors(struct findings *findings)
{
	struct abilities *abilities = NULL;

	if (abilities_new(&abilities) != 0)
		return;
	for (enum ability i = 0; i < ABILITY_COUNT; i++) {
		struct finding *finding;

		if (abilities_has(abilities, i)) {
			findings_add(findings, FINDING_GOOD, ability_name(i), "works");
			continue;
		}
		/* The reason begins with the name. */
		finding = findings_add(findings, FINDING_NOTE, ability_name(i), "%s",
			abilities_reason(abilities, i));
		str_set(finding->effect, "other doors are taken where there are any");
	}
	abilities_free(abilities);
}

/* The nearest folder that exists: DIR may not have been made yet. */
static bool disk_of(const char *directory, struct statvfs *ret_disk)
{
	char path[192];
	char *slash;

	str_set(path, directory);
	while (statvfs(path[0] ? path : "/", ret_disk) != 0) {
		slash = strrchr(path, '/');
		if (!slash)
			return false;
		*slash = '\0';
	}
	return true;
}

static void check_disk(struct findings *findings, const char *directory)
{
	struct statvfs disk;
	struct finding *finding;
	uint64_t free_bytes;
	char text[24];

	if (!disk_of(directory, &disk))
		return;
	free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	str_from_bytes(text, sizeof(text), free_bytes);
	finding = findings_add(findings, free_bytes < DISK_LOW_BYTES ? FINDING_NOTE : FINDING_GOOD,
		"disk", "%s free for %s", text, directory);
	if (free_bytes < DISK_LOW_BYTES) {
		str_set(finding->effect, "the store keeps little");
		str_set(finding->fix, "make room, or choose another folder with --dir");
	}
}

void doctor_examine(const struct doctor_patient *patient, struct findings *findings)
{
	check_kernel(findings);
	check_btf(findings);
	check_cgroup(findings);
	check_lockdown(findings);
	check_capabilities(patient, findings);
	check_doors(findings);
	if (patient->directory[0])
		check_disk(findings, patient->directory);
}
