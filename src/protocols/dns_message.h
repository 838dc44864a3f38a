/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One DNS message from its bytes (RFC 1035, 3596, 6891), as a datagram carries it: no length
 * in front. Pure and bounded: allocates nothing, reads a byte of the message at most a few times,
 * whatever its compression pointers say.
 */
#ifndef SKEP_DNS_MESSAGE_H
#define SKEP_DNS_MESSAGE_H

#include "base/base.h"

#define DNS_HEADER_BYTES      12  /* RFC 1035, 4.1.1 */
#define DNS_NAME_BYTES	      256 /* 253 characters at most (RFC 1035, 2.3.4), and the NUL */
#define DNS_ANSWERS_BYTES     256
#define DNS_WORD_BYTES	      16
/* Types that decide something here: RFC 1035, 3.2.2 and later ones. */
#define DNS_TYPE_A	      1
#define DNS_TYPE_NS	      2
#define DNS_TYPE_CNAME	      5
#define DNS_TYPE_PTR	      12
#define DNS_TYPE_MX	      15
#define DNS_TYPE_AAAA	      28
#define DNS_TYPE_SRV	      33
#define DNS_TYPE_DNAME	      39
#define DNS_TYPE_OPT	      41
/* Operations (RFC 1035, 4.1.1; 1996; 2136). */
#define DNS_OPERATION_QUERY   0
#define DNS_OPERATION_NOTIFY  4
#define DNS_OPERATION_UPDATE  5
/* Codes of an answer (RFC 1035, 4.1.1). */
#define DNS_CODE_NOERROR      0
#define DNS_CODE_NXDOMAIN     3
/* Codes of updates that say that what was asked for is not so: YXDOMAIN to NXRRSET (RFC 2136). */
#define DNS_CODE_PREREQUISITE 6
#define DNS_CODE_NXRRSET      8

struct dns_message {
	uint16_t id;
	uint16_t type;	/* of the question, 0 when there is none */
	uint16_t class; /* the same */
	uint16_t code;	/* of an answer, with the upper bits of EDNS */
	uint16_t answer_count;
	uint16_t edns_bytes; /* UDP payload that the sender takes, 0 without EDNS */
	uint32_t ttl_s;	     /* the shortest of the answers, 0 without any */
	uint8_t operation;
	bool is_answer;
	bool has_question;
	bool is_truncated; /* as the sender says: the whole answer is to be had over TCP */
	bool is_authoritative;
	bool is_cut; /* the bytes end, or stop making sense, before all records were read */
	/* In lower case, since case means nothing (RFC 4343); printable; "." for the root. */
	char name[DNS_NAME_BYTES];
	/* "CNAME edge.example, 192.0.2.1": addresses, and other records by type. */
	char answers[DNS_ANSWERS_BYTES];
};

/*
 * Reads a message or its first bytes. 0, or -EBADMSG when it is none: the header makes no sense or
 * the question cannot be read. What is odd behind the question only sets is_cut.
 */
int dns_parse(struct slice bytes, struct dns_message *ret_message);

/* Words as the registries of IANA have them, "TYPE65280" (RFC 3597) where none is known here. size
 * at least DNS_WORD_BYTES. Return destination. */
char *dns_type_word(uint16_t type, char *destination, size_t size);
char *dns_class_word(uint16_t class, char *destination, size_t size);
char *dns_code_word(uint16_t code, char *destination, size_t size);
/* What is asked for: the type, or the operation where that is no query: NOTIFY, UPDATE. */
char *dns_operation_word(const struct dns_message *message, char *destination, size_t size);

/*
 * The name as a dimension: addresses that are looked up in reverse are one target,
 * "{address}.in-addr.arpa" (RFC 1035, 3.5; 3596, 2.5).
 */
void dns_target(const char *name, char *destination, size_t size);

/* The server failed or refused: an error for both ends. */
bool dns_code_is_error(uint16_t code);
/*
 * There is no such name: an error for who asked, and a right answer of who served. As with
 * HTTP's 404, the client that wanted an address has none; the server did its work.
 */
bool dns_code_is_client_error(uint16_t code);

#endif
