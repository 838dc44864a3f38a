/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exchange of any protocol: a request and its answer, as seen from one
 * end. All protocols share this kind, so that rates, errors, latencies and the map
 * are one query whatever is spoken.
 */
#ifndef SKEP_EVENT_REQUEST_H
#define SKEP_EVENT_REQUEST_H

#include "event/process.h"

enum request_role { ROLE_UNKNOWN, ROLE_SERVER, ROLE_CLIENT };

struct request_event {
	struct event_header header; /* time_ns: when the first byte of the request was seen */
	struct event_process process;
	uint8_t role; /* enum request_role */
	bool is_error;
	bool is_encrypted;
	bool is_incomplete; /* the answer ended before its announced length, or none came */
	uint16_t local_port;
	uint16_t peer_port;
	struct address local_address;
	struct address peer_address;
	struct address
		client_address; /* as a proxy named it before the first request, else empty */
	uint64_t request_bytes; /* head and body as sent, without TCP */
	uint64_t response_bytes;
	uint64_t duration_ns;	   /* first byte of the request to last byte of the answer */
	uint64_t first_byte_ns;	   /* first byte of the request to first byte of the answer */
	uint32_t request_messages; /* of a stream: gRPC; 0 where the protocol has none */
	uint32_t response_messages;
	uint64_t connection;  /* socket cookie */
	uint64_t parent_id;   /* the served request that caused it, 0 where not certain */
	uint64_t fingerprint; /* the same for statements that differ only in their data, else 0 */
	uint32_t weight;      /* how many exchanges this row stands for; 1 unless a sample */
	char protocol[12];
	char operation[24];
	char status[24];
	char peer_service[EVENT_SERVICE_BYTES];
	char host[96];	  /* HTTP Host and the like */
	char target[192]; /* path template, table, topic, key pattern */
	char detail[512]; /* path with query, statement; secrets masked */
};

extern const struct event_kind request_kind;

/* A zeroed event with kind and weight set. */
void request_event_init(struct request_event *event);

#endif
