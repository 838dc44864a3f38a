/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key schedule against the conversation of RFC 8448, 3, and records that libcrypto made. The
 * schedule of TLS 1.2 is shown by doors/stream_tls_test.c, which opens a real conversation.
 */
#include "protocols/tls_key.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define HASH 32

static void from_hex(const char *text, uint8_t *ret_bytes)
{
	for (unsigned int byte; sscanf(text, "%2x", &byte) == 1; text += 2)
		*ret_bytes++ = (uint8_t)byte;
}

static void assert_hex(const uint8_t *bytes, const char *text)
{
	uint8_t expected[64];

	from_hex(text, expected);
	assert_memory_equal(bytes, expected, strlen(text) / 2);
}

static void schedule(void **state)
{
	const struct tls_suite *suite = tls_suite_find(0x1301);
	uint8_t secret[HASH], hellos[HASH], flight[HASH], master[TLS_SECRET_BYTES];
	struct tls_direction direction;

	assert_non_null(suite);
	from_hex("1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac", secret);
	from_hex("860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8", hellos);
	from_hex("9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13", flight);
	assert_int_equal(
		tls_direction_derive(suite, secret, "s hs traffic", hellos, &direction), 0);
	assert_hex(direction.secret,
		"b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
	assert_hex(direction.key, "3fce516009c21727d0f2e4e86ee403bc");
	assert_hex(direction.iv, "5d313eb2671276ee13000b30");
	assert_int_equal(tls_master_secret(suite, secret, master), 0);
	assert_hex(master, "18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919");
	assert_int_equal(
		tls_direction_derive(suite, master, "s ap traffic", flight, &direction), 0);
	assert_hex(direction.secret,
		"a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643");
	assert_hex(direction.key, "9f02283b6c9c07efc26bb9f2ac92e356");
	assert_hex(direction.iv, "cf782b88dd83549aadf1e984");
}

/* A record as the other end makes it: TLS 1.3, number 7. Returns its length. */
static size_t make_record(const struct tls_suite *suite, const struct tls_direction *direction,
	struct slice plain, uint8_t *ret_record)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, suite->cipher, NULL);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	size_t length = plain.length + TLS_TAG_BYTES;
	uint8_t nonce[TLS_NONCE_BYTES];
	int used;

	memcpy(nonce, direction->iv, sizeof(nonce));
	nonce[11] ^= 7;
	memcpy(ret_record, (uint8_t[]){ 23, 3, 3, (uint8_t)(length >> 8), (uint8_t)length }, 5);
	assert_int_equal(EVP_EncryptInit_ex(context, cipher, NULL, direction->key, nonce), 1);
	assert_int_equal(EVP_EncryptUpdate(context, NULL, &used, ret_record, 5), 1);
	assert_int_equal(
		EVP_EncryptUpdate(context, ret_record + 5, &used, plain.data, (int)plain.length),
		1);
	assert_int_equal(EVP_EncryptFinal_ex(context, ret_record + 5 + used, &used), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TLS_TAG_BYTES,
				 ret_record + 5 + plain.length),
		1);
	EVP_CIPHER_CTX_free(context);
	EVP_CIPHER_free(cipher);
	return 5 + length;
}

static void open_with(uint16_t id)
{
	static const uint8_t text[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\x17";
	const struct slice plain = { text, sizeof(text) - 1 };
	const struct tls_suite *suite = tls_suite_find(id);
	struct tls_direction direction = { .number = 7 };
	uint8_t record[128], result[128];
	struct slice opened = { result, 0 };
	struct tls_record input = { 0 };
	struct tls_opener *opener;

	assert_non_null(suite);
	assert_int_equal(tls_opener_new(&opener), 0);
	for (size_t i = 0; i < sizeof(direction.key); i++)
		direction.key[i] = (uint8_t)(i * 7);
	input.length = make_record(suite, &direction, plain, record) - TLS_RECORD_HEAD;
	memcpy(input.head, record, TLS_RECORD_HEAD);
	input.body = (struct slice){ record + TLS_RECORD_HEAD, input.length };
	assert_int_equal(tls_open_record(opener, suite, &direction, &input, &opened), 1);
	assert_int_equal(opened.length, plain.length);
	assert_memory_equal(result, text, plain.length);
	/* A beginning is read, and proves nothing. */
	for (size_t length = 1; length < input.length; length++) {
		input.body.length = length;
		memset(result, 0, sizeof(result));
		assert_int_equal(tls_open_record(opener, suite, &direction, &input, &opened), 0);
		assert_int_equal(opened.length, MIN(length, plain.length));
		assert_memory_equal(result, text, opened.length);
	}
	/* Another number, another key, another byte: the tag says so. */
	input.body.length = input.length;
	direction.number = 8;
	assert_int_equal(tls_open_record(opener, suite, &direction, &input, &opened), -EBADMSG);
	direction.number = 7;
	record[9] ^= 1;
	assert_int_equal(tls_open_record(opener, suite, &direction, &input, &opened), -EBADMSG);
	tls_opener_free(opener);
}

static void records(void **state)
{
	open_with(0x1301);
	open_with(0x1302);
	open_with(0x1303);
}

static void suites(void **state)
{
	assert_null(tls_suite_find(0x1304)); /* CCM */
	assert_null(tls_suite_find(0xc013)); /* CBC */
	assert_int_equal(tls_plain_bytes(tls_suite_find(0x1301), 117), 100);
	assert_int_equal(tls_plain_bytes(tls_suite_find(0xc02f), 124), 100);
	assert_int_equal(tls_plain_bytes(tls_suite_find(0xcca8), 116), 100);
	assert_int_equal(tls_plain_bytes(tls_suite_find(0x1301), 16), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schedule),
		cmocka_unit_test(records),
		cmocka_unit_test(suites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
