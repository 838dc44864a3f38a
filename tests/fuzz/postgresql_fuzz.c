/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations with PostgreSQL from arbitrary bytes: see dialogue_fuzz_body.h.
 */
#include "dialogue_fuzz_body.h"

extern const struct protocol postgresql_protocol;

DIALOGUE_FUZZ(postgresql_protocol)
