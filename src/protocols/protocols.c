/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of all protocols, made from protocols.def.
 */
#include "protocols/message.h"

#define PROTOCOL(name) extern const struct protocol name##_protocol;
#include "protocols/protocols.def"
#undef PROTOCOL

#define PROTOCOL(name) &name##_protocol,
static const struct protocol *const protocols[] = {
#include "protocols/protocols.def"
};
#undef PROTOCOL

const struct protocol *const *protocols_all(size_t *ret_count)
{
	*ret_count = ARRAY_LENGTH(protocols);
	return protocols;
}
