/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations of ZooKeeper made of arbitrary bytes.
 */
#include "dialogue_fuzz_body.h"

extern const struct protocol zookeeper_protocol;

DIALOGUE_FUZZ(zookeeper_protocol)
