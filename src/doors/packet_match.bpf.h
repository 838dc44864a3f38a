/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Asks the protocols what the first bytes of a packet are. In: payload. Out: the
 * two matches of a packet_view. A connection of which nothing is known is shown to all of them
 * (packet_ordered.bpf.h has the list); afterwards one that takes turns to its own, an ordered one
 * to none.
 */
#ifndef SKEP_PACKET_MATCH_BPF_H
#define SKEP_PACKET_MATCH_BPF_H

#include "bpf/kernel.h"
#include "doors/packet_ordered.bpf.h"
#include "doors/packet_socket.bpf.h"
#include "protocols/http_match.h"

/*
 * Reads up to room bytes of the packet. A length of 0 fails verification before 6.x,
 * hence the mask; clang must not see through it.
 */
static __always_inline long packet_read(
	struct __sk_buff *skb, __u32 offset, void *destination, __u32 length, __u32 room)
{
	__u32 less_one = length - 1;

	hide_mask(less_one, room - 1);
	return bpf_skb_load_bytes(skb, offset, destination, less_one + 1);
}

#define EACH_BYTE(value) (0x0101010101010101ULL * (value))
#define CRLFCRLF	 0x0a0d0a0d

/* The high bit of each zero byte; a bit above a zero byte may be set without need. */
static __always_inline __u64 zero_bytes(__u64 word)
{
	return (word - EACH_BYTE(0x01)) & ~word & EACH_BYTE(0x80);
}

/* Whether LF CR begins at one of the eight bytes from place on; may say so without need. */
static __always_inline int has_empty_line(const __u8 *place)
{
	__u64 feeds = zero_bytes(*(__u64 *)place ^ EACH_BYTE('\n'));

	return feeds && (feeds & zero_bytes(*(__u64 *)(place + 1) ^ EACH_BYTE('\r')));
}

/*
 * Whether the head's end, CR LF CR LF, stands at the end of the length bytes at request and
 * nowhere before: so there is one request, and it is whole. 16 <= length <= PACKET_REQUEST_BYTES. A
 * wrong no costs some speed, a wrong yes cannot be.
 */
static __always_inline int http_is_whole(const __u8 *request, __u32 length)
{
	__u32 last = length - 3; /* where the LF CR of the end stands */

	if (*(__u32 *)(request + ((length - 4) & (PACKET_REQUEST_BYTES - 1))) != CRLFCRLF)
		return 0;
	for (__u32 i = 0; i < PACKET_REQUEST_BYTES; i += 8) {
		if (i + 8 > last)
			break;
		if (has_empty_line(request + i))
			return 0;
	}
	return !has_empty_line(request + ((last - 8) & (PACKET_REQUEST_BYTES - 1)));
}

/* Letters and the dash of M-SEARCH; a binary or JSON body rarely begins with three of them. */
static __always_inline int may_be_method(__u8 byte)
{
	return (__u8)(byte - 'A') <= 'Z' - 'A' || byte == '-';
}

/* The high bit of each zero byte, and no other. */
static __always_inline __u64 exact_zero_bytes(__u64 word)
{
	return ~(((word & EACH_BYTE(0x7f)) + EACH_BYTE(0x7f)) | word | EACH_BYTE(0x7f));
}

/* The high bit of each byte of word where LF CR begins; next follows it. */
static __always_inline __u64 line_ends(__u64 word, __u64 next)
{
	return exact_zero_bytes(word ^ EACH_BYTE('\n')) &
	       exact_zero_bytes((word >> 8 | next << 56) ^ EACH_BYTE('\r'));
}

/* The number of the lowest byte whose high bit is set; one is. */
static __always_inline __u32 first_byte(__u64 bits)
{
	return ((bits & -bits) >> 7) * 0x0001020304050607ULL >> 56;
}

#define SCAN_BYTES    128U
#define COUNTED_BYTES 2048U

/*
 * The functions from here on are global, and each has one loop: so the verifier walks the loop
 * within SCAN_BYTES once, and not once for each place that it is called for.
 */

/*
 * Where the empty line ends that begins first in the next SCAN_BYTES of the length bytes from
 * offset on; SCAN_BYTES + 8: nowhere. The last eight bytes are only looked at to the end of a line
 * that began before them.
 */
__noinline __u32 http_line_end(struct __sk_buff *skb, __u32 offset, __u32 length)
{
	__u32 size = length < SCAN_BYTES ? length : SCAN_BYTES;
	__u64 words[SCAN_BYTES / 8] = {};

	if (packet_read(skb, offset, words, size, SCAN_BYTES))
		return SCAN_BYTES + 8;
	for (__u32 i = 0; i < SCAN_BYTES / 8 - 1; i++) {
		__u64 found = line_ends(words[i], words[i + 1]);

		if (found)
			return 8 * i + first_byte(found) + 3;
	}
	return SCAN_BYTES + 8;
}

