/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for the numbers of DNS, from IANA's registries "Domain Name System (DNS) Parameters".
 */
#include "protocols/dns_message.h"

#include <stdio.h>

#include "base/str.h"

struct word {
	uint16_t number;
	const char *text;
};

static const struct word types[] = {
	{ 1, "A" },
	{ 2, "NS" },
	{ 5, "CNAME" },
	{ 6, "SOA" },
	{ 12, "PTR" },
	{ 13, "HINFO" },
	{ 15, "MX" },
	{ 16, "TXT" },
	{ 17, "RP" },
	{ 18, "AFSDB" },
	{ 24, "SIG" },
	{ 25, "KEY" },
	{ 28, "AAAA" },
	{ 29, "LOC" },
	{ 33, "SRV" },
	{ 35, "NAPTR" },
	{ 37, "CERT" },
	{ 39, "DNAME" },
	{ 41, "OPT" },
	{ 43, "DS" },
	{ 44, "SSHFP" },
	{ 46, "RRSIG" },
	{ 47, "NSEC" },
	{ 48, "DNSKEY" },
	{ 49, "DHCID" },
	{ 50, "NSEC3" },
	{ 51, "NSEC3PARAM" },
	{ 52, "TLSA" },
	{ 53, "SMIMEA" },
	{ 59, "CDS" },
	{ 60, "CDNSKEY" },
	{ 61, "OPENPGPKEY" },
	{ 62, "CSYNC" },
	{ 63, "ZONEMD" },
	{ 64, "SVCB" },
	{ 65, "HTTPS" },
	{ 99, "SPF" },
	{ 108, "EUI48" },
	{ 109, "EUI64" },
	{ 249, "TKEY" },
	{ 250, "TSIG" },
	{ 251, "IXFR" },
	{ 252, "AXFR" },
	{ 255, "ANY" },
	{ 256, "URI" },
	{ 257, "CAA" },
};

static const struct word classes[] = {
	{ 1, "IN" },
	{ 3, "CH" },
	{ 4, "HS" },
	{ 254, "NONE" },
	{ 255, "ANY" },
};

static const struct word codes[] = {
	{ 0, "NOERROR" },
	{ 1, "FORMERR" },
	{ 2, "SERVFAIL" },
	{ 3, "NXDOMAIN" },
	{ 4, "NOTIMP" },
	{ 5, "REFUSED" },
	{ 6, "YXDOMAIN" },
	{ 7, "YXRRSET" },
	{ 8, "NXRRSET" },
	{ 9, "NOTAUTH" },
	{ 10, "NOTZONE" },
	{ 11, "DSOTYPENI" },
	{ 16, "BADVERS" },
	{ 23, "BADCOOKIE" },
};

static const struct word operations[] = {
	{ 1, "IQUERY" },
	{ 2, "STATUS" },
	{ DNS_OPERATION_NOTIFY, "NOTIFY" },
	{ DNS_OPERATION_UPDATE, "UPDATE" },
	{ 6, "DSO" },
};

/* A list and the word that stands with a number that is not in it. */
struct words {
	const struct word *list;
	size_t count;
	const char *other;
};

#define WORDS(list_, other_) (&(const struct words){ list_, ARRAY_LENGTH(list_), other_ })

static char *word_of(const struct words *words, uint16_t number, char *destination, size_t size)
{
	for (size_t i = 0; i < words->count; i++) {
		if (words->list[i].number != number)
			continue;
		str_copy(destination, size, words->list[i].text);
		return destination;
	}
	snprintf(destination, size, "%s%u", words->other, number);
	return destination;
}

char *dns_type_word(uint16_t type, char *destination, size_t size)
{
	return word_of(WORDS(types, "TYPE"), type, destination, size);
}

char *dns_class_word(uint16_t class, char *destination, size_t size)
{
	return word_of(WORDS(classes, "CLASS"), class, destination, size);
}

char *dns_code_word(uint16_t code, char *destination, size_t size)
{
	return word_of(WORDS(codes, "RCODE"), code, destination, size);
}

char *dns_operation_word(const struct dns_message *message, char *destination, size_t size)
{
	if (message->operation == DNS_OPERATION_QUERY)
		return dns_type_word(message->type, destination, size);
	return word_of(WORDS(operations, "OPCODE"), message->operation, destination, size);
}

bool dns_code_is_client_error(uint16_t code)
{
	return code == DNS_CODE_NXDOMAIN ||
	       (code >= DNS_CODE_PREREQUISITE && code <= DNS_CODE_NXRRSET);
}

bool dns_code_is_error(uint16_t code)
{
	return code != DNS_CODE_NOERROR && !dns_code_is_client_error(code);
}
