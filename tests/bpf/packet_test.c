/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every path through the packet door returns *allow*: its programs run in the kernel over packets
 * that are right, odd, cut and damaged (BPF_PROG_TEST_RUN). Each packet runs several times on the
 * same socket, as a retransmission would. The socket is the kernel's stand-in, so nothing is sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "base/base.h"
#include "bpf/event.h"
#include "packet.skel.h"

#define ALLOW	       1
#define ETHERNET_BYTES 14
#define PACKET_BYTES   2048
#define DAMAGED	       4000

enum tcp_flag { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10 };
enum { IPV4 = 4, IPV6 = 6, TCP = 6, UDP = 17, ICMP = 1 };

/* A frame as the test run takes it: an Ethernet header, then what the door sees. */
struct frame {
	uint8_t bytes[PACKET_BYTES];
	size_t length;
};

/* What to build; the rest is as in a plain packet. */
struct recipe {
	const char *name;
	uint8_t version;
	uint8_t protocol;
	uint8_t flags;
	uint8_t ip_options;  /* bytes, IPv4 only */
	uint8_t tcp_options; /* bytes */
	uint16_t fragment;   /* flags and offset of the IPv4 header */
	const char *payload;
	size_t filler; /* bytes after the payload */
};

static const char request[] = "GET /a?b=c HTTP/1.1\r\nHost: example\r\nCookie: d=e\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

static const struct recipe recipes[] = {
	{ "request over IPv4", IPV4, TCP, ACK | PSH, 0, 0, 0, request, 0 },
	{ "request over IPv6", IPV6, TCP, ACK | PSH, 0, 12, 0, request, 0 },
	{ "answer over IPv4", IPV4, TCP, ACK | PSH, 0, 12, 0, answer, 0 },
	{ "answer over IPv6", IPV6, TCP, ACK, 0, 0, 0, answer, 0 },
	{ "request with its end", IPV4, TCP, ACK | PSH | FIN, 0, 12, 0, request, 0 },
	{ "request with a body", IPV4, TCP, ACK, 0, 0, 0, "POST / HTTP/1.1\r\n", 1400 },
	{ "answer with a body", IPV4, TCP, ACK, 0, 0, 0, answer, 1400 },
	{ "empty segment", IPV4, TCP, ACK, 0, 0, 0, "", 0 },
	{ "SYN", IPV4, TCP, SYN, 0, 20, 0, "", 0 },
	{ "SYN with data", IPV4, TCP, SYN, 0, 40, 0, request, 0 },
	{ "SYN and ACK over IPv6", IPV6, TCP, SYN | ACK, 0, 20, 0, "", 0 },
	{ "FIN with options", IPV4, TCP, FIN | ACK, 40, 40, 0, "", 0 },
	{ "FIN over IPv6", IPV6, TCP, FIN | ACK, 0, 12, 0, "", 0 },
	{ "RST", IPV4, TCP, RST, 0, 0, 0, "", 0 },
	{ "RST with data", IPV4, TCP, RST | ACK, 0, 0, 0, "reason", 0 },
	{ "every flag", IPV4, TCP, 0xff, 0, 0, 0, request, 0 },
	{ "no flag", IPV6, TCP, 0, 0, 0, 0, request, 0 },
	{ "first fragment", IPV4, TCP, ACK, 0, 0, 0x2000, request, 0 },
	{ "later fragment", IPV4, TCP, ACK, 0, 0, 0x0010, request, 0 },
	{ "one byte", IPV4, TCP, ACK | PSH, 0, 0, 0, "G", 0 },
	{ "bytes of no protocol", IPV4, TCP, ACK | PSH, 0, 0, 0, "\x16\x03\x01\x02", 300 },
	{ "UDP over IPv4", IPV4, UDP, 0, 0, 0, 0, "question", 0 },
	{ "UDP over IPv6", IPV6, UDP, 0, 0, 0, 0, "question", 0 },
	{ "ICMP", IPV4, ICMP, 0, 0, 0, 0, "", 40 },
};

static struct packet_bpf *door;

static void write_ip(struct frame *frame, const struct recipe *recipe, size_t after)
{
	uint8_t *ip = frame->bytes + ETHERNET_BYTES;

	if (recipe->version == IPV4) {
		size_t total = 20u + recipe->ip_options + after;

		frame->bytes[12] = 0x08;
		ip[0] = (uint8_t)(0x40 | (5 + recipe->ip_options / 4));
		ip[2] = (uint8_t)(total >> 8);
		ip[3] = (uint8_t)total;
		ip[6] = (uint8_t)(recipe->fragment >> 8);
		ip[7] = (uint8_t)recipe->fragment;
		ip[8] = 64;
		ip[9] = recipe->protocol;
		memcpy(ip + 12, "\x7f\0\0\1\x7f\0\0\2", 8);
		memset(ip + 20, 1, recipe->ip_options); /* "no operation" */
		frame->length = ETHERNET_BYTES + 20u + recipe->ip_options;
		return;
	}
	frame->bytes[12] = 0x86;
	frame->bytes[13] = 0xdd;
	ip[0] = 0x60;
	ip[4] = (uint8_t)(after >> 8);
	ip[5] = (uint8_t)after;
	ip[6] = recipe->protocol;
	ip[7] = 64;
	ip[23] = ip[39] = 1;
	frame->length = ETHERNET_BYTES + 40;
}

