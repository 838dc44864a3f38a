/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the JSON and the file names that container engines leave on disk; in: a container's id,
 * out: facts about it.
 */
#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "node/container_source.h"
#include "node/folder.h"
#include "node/proc.h"

#define PATH_BYTES	 512
#define FOLDER_MAXIMUM	 16384 /* entries of a folder that are looked at */
#define ANCESTOR_MAXIMUM 16

static void json_freep(json_t **value)
{
	json_decref(*value);
}

/* Absolute paths start at the root that was given, not at that of this process. */
static const char *below_root(const char *path)
{
	return path + strspn(path, "/");
}

/* NULL when absent, too big, not regular or not JSON. */
static json_t *read_json(int root_fd, const char *path)
{
	_cleanup_(fd_closep)
	int fd = -1;
	_cleanup_(freep)
	char *text = NULL;
	struct stat status;
	size_t length = 0;

	fd = openat(root_fd, below_root(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
		status.st_size > CONTAINER_FILE_MAXIMUM)
		return NULL;
	text = malloc((size_t)status.st_size + 1);
	while (text && length < (size_t)status.st_size) {
		ssize_t got = read(fd, text + length, (size_t)status.st_size - length);
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	return text ? json_loadb(text, length, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* The source that comes first wins. */
static void fill(char *destination, size_t size, const char *text)
{
	if (!destination[0] && text)
		str_copy(destination, size, text);
}

#define FILL(array, text) fill((array), sizeof(array), (text))

/* Annotations and labels that tell something, the better ones first. */
static void facts_from_labels(const json_t *labels, struct container_facts *facts)
{
	struct container *container = &facts->container;
	const struct {
		const char *key;
		char *destination;
		size_t size;
	} rows[] = {
		{ "io.kubernetes.cri.container-name", container->name, sizeof(container->name) },
		{ "io.kubernetes.container.name", container->name, sizeof(container->name) },
		{ "nerdctl/name", container->name, sizeof(container->name) },
		{ "io.kubernetes.cri.sandbox-name", container->pod_name,
			sizeof(container->pod_name) },
		{ "io.kubernetes.pod.name", container->pod_name, sizeof(container->pod_name) },
		{ "io.kubernetes.cri.sandbox-namespace", container->pod_namespace,
			sizeof(container->pod_namespace) },
		{ "io.kubernetes.pod.namespace", container->pod_namespace,
			sizeof(container->pod_namespace) },
		{ "io.kubernetes.cri.image-name", container->image, sizeof(container->image) },
		{ "io.kubernetes.cri-o.ImageName", container->image, sizeof(container->image) },
		{ "com.docker.swarm.service.name", facts->swarm_service,
			sizeof(facts->swarm_service) },
		{ "com.docker.compose.project", facts->project, sizeof(facts->project) },
		{ "com.docker.compose.service", facts->part, sizeof(facts->part) },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		fill(rows[i].destination, rows[i].size,
			json_string_value(json_object_get(labels, rows[i].key)));
}

void facts_from_docker(int root_fd, const char *id, struct container_facts *facts)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "var/lib/docker/containers/%s/config.v2.json", id);
	_cleanup_(json_freep)
	json_t *root = read_json(root_fd, path);
	const json_t *config = json_object_get(root, "Config");
	/* With Kubernetes the labels have better names than k8s_web_api-…_0. */
	facts_from_labels(json_object_get(config, "Labels"), facts);
	FILL(facts->container.name, below_root(text_of(root, "Name")));
	FILL(facts->container.image, text_of(config, "Image"));
}

/* `metadata` is JSON again: Podman's has name, CRI-O's metadata-name and pod-name. */
static void facts_from_metadata(const char *text, struct container_facts *facts)
{
	_cleanup_(json_freep)
	json_t *metadata = json_loads(text, 0, NULL);

	FILL(facts->container.image, text_of(metadata, "image-name"));
	FILL(facts->container.name, text_of(metadata, "metadata-name"));
	FILL(facts->container.name, text_of(metadata, "name"));
	/* CRI-O: k8s_POD-NAME_NAMESPACE_UID_ATTEMPT */
	char name[PATH_BYTES];
	str_set(name, text_of(metadata, "pod-name"));
	char *pod = str_starts_with(name, "k8s_") ? name + strlen("k8s_") : NULL;
	char *namespace = pod ? strchr(pod, '_') : NULL;
	char *end = namespace ? strchr(namespace + 1, '_') : NULL;
	if (!end)
		return;
	*namespace = *end = '\0';
	FILL(facts->container.pod_name, pod);
	FILL(facts->container.pod_namespace, namespace + 1);
}

static void facts_from_list(
	int root_fd, const char *path, const char *id, struct container_facts *facts)
{
	_cleanup_(json_freep)
	json_t *list = read_json(root_fd, path);
	json_t *row;
	size_t index;

	json_array_foreach(list, index, row)
	{
		if (!str_equal(text_of(row, "id"), id))
			continue;
		facts_from_metadata(text_of(row, "metadata"), facts);
		FILL(facts->container.name,
			json_string_value(json_array_get(json_object_get(row, "names"), 0)));
		return;
	}
}

static const char *const storage_drivers[] = { "overlay", "vfs", "btrfs", "zfs" };

void facts_from_storage(
	int root_fd, const char *storage, const char *id, struct container_facts *facts)
{
	char path[PATH_BYTES];

	for (size_t i = 0; i < ARRAY_LENGTH(storage_drivers); i++) {
		snprintf(path, sizeof(path), "%s/%s-containers/containers.json", storage,
			storage_drivers[i]);
		facts_from_list(root_fd, path, id, facts);
		snprintf(path, sizeof(path), "%s/%s-containers/volatile-containers.json", storage,
			storage_drivers[i]);
		facts_from_list(root_fd, path, id, facts);
	}
}

static bool has_file(int root_fd, const char *folder, const char *name)
{
	char path[PATH_BYTES + 64];

	snprintf(path, sizeof(path), "%s/%s", below_root(folder), name);
	return faccessat(root_fd, path, F_OK, 0) == 0;
}

static bool try_bundle(int root_fd, const char *path, struct container_facts *facts)
{
	return has_file(root_fd, path, "config.json") && str_set(facts->bundle, below_root(path));
}

/* Where runtimes keep their state, in folders named after the container. */
static const char *const state_folders[] = {
	"run/runc",
	"run/crun",
	"run/containerd/runc/k8s.io",
	"run/containerd/runc/default",
	"run/containerd/runc/moby",
	"run/docker/runtime-runc/moby",
};

/* runc says it in a label of its state, crun in its status. */
static bool bundle_from_state(int root_fd, const char *id, struct container_facts *facts)
{
	char path[PATH_BYTES];

	for (size_t i = 0; i < ARRAY_LENGTH(state_folders); i++) {
		snprintf(path, sizeof(path), "%s/%s/state.json", state_folders[i], id);
		_cleanup_(json_freep)
		json_t *state = read_json(root_fd, path);
		json_t *label;
		size_t index;
		json_array_foreach(
			json_object_get(json_object_get(state, "config"), "labels"), index, label)
		{
			const char *text = json_string_value(label);
			if (text && str_starts_with(text, "bundle="))
				return try_bundle(root_fd, text + strlen("bundle="), facts);
		}
		snprintf(path, sizeof(path), "%s/%s/status", state_folders[i], id);
		_cleanup_(json_freep)
		json_t *status = read_json(root_fd, path);
		const char *bundle = text_of(status, "bundle");
		if (*bundle)
			return try_bundle(root_fd, bundle, facts);
	}
	return false;
}

bool runtime_has_state(int root_fd, const char *id)
{
	for (size_t i = 0; i < ARRAY_LENGTH(state_folders); i++)
		if (has_file(root_fd, state_folders[i], id))
			return true;
	return false;
}

/* containerd keeps a folder for each of its namespaces. */
static bool bundle_from_containerd(int root_fd, const char *id, struct container_facts *facts)
{
	static const char tasks[] = "run/containerd/io.containerd.runtime.v2.task";
	_cleanup_(folder_closep)
	DIR *folder = folder_open(root_fd, tasks);
	const struct dirent *entry;
	char path[PATH_BYTES];

	for (unsigned int seen = 0; folder && seen < 64 && (entry = readdir(folder)); seen++) {
		snprintf(path, sizeof(path), "%s/%s/%s", tasks, entry->d_name, id);
		if (entry->d_name[0] != '.' && try_bundle(root_fd, path, facts))
			return true;
	}
	return false;
}

void facts_find_bundle(int root_fd, const char *id, struct container_facts *facts)
{
	static const char *const storages[] = { "var/lib/containers/storage",
		"run/containers/storage" };
	char path[PATH_BYTES];

	for (size_t i = 0; i < ARRAY_LENGTH(storages); i++) {
		for (size_t driver = 0; driver < ARRAY_LENGTH(storage_drivers); driver++) {
			snprintf(path, sizeof(path), "%s/%s-containers/%s/userdata", storages[i],
				storage_drivers[driver], id);
			if (try_bundle(root_fd, path, facts))
				return;
		}
	}
	if (!bundle_from_containerd(root_fd, id, facts))
		bundle_from_state(root_fd, id, facts);
}

/* conmon's options all have their value in the next argument, where these three matter. */
static void facts_from_conmon(
	const char *arguments, size_t length, const char *id, struct container_facts *facts)
{
	const char *name = NULL, *bundle = NULL;
	bool is_ours = false;

	for (size_t at = 0; at < length; at += strlen(arguments + at) + 1) {
		const char *option = arguments + at;
		const char *value = option + strlen(option) + 1;
		if (value >= arguments + length)
			break;
		if (str_equal(option, "-c"))
			is_ours = str_equal(value, id);
		if (str_equal(option, "-n"))
			name = value;
		if (str_equal(option, "-b"))
			bundle = value;
	}
	if (!is_ours)
		return;
	FILL(facts->monitor_name, name);
	FILL(facts->bundle, bundle ? below_root(bundle) : NULL);
}

void facts_from_monitor(int root_fd, const char *id, uint32_t pid, struct container_facts *facts)
{
	_cleanup_(fd_closep)
	int proc_fd = openat(root_fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char arguments[8192];

	for (unsigned int depth = 0; proc_fd >= 0 && pid > 1 && depth < ANCESTOR_MAXIMUM; depth++) {
		_cleanup_(fd_closep)
		int fd = proc_open(proc_fd, pid);
		struct proc_stat stat;
		if (fd < 0 || proc_read_stat(fd, &stat) < 0)
			return;
		if (str_equal(stat.comm, "conmon")) {
			ssize_t length =
				file_read_array(fd, "cmdline", arguments, sizeof(arguments));
			if (length > 0)
				facts_from_conmon(arguments, (size_t)length, id, facts);
			return;
		}
		pid = stat.parent_pid;
	}
}

/* A root of the engine's making is no name; one that a person gave is the best there is. */
static bool is_given_root(const char *path, const char *bundle)
{
	return *path == '/' && !strstr(path, "/containers/storage/") && !strstr(path, "/docker/") &&
	       !strstr(path, "/containerd/") &&
	       (!*bundle || !str_starts_with(below_root(path), bundle));
}

void facts_from_bundle(int root_fd, const char *id, struct container_facts *facts)
{
	char path[PATH_BYTES + 16];

	if (!facts->bundle[0])
		return;
	snprintf(path, sizeof(path), "%s/config.json", facts->bundle);
	_cleanup_(json_freep)
	json_t *config = read_json(root_fd, path);
	facts_from_labels(json_object_get(config, "annotations"), facts);
	/* …/overlay-containers/ID/userdata: rootless engines have their list there too. */
	char *end = strstr(facts->bundle, "-containers/");
	if (end) {
		snprintf(path, sizeof(path), "%.*s-containers/containers.json",
			(int)(end - facts->bundle), facts->bundle);
		facts_from_list(root_fd, path, id, facts);
	}
	const char *folder = text_of(json_object_get(config, "root"), "path");
	if (is_given_root(folder, facts->bundle))
		FILL(facts->container.image, folder);
}

/* Cuts text at the first separator; what follows, NULL without one. */
static char *cut(char *text, char separator)
{
	char *found = text ? strchr(text, separator) : NULL;

	if (found)
		*found++ = '\0';
	return found;
}

/* POD_NAMESPACE_CONTAINER-ID.log */
static bool facts_from_log_name(const char *entry, const char *id, struct container_facts *facts)
{
	char suffix[CONTAINER_ID_BYTES + 8], name[256];

	snprintf(suffix, sizeof(suffix), "-%s.log", id);
	if (!str_ends_with(entry, suffix))
		return false;
	str_copy_slice(name, sizeof(name),
		(struct slice){ (const uint8_t *)entry, strlen(entry) - strlen(suffix) });
	char *namespace = cut(name, '_');
	char *container = cut(namespace, '_');
	if (!container)
		return false;
	FILL(facts->container.pod_name, name);
	FILL(facts->container.pod_namespace, namespace);
	FILL(facts->container.name, container);
	return true;
}

/* NAMESPACE_POD_UID */
static bool facts_from_pod_folder(const char *entry, const char *uid, struct container_facts *facts)
{
	char name[256];

	str_set(name, entry);
	char *pod = cut(name, '_');
	const char *folder_uid = cut(pod, '_');
	if (!folder_uid || !str_equal(folder_uid, uid))
		return false;
	FILL(facts->container.pod_namespace, name);
	FILL(facts->container.pod_name, pod);
	return true;
}

static void search_folder(int root_fd, const char *path, const char *wanted,
	bool (*accept)(const char *entry, const char *wanted, struct container_facts *facts),
	struct container_facts *facts)
{
	_cleanup_(folder_closep)
	DIR *folder = folder_open(root_fd, path);
	const struct dirent *entry;

	for (unsigned int seen = 0; folder && seen < FOLDER_MAXIMUM; seen++) {
		entry = readdir(folder);
		if (!entry || accept(entry->d_name, wanted, facts))
			return;
	}
}

void facts_from_kubelet(
	int root_fd, const char *id, const char *pod_uid, struct container_facts *facts)
{
	if (!*pod_uid || (facts->container.pod_name[0] && facts->container.name[0]))
		return;
	search_folder(root_fd, "var/log/containers", id, facts_from_log_name, facts);
	if (!facts->container.pod_name[0])
		search_folder(root_fd, "var/log/pods", pod_uid, facts_from_pod_folder, facts);
}
