/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key door, user half: a probe at the entry of EVP_KDF_derive in each file that exports it and
 * that a watched process has mapped, once a file and not once a process. In: secrets in slots. Out:
 * secrets in a key_store. Files are found in the processes that are there at the start, in those
 * that execute something, and on request. Loop thread only.
 *
 * What it does not see: handshakes before the probe was there, and libraries that derive keys
 * elsewhere (GnuTLS, NSS, Go, rustls, OpenSSL before 3.0).
 */
#ifndef SKEP_KEY_H
#define SKEP_KEY_H

#include "doors/key_store.h"
#include "engine/agent.h"

struct key_door;

/* 0, or -errno with the reason; then nothing of it stays in the kernel. store is borrowed. */
int key_door_open(struct agent *agent, struct key_store *store, struct key_door **ret_door,
	struct fail *fail);
void key_door_close(struct key_door *door); /* accepts NULL */
/* About ten times a second. */
void key_door_tick(struct key_door *door, uint64_t now_ns);
/* Looks at what the process has mapped, soon: it speaks TLS and no secret came. */
void key_door_look_at(struct key_door *door, uint32_t pid);
/* Secrets that were seen and did not come through. */
void key_door_add_losses(const struct key_door *door, struct feature_counts *counts);

#endif
