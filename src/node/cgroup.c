/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In: the text of /proc/PID/cgroup. Out: unit, container and pod, found by the names of the
 * groups on the way from the root to the process.
 */
#include <ctype.h>

#include "base/str.h"
#include "node/cgroup.h"

#define PART_BYTES 256

/* Groups named PREFIX<id> or PREFIX<id>.scope; those of monitors come first and are no containers.
 */
static const struct {
	const char *prefix;
	bool is_monitor;
} container_prefixes[] = {
	{ "libpod-conmon-", true },
	{ "crio-conmon-", true },
	{ "libpod-payload-", false },
	{ "libpod-", false },
	{ "docker-", false },
	{ "cri-containerd-", false },
	{ "crio-", false },
	{ "nerdctl-", false },
	{ "containerd-", false },
	{ "runc-", false },
	{ "crun-", false },
	{ "youki-", false },
};

static const char *const unit_suffixes[] = { ".service", ".scope", ".socket", ".mount", ".swap" };

void unit_unescape(const char *name, char *destination, size_t size)
{
	size_t length = 0;

	while (*name && length + 1 < size) {
		unsigned int byte;
		if (name[0] == '\\' && name[1] == 'x' && isxdigit((unsigned char)name[2]) &&
			isxdigit((unsigned char)name[3]) && sscanf(name + 2, "%2x", &byte) == 1 &&
			byte) {
			destination[length++] = (char)byte;
			name += 4;
		} else {
			destination[length++] = *name++;
		}
	}
	destination[length] = '\0';
}

static bool is_unit(const char *part)
{
	for (size_t i = 0; i < ARRAY_LENGTH(unit_suffixes); i++)
		if (str_ends_with(part, unit_suffixes[i]) &&
			strlen(part) > strlen(unit_suffixes[i]))
			return true;
	return false;
}

static void cut_suffix(char *text, const char *suffix)
{
	if (str_ends_with(text, suffix))
		text[strlen(text) - strlen(suffix)] = '\0';
}

static bool is_hexadecimal_id(const char *text)
{
	size_t length = strspn(text, "0123456789abcdef");

	return length == 64 && !text[length];
}

/* kubepods-burstable-pod1234_5678.slice (systemd driver) or pod1234-5678 (cgroupfs driver). */
static bool find_pod(const char *part, struct placement *placement)
{
	const char *uid = NULL;

	if (str_starts_with(part, "kubepods")) {
		const char *found = strstr(part, "-pod");
		uid = found ? found + 4 : NULL;
	} else if (str_starts_with(part, "pod")) {
		uid = part + 3;
	}
	size_t length = uid ? strspn(uid, "0123456789abcdef_-") : 0;
	if (length < 32 || length >= sizeof(placement->pod_uid))
		return false;
	if (uid[length] && !str_starts_with(uid + length, ".slice"))
		return false;
	for (size_t i = 0; i < length; i++)
		placement->pod_uid[i] = uid[i] == '_' ? '-' : uid[i];
	placement->pod_uid[length] = '\0';
	return true;
}

/* LXC and systemd-nspawn name the group after the machine. */
static bool find_machine(const char *part, const char *parent, struct placement *placement)
{
	char name[PART_BYTES];

	if (str_starts_with(part, "lxc.payload.")) {
		str_set(name, part + strlen("lxc.payload."));
	} else if (str_equal(parent, "lxc") || str_equal(parent, "lxc.payload")) {
		str_set(name, part);
	} else if (str_starts_with(part, "systemd-nspawn@") && str_ends_with(part, ".service")) {
		unit_unescape(part + strlen("systemd-nspawn@"), name, sizeof(name));
		cut_suffix(name, ".service");
	} else if (str_equal(parent, "machine.slice") && str_starts_with(part, "machine-") &&
		   str_ends_with(part, ".scope")) {
		unit_unescape(part + strlen("machine-"), name, sizeof(name));
		cut_suffix(name, ".scope");
		/* libvirt registers its virtual machines there too: not containers. */
		if (str_starts_with(name, "qemu-") || str_starts_with(name, "ch-"))
			return false;
	} else {
		return false;
	}
	/* An escape may hide a slash: no machine is called so. */
	if (!*name || strchr(name, '/'))
		return false;
	placement->is_machine = true;
	str_set(placement->container, name);
	return true;
}

