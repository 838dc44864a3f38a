/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of a TLS connection from its secrets, and the opening of records with them (RFC
 * 8446, 5.2 and 7; RFC 5246, 5 and 6.3; RFC 5288; RFC 7905). libcrypto does the ciphers. What is
 * secret stays where the caller has it; the opener holds one key for the time of a call and wipes
 * it.
 */
#ifndef SKEP_TLS_KEY_H
#define SKEP_TLS_KEY_H

#include "base/base.h"
#include "protocols/tls_message.h"

#define TLS_SECRET_BYTES 48 /* the longest: a hash of SHA-384, a master secret of TLS 1.2 */
#define TLS_HASH_BYTES	 48
#define TLS_NONCE_BYTES	 12

struct tls_suite {
	uint16_t id;
	uint16_t version;   /* that it belongs to */
	const char *name;   /* as IANA has it */
	const char *cipher; /* libcrypto's name */
	bool is_sha384;	    /* the hash, SHA-256 otherwise */
	uint8_t key_bytes;
	uint8_t explicit_bytes; /* of the nonce, in front of each record of TLS 1.2 */
};

/* NULL for a suite whose records cannot be opened here. */
const struct tls_suite *tls_suite_find(uint16_t id);
size_t tls_hash_bytes(const struct tls_suite *suite);
/* Of the parts, one behind the other. ret_hash: TLS_HASH_BYTES. 0 or -ENOTSUP. */
int tls_hash(
	const struct tls_suite *suite, const struct slice *parts, size_t count, uint8_t *ret_hash);

/* One direction of a connection, or of its handshake. */
struct tls_direction {
	uint8_t secret[TLS_SECRET_BYTES]; /* of TLS 1.3: what the next keys come from */
	uint8_t key[32];
	uint8_t iv[TLS_NONCE_BYTES];
	uint64_t number; /* of the next record */
};

/* Of the secret at hand the traffic secret for label ("c hs traffic") and transcript, and its keys.
 * 0 or -errno. */
int tls_direction_derive(const struct tls_suite *suite, const uint8_t *secret, const char *label,
	const uint8_t *transcript, struct tls_direction *ret_direction);
/* After a KeyUpdate. 0 or -errno. */
int tls_direction_update(const struct tls_suite *suite, struct tls_direction *direction);
/* The master secret that follows a handshake secret. 0 or -errno. */
int tls_master_secret(
	const struct tls_suite *suite, const uint8_t *handshake_secret, uint8_t *ret_secret);

/* The secrets and the two randoms of TLS 1.2 give both directions. */
struct tls_master {
	const uint8_t *secret; /* 48 bytes */
	const uint8_t *client_random;
	const uint8_t *server_random;
};
int tls_directions_expand(const struct tls_suite *suite, const struct tls_master *master,
	struct tls_direction *ret_client, struct tls_direction *ret_server);

/* A record, or the beginning of one. */
struct tls_record {
	uint8_t head[TLS_RECORD_HEAD];
	struct slice body; /* what there is of it */
	size_t length;	   /* of the whole body */
};

struct tls_opener;
int tls_opener_new(struct tls_opener **ret_opener);
void tls_opener_free(struct tls_opener *opener); /* accepts NULL */

/*
 * Decrypts what there is of the record into ret_plain, which has room for as many bytes. The number
 * is the direction's and is left alone. Returns 1 when the record is whole and its tag proves the
 * key and the number, 0 when it is not whole and nothing is proven; -EBADMSG when the tag is wrong
 * or the record too short. ret_length: bytes of cleartext, of TLS 1.3 with the type and padding at
 * the record's end.
 */
int tls_open_record(struct tls_opener *opener, const struct tls_suite *suite,
	const struct tls_direction *direction, const struct tls_record *record,
	struct slice *ret_plain);
/* Bytes of cleartext of a record whose body has that length, padding taken as none. */
size_t tls_plain_bytes(const struct tls_suite *suite, size_t length);

#endif
