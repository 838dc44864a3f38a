/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request of any version of HTTP is for: host, route, and the address as people may see it.
 * Pure, over borrowed bytes.
 */
#ifndef SKEP_HTTP_TARGET_H
#define SKEP_HTTP_TARGET_H

#include "protocols/message.h"

/* Without userinfo, small letters (RFC 9110, 4.2.3), printable. */
void http_set_host(struct message *message, struct slice host);
/*
 * Fills target and detail, and the host where the target names it (RFC 9112, 3.2);
 * is_connect_request is read. is_cut: the target goes on. flags: enum message_flag.
 */
void http_set_target(struct message *message, struct slice target, bool is_cut, unsigned int flags);

#endif
