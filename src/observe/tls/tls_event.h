/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event `tls`: one TLS connection, seen from one end: what both ends agreed upon in the
 * handshake, and whether the exchanges inside are read. These are rows of `request` with the same
 * `connection`.
 */
#ifndef SKEP_TLS_EVENT_H
#define SKEP_TLS_EVENT_H

#include "doors/stream.h"
#include "event/process.h"

struct tls_event {
	struct event_header header; /* time_ns: the first byte that was seen */
	struct event_process process;
	uint8_t role;	 /* enum request_role */
	uint8_t content; /* enum stream_outcome */
	bool is_error;
	bool is_resumed;
	uint16_t local_port;
	uint16_t peer_port;
	struct address local_address;
	struct address peer_address;
	uint64_t duration_ns;
	uint64_t connection;
	char version[8];
	char cipher[64];
	char alpn[24];
	char alert[32];
	char server_name[96];
	char peer_service[EVENT_SERVICE_BYTES];
};

extern const struct event_kind tls_kind;

/* Fills all but names of processes and services. */
void tls_event_fill(struct tls_event *event, const struct stream_session *session);

#endif
