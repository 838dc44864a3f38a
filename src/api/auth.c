/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may use the TCP address of the API: see auth.h. Pure but for the token's file.
 */
#include "api/auth.h"

#include <fcntl.h>
#include <stdio.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

#define TOKEN_LENGTH (AUTH_TOKEN_BYTES - 1)

static const char *const local_names[] = { "localhost", "127.0.0.1", "[::1]" };

/* "NAME:PORT" with one of our names; without a port it means 80 (RFC 9110, 4.2.1). */
bool auth_host_is_ours(const char *host, uint16_t port)
{
	if (!host)
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(local_names); i++) {
		size_t length = strlen(local_names[i]);
		uint64_t named_port = 80;

		if (strncasecmp(host, local_names[i], length) != 0)
			continue;
		if (host[length] == ':' &&
			str_to_u64(host + length + 1, 1, UINT16_MAX, &named_port) != 0)
			return false;
		if (host[length] != ':' && host[length] != '\0')
			continue;
		return named_port == port;
	}
	return false;
}

bool auth_origin_is_ours(const char *origin, uint16_t port)
{
	static const char scheme[] = "http://";

	return strncasecmp(origin, scheme, strlen(scheme)) == 0 &&
	       auth_host_is_ours(origin + strlen(scheme), port);
}

bool auth_token_is_equal(const char *token, const char *given)
{
	size_t length = strlen(token);
	unsigned char difference = 0;

	if (length == 0 || strlen(given) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		difference |= (unsigned char)(token[i] ^ given[i]);
	return difference == 0;
}

void auth_cookie_name(uint16_t port, char *destination, size_t size)
{
	snprintf(destination, size, "skep_%u", port);
}

/* The value of our cookie in "a=1; skep_7850=TOKEN" (RFC 6265, 4.2.1). */
static bool cookie_value(const char *header, uint16_t port, char *destination, size_t size)
{
	char name[16];

	auth_cookie_name(port, name, sizeof(name));
	while (header && *header) {
		size_t length;

		header += strspn(header, "; \t");
		length = strcspn(header, ";");
		if (strncmp(header, name, strlen(name)) == 0 && header[strlen(name)] == '=') {
			size_t skip = strlen(name) + 1;
			struct slice value = { (const uint8_t *)header + skip, length - skip };

			return str_copy_slice(destination, size, value);
		}
		header += length;
	}
	return false;
}

static bool has_token(const struct auth *auth, const struct auth_facts *facts)
{
	static const char bearer[] = "Bearer ";
	char value[AUTH_TOKEN_BYTES];

	if (facts->token)
		return auth_token_is_equal(auth->token, facts->token);
	if (facts->authorization)
		return strncasecmp(facts->authorization, bearer, strlen(bearer)) == 0 &&
		       auth_token_is_equal(auth->token, facts->authorization + strlen(bearer));
	return cookie_value(facts->cookie, auth->port, value, sizeof(value)) &&
	       auth_token_is_equal(auth->token, value);
}

int auth_check(const struct auth *auth, const struct auth_facts *facts, struct fail *fail)
{
	if (!auth_host_is_ours(facts->host, auth->port))
		return fail_set(fail, -EPERM,
			"the Host header must be localhost, 127.0.0.1 or [::1] with port %u",
			auth->port);
	if (facts->origin && !auth_origin_is_ours(facts->origin, auth->port))
		return fail_set(fail, -EPERM, "requests from other origins are refused");
	if (!has_token(auth, facts))
		return fail_set(fail, -EACCES,
			"a token is needed: open the address that `skep status` shows, or send it "
			"as `Authorization: Bearer TOKEN`");
	return 0;
}

/* A token that only its owner could read so far. */
static bool token_file_is_good(int fd, char *ret_token)
{
	struct stat status;

	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
		(status.st_mode & 077) != 0 || status.st_size < TOKEN_LENGTH)
		return false;
	if (read(fd, ret_token, TOKEN_LENGTH) != TOKEN_LENGTH)
		return false;
	ret_token[TOKEN_LENGTH] = '\0';
	return strspn(ret_token, "0123456789abcdef") == TOKEN_LENGTH;
}

int auth_load_token(struct auth *auth, const char *directory, struct fail *fail)
{
	_cleanup_(fd_closep)
	int fd = -1;
	uint8_t random[TOKEN_LENGTH / 2];
	char content[AUTH_TOKEN_BYTES + 1];
	char path[256];
	int error;

	snprintf(path, sizeof(path), "%s/token", directory);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && token_file_is_good(fd, content)) {
		memcpy(auth->token, content, AUTH_TOKEN_BYTES);
		return 0;
	}
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return fail_set(fail, -EIO, "the kernel gave no random bytes for the token");
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(content + 2 * i, sizeof(content) - 2 * i, "%02x", random[i]);
	memcpy(auth->token, content, AUTH_TOKEN_BYTES);
	content[TOKEN_LENGTH] = '\n';
	error = file_replace(path, content, TOKEN_LENGTH + 1, 0600);
	return error ? fail_set(fail, error, "cannot write %s: %s", path, strerror(-error)) : 0;
}
