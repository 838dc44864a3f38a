/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event `dns`: one question and its answer, seen from one end. The same exchange is a row of
 * `request`, for what all protocols share; here is what only DNS has.
 */
#ifndef SKEP_DNS_EVENT_H
#define SKEP_DNS_EVENT_H

#include "event/process.h"
#include "event/request.h"
#include "observe/dns/dns_pair.h"

struct dns_event {
	struct event_header header;
	struct event_process process;
	uint8_t role;	   /* enum request_role */
	uint8_t transport; /* 0: udp, 1: tcp */
	bool is_error;
	bool is_incomplete;
	bool is_truncated;
	bool is_authoritative;
	uint16_t answer_count;
	uint16_t edns_bytes;
	uint16_t local_port;
	uint16_t peer_port;
	uint32_t ttl_s;
	uint32_t retries;
	struct address local_address;
	struct address peer_address;
	struct address server_address;
	uint64_t duration_ns;
	uint64_t request_bytes;
	uint64_t response_bytes;
	uint64_t connection;
	char type[DNS_WORD_BYTES];
	char class[DNS_WORD_BYTES];
	char code[DNS_WORD_BYTES];
	char peer_service[EVENT_SERVICE_BYTES];
	char name[DNS_NAME_BYTES];
	char answers[DNS_ANSWERS_BYTES];
};

extern const struct event_kind dns_kind;

/* Who and where, of a message; nothing of an exchange yet. */
void dns_event_begin(struct dns_event *event, const struct packet_common *origin);
/* Fill all but names of processes and services. */
void dns_event_fill(struct dns_event *event, const struct dns_exchange *exchange);
void dns_request_fill(struct request_event *event, const struct dns_exchange *exchange);

#endif
