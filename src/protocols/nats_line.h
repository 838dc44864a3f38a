/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A control line of NATS (the client protocol as documented by NATS; header messages: its ADR 4):
 * a verb in capital or small letters, words between blanks or tabs, CR LF.
 */
#ifndef SKEP_NATS_LINE_H
#define SKEP_NATS_LINE_H

#include "protocols/text.h"

/* Servers take 4 KiB (max_control_line); INFO of a large cluster and CONNECT with tokens are
 * longer. */
#define NATS_LINE_BYTES 16384

enum nats_verb {
	NATS_INFO,
	NATS_CONNECT,
	NATS_PING,
	NATS_PONG,
	NATS_SUB,
	NATS_UNSUB,
	NATS_PUB,
	NATS_HPUB,
	NATS_MSG,
	NATS_HMSG,
	NATS_OK,
	NATS_ERROR,
	NATS_VERB_COUNT
};

struct nats_line {
	enum nats_verb verb;
	size_t length;	       /* with CR LF */
	struct slice argument; /* all behind the verb */
	struct slice subject;  /* of SUB, PUB, HPUB, MSG, HMSG */
	struct slice reply;    /* of PUB, HPUB, MSG, HMSG, or empty */
	struct slice sid;      /* of SUB, UNSUB, MSG, HMSG */
	uint32_t header_bytes; /* of HPUB and HMSG */
	uint32_t total_bytes;  /* headers and payload */
};

/* "PUB" */
const char *nats_verb_word(enum nats_verb verb);
bool nats_has_payload(enum nats_verb verb);
/* 1 and *ret_line; 0 when the line goes on; -EBADMSG. */
int nats_line_read(struct slice bytes, struct nats_line *ret_line);
/* The value of "key": in a flat JSON object without its quotes, empty when it is not there. For a
 * greeting's few known keys: what is nested or escaped may be taken for one. */
struct slice nats_json_value(struct slice object, const char *key);
/* The status in the first line of headers, "NATS/1.0 503 …", or empty. */
struct slice nats_header_status(struct slice headers);

#endif
