/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations of Kafka made of arbitrary bytes.
 */
#include "dialogue_fuzz_body.h"

extern const struct protocol kafka_protocol;

DIALOGUE_FUZZ(kafka_protocol)