/*
 * Where the empty line of the first request's head ends within the packet's length bytes from
 * offset on; length when there is none in the first PACKET_SEGMENT_BYTES.
 */
__noinline __u32 http_head_end(struct __sk_buff *skb, __u32 offset, __u32 length)
{
	for (__u32 at = 0; at < PACKET_SEGMENT_BYTES && at < length; at += SCAN_BYTES - 8) {
		__u32 end = http_line_end(skb, offset + at, length - at);

		if (end <= SCAN_BYTES)
			return at + end;
	}
	return length;
}

/*
 * How many requests seem to begin behind empty lines in the next SCAN_BYTES of the length bytes
 * from offset on. zero is 0, which the verifier must not know: it would walk the loop once for each
 * sum.
 */
__noinline __u32 http_starts(struct __sk_buff *skb, __u32 offset, __u32 length, __u32 zero)
{
	__u32 size = length < SCAN_BYTES ? length : SCAN_BYTES;
	__u64 words[SCAN_BYTES / 8] = {};
	__u8 next[4] = {};
	__u32 count = zero;

	if (packet_read(skb, offset, words, size, SCAN_BYTES))
		return 0;
	for (__u32 i = 0; i < SCAN_BYTES / 8 - 1; i++) {
		__u64 found = line_ends(words[i], words[i + 1]);

		if (!found ||
			bpf_skb_load_bytes(skb, offset + 8 * i + first_byte(found) + 3, next, 3))
			continue;
		if (may_be_method(next[0]) & may_be_method(next[1]) & may_be_method(next[2]))
			count += 1 + zero;
	}
	return count;
}

/*
 * The same in the length bytes from offset on, of which COUNTED_BYTES are looked at. Only for bytes
 * that found no room in the ring.
 */
__noinline __u32 http_requests(struct __sk_buff *skb, __u32 offset, __u32 length, __u32 zero)
{
	__u32 count = zero;

	for (__u32 at = 0; at < COUNTED_BYTES && at < length; at += SCAN_BYTES - 8)
		count += http_starts(skb, offset + at, length - at, zero);
	return count;
}

/* A PROXY header of version 2, which holds an empty line, before the request: its bytes. */
static __noinline __u32 http_proxy_bytes(struct __sk_buff *skb, __u32 offset, __u32 length)
{
	__u64 head[2] = {};

	if (length < sizeof(head) || bpf_skb_load_bytes(skb, offset, head, sizeof(head)) ||
		!http_is_proxy_2(head[0], head[1]))
		return 0;
	return sizeof(head) + (head[1] >> 56 | (head[1] >> 48 & 0xff) << 8);
}

/*
 * Whether a packet that begins with a PROXY header holds nothing else. Version 1 is a line, and a
 * request behind it ends with an empty one.
 */
static __noinline int http_is_proxy_alone(struct __sk_buff *skb, __u32 offset, __u32 length)
{
	__u32 end = 0;
	__u32 size = http_proxy_bytes(skb, offset, length);

	if (size)
		return size == length;
	return length >= 15 && length <= 107 &&
	       !bpf_skb_load_bytes(skb, offset + length - 4, &end, sizeof(end)) &&
	       end >> 16 == (CRLFCRLF & 0xffff) && end != CRLFCRLF;
}

/* Whether another request seems to follow the head of the first one. */
static __noinline int http_holds_several(struct __sk_buff *skb, __u32 offset, __u32 length)
{
	__u32 end = http_head_end(skb, offset, length);
	__u8 next[4] = { 'A', 'A', 'A' };
	__u32 size = length - end < 3 ? length - end : 3;

	if (end >= length || packet_read(skb, offset + end, next, size, sizeof(next)))
		return 0;
	return may_be_method(next[0]) && may_be_method(next[1]) && may_be_method(next[2]);
}

/*
 * Global, so that the verifier walks its forty comparisons once and not once for each path that
 * leads here. first and second: the first 16 bytes.
 */
__noinline __u32 request_kind(__u64 first, __u64 second, __u32 length)
{
	const __u64 head[2] = { first, second };

	return http_match_request((const __u8 *)head, length);
}

/* head: the first 16 bytes of length, zero behind it. */
static __always_inline __u8 match_method(const __u64 *head, __u32 length, struct packet_view *view)
{
	switch (request_kind(head[0], head[1], length)) {
	case HTTP_REQUEST_NO:
		return PACKET_MATCH_NO;
	case HTTP_REQUEST_MAYBE:
		return PACKET_MATCH_MAYBE;
	case HTTP_REQUEST_ODD:
		return PACKET_MATCH_ODD;
	case HTTP_REQUEST_BODYLESS:
		return PACKET_MATCH_PLAIN;
	case HTTP_REQUEST_CONNECT:
		view->is_connect = 1;
		return PACKET_MATCH_YES;
	default:
		return PACKET_MATCH_YES;
	}
}

