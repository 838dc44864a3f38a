/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memcached from conversations of arbitrary bytes.
 */
#include "dialogue_fuzz_body.h"

extern const struct protocol memcached_protocol;

DIALOGUE_FUZZ(memcached_protocol)
