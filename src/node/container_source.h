/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of container engines. Each source fills what is still empty in the facts, so that the
 * first one that knows a thing wins. Paths in files are absolute; they are looked up below root_fd.
 * Files are regular ones of at most CONTAINER_FILE_MAXIMUM, everything else counts as absent: a
 * container's owner may be anybody.
 *
 * Formats (names of keys as the engines' sources have them):
 *   Docker          var/lib/docker/containers/ID/config.v2.json: Name, Config.Image, Config.Labels
 *   Podman, CRI-O   storage/DRIVER-containers/containers.json: id, names, metadata (JSON inside)
 *   OCI runtimes    config.json of a bundle: annotations, root.path (OCI runtime specification)
 *   runc, crun      state.json with config.labels "bundle=PATH"; status with "bundle"
 *   conmon          its arguments: -c ID -n NAME -b BUNDLE
 *   kubelet         var/log/containers/POD_NAMESPACE_CONTAINER-ID.log,
 * var/log/pods/NAMESPACE_POD_UID
 */
#ifndef SKEP_NODE_CONTAINER_SOURCE_H
#define SKEP_NODE_CONTAINER_SOURCE_H

#include "node/container.h"

#define CONTAINER_FILE_MAXIMUM (4U << 20)

struct container_facts {
	struct container container; /* name and service stay empty until known */
	char monitor_name[64];	    /* what conmon calls it; of Kubernetes' it is no pretty one */
	char bundle[512];	    /* without the leading '/', "" until known */
	char project[64], part[64]; /* of Compose */
	char swarm_service[64];
};

void facts_from_docker(int root_fd, const char *id, struct container_facts *facts);
/* The storage library's list; storage is the folder with the DRIVER-containers in it. */
void facts_from_storage(
	int root_fd, const char *storage, const char *id, struct container_facts *facts);
/* Looks for the bundle where containerd, Podman, CRI-O, runc and crun put it. */
void facts_find_bundle(int root_fd, const char *id, struct container_facts *facts);
/* Asks the conmon among the ancestors of pid. */
void facts_from_monitor(int root_fd, const char *id, uint32_t pid, struct container_facts *facts);
/* config.json of the bundle, and the storage list beside it. */
void facts_from_bundle(int root_fd, const char *id, struct container_facts *facts);
void facts_from_kubelet(
	int root_fd, const char *id, const char *pod_uid, struct container_facts *facts);
/* Whether runc or crun has a state under that name. */
bool runtime_has_state(int root_fd, const char *id);

#endif
