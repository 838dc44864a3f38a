/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hellos of real conversations (tests/golden/tls: Python's ssl at both ends, OpenSSL 3.0), whole
 * and cut at every byte.
 */
#include "protocols/tls_message.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../tests/golden.h"

static void load(const char *name, struct buf *ret_bytes)
{
	char path[64];

	buf_init(ret_bytes, GOLDEN_BYTES_MAXIMUM);
	snprintf(path, sizeof(path), "tests/golden/tls/%s", name);
	assert_int_equal(file_read(AT_FDCWD, path, ret_bytes), 0);
}

/* The first handshake message behind the head of the first record. */
static struct slice first_message(const struct buf *bytes)
{
	struct slice rest = { (const uint8_t *)bytes->data + TLS_RECORD_HEAD,
		bytes->length - TLS_RECORD_HEAD };
	size_t length;

	assert_int_equal(tls_handshake_length(rest, &length), 1);
	return (struct slice){ rest.data, length };
}

static void client_hello(void **state)
{
	_cleanup_(buf_done)
	struct buf bytes = { 0 };
	struct tls_hello hello;

	load("tls13.in", &bytes);
	assert_true(tls_match_client_hello((const uint8_t *)bytes.data, (__u32)bytes.length));
	assert_int_equal(tls_read_client_hello(first_message(&bytes), &hello), 0);
	assert_int_equal(hello.version, TLS_VERSION_13);
	assert_string_equal(hello.server_name, "shop.test");
	assert_int_equal(hello.session_bytes, 32);
	assert_false(hello.has_early_data);
	assert_int_equal(tls_read_server_hello(first_message(&bytes), &hello), -EBADMSG);
}

static void server_hello(void **state)
{
	_cleanup_(buf_done)
	struct buf newer = { 0 };
	_cleanup_(buf_done)
	struct buf older = { 0 };
	struct tls_hello hello;

	load("tls13.out", &newer);
	load("tls12.out", &older);
	assert_false(tls_match_client_hello((const uint8_t *)newer.data, (__u32)newer.length));
	assert_int_equal(tls_read_server_hello(first_message(&newer), &hello), 0);
	assert_int_equal(hello.version, TLS_VERSION_13);
	assert_int_equal(hello.cipher, 0x1302);
	assert_false(hello.is_retry);
	assert_string_equal(hello.alpn, "");
	assert_int_equal(tls_read_server_hello(first_message(&older), &hello), 0);
	assert_int_equal(hello.version, TLS_VERSION_12);
	assert_int_equal(hello.cipher, 0xcca9);
	assert_string_equal(hello.alpn, "http/1.1");
}

/* Cut bytes are never a hello, and nothing is written then. */
static void cut(void **state)
{
	_cleanup_(buf_done)
	struct buf bytes = { 0 };
	struct tls_hello hello, before;
	struct slice message;

	load("tls13.in", &bytes);
	message = first_message(&bytes);
	memset(&before, 0x55, sizeof(before));
	for (size_t length = 0; length < message.length; length++) {
		uint8_t *exact = malloc(MAX(length, 1U));
		size_t whole;

		assert_non_null(exact);
		memcpy(exact, message.data, length);
		hello = before;
		assert_int_equal(
			tls_read_client_hello((struct slice){ exact, length }, &hello), -EBADMSG);
		assert_memory_equal(&hello, &before, sizeof(hello));
		assert_int_equal(tls_handshake_length((struct slice){ exact, length }, &whole), 0);
		free(exact);
	}
}

static void record_heads(void **state)
{
	static const uint8_t good[] = { 23, 3, 3, 0x40, 0x11 }, no_type[] = { 24, 3, 3, 0, 1 },
			     no_version[] = { 22, 2, 0, 0, 1 }, empty[] = { 23, 3, 3, 0, 0 },
			     too_long[] = { 23, 3, 3, 0x48, 1 };
	struct tls_head head;

	for (size_t length = 0; length < sizeof(good); length++)
		assert_int_equal(tls_read_head((struct slice){ good, length }, &head), 0);
	assert_int_equal(tls_read_head((struct slice){ good, 5 }, &head), 1);
	assert_int_equal(head.type, TLS_APPLICATION);
	assert_int_equal(head.length, 0x4011);
	assert_int_equal(tls_read_head((struct slice){ no_type, 5 }, &head), -EBADMSG);
	assert_int_equal(tls_read_head((struct slice){ no_version, 5 }, &head), -EBADMSG);
	assert_int_equal(tls_read_head((struct slice){ empty, 5 }, &head), -EBADMSG);
	assert_int_equal(tls_read_head((struct slice){ too_long, 5 }, &head), -EBADMSG);
}

/* EncryptedExtensions with one extension: ALPN. */
static void encrypted_extensions(void **state)
{
	static const uint8_t message[] = { 8, 0, 0, 11, 0, 9, 0, 16, 0, 5, 0, 3, 2, 'h', '2' };
	struct tls_hello hello = { .cipher = 0x1301 };

	assert_int_equal(
		tls_read_encrypted_extensions((struct slice){ message, sizeof(message) }, &hello),
		0);
	assert_string_equal(hello.alpn, "h2");
	assert_int_equal(hello.cipher, 0x1301);
	assert_int_equal(tls_read_encrypted_extensions(
				 (struct slice){ message, sizeof(message) - 1 }, &hello),
		-EBADMSG);
}

static void words(void **state)
{
	assert_string_equal(tls_version_word(TLS_VERSION_13), "1.3");
	assert_string_equal(tls_version_word(0), "");
	assert_string_equal(tls_alert_word(48), "unknown_ca");
	assert_string_equal(tls_alert_word(1), "");
	assert_string_equal(tls_alert_word(255), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_hello),
		cmocka_unit_test(server_hello),
		cmocka_unit_test(cut),
		cmocka_unit_test(record_heads),
		cmocka_unit_test(encrypted_extensions),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
