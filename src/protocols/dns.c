/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS over TCP (RFC 1035, 4.2.2; 7766): each message stands behind two bytes that hold its length.
 * Datagrams hold one message each and need none of this: see dns_message.h. Which
 * answer belongs to which question is not told by their order; observe/dns pairs them.
 */
#include "base/str.h"
#include "protocols/dns_match.h"
#include "protocols/dns_message.h"
#include "protocols/message.h"

#define LENGTH_BYTES	2
/* Of a longer message, a zone transfer say, that many bytes are read and the rest stepped over. */
#define READ_BYTES_MOST 8192

static int dns_request(struct slice bytes, unsigned int flags, struct message *ret_message);
static int dns_response(struct slice bytes, unsigned int flags, const struct message *request,
	struct message *ret_message);

const struct protocol dns_protocol = {
	.name = "dns",
	.summary = "DNS: questions with type, name, code and answers",
	.request = dns_request,
	.response = dns_response,
	.is_paired_by_feature = true,
};

/* Finds the bytes of the message that are to be read. 1, 0 when more are needed, or -EBADMSG. */
static int find(struct slice bytes, unsigned int flags, struct slice *ret_part, size_t *ret_length)
{
	size_t length;

	if (bytes.length >= LENGTH_BYTES) {
		length = (size_t)(bytes.data[0] << 8 | bytes.data[1]);
		if (length < DNS_MATCH_BYTES)
			return -EBADMSG;
	}
	if (bytes.length < LENGTH_BYTES + DNS_MATCH_BYTES)
		return flags & MESSAGE_CUT ? -EBADMSG : 0;
	if (dns_match(bytes.data + LENGTH_BYTES, true) == DNS_MATCH_NO)
		return -EBADMSG;
	*ret_length = length;
	*ret_part = (struct slice){ bytes.data + LENGTH_BYTES,
		MIN(MIN(length, READ_BYTES_MOST), bytes.length - LENGTH_BYTES) };
	if (ret_part->length < MIN(length, READ_BYTES_MOST) && !(flags & MESSAGE_CUT))
		return 0;
	return 1;
}

/* What a question and an answer have in common. */
static int read_message(struct slice bytes, unsigned int flags, struct dns_message *ret_dns,
	struct message *ret_message)
{
	struct message message = { 0 };
	size_t length = 0;
	struct slice part;
	int r = find(bytes, flags, &part, &length);

	if (r != 1)
		return r;
	if (dns_parse(part, ret_dns) < 0)
		return -EBADMSG;
	message.head_bytes = (uint32_t)(LENGTH_BYTES + part.length);
	if (part.length < length && flags & MESSAGE_CUT)
		message.body = BODY_UNTIL_CLOSE;
	else if (part.length < length) {
		message.body = BODY_LENGTH;
		message.body_bytes = length - part.length;
	}
	dns_operation_word(ret_dns, message.operation, sizeof(message.operation));
	dns_target(ret_dns->name, message.target, sizeof(message.target));
	if (!str_equal(message.target, ret_dns->name))
		str_set(message.detail, ret_dns->name);
	*ret_message = message;
	return 1;
}

static int dns_request(struct slice bytes, unsigned int flags, struct message *ret_message)
{
	struct dns_message dns;
	struct message message;
	int r = read_message(bytes, flags, &dns, &message);

	if (r != 1)
		return r;
	if (dns.is_answer)
		return -EBADMSG;
	*ret_message = message;
	return 1;
}

static int dns_response(struct slice bytes, unsigned int flags, const struct message *request,
	struct message *ret_message)
{
	struct dns_message dns;
	struct message message;
	int r = read_message(bytes, flags, &dns, &message);

	if (r != 1)
		return r;
	if (!dns.is_answer)
		return -EBADMSG;
	dns_code_word(dns.code, message.status, sizeof(message.status));
	message.is_error = dns_code_is_error(dns.code);
	message.is_client_error = dns_code_is_client_error(dns.code);
	*ret_message = message;
	return 1;
}
