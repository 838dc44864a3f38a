/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations of NATS made of arbitrary bytes.
 */
#include "dialogue_fuzz_body.h"

extern const struct protocol nats_protocol;

DIALOGUE_FUZZ(nats_protocol)
