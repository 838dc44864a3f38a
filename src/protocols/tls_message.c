/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the heads of TLS records and the two hellos.
 */
#include "protocols/tls_message.h"

#include "protocols/text.h"

/* Of extensions: https://www.iana.org/assignments/tls-extensiontype-values */
enum tls_extension {
	EXTENSION_SERVER_NAME = 0,
	EXTENSION_ALPN = 16,
	EXTENSION_PRE_SHARED_KEY = 41,
	EXTENSION_EARLY_DATA = 42,
	EXTENSION_VERSIONS = 43,
};

/* SHA-256 of "HelloRetryRequest" stands in the place of the random (RFC 8446, 4.1.3). */
static const uint8_t retry_random[TLS_RANDOM_BYTES] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61,
	0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
	0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };

/* What is left to read; once something is missing, is_short stays. */
struct reader {
	const uint8_t *at;
	size_t left;
	bool is_short;
};

static struct slice take(struct reader *reader, size_t length)
{
	struct slice taken = { reader->at, length };

	if (length > reader->left) {
		reader->is_short = true;
		reader->left = 0;
		return (struct slice){ 0 };
	}
	/* A part that is not there has no address. */
	if (length > 0)
		reader->at += length;
	reader->left -= length;
	return taken;
}

/* A number of one to three bytes. */
static uint32_t take_number(struct reader *reader, size_t bytes)
{
	struct slice taken = take(reader, bytes);
	uint32_t number = 0;

	for (size_t i = 0; i < taken.length; i++)
		number = number << 8 | taken.data[i];
	return number;
}

/* What stands behind its own length. */
static struct reader take_part(struct reader *reader, size_t length_bytes)
{
	struct slice part = take(reader, take_number(reader, length_bytes));

	return (struct reader){ part.data, part.length, reader->is_short };
}

int tls_read_head(struct slice bytes, struct tls_head *ret_head)
{
	struct reader reader = { bytes.data, bytes.length, false };
	uint32_t type = take_number(&reader, 1), major = take_number(&reader, 1);
	uint32_t length;

	if ((bytes.length > 0 && (type < TLS_CHANGE_CIPHER || type > TLS_APPLICATION)) ||
		(bytes.length > 1 && major != 3))
		return -EBADMSG;
	take(&reader, 1);
	length = take_number(&reader, 2);
	if (reader.is_short)
		return 0;
	if (length == 0 || length > TLS_RECORD_LONGEST)
		return -EBADMSG;
	*ret_head = (struct tls_head){ .type = (uint8_t)type, .length = (uint16_t)length };
	return 1;
}

int tls_handshake_length(struct slice bytes, size_t *ret_length)
{
	struct reader reader = { bytes.data, bytes.length, false };
	uint32_t length;

	take(&reader, 1);
	length = take_number(&reader, 3);
	if (reader.is_short || length > reader.left)
		return 0;
	*ret_length = TLS_HANDSHAKE_HEAD + length;
	return 1;
}

static void set_text(char *destination, size_t size, struct reader bytes)
{
	struct text text;

	text_init(&text, destination, size);
	text_bytes(&text, (struct slice){ bytes.at, bytes.left });
}

static void read_server_name(struct reader extension, struct tls_hello *hello)
{
	struct reader names = take_part(&extension, 2);

	while (names.left > 0) {
		uint32_t type = take_number(&names, 1);
		struct reader name = take_part(&names, 2);

		if (type == 0 && !names.is_short && name.left > 0) {
			set_text(hello->server_name, sizeof(hello->server_name), name);
			return;
		}
	}
}

static void read_alpn(struct reader extension, struct tls_hello *hello)
{
	struct reader names = take_part(&extension, 2);
	struct reader name = take_part(&names, 1);

	if (!name.is_short && name.left > 0)
		set_text(hello->alpn, sizeof(hello->alpn), name);
}

/* A server names one version, a client a list; 0x?A?A are there to be ignored (RFC 8701). */
static void read_versions(struct reader extension, bool is_client, struct tls_hello *hello)
{
	struct reader versions = is_client ? take_part(&extension, 1) : extension;

	while (versions.left >= 2) {
		uint16_t version = (uint16_t)take_number(&versions, 2);

		if (!is_client || (version > hello->version && version <= TLS_VERSION_13))
			hello->version = version;
	}
}

