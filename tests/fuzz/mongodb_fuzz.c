/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MongoDB: conversations of messages with documents, cut and lost anywhere (dialogue_fuzz_body.h).
 */
#include "dialogue_fuzz_body.h"

extern const struct protocol mongodb_protocol;

DIALOGUE_FUZZ(mongodb_protocol)
