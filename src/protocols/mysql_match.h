/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Do these bytes begin a connection of MySQL or MariaDB, or go on with one (MySQL's source
 * documentation, "Client/Server Protocol"; MariaDB's, "Clientserver Protocol")? The server speaks
 * first. Decided from the first 16 bytes, whatever the port. Pure: compiles for BPF (after
 * bpf/kernel.h) and natively.
 */
#ifndef SKEP_MYSQL_MATCH_H
#define SKEP_MYSQL_MATCH_H

#ifndef __bpf__
#include <linux/types.h>
#endif

enum mysql_match {
	MYSQL_MATCH_NO,
	MYSQL_MATCH_GREETING, /* the server's, with which a connection begins */
	MYSQL_MATCH_REQUEST,
	MYSQL_MATCH_ANSWER,
};

#define MYSQL_MATCH_BYTES 16

#define MYSQL_COMMAND_QUERY   0x03
#define MYSQL_COMMAND_PING    0x0e
#define MYSQL_COMMAND_PREPARE 0x16
#define MYSQL_COMMAND_EXECUTE 0x17

/* Of a packet: length in three bytes, then its number. */
static inline __u32 mysql_length(const __u8 *bytes)
{
	return bytes[0] | (__u32)bytes[1] << 8 | (__u32)bytes[2] << 16;
}

/* Version 10 of the protocol, and the number of the server's version as text. */
static inline int mysql_match_greeting(const __u8 *bytes)
{
	__u32 length = mysql_length(bytes);
	int is_number = bytes[5] >= '1' && bytes[5] <= '9';
	int is_more = bytes[6] == '.' || (bytes[6] >= '0' && bytes[6] <= '9');

	return bytes[3] == 0 && bytes[4] == 10 && length >= 40 && length <= 512 && is_number &&
	       is_more;
}

static inline int mysql_is_letter(__u8 byte)
{
	return (__u8)((byte | 0x20) - 'a') <= 'z' - 'a';
}

/* A statement begins with a word; newer clients put two bytes of attributes before it. */
static inline int mysql_match_statement(const __u8 *bytes)
{
	int is_plain =
		mysql_is_letter(bytes[5]) && mysql_is_letter(bytes[6]) && mysql_is_letter(bytes[7]);
	int has_attributes = bytes[5] == 0 && bytes[6] == 1 && mysql_is_letter(bytes[7]) &&
			     mysql_is_letter(bytes[8]);

	return mysql_length(bytes) >= 4 && (is_plain || has_attributes);
}

/* What a client sends first after the agent came. length: of the packet.
 */
static inline int mysql_match_command(const __u8 *bytes, __u32 length)
{
	if (bytes[3] != 0)
		return 0;
	switch (bytes[4]) {
	case MYSQL_COMMAND_QUERY:
	case MYSQL_COMMAND_PREPARE:
		return length >= 9 && mysql_match_statement(bytes);
	case MYSQL_COMMAND_PING:
		return length == 5 && mysql_length(bytes) == 1;
	case MYSQL_COMMAND_EXECUTE:
		/* The statement's number, a flag of cursors, and once. */
		return length >= 14 && mysql_length(bytes) >= 10 && bytes[9] < 8 &&
		       bytes[10] == 1 && bytes[11] == 0 && bytes[12] == 0 && bytes[13] == 0;
	}
	return 0;
}

/* A short OK; or a number of columns and the first of them, in the catalogue "def". */
static inline int mysql_match_answer(const __u8 *bytes, __u32 length)
{
	if (bytes[3] != 1 || bytes[1] != 0 || bytes[2] != 0)
		return 0;
	if (bytes[0] == 7)
		return length == 11 && bytes[4] == 0 && bytes[8] == 0 && bytes[9] == 0 &&
		       bytes[10] == 0;
	return bytes[0] == 1 && bytes[4] > 0 && bytes[4] < 251 && bytes[7] == 0 && bytes[8] == 2 &&
	       bytes[9] == 3 && bytes[10] == 'd' && bytes[11] == 'e' && bytes[12] == 'f';
}

/* bytes: MYSQL_MATCH_BYTES of them, zero from length on; length: of the packet. */
static inline enum mysql_match mysql_match(const __u8 *bytes, __u32 length)
{
	if (length < 5)
		return MYSQL_MATCH_NO;
	if (mysql_match_greeting(bytes))
		return MYSQL_MATCH_GREETING;
	if (mysql_match_answer(bytes, length))
		return MYSQL_MATCH_ANSWER;
	return mysql_match_command(bytes, length) ? MYSQL_MATCH_REQUEST : MYSQL_MATCH_NO;
}

#endif