static void write_transport(struct frame *frame, const struct recipe *recipe)
{
	uint8_t *head = frame->bytes + frame->length;

	memcpy(head, "\x30\x39\x00\x50", 4); /* ports 12345 and 80 */
	if (recipe->protocol != TCP) {
		frame->length += 8;
		return;
	}
	head[7] = 1;
	head[12] = (uint8_t)((5 + recipe->tcp_options / 4) << 4);
	head[13] = recipe->flags;
	memset(head + 20, 1, recipe->tcp_options);
	frame->length += 20u + recipe->tcp_options;
}

static void build(struct frame *frame, const struct recipe *recipe)
{
	size_t head = recipe->protocol == TCP ? 20u + recipe->tcp_options : 8;
	size_t payload = strlen(recipe->payload);

	*frame = (struct frame){ 0 };
	write_ip(frame, recipe, head + payload + recipe->filler);
	write_transport(frame, recipe);
	memcpy(frame->bytes + frame->length, recipe->payload, payload);
	memset(frame->bytes + frame->length + payload, 'x', recipe->filler);
	frame->length += payload + recipe->filler;
}

/* Both directions must allow it. Returns false when the kernel takes no packet of that form. */
static bool passes(const struct frame *frame, const char *name)
{
	const struct bpf_program *programs[] = { door->progs.on_ingress, door->progs.on_egress };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes,
		.data_size_in = (uint32_t)frame->length);

	for (size_t i = 0; i < ARRAY_LENGTH(programs); i++) {
		int r = bpf_prog_test_run_opts(bpf_program__fd(programs[i]), &options);

		if (r == -EINVAL)
			return false;
		if (r < 0)
			fail_msg("%s: the test run fails: %s", name, strerror(-r));
		if (options.retval != ALLOW)
			fail_msg("%s of %zu bytes: %s returns %u", name, frame->length,
				bpf_program__name(programs[i]), options.retval);
	}
	return true;
}

static void skip_without_door(void)
{
	if (door)
		return;
	print_message("# packet: skipped: not permitted (CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN)\n");
	skip();
}

static void packets_of_every_kind_pass(void **state)
{
	struct frame frame;

	skip_without_door();
	for (size_t i = 0; i < ARRAY_LENGTH(recipes); i++) {
		build(&frame, &recipes[i]);
		assert_true(passes(&frame, recipes[i].name));
	}
}

static void packets_cut_anywhere_pass(void **state)
{
	unsigned int count = 0;
	struct frame frame;

	skip_without_door();
	for (size_t i = 0; i < ARRAY_LENGTH(recipes); i++) {
		build(&frame, &recipes[i]);
		for (size_t end = MIN(frame.length, 200u); end > ETHERNET_BYTES; end--) {
			frame.length = end;
			count += passes(&frame, recipes[i].name);
		}
	}
	assert_true(count > 1000);
}

static void every_header_length_passes(void **state)
{
	struct frame frame;

	skip_without_door();
	build(&frame, &recipes[0]);
	for (unsigned int first = 0; first < 256; first++) {
		frame.bytes[ETHERNET_BYTES] = (uint8_t)first;
		for (unsigned int offset = 0; offset < 256; offset += 16) {
			frame.bytes[ETHERNET_BYTES + 20 + 12] = (uint8_t)offset;
			passes(&frame, "odd header length");
		}
	}
}

/* The same damage in each run: a number generator with a fixed start (xorshift, Marsaglia 2003). */
static void damaged_packets_pass(void **state)
{
	uint32_t random = 2463534242u;
	unsigned int count = 0;
	struct frame frame;

	skip_without_door();
	for (unsigned int i = 0; i < DAMAGED; i++) {
		build(&frame, &recipes[i % ARRAY_LENGTH(recipes)]);
		for (unsigned int hits = 0; hits < 4; hits++) {
			random ^= random << 13;
			random ^= random >> 17;
			random ^= random << 5;
			frame.bytes[ETHERNET_BYTES + random % (frame.length - ETHERNET_BYTES)] =
				(uint8_t)(random >> 24);
		}
		count += passes(&frame, "damaged packet");
	}
	assert_true(count > DAMAGED / 2);
}

static int be_silent(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return 0;
}

static int setup(void **state)
{
	int r;

	libbpf_set_print(be_silent);
	door = packet_bpf__open();
	assert_non_null(door);
	r = packet_bpf__load(door);
	if (r == 0)
		return 0;
	packet_bpf__destroy(TAKE(door));
	return r == -EPERM ? 0 : r;
}

static int teardown(void **state)
{
	packet_bpf__destroy(door);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_of_every_kind_pass),
		cmocka_unit_test(packets_cut_anywhere_pass),
		cmocka_unit_test(every_header_length_passes),
		cmocka_unit_test(damaged_packets_pass),
	};

	return cmocka_run_group_tests_name("packet", tests, setup, teardown);
}
