/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secrets of TLS connections, in memory that is locked (no swap), left out of core dumps and
 * wiped when a secret goes. In: secrets of the key door, each with what says whose it is. Out: the
 * secret of a connection that can say so itself, and rooms for the keys of connections. Bounded:
 * the oldest secret makes place. Loop thread only.
 */
#ifndef SKEP_KEY_STORE_H
#define SKEP_KEY_STORE_H

#include "base/fail.h"
#include "doors/key_record.h"
#include "protocols/tls_key.h"

/* What a connection holds while its records are read. */
struct key_room {
	struct tls_direction directions[2]; /* the client's, the server's */
	uint8_t secret[TLS_SECRET_BYTES];   /* of the handshake, then the master secret */
};

struct key_store;

/* At most as many secrets that wait for their connections, and rooms. 0, or -errno with the reason.
 */
int key_store_new(size_t secrets, size_t rooms, struct key_store **ret_store, struct fail *fail);
void key_store_free(struct key_store *store); /* accepts NULL; wipes all */
DEFINE_CLEANUP(struct key_store *, key_store_free);

/* Keeps a copy. The same again changes nothing. */
void key_store_add(struct key_store *store, const struct key_slot *secret, uint64_t now_ns);
/* The secret with that context; of KEY_TRAFFIC what is asked by is the secret, and the answer its
 * context. NULL when it is not there. Valid until the next call. */
const uint8_t *key_store_find(struct key_store *store, enum key_kind kind, struct slice by);
/* Wipes what was added before then. */
void key_store_sweep(struct key_store *store, uint64_t before_ns);

/* Zeroed; NULL when all are taken. */
struct key_room *key_store_take_room(struct key_store *store);
void key_store_give_back(struct key_store *store, struct key_room *room); /* accepts NULL */

#endif
