/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the key door's kernel half tells its user half. The secret is not in the record, whose pages
 * stay as they are until the ring comes round: it waits in a slot, which user space zeroes once it
 * has read it.
 */
#ifndef SKEP_KEY_RECORD_H
#define SKEP_KEY_RECORD_H

#include "bpf/event.h"

enum key_record_type {
	KEY_IS_SECRET, /* slot holds one */
	KEY_IS_EXEC,   /* the process executes something else from now on; slot means nothing */
};

/* What a secret is, and what says which connection it belongs to. */
enum key_kind {
	/* TLS 1.3 (RFC 8446, 7.1): the handshake secret; context: hash of ClientHello …
	 * ServerHello.
	 */
	KEY_HANDSHAKE,
	/* The master secret; context: hash of ClientHello … server Finished. */
	KEY_TRAFFIC,
	/* TLS 1.2 (RFC 5246, 6.3): the master secret; context: random of the server, of the client.
	 */
	KEY_MASTER,
	KEY_KINDS
};

#define KEY_SECRET_BYTES  64
#define KEY_CONTEXT_BYTES 64
/* Secrets that wait to be read at one time: two a handshake and end, within 20 ms as a rule. */
#define KEY_SLOTS	  4096

struct key_slot {
	__u32 is_used; /* user space writes 0, and zeros over all of it */
	__u8 kind;     /* enum key_kind */
	__u8 secret_bytes;
	__u8 context_bytes;
	__u8 reserved;
	__u8 secret[KEY_SECRET_BYTES];
	__u8 context[KEY_CONTEXT_BYTES];
};

struct key_record {
	struct record_header header; /* type: enum key_record_type */
	__u32 slot;
	__u32 pid;
};

_Static_assert(sizeof(struct key_slot) == 136, "layout");
_Static_assert(sizeof(struct key_record) == 24, "layout");

#endif
