/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations of AMQP made of arbitrary bytes.
 */
#include "dialogue_fuzz_body.h"

extern const struct protocol amqp_protocol;

DIALOGUE_FUZZ(amqp_protocol)
