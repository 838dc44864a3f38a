/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What TLS shows in clear: the heads of records, and the two hellos (RFC 8446, 4.1 and 5.1; RFC
 * 5246, 7.4.1; server name: RFC 6066, 3; ALPN: RFC 7301). Pure functions of bytes that others sent:
 * nothing is read past a slice, nothing written without success, texts are printable.
 */
#ifndef SKEP_TLS_MESSAGE_H
#define SKEP_TLS_MESSAGE_H

#include "base/base.h"
#include "protocols/tls_match.h"

enum tls_type {
	TLS_CHANGE_CIPHER = 20,
	TLS_ALERT,
	TLS_HANDSHAKE,
	TLS_APPLICATION,
};

enum tls_handshake {
	TLS_CLIENT_HELLO = 1,
	TLS_SERVER_HELLO = 2,
	TLS_ENCRYPTED_EXTENSIONS = 8,
	TLS_FINISHED = 20,
	TLS_KEY_UPDATE = 24,
	TLS_MESSAGE_HASH = 254,
};

#define TLS_VERSION_12 0x0303
#define TLS_VERSION_13 0x0304

#define TLS_HANDSHAKE_HEAD 4 /* type and 24 bits of length */
#define TLS_RANDOM_BYTES   32
#define TLS_TAG_BYTES	   16 /* of every cipher here */

struct tls_head {
	uint8_t type;	 /* enum tls_type */
	uint16_t length; /* of the body */
};

struct tls_hello {
	uint8_t random[TLS_RANDOM_BYTES];
	uint8_t session[32];
	uint8_t session_bytes;
	bool is_retry;	     /* of a server: HelloRetryRequest, which asks for another one */
	bool has_early_data; /* of a client: data follows before the server has answered */
	bool is_resumed;     /* of a TLS 1.3 server: it took a key of before */
	uint16_t version;    /* what the server chose, or the highest of a client's */
	uint16_t cipher;     /* of a server */
	char server_name[96];
	char alpn[24]; /* what the server chose; in TLS 1.3 EncryptedExtensions tell */
};

/* 1; 0 when more bytes are needed; -EBADMSG when no record begins so. */
int tls_read_head(struct slice bytes, struct tls_head *ret_head);

/* A handshake message with its head, from the beginning of bytes. 1 and its length; 0 when more
 * bytes are needed. */
int tls_handshake_length(struct slice bytes, size_t *ret_length);
/* message: a whole handshake message with its head. 0, or -EBADMSG when it is none of that kind. */
int tls_read_client_hello(struct slice message, struct tls_hello *ret_hello);
int tls_read_server_hello(struct slice message, struct tls_hello *ret_hello);
/* Adds to a TLS 1.3 server's hello what it says under protection. 0 or -EBADMSG. */
int tls_read_encrypted_extensions(struct slice message, struct tls_hello *hello);

/* "1.3"; "" for none. */
const char *tls_version_word(uint16_t version);
/* "handshake_failure" (RFC 8446, 6); "" for what has no name. */
const char *tls_alert_word(uint8_t description);

#endif