/*
 * The request's bytes are read to where a plain request is kept, once for all. Nobody uses
 * that place now: no request waits for its answer there, and no turn record is being made of it.
 */
static __always_inline int match_kept(
	struct __sk_buff *skb, __u32 offset, struct packet_view *view, struct packet_socket *socket)
{
	if (packet_read(skb, offset, socket->request, view->length, PACKET_REQUEST_BYTES))
		return -1;
	view->request = match_method((const __u64 *)socket->request, view->length, view);
	if (view->request == PACKET_MATCH_PLAIN && !http_is_whole(socket->request, view->length))
		view->request = PACKET_MATCH_YES;
	return 0;
}

/* 0, or -1 when the bytes could not be read. */
static __always_inline int match_request(
	struct __sk_buff *skb, __u32 offset, struct packet_view *view, struct packet_socket *socket)
{
	__u64 head[2] = {};
	__u32 length = view->length;

	if (length >= sizeof(head) && length <= PACKET_REQUEST_BYTES &&
		socket->state.phase != PACKET_REQUEST && !socket->state.is_busy)
		return match_kept(skb, offset, view, socket);
	if (length > sizeof(head))
		length = sizeof(head);
	if (packet_read(skb, offset, head, length, sizeof(head)))
		return -1;
	view->request = match_method(head, length, view);
	if (view->request == PACKET_MATCH_PLAIN)
		view->request = PACKET_MATCH_YES;
	return 0;
}

/* bytes: at least 16 readable ones, 8-byte aligned. */
static __always_inline void match_answer_bytes(
	const __u8 *bytes, __u32 length, struct packet_view *view)
{
	switch (http_match_response(bytes, length)) {
	case HTTP_RESPONSE_NO:
		view->answer = PACKET_MATCH_NO;
		break;
	case HTTP_RESPONSE_MAYBE:
		view->answer = PACKET_MATCH_MAYBE;
		break;
	case HTTP_RESPONSE_INTERIM:
		view->answer = PACKET_MATCH_INTERIM;
		break;
	default:
		view->is_success = bytes[9] == '2';
		view->answer = bytes[9] == '1' ? PACKET_MATCH_TUNNEL : PACKET_MATCH_YES;
		break;
	}
}

/* 0, or -1 when the bytes could not be read. */
static __always_inline int match_answer(
	struct __sk_buff *skb, __u32 offset, struct packet_view *view)
{
	__u64 head[2] = {};
	__u32 length = view->length < sizeof(head) ? view->length : sizeof(head);

	if (packet_read(skb, offset, head, length, sizeof(head)))
		return -1;
	match_answer_bytes((const __u8 *)head, length, view);
	return 0;
}

/*
 * A connection of which nothing is known. 0, or -1 when the bytes could not be read. A function of
 * its own, so that its stack is not under that of what writes records.
 */
static __noinline int match_first(
	struct __sk_buff *skb, __u32 offset, struct packet_view *view, struct packet_socket *socket)
{
	__u64 head[2] = {};
	__u32 length, found;

	if (!view || !socket)
		return -1;
	length = view->length < sizeof(head) ? view->length : sizeof(head);
	if (packet_read(skb, offset, head, length, sizeof(head)))
		return -1;
	found = match_protocols(
		head[0], head[1], view->length, FIRST(PROTOCOL_http, view->request, view->answer));
	socket->common.protocol = found;
	view->request = found >> 8;
	view->answer = found >> 16;
	view->is_ordered = found >> 24 & 1;
	/* On its way out, when it is known who sends it. */
	view->is_older = (found >> 25 & view->direction) + socket->zero;
	if (length >= 8 && http_may_be_proxy(head[0], head[1], length))
		view->is_prefix = http_is_proxy_alone(skb, offset, view->length);
	return 0;
}

/*
 * Fills the matches of the view that the judgement needs. 0, or -1 when the bytes could not be
 * read.
 */
static __always_inline int match_packet(
	struct __sk_buff *skb, __u32 offset, struct packet_view *view, struct packet_socket *socket)
{
	__u8 role = socket->state.role;
	int is_request = (role == PACKET_SERVER) == (view->direction == PACKET_INGRESS);

	if (socket->state.mode == PACKET_ORDERED && !socket->state.is_open)
		return 0;
	if ((role == PACKET_ROLE_UNKNOWN || is_request) && match_request(skb, offset, view, socket))
		return -1;
	if ((role == PACKET_ROLE_UNKNOWN || !is_request) && match_answer(skb, offset, view))
		return -1;
	return socket->state.mode == PACKET_NEW ? match_first(skb, offset, view, socket) : 0;
}

#endif
