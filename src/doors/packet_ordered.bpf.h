/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The protocols that are ordered from their first packet on, and how each knows its first bytes.
 * In: the first 16 bytes of a packet, as numbers, and its length. Out: a protocol and the two
 * matches of a packet_view, in one word. A new protocol is a matcher here and a line in
 * match_ordered.
 */
#ifndef SKEP_PACKET_ORDERED_BPF_H
#define SKEP_PACKET_ORDERED_BPF_H

#include "bpf/kernel.h"
#include "doors/packet_turn.h"
#include "protocols/amqp_match.h"
#include "protocols/dns_match.h"
#include "protocols/http2_match.h"
#include "protocols/kafka_match.h"
#include "protocols/memcached_match.h"
#include "protocols/mongodb_match.h"
#include "protocols/mqtt_match.h"
#include "protocols/mysql_match.h"
#include "protocols/nats_match.h"
#include "protocols/postgresql_match.h"
#include "protocols/redis_match.h"
#include "protocols/tls_match.h"
#include "protocols/zookeeper_match.h"

/* Bits by enum packet_protocol: what features ask for; it changes while the door is open. */
volatile __u32 wanted_protocols = ~0U;

/* What the first bytes of a connection are: a protocol and the two matches, in one word. */
#define FIRST(protocol, request, answer) ((protocol) | (request) << 8 | (answer) << 16)
#define FIRST_IS_ORDERED		 (1 << 24)
#define FIRST_IS_OLDER			 (1 << 25)
#define FIRST_IS_REQUEST(protocol)	 (FIRST_IS_ORDERED | FIRST(protocol, PACKET_MATCH_YES, 0))
#define FIRST_IS_ANSWER(protocol)	 (FIRST_IS_ORDERED | FIRST(protocol, 0, PACKET_MATCH_YES))
/* The server speaks first. */
#define FIRST_IS_GREETING(protocol)	 (FIRST_IS_ORDERED | FIRST(protocol, 0, PACKET_MATCH_GREETING))

/*
 * The matchers of the protocols that are ordered from their first packet on. first and second: the
 * first 16 bytes, zero from length on; length: of the whole packet. Out: FIRST_…, 0: it is none of
 * theirs. Each is global and of numbers only: the verifier walks it once and alone, and knows
 * nothing of its result, so that what they cost adds up and does not multiply.
 */
__noinline __u32 match_dns(__u64 first, __u64 second, __u32 length)
{
	const __u64 head[2] = { first, second };

	switch (dns_match_stream((const __u8 *)head, length)) {
	case DNS_MATCH_QUESTION:
		return FIRST_IS_REQUEST(PROTOCOL_dns);
	case DNS_MATCH_ANSWER:
		return FIRST_IS_ANSWER(PROTOCOL_dns);
	default:
		return 0;
	}
}

__noinline __u32 match_tls(__u64 first, __u64 second, __u32 length)
{
	const __u64 head[2] = { first, second };

	if (tls_match_client_hello((const __u8 *)head, length))
		return FIRST_IS_REQUEST(PROTOCOL_tls);
	if (tls_match_data((const __u8 *)head, length))
		return FIRST_IS_OLDER | FIRST(PROTOCOL_tls, 0, 0);
	return 0;
}

__noinline __u32 match_memcached(__u64 first, __u32 length)
{
	if (memcached_match_request(first, length))
		return FIRST_IS_REQUEST(PROTOCOL_memcached);
	if (memcached_match_answer(first, length))
		return FIRST_IS_ANSWER(PROTOCOL_memcached);
	return 0;
}

__noinline __u32 match_mongodb(__u64 first, __u64 second, __u32 length)
{
	const __u64 head[2] = { first, second };

	switch (mongodb_match((const __u8 *)head, length)) {
	case MONGODB_MATCH_REQUEST:
		return FIRST_IS_REQUEST(PROTOCOL_mongodb);
	case MONGODB_MATCH_ANSWER:
		return FIRST_IS_ANSWER(PROTOCOL_mongodb);
	default:
		return 0;
	}
}

__noinline __u32 match_redis(__u64 first, __u64 second, __u32 length)
{
	const __u64 head[2] = { first, second };

	return redis_match((const __u8 *)head, length) ? FIRST_IS_REQUEST(PROTOCOL_redis) : 0;
}

__noinline __u32 match_mysql(__u64 first, __u64 second, __u32 length)
{
	const __u64 head[2] = { first, second };

	switch (mysql_match((const __u8 *)head, length)) {
	case MYSQL_MATCH_GREETING:
		return FIRST_IS_GREETING(PROTOCOL_mysql);
	case MYSQL_MATCH_REQUEST:
		return FIRST_IS_REQUEST(PROTOCOL_mysql);
	case MYSQL_MATCH_ANSWER:
		return FIRST_IS_ANSWER(PROTOCOL_mysql);
	default:
		return 0;
	}
}