static void read_extension(
	uint32_t type, struct reader extension, bool is_client, struct tls_hello *hello)
{
	switch (type) {
	case EXTENSION_SERVER_NAME:
		read_server_name(extension, hello);
		break;
	case EXTENSION_ALPN:
		if (!is_client)
			read_alpn(extension, hello);
		break;
	case EXTENSION_PRE_SHARED_KEY:
		hello->is_resumed = !is_client;
		break;
	case EXTENSION_EARLY_DATA:
		hello->has_early_data = is_client;
		break;
	case EXTENSION_VERSIONS:
		read_versions(extension, is_client, hello);
		break;
	}
}

/* A hello of long ago has none. */
static int read_extensions(struct reader part, bool is_client, struct tls_hello *hello)
{
	while (part.left > 0) {
		uint32_t extension = take_number(&part, 2);
		struct reader bytes = take_part(&part, 2);

		if (part.is_short)
			return -EBADMSG;
		read_extension(extension, bytes, is_client, hello);
	}
	return 0;
}

static int read_hello(struct slice message, bool is_client, struct tls_hello *ret_hello)
{
	struct reader reader = { message.data, message.length, false };
	struct tls_hello hello = { 0 };
	uint32_t type = take_number(&reader, 1);
	struct reader body = take_part(&reader, 3);
	struct slice random, session;

	if (type != (is_client ? TLS_CLIENT_HELLO : TLS_SERVER_HELLO))
		return -EBADMSG;
	hello.version = (uint16_t)take_number(&body, 2);
	random = take(&body, TLS_RANDOM_BYTES);
	session = take(&body, take_number(&body, 1));
	if (body.is_short || session.length > sizeof(hello.session) || hello.version >> 8 != 3)
		return -EBADMSG;
	memcpy(hello.random, random.data, TLS_RANDOM_BYTES);
	if (session.length > 0)
		memcpy(hello.session, session.data, session.length);
	hello.session_bytes = (uint8_t)session.length;
	hello.is_retry = !is_client && memcmp(hello.random, retry_random, TLS_RANDOM_BYTES) == 0;
	if (is_client) {
		take_part(&body, 2); /* suites */
		take_part(&body, 1); /* compressions */
	} else {
		hello.cipher = (uint16_t)take_number(&body, 2);
		take(&body, 1);
	}
	if (body.is_short)
		return -EBADMSG;
	if (read_extensions(take_part(&body, 2), is_client, &hello) < 0)
		return -EBADMSG;
	*ret_hello = hello;
	return 0;
}

int tls_read_encrypted_extensions(struct slice message, struct tls_hello *hello)
{
	struct reader reader = { message.data, message.length, false };
	uint32_t type = take_number(&reader, 1);
	struct reader body = take_part(&reader, 3);
	struct tls_hello changed = *hello;

	if (type != TLS_ENCRYPTED_EXTENSIONS || body.is_short ||
		read_extensions(take_part(&body, 2), false, &changed) < 0)
		return -EBADMSG;
	*hello = changed;
	return 0;
}

int tls_read_client_hello(struct slice message, struct tls_hello *ret_hello)
{
	return read_hello(message, true, ret_hello);
}

int tls_read_server_hello(struct slice message, struct tls_hello *ret_hello)
{
	return read_hello(message, false, ret_hello);
}

const char *tls_version_word(uint16_t version)
{
	static const char *const words[] = { "3.0", "1.0", "1.1", "1.2", "1.3" };

	return version >> 8 == 3 && (version & 0xff) < ARRAY_LENGTH(words) ? words[version & 0xff]
									   : "";
}

const char *tls_alert_word(uint8_t description)
{
	static const char *const words[] = {
		[0] = "close_notify",
		[10] = "unexpected_message",
		[20] = "bad_record_mac",
		[22] = "record_overflow",
		[40] = "handshake_failure",
		[42] = "bad_certificate",
		[43] = "unsupported_certificate",
		[44] = "certificate_revoked",
		[45] = "certificate_expired",
		[46] = "certificate_unknown",
		[47] = "illegal_parameter",
		[48] = "unknown_ca",
		[49] = "access_denied",
		[50] = "decode_error",
		[51] = "decrypt_error",
		[70] = "protocol_version",
		[71] = "insufficient_security",
		[80] = "internal_error",
		[86] = "inappropriate_fallback",
		[90] = "user_canceled",
		[109] = "missing_extension",
		[110] = "unsupported_extension",
		[112] = "unrecognized_name",
		[113] = "bad_certificate_status_response",
		[115] = "unknown_psk_identity",
		[116] = "certificate_required",
		[120] = "no_application_protocol",
	};
	const char *word = description < ARRAY_LENGTH(words) ? words[description] : NULL;

	return word ? word : "";
}
