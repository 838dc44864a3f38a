/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PROXY headers of both versions, whole, cut at every byte, and what only looks like one.
 */
#include "protocols/proxy_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BYTES(text)                                                                                \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}
#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

struct header {
	struct slice bytes;
	const char *client;
};

static int read_copy(struct slice bytes, struct address *ret_client)
{
	uint8_t *copy = malloc(MAX(bytes.length, 1U));
	int result;

	assert_non_null(copy);
	memcpy(copy, bytes.data, bytes.length);
	result = proxy_header((struct slice){ copy, bytes.length }, ret_client);
	free(copy);
	return result;
}

static const struct header headers[] = {
	{ BYTES("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"), "192.0.2.7" },
	{ BYTES("PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n"), "2001:db8::7" },
	{ BYTES("PROXY UNKNOWN\r\n"), "" },
	{ BYTES("PROXY UNKNOWN ffff:f::f ffff:f::f 65535 65535\r\n"), "" },
	{ BYTES("PROXY TCP4 2001:db8::7 1.1.1.1 1 1\r\n"), "" },
	{ BYTES("PROXY TCP4 nobody\r\n"), "" },
	{ BYTES(SIGNATURE "\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb"),
		"192.0.2.7" },
	/* With an addition: PP2_TYPE_NOOP. */
	{ BYTES(SIGNATURE
		  "\x21\x11\0\x10\xc0\0\x02\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb\x04\0\x01\0"),
		"192.0.2.7" },
	{ BYTES(SIGNATURE "\x21\x21\0\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
			  "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\xdc\x04\x01\xbb"),
		"2001:db8::7" },
	{ BYTES(SIGNATURE "\x20\0\0\0"), "" },
	{ BYTES(SIGNATURE "\x20\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb"), "" },
	{ BYTES(SIGNATURE "\x21\x11\0\x04\xc0\0\x02\x07"), "" },
};

static void whole_and_cut(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
		struct slice bytes = headers[i].bytes;
		char text[ADDRESS_TEXT_BYTES];
		struct address client;
		uint8_t more[256];

		assert_int_equal(read_copy(bytes, &client), bytes.length);
		assert_string_equal(address_format(&client, text, sizeof(text)), headers[i].client);
		memcpy(more, bytes.data, bytes.length);
		memcpy(more + bytes.length, "GET / HTTP/1.1\r\n", 16);
		assert_int_equal(read_copy((struct slice){ more, bytes.length + 16 }, &client),
			bytes.length);
		for (size_t length = 1; length < bytes.length; length++)
			assert_int_equal(
				read_copy((struct slice){ bytes.data, length }, &client), -EAGAIN);
	}
}

static void others(void **state)
{
	static const struct slice none[] = { BYTES(""), BYTES("PROXY /x HTTP/1.1\r\n"),
		BYTES("PROXY TCP5 "), BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n"),
		BYTES("PROXY UNKNOWN "
		      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		      "xxxxxxxxxxxxxxxxxxxxxx\r\n"),
		BYTES("\r\n\r\nGET"), BYTES(SIGNATURE "\x11\x11\0\x0c"),
		BYTES(SIGNATURE "\x22\x11\0\x0c"), BYTES(SIGNATURE "\x21\x11\xff\xff") };
	struct address client;

	for (size_t i = 0; i < ARRAY_LENGTH(none); i++)
		assert_int_equal(read_copy(none[i], &client), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_and_cut),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests_name("proxy header", tests, NULL, NULL);
}
