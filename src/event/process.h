/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who did it: the part that every event with a process embeds, filled by the
 * pipeline from node/ by pid and start time.
 */
#ifndef SKEP_EVENT_PROCESS_H
#define SKEP_EVENT_PROCESS_H

#include "event/field.h"

#define EVENT_SERVICE_BYTES   64
#define EVENT_CONTAINER_BYTES 64

struct event_process {
	uint32_t pid; /* thread group id in the host's namespace, 0 when unknown */
	uint32_t parent_pid;
	uint32_t uid;
	uint32_t network_namespace; /* inode number */
	uint64_t start_ns;  /* CLOCK_BOOTTIME at fork, 0 when unknown; with pid the identity */
	uint64_t cgroup_id; /* v2, 0 when unknown */
	char comm[16];
	char parent_comm[16];
	char exe[128];
	char service[EVENT_SERVICE_BYTES];
	char container[EVENT_CONTAINER_BYTES]; /* its name, or short id */
	char image[96];
	char pod[96];  /* namespace/name */
	char unit[64]; /* systemd unit */
};

/* Rows for a struct that embeds `struct event_process process`. */
#define PROCESS_FIELDS(struct_)                                                                    \
	FIELD_IN(FIELD_U32, UNIT_NONE, struct_, process.pid, "pid", FIELD_IN_WIDE, "process.pid",  \
		"process id in the host's namespace, 0 when unknown"),                             \
		FIELD_IN(FIELD_TEXT, UNIT_NONE, struct_, process.comm, "comm", FIELD_IN_WIDE,      \
			"process.command_name", "name of the process as the kernel keeps it"),     \
		FIELD_IN(FIELD_TEXT, UNIT_NONE, struct_, process.exe, "exe", 0,                    \
			"process.executable.path", "path of the executable"),                      \
		FIELD_IN(FIELD_TEXT, UNIT_NONE, struct_, process.service, "service",               \
			FIELD_IN_COMPACT | FIELD_IN_WIDE | FIELD_IS_KEY | FIELD_IS_SOURCE,         \
			"service.name", "what people call it: pod, container, unit or program"),   \
		FIELD_IN(FIELD_TEXT, UNIT_NONE, struct_, process.container, "container",           \
			FIELD_IN_WIDE | FIELD_IS_KEY, "container.name",                            \
			"container name, or short id where no name is known"),                     \
		FIELD_IN(FIELD_TEXT, UNIT_NONE, struct_, process.image, "image", 0,                \
			"container.image.name", "image that the container was made from"),         \
		FIELD_IN(FIELD_TEXT, UNIT_NONE, struct_, process.pod, "pod", FIELD_IS_KEY,         \
			"k8s.pod.name", "Kubernetes namespace/pod"),                               \
		FIELD_IN(FIELD_TEXT, UNIT_NONE, struct_, process.unit, "unit", 0, NULL,            \
			"systemd unit that the process belongs to"),                               \
		FIELD_IN(FIELD_U32, UNIT_NONE, struct_, process.parent_pid, "parent_pid", 0,       \
			"process.parent_pid", "process id of the parent"),                         \
		FIELD_IN(FIELD_TEXT, UNIT_NONE, struct_, process.parent_comm, "parent_comm", 0,    \
			NULL, "name of the parent"),                                               \
		FIELD_IN(FIELD_U32, UNIT_NONE, struct_, process.uid, "uid", 0, "process.user.id",  \
			"user id"),                                                                \
		FIELD_IN(FIELD_U32, UNIT_NONE, struct_, process.network_namespace, "netns", 0,     \
			NULL, "inode number of the network namespace, 0 when unknown")

#endif
