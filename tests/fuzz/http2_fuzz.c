/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 and gRPC from arbitrary conversations.
 */
#include "dialogue_fuzz_body.h"

extern const struct protocol http2_protocol;

DIALOGUE_FUZZ(http2_protocol)
