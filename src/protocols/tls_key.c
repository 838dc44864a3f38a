/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key schedules of TLS 1.3 and 1.2, and the opening of records.
 */
#include "protocols/tls_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define AES_128		 "AES-128-GCM", false, 16
#define AES_256		 "AES-256-GCM", true, 32
#define CHACHA		 "ChaCha20-Poly1305", false, 32
#define GCM_EXPLICIT	 8
#define LABEL_BYTES_MOST 16

/* https://www.iana.org/assignments/tls-parameters, in the order of their numbers. */
static const struct tls_suite suites[] = {
	{ 0x009c, TLS_VERSION_12, "TLS_RSA_WITH_AES_128_GCM_SHA256", AES_128, GCM_EXPLICIT },
	{ 0x009d, TLS_VERSION_12, "TLS_RSA_WITH_AES_256_GCM_SHA384", AES_256, GCM_EXPLICIT },
	{ 0x009e, TLS_VERSION_12, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", AES_128, GCM_EXPLICIT },
	{ 0x009f, TLS_VERSION_12, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", AES_256, GCM_EXPLICIT },
	{ 0x1301, TLS_VERSION_13, "TLS_AES_128_GCM_SHA256", AES_128, 0 },
	{ 0x1302, TLS_VERSION_13, "TLS_AES_256_GCM_SHA384", AES_256, 0 },
	{ 0x1303, TLS_VERSION_13, "TLS_CHACHA20_POLY1305_SHA256", CHACHA, 0 },
	{ 0xc02b, TLS_VERSION_12, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", AES_128,
		GCM_EXPLICIT },
	{ 0xc02c, TLS_VERSION_12, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", AES_256,
		GCM_EXPLICIT },
	{ 0xc02f, TLS_VERSION_12, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", AES_128, GCM_EXPLICIT },
	{ 0xc030, TLS_VERSION_12, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", AES_256, GCM_EXPLICIT },
	{ 0xcca8, TLS_VERSION_12, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", CHACHA, 0 },
	{ 0xcca9, TLS_VERSION_12, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", CHACHA, 0 },
	{ 0xccaa, TLS_VERSION_12, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", CHACHA, 0 },
};

const struct tls_suite *tls_suite_find(uint16_t id)
{
	for (size_t i = 0; i < ARRAY_LENGTH(suites); i++)
		if (suites[i].id == id)
			return &suites[i];
	return NULL;
}

static const EVP_MD *digest_of(const struct tls_suite *suite)
{
	return suite->is_sha384 ? EVP_sha384() : EVP_sha256();
}

size_t tls_hash_bytes(const struct tls_suite *suite)
{
	return suite->is_sha384 ? 48 : 32;
}

static void hash_freep(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

int tls_hash(
	const struct tls_suite *suite, const struct slice *parts, size_t count, uint8_t *ret_hash)
{
	_cleanup_(hash_freep)
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!context || EVP_DigestInit_ex(context, digest_of(suite), NULL) != 1)
		return -ENOTSUP;
	for (size_t i = 0; i < count; i++)
		if (EVP_DigestUpdate(context, parts[i].data, parts[i].length) != 1)
			return -ENOTSUP;
	return EVP_DigestFinal_ex(context, ret_hash, NULL) == 1 ? 0 : -ENOTSUP;
}

/* ret_code: TLS_HASH_BYTES. */
static int authenticate(
	const struct tls_suite *suite, struct slice key, struct slice bytes, uint8_t *ret_code)
{
	return HMAC(digest_of(suite), key.data, (int)key.length, bytes.data, bytes.length, ret_code,
		       NULL)
		       ? 0
		       : -ENOTSUP;
}

/*
 * HKDF-Expand-Label (RFC 8446, 7.1). What is asked for is never longer than the hash, so that one
 * round of HKDF-Expand (RFC 5869, 2.3) is all of it.
 */
static int expand_label(const struct tls_suite *suite, const uint8_t *secret, const char *label,
	struct slice context, struct slice result)
{
	static const char prefix[] = "tls13 ";
	size_t label_length = strlen(label), length = 0;
	uint8_t info[4 + sizeof(prefix) + LABEL_BYTES_MOST + TLS_HASH_BYTES + 1];
	uint8_t block[TLS_HASH_BYTES];
	int r;

	info[length++] = 0;
	info[length++] = (uint8_t)result.length;
	info[length++] = (uint8_t)(sizeof(prefix) - 1 + label_length);
	memcpy(info + length, prefix, sizeof(prefix) - 1);
	length += sizeof(prefix) - 1;
	memcpy(info + length, label, label_length);
	length += label_length;
	info[length++] = (uint8_t)context.length;
	if (context.length > 0)
		memcpy(info + length, context.data, context.length);
	length += context.length;
	info[length++] = 1;
	r = authenticate(suite, (struct slice){ secret, tls_hash_bytes(suite) },
		(struct slice){ info, length }, block);
	if (r == 0)
		memcpy((void *)result.data, block, result.length);
	OPENSSL_cleanse(block, sizeof(block));
	return r;
}

/* The keys of the direction's secret; numbers begin anew. */
static int make_keys(const struct tls_suite *suite, struct tls_direction *direction)
{
	int r = expand_label(suite, direction->secret, "key", (struct slice){ 0 },
		(struct slice){ direction->key, suite->key_bytes });

	if (r == 0)
		r = expand_label(suite, direction->secret, "iv", (struct slice){ 0 },
			(struct slice){ direction->iv, sizeof(direction->iv) });
	direction->number = 0;
	return r;
}

int tls_direction_derive(const struct tls_suite *suite, const uint8_t *secret, const char *label,
	const uint8_t *transcript, struct tls_direction *ret_direction)
{
	size_t hash = tls_hash_bytes(suite);
	int r = expand_label(suite, secret, label, (struct slice){ transcript, hash },
		(struct slice){ ret_direction->secret, hash });

	return r < 0 ? r : make_keys(suite, ret_direction);
}

int tls_direction_update(const struct tls_suite *suite, struct tls_direction *direction)
{
	uint8_t next[TLS_SECRET_BYTES];
	size_t hash = tls_hash_bytes(suite);
	int r = expand_label(suite, direction->secret, "traffic upd", (struct slice){ 0 },
		(struct slice){ next, hash });

	if (r == 0) {
		memcpy(direction->secret, next, hash);
		r = make_keys(suite, direction);
	}
	OPENSSL_cleanse(next, sizeof(next));
	return r;
}

int tls_master_secret(
	const struct tls_suite *suite, const uint8_t *handshake_secret, uint8_t *ret_secret)
{
	static const uint8_t zeros[TLS_HASH_BYTES];
	size_t hash = tls_hash_bytes(suite);
	uint8_t nothing[TLS_HASH_BYTES], salt[TLS_HASH_BYTES];
	int r = tls_hash(suite, NULL, 0, nothing);

	if (r == 0)
		r = expand_label(suite, handshake_secret, "derived",
			(struct slice){ nothing, hash }, (struct slice){ salt, hash });
	if (r == 0)
		r = authenticate(suite, (struct slice){ salt, hash }, (struct slice){ zeros, hash },
			ret_secret);
	OPENSSL_cleanse(salt, sizeof(salt));
	return r;
}

/* P_hash (RFC 5246, 5): A(i) = HMAC(A(i - 1)), and HMAC of A(i) and the seed for each block. */
static int expand_seed(const struct tls_suite *suite, const uint8_t *secret, struct slice seed,
	struct slice result)
{
	struct slice key = { secret, 48 };
	size_t hash = tls_hash_bytes(suite);
	uint8_t turn[TLS_HASH_BYTES + 128], block[TLS_HASH_BYTES];
	int r = authenticate(suite, key, seed, turn);

	for (size_t at = 0; at < result.length && r == 0; at += hash) {
		memcpy(turn + hash, seed.data, seed.length);
		r = authenticate(suite, key, (struct slice){ turn, hash + seed.length }, block);
		memcpy((uint8_t *)result.data + at, block, MIN(hash, result.length - at));
		if (r == 0)
			r = authenticate(suite, key, (struct slice){ turn, hash }, block);
		memcpy(turn, block, hash);
	}
	OPENSSL_cleanse(turn, sizeof(turn));
	OPENSSL_cleanse(block, sizeof(block));
	return r;
}

int tls_directions_expand(const struct tls_suite *suite, const struct tls_master *master,
	struct tls_direction *ret_client, struct tls_direction *ret_server)
{
	static const char label[] = "key expansion";
	size_t label_length = sizeof(label) - 1;
	size_t iv_bytes = TLS_NONCE_BYTES - suite->explicit_bytes;
	uint8_t seed[sizeof(label) - 1 + 2 * TLS_RANDOM_BYTES];
	uint8_t block[2 * (32 + TLS_NONCE_BYTES)];
	size_t keys = suite->key_bytes;
	int r;

	memcpy(seed, label, label_length);
	memcpy(seed + label_length, master->server_random, TLS_RANDOM_BYTES);
	memcpy(seed + label_length + TLS_RANDOM_BYTES, master->client_random, TLS_RANDOM_BYTES);
	r = expand_seed(suite, master->secret, (struct slice){ seed, sizeof(seed) },
		(struct slice){ block, 2 * (keys + iv_bytes) });
	if (r == 0) {
		memset(ret_client, 0, sizeof(*ret_client));
		memset(ret_server, 0, sizeof(*ret_server));
		memcpy(ret_client->key, block, keys);
		memcpy(ret_server->key, block + keys, keys);
		memcpy(ret_client->iv, block + 2 * keys, iv_bytes);
		memcpy(ret_server->iv, block + 2 * keys + iv_bytes, iv_bytes);
		/* Number 0 was the Finished. */
	}
	OPENSSL_cleanse(block, sizeof(block));
	return r;
}

struct tls_opener {
	EVP_CIPHER_CTX *context;
	EVP_CIPHER *ciphers[ARRAY_LENGTH(
		suites)]; /* by suite; the names are few, so some are the same */
};

int tls_opener_new(struct tls_opener **ret_opener)
{
	struct tls_opener *opener = calloc(1, sizeof(*opener));

	if (!opener)
		return -ENOMEM;
	opener->context = EVP_CIPHER_CTX_new();
	if (!opener->context) {
		free(opener);
		return -ENOMEM;
	}
	*ret_opener = opener;
	return 0;
}

void tls_opener_free(struct tls_opener *opener)
{
	if (!opener)
		return;
	for (size_t i = 0; i < ARRAY_LENGTH(opener->ciphers); i++)
		EVP_CIPHER_free(opener->ciphers[i]);
	EVP_CIPHER_CTX_free(opener->context);
	free(opener);
}

static const EVP_CIPHER *cipher_of(struct tls_opener *opener, const struct tls_suite *suite)
{
	EVP_CIPHER **cipher = &opener->ciphers[suite - suites];

	if (!*cipher)
		*cipher = EVP_CIPHER_fetch(NULL, suite->cipher, NULL);
	return *cipher;
}

static void put_number(uint8_t *destination, uint64_t number)
{
	for (int i = 7; i >= 0; i--, number >>= 8)
		destination[i] = (uint8_t)number;
}

/* RFC 8446, 5.3, as RFC 7905, 2 has it too; RFC 5288, 3. */
static void make_nonce(const struct tls_suite *suite, const struct tls_direction *direction,
	const struct tls_record *record, uint8_t *ret_nonce)
{
	uint8_t number[8];

	memcpy(ret_nonce, direction->iv, TLS_NONCE_BYTES);
	if (suite->explicit_bytes > 0) {
		memcpy(ret_nonce + TLS_NONCE_BYTES - suite->explicit_bytes, record->body.data,
			suite->explicit_bytes);
		return;
	}
	put_number(number, direction->number);
	for (size_t i = 0; i < sizeof(number); i++)
		ret_nonce[TLS_NONCE_BYTES - sizeof(number) + i] ^= number[i];
}

/* What the tag covers besides: RFC 8446, 5.2; RFC 5246, 6.2.3.3. Returns its length. */
static int make_covered(const struct tls_suite *suite, const struct tls_direction *direction,
	const struct tls_record *record, uint8_t *ret_covered)
{
	size_t plain = tls_plain_bytes(suite, record->length);

	if (suite->version == TLS_VERSION_13) {
		memcpy(ret_covered, record->head, TLS_RECORD_HEAD);
		return TLS_RECORD_HEAD;
	}
	put_number(ret_covered, direction->number);
	memcpy(ret_covered + 8, record->head, 3);
	ret_covered[11] = (uint8_t)(plain >> 8);
	ret_covered[12] = (uint8_t)plain;
	return 13;
}

size_t tls_plain_bytes(const struct tls_suite *suite, size_t length)
{
	size_t added = TLS_TAG_BYTES + suite->explicit_bytes + (suite->version == TLS_VERSION_13);

	return length > added ? length - added : 0;
}

static int start(struct tls_opener *opener, const struct tls_suite *suite,
	const struct tls_direction *direction, const struct tls_record *record)
{
	const EVP_CIPHER *cipher = cipher_of(opener, suite);
	uint8_t nonce[TLS_NONCE_BYTES], covered[13];
	int length = make_covered(suite, direction, record, covered), none;

	make_nonce(suite, direction, record, nonce);
	if (!cipher ||
		EVP_DecryptInit_ex(opener->context, cipher, NULL, direction->key, nonce) != 1 ||
		EVP_DecryptUpdate(opener->context, NULL, &none, covered, length) != 1)
		return -ENOTSUP;
	return 0;
}

int tls_open_record(struct tls_opener *opener, const struct tls_suite *suite,
	const struct tls_direction *direction, const struct tls_record *record,
	struct slice *ret_plain)
{
	size_t before = suite->explicit_bytes;
	bool is_whole = record->body.length == record->length;
	uint8_t *plain = (uint8_t *)ret_plain->data;
	int length = 0, more = 0, r;
	size_t bytes;

	if (record->length < before + TLS_TAG_BYTES || record->body.length < before)
		return -EBADMSG;
	/* Where only the tag is cut, the cleartext is there but not proven. */
	bytes = MIN(record->body.length, record->length - TLS_TAG_BYTES) - before;
	r = start(opener, suite, direction, record);
	if (r == 0 && EVP_DecryptUpdate(opener->context, plain, &length, record->body.data + before,
			      (int)bytes) != 1)
		r = -ENOTSUP;
	if (r == 0 && is_whole) {
		const uint8_t *tag = record->body.data + record->length - TLS_TAG_BYTES;

		r = EVP_CIPHER_CTX_ctrl(opener->context, EVP_CTRL_AEAD_SET_TAG, TLS_TAG_BYTES,
			    (void *)tag) == 1 &&
				    EVP_DecryptFinal_ex(opener->context, plain + length, &more) == 1
			    ? 1
			    : -EBADMSG;
	}
	EVP_CIPHER_CTX_reset(opener->context);
	if (r >= 0)
		ret_plain->length = (size_t)length;
	return r;
}