__noinline __u32 match_postgresql(__u64 first, __u64 second, __u32 length)
{
	const __u64 head[2] = { first, second };

	switch (postgresql_match((const __u8 *)head, length)) {
	case POSTGRESQL_MATCH_REQUEST:
		return FIRST_IS_REQUEST(PROTOCOL_postgresql);
	case POSTGRESQL_MATCH_ANSWER:
		return FIRST_IS_ANSWER(PROTOCOL_postgresql);
	default:
		return 0;
	}
}

__noinline __u32 match_nats(__u64 first, __u64 second, __u32 length)
{
	const __u64 head[2] = { first, second };

	switch (nats_match((const __u8 *)head, length)) {
	case NATS_MATCH_CLIENT:
		return FIRST_IS_REQUEST(PROTOCOL_nats);
	case NATS_MATCH_GREETING:
		return FIRST_IS_GREETING(PROTOCOL_nats);
	case NATS_MATCH_SERVER:
		return FIRST_IS_ANSWER(PROTOCOL_nats);
	default:
		return 0;
	}
}

__noinline __u32 match_amqp(__u64 first, __u64 second, __u32 length)
{
	const __u64 head[2] = { first, second };

	switch (amqp_match((const __u8 *)head, length)) {
	case AMQP_MATCH_CLIENT:
		return FIRST_IS_REQUEST(PROTOCOL_amqp);
	case AMQP_MATCH_SERVER:
		return FIRST_IS_ANSWER(PROTOCOL_amqp);
	default:
		return 0;
	}
}

__noinline __u32 match_mqtt(__u64 first, __u64 second, __u32 length)
{
	const __u64 head[2] = { first, second };

	return mqtt_match_connect((const __u8 *)head, length) ? FIRST_IS_REQUEST(PROTOCOL_mqtt) : 0;
}

__noinline __u32 match_zookeeper(__u64 first, __u64 second, __u32 length)
{
	const __u64 head[2] = { first, second };

	if (zookeeper_match_connect((const __u8 *)head, length) ||
		zookeeper_match_ping((const __u8 *)head, length))
		return FIRST_IS_REQUEST(PROTOCOL_zookeeper);
	return 0;
}

__noinline __u32 match_kafka(__u64 first, __u64 second, __u32 length)
{
	const __u64 head[2] = { first, second };

	return kafka_match_request((const __u8 *)head, length) ? FIRST_IS_REQUEST(PROTOCOL_kafka)
							       : 0;
}

__noinline __u32 match_http2(__u64 first, __u64 second, __u32 length)
{
	switch (http2_match(first, second, length)) {
	case HTTP2_MATCH_CLIENT:
		return FIRST_IS_REQUEST(PROTOCOL_http2);
	case HTTP2_MATCH_GREETING:
		return FIRST_IS_GREETING(PROTOCOL_http2);
	case HTTP2_MATCH_SERVER:
		return FIRST_IS_ANSWER(PROTOCOL_http2);
	default:
		return 0;
	}
}

/* A line each; the first one that knows the bytes has them. */
static __always_inline __u32 match_ordered(__u64 first, __u64 second, __u32 length)
{
	__u32 found = match_dns(first, second, length);

	if (!found)
		found = match_tls(first, second, length);
	if (!found)
		found = match_memcached(first, length);
	if (!found)
		found = match_mongodb(first, second, length);
	if (!found)
		found = match_redis(first, second, length);
	if (!found)
		found = match_mysql(first, second, length);
	if (!found)
		found = match_postgresql(first, second, length);
	if (!found)
		found = match_nats(first, second, length);
	if (!found)
		found = match_amqp(first, second, length);
	if (!found)
		found = match_mqtt(first, second, length);
	if (!found)
		found = match_zookeeper(first, second, length);
	if (!found)
		found = match_kafka(first, second, length);
	if (!found)
		found = match_http2(first, second, length);
	return found;
}

/*
 * Whose the first 16 bytes of a packet of length bytes are, zero from length on. http: what HTTP
 * makes of them, which is asked first. Global and of numbers only, so that the verifier walks it
 * once, however many protocols there are, and knows nothing of its result that would make paths of
 * it.
 */
__noinline __u32 match_protocols(__u64 first, __u64 second, __u32 length, __u32 http)
{
	__u32 found = http;

	if ((http >> 8 & 0xff) < PACKET_MATCH_YES && (http >> 16 & 0xff) < PACKET_MATCH_YES) {
		__u32 other = match_ordered(first, second, length);

		if (other)
			found = other;
	}
	if (!(wanted_protocols >> (found & 31) & 1))
		return FIRST(found & 0xff, PACKET_MATCH_NO, PACKET_MATCH_NO);
	return found;
}

#endif
