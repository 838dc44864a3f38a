/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may use the TCP address of the API. Every local user and every page in a
 * browser reaches loopback, so a request must name this host (against DNS rebinding), must not come
 * from another origin, and must bring the token. The unix socket needs none of
 * this: its file mode decides.
 */
#ifndef SKEP_API_AUTH_H
#define SKEP_API_AUTH_H

#include "base/fail.h"

#define AUTH_TOKEN_BYTES 33 /* 128 bits in hexadecimal, and NUL */

struct auth {
	char token[AUTH_TOKEN_BYTES];
	uint16_t port; /* where the API listens */
};

/* What a request says about where it comes from; NULL where it says nothing. */
struct auth_facts {
	const char *host;
	const char *origin;
	const char *authorization;
	const char *cookie;
	const char *token; /* of ?token= */
};

/*
 * Takes the token from DIRECTORY/token, or makes a new one (mode 0600) when there is none or when
 * others could have read it. 0 or -errno.
 */
int auth_load_token(struct auth *auth, const char *directory, struct fail *fail);

/*
 * 0; -EPERM for a foreign Host or Origin; -EACCES without a valid token, with a sentence. A token
 * in the address counts before the header, the header before the cookie.
 */
int auth_check(const struct auth *auth, const struct auth_facts *facts, struct fail *fail);

bool auth_host_is_ours(const char *host, uint16_t port);
bool auth_origin_is_ours(const char *origin, uint16_t port);
/* In a time that does not depend on where they differ. */
bool auth_token_is_equal(const char *token, const char *given);
/* The name of the cookie: browsers do not keep cookies apart by port, so it has the port in it. */
void auth_cookie_name(uint16_t port, char *destination, size_t size);

#endif
