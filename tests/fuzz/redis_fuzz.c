/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis: conversations of commands and answers, cut and lost anywhere (dialogue_fuzz_body.h).
 */
#include "dialogue_fuzz_body.h"

extern const struct protocol redis_protocol;

DIALOGUE_FUZZ(redis_protocol)
