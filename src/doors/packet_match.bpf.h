/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Asks the protocols what the first bytes of a packet are. In: payload. Out: the
 * two matches of a packet_view.
 */
#ifndef SKEP_PACKET_MATCH_BPF_H
#define SKEP_PACKET_MATCH_BPF_H

#include "bpf/kernel.h"
#include "doors/packet_turn.h"
#include "protocols/http_match.h"

struct packet_head {
	__u8 bytes[PACKET_REQUEST_BYTES] __attribute__((aligned(8)));
};

/*
 * Reads up to room bytes of the packet. A length of 0 fails verification before 6.x,
 * hence the mask; clang must not see through it.
 */
static __always_inline long packet_read(
	struct __sk_buff *skb, __u32 offset, void *destination, __u32 length, __u32 room)
{
	__u32 less_one = length - 1;

	asm volatile("%0 &= %1" : "+r"(less_one) : "i"(room - 1));
	return bpf_skb_load_bytes(skb, offset, destination, less_one + 1);
}

#define HTTP_CRLF 0x0a0d
#define HTTP_LFCR 0x0d0a

/*
 * Whether the head's end, CR LF CR LF, stands at the end of length bytes and not before. Two
 * bytes a step: at an even offset it shows as CR LF twice, at an odd one as LF CR. Unrolled, since
 * kernels before 5.12 refuse stack reads at a variable offset.
 */
static __always_inline int http_is_whole(const struct packet_head *head, __u32 length)
{
	const __u16 *words = (const __u16 *)head->bytes;
	__u32 end = 0;
	__u16 before = 0;

#pragma clang loop unroll(full)
	for (__u32 i = 0; i < PACKET_REQUEST_BYTES / 2; i++) {
		__u16 word = words[i];

		if (2 * i >= length)
			break;
		if (word == HTTP_LFCR) {
			end = 2 * i + 3;
			break;
		}
		if (word == HTTP_CRLF && before == HTTP_CRLF) {
			end = 2 * i + 2;
			break;
		}
		before = word;
	}
	return end == length;
}

static __noinline int match_request(struct __sk_buff *skb, __u32 offset, struct packet_view *view)
{
	struct packet_head head = {};
	__u32 length;

	if (!view)
		return -1;
	length = view->length;
	if (length > PACKET_REQUEST_BYTES)
		length = PACKET_REQUEST_BYTES;
	if (packet_read(skb, offset, head.bytes, length, PACKET_REQUEST_BYTES))
		return -1;
	switch (http_match_request(head.bytes, length)) {
	case HTTP_REQUEST_NO:
		view->request = PACKET_MATCH_NO;
		break;
	case HTTP_REQUEST_MAYBE:
		view->request = PACKET_MATCH_MAYBE;
		break;
	case HTTP_REQUEST_CONNECT:
		view->is_connect = 1;
		view->request = PACKET_MATCH_YES;
		break;
	case HTTP_REQUEST_BODYLESS:
		view->request = view->length <= PACKET_REQUEST_BYTES && http_is_whole(&head, length)
					? PACKET_MATCH_PLAIN
					: PACKET_MATCH_YES;
		break;
	default:
		view->request = PACKET_MATCH_YES;
		break;
	}
	return 0;
}

static __noinline int match_answer(struct __sk_buff *skb, __u32 offset, struct packet_view *view)
{
	__u64 head[2] = {};
	__u8 *bytes = (__u8 *)head;
	__u32 length;

	if (!view)
		return -1;
	length = view->length < sizeof(head) ? view->length : sizeof(head);
	if (packet_read(skb, offset, head, length, sizeof(head)))
		return -1;
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
	return 0;
}

/*
 * Fills the matches that the packet's direction calls for; both while the role is not known.
 * 0, or -1 when the bytes could not be read.
 */
static __always_inline int match_packet(
	struct __sk_buff *skb, __u32 offset, struct packet_view *view, __u8 role)
{
	int is_request = (role == PACKET_SERVER) == (view->direction == PACKET_INGRESS);

	if ((role == PACKET_ROLE_UNKNOWN || is_request) && match_request(skb, offset, view))
		return -1;
	if ((role == PACKET_ROLE_UNKNOWN || !is_request) && match_answer(skb, offset, view))
		return -1;
	return 0;
}

#endif
