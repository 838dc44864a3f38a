/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which answer belongs to which question: by socket, peer, id and question (RFC 5452, 9.1), since
 * neither datagrams nor answers over TCP come in any order. In: messages; out: exchanges, also
 * those without an answer once their time is over. Bounded; loop thread only.
 *
 * Of the exchanges that the kernel half or the stream lost parts of none is told as unanswered:
 * they are counted as lost.
 */
#ifndef SKEP_DNS_PAIR_H
#define SKEP_DNS_PAIR_H

#include "doors/packet_record.h"
#include "engine/feature.h"
#include "protocols/dns_message.h"

struct dns_pair;

struct dns_question {
	struct packet_common origin; /* of its message, with the owner that the answer showed */
	uint64_t first_ns;
	uint64_t last_ns; /* of the last repetition */
	uint64_t bytes;
	uint32_t retries; /* it was sent again that often */
	uint16_t type;
	uint16_t class;
	uint16_t edns_bytes;
	uint8_t operation;
	bool is_datagram;
	char name[DNS_NAME_BYTES];
};

/* All is borrowed. */
struct dns_exchange {
	const struct dns_question *question;
	const struct dns_message *answer; /* NULL: none came in time */
	uint64_t answer_bytes;
	uint64_t end_ns; /* of the answer, or when the time was over */
};

typedef void dns_pair_report(void *context, const struct dns_exchange *exchange);

struct dns_pair_options {
	size_t maximum;	     /* open questions: 500 bytes each */
	uint64_t timeout_ns; /* after the last repetition */
	uint32_t scope_pid;  /* exchanges of other processes are none of ours; 0: all */
	dns_pair_report *report;
	void *context;
};

/* What comes in: a message that was read, and where it came from. */
struct dns_arrival {
	const struct packet_common *origin;
	const struct dns_message *message;
	uint64_t time_ns;
	uint64_t bytes;
	bool is_datagram;
};

int dns_pair_new(const struct dns_pair_options *options, struct dns_pair **ret_pair);
void dns_pair_free(struct dns_pair *pair); /* accepts NULL; open questions are forgotten */
void dns_pair_take(struct dns_pair *pair, const struct dns_arrival *arrival);
/* Answers in datagrams were lost until now: what is open may have been answered. */
void dns_pair_lost_answers(struct dns_pair *pair, uint64_t now_ns);
/* Messages of this TCP connection were lost. */
void dns_pair_lost_connection(struct dns_pair *pair, uint64_t cookie);
/* Tells of the questions whose time is over. */
void dns_pair_sweep(struct dns_pair *pair, uint64_t now_ns);
void dns_pair_add_counts(const struct dns_pair *pair, struct feature_counts *counts);
size_t dns_pair_open(const struct dns_pair *pair);

#endif