static bool find_container(const char *part, struct placement *placement)
{
	char id[PART_BYTES];
	const char *colon = strrchr(part, ':');

	/* runc with the systemd form of a path under cgroupfs: SLICE:cri-containerd:ID */
	str_set(id, colon ? colon + 1 : part);
	for (size_t i = 0; i < ARRAY_LENGTH(container_prefixes); i++) {
		if (!str_starts_with(id, container_prefixes[i].prefix))
			continue;
		if (container_prefixes[i].is_monitor)
			return false;
		char *rest = id + strlen(container_prefixes[i].prefix);
		bool is_scope = str_ends_with(rest, ".scope");
		cut_suffix(rest, ".scope");
		if (!*rest || (!is_scope && !is_hexadecimal_id(rest)))
			return false;
		return str_set(placement->container, rest);
	}
	return is_hexadecimal_id(id) && str_set(placement->container, id);
}

static void read_part(const char *part, const char *parent, struct placement *placement)
{
	if (!placement->container[0]) {
		bool is_pod = find_pod(part, placement);
		if (find_machine(part, parent, placement) || find_container(part, placement)) {
			placement->leaf[0] = '\0';
			return;
		}
		if (is_pod)
			return;
	} else if (!placement->is_machine) {
		return; /* what a container makes inside itself is its own business */
	}
	if (is_unit(part))
		str_set(placement->unit, part);
	/* Only a last part that is not a unit, slice or way up can be a bare runtime's id. */
	placement->leaf[0] = '\0';
	if (!is_unit(part) && !str_ends_with(part, ".slice") && part[0] != '.' &&
		!placement->container[0])
		str_set(placement->leaf, part);
}

static void read_path(const char *path, struct placement *placement)
{
	char part[PART_BYTES] = "", parent[PART_BYTES];

	while (*path) {
		size_t length = strcspn(path, "/");
		if (length) {
			/* systemd puts '_' before names that look like the kernel's own files. */
			size_t skip = path[0] == '_';
			struct slice text = { (const uint8_t *)path + skip, length - skip };
			str_set(parent, part);
			str_copy_slice(part, sizeof(part), text);
			read_part(part, parent, placement);
		}
		path += length + (path[length] == '/');
	}
}

static void merge(const struct placement *from, struct placement *into)
{
	if (!into->container[0] && from->container[0]) {
		str_set(into->container, from->container);
		into->is_machine = from->is_machine;
		into->leaf[0] = '\0';
	}
	if (!into->container[0] && !into->leaf[0])
		str_set(into->leaf, from->leaf);
	if (!into->unit[0])
		str_set(into->unit, from->unit);
	if (!into->pod_uid[0])
		str_set(into->pod_uid, from->pod_uid);
}

/* The order in which lines of the three sorts are believed. */
enum { LINE_UNIFIED, LINE_SYSTEMD, LINE_CONTROLLER, LINE_SORTS };

static int sort_of_line(const char *line)
{
	if (str_starts_with(line, "0::"))
		return LINE_UNIFIED;
	return strstr(line, ":name=systemd:") ? LINE_SYSTEMD : LINE_CONTROLLER;
}

/* "4:cpu,memory:/path" */
static bool has_controller(const char *line, const char *name)
{
	const char *found = strstr(line, name), *colon = strchr(line, ':');
	const char *end = colon ? strchr(colon + 1, ':') : NULL;

	if (!found || !end || found > end || (found[-1] != ':' && found[-1] != ','))
		return false;
	return found[strlen(name)] == ':' || found[strlen(name)] == ',';
}

static void read_lines(const char *text, int sort, struct placement *placement)
{
	char line[CGROUP_PATH_BYTES + 128];

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		struct slice whole = { (const uint8_t *)text, strcspn(text, "\n") };
		if (!str_copy_slice(line, sizeof(line), whole) || sort_of_line(line) != sort)
			continue;
		const char *path = strchr(line, ':');
		path = path ? strchr(path + 1, ':') : NULL;
		if (!path)
			continue;
		struct placement found = {};
		read_path(path + 1, &found);
		merge(&found, placement);
		if (sort == LINE_UNIFIED)
			str_set(placement->path, path + 1);
		if (has_controller(line, "memory"))
			str_set(placement->memory_path, path + 1);
	}
}

void placement_parse(const char *text, struct placement *ret_placement)
{
	struct placement placement = {};

	for (int sort = 0; sort < LINE_SORTS; sort++)
		read_lines(text, sort, &placement);
	*ret_placement = placement;
}
