/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations of MQTT made of arbitrary bytes.
 */
#include "dialogue_fuzz_body.h"

extern const struct protocol mqtt_protocol;

DIALOGUE_FUZZ(mqtt_protocol)
