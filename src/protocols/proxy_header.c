/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PROXY protocol: see proxy_header.h. In: the first bytes of a connection. Out: what to skip
 * and who is behind the proxy.
 */
#include "protocols/proxy_header.h"

#include <arpa/inet.h>

#include "base/str.h"

/* The longest line of version 1 with its CR LF. */
#define LINE_MAXIMUM 107

/* Of version 2: signature, version and command, family, length of what follows. */
#define FIXED_BYTES   16
/* With its additions; none that is in use comes near. */
#define TOTAL_MAXIMUM 4096

static const uint8_t signature[12] = "\r\n\r\n\0\r\nQUIT\n";

/* Whether bytes begin with the text, or end within it. */
static bool may_begin_with(struct slice bytes, const void *text, size_t length)
{
	return memcmp(bytes.data, text, MIN(bytes.length, length)) == 0;
}

static void set_ipv4(struct address *address, const void *bytes)
{
	memset(address, 0, sizeof(*address));
	address->bytes[10] = address->bytes[11] = 0xff;
	memcpy(address->bytes + 12, bytes, 4);
}

/* "PROXY TCP4 SOURCE …"; line: without its end. What is no address leaves none. */
static void read_line_address(struct slice line, struct address *address)
{
	size_t start = strlen("PROXY TCP4 ");
	const uint8_t *blank;
	char text[INET6_ADDRSTRLEN];
	uint8_t ipv4[4];

	if (line.length <= start || line.data[6] != 'T')
		return;
	blank = memchr(line.data + start, ' ', line.length - start);
	if (!blank || (size_t)(blank - line.data) - start >= sizeof(text))
		return;
	str_copy_slice(text, sizeof(text),
		(struct slice){ line.data + start, (size_t)(blank - line.data) - start });
	if (line.data[9] == '4' && inet_pton(AF_INET, text, ipv4) == 1)
		set_ipv4(address, ipv4);
	else if (line.data[9] == '6' && inet_pton(AF_INET6, text, address->bytes) != 1)
		memset(address, 0, sizeof(*address));
}

static int read_line(struct slice bytes, struct address *ret_client)
{
	static const char *const starts[] = { "PROXY TCP4 ", "PROXY TCP6 ", "PROXY UNKNOWN" };
	size_t room = MIN(bytes.length, (size_t)LINE_MAXIMUM);
	const uint8_t *end;
	bool is_one = false;

	for (size_t i = 0; i < ARRAY_LENGTH(starts); i++)
		is_one |= may_begin_with(bytes, starts[i], strlen(starts[i]));
	if (!is_one)
		return 0;
	end = memchr(bytes.data, '\n', room);
	if (!end)
		return room < LINE_MAXIMUM ? -EAGAIN : 0;
	if (end[-1] != '\r')
		return 0;
	read_line_address((struct slice){ bytes.data, (size_t)(end - 1 - bytes.data) }, ret_client);
	return (int)(end + 1 - bytes.data);
}

static int read_binary(struct slice bytes, struct address *ret_client)
{
	size_t total;

	if (!may_begin_with(bytes, signature, sizeof(signature)))
		return 0;
	if (bytes.length < FIXED_BYTES)
		return -EAGAIN;
	/* Version 2, LOCAL or PROXY. */
	if ((bytes.data[12] & 0xfe) != 0x20)
		return 0;
	total = FIXED_BYTES + ((size_t)bytes.data[14] << 8 | bytes.data[15]);
	if (total > TOTAL_MAXIMUM)
		return 0;
	if (bytes.length < total)
		return -EAGAIN;
	if (bytes.data[12] == 0x20)
		return (int)total;
	/* Source and destination, and a port for each. */
	if (bytes.data[13] == 0x11 && total >= FIXED_BYTES + 12)
		set_ipv4(ret_client, bytes.data + FIXED_BYTES);
	else if (bytes.data[13] == 0x21 && total >= FIXED_BYTES + 36)
		memcpy(ret_client->bytes, bytes.data + FIXED_BYTES, sizeof(ret_client->bytes));
	return (int)total;
}

int proxy_header(struct slice bytes, struct address *ret_client)
{
	memset(ret_client, 0, sizeof(*ret_client));
	if (bytes.length == 0)
		return 0;
	return bytes.data[0] == 'P' ? read_line(bytes, ret_client) : read_binary(bytes, ret_client);
}
