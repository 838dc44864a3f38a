/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header that a proxy sends before the first bytes of a connection, to name the client behind
 * it: versions 1 and 2 of HAProxy's proxy-protocol.txt (sections 2.1 and 2.2).
 */
#ifndef SKEP_PROXY_HEADER_H
#define SKEP_PROXY_HEADER_H

#include "event/field.h"

/*
 * Bytes of the header that bytes begin with, and the client that it names, empty when it names
 * none (of the proxy itself, or not of TCP over IP). 0 when it is none or is longer than any head
 * may be; -EAGAIN when it goes on behind bytes.
 */
int proxy_header(struct slice bytes, struct address *ret_client);

#endif
