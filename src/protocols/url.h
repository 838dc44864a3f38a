/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses as people may see them: without the secrets that programs put
 * into them. Pure functions over borrowed bytes.
 */
#ifndef SKEP_URL_H
#define SKEP_URL_H

#include "protocols/text.h"

/*
 * Does a parameter of this name carry a secret? Case does not matter, percent-escapes
 * are seen through. Rather masks too much than too little.
 */
bool url_is_secret_name(struct slice name);

/*
 * Writes a URL, a path with query, or an authority with MESSAGE_MASK in place of the values of
 * secret parameters (in query, fragment and path) and of userinfo (RFC 3986, 3.2.1), also of URLs
 * within it. is_cut: the end is missing, so that an unfinished authority is masked as well.
 */
void url_write_masked(struct slice url, bool is_cut, struct text *text);

#endif
