/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations with MySQL and MariaDB from arbitrary bytes: see dialogue_fuzz_body.h.
 */
#include "dialogue_fuzz_body.h"

extern const struct protocol mysql_protocol;

DIALOGUE_FUZZ(mysql_protocol)
