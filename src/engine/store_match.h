/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL functions that filters need (event/filter.h):
 *   text REGEXP pattern               PCRE2 on bytes, within the limits that filters have
 *   in_network(address, network, n)   whether the first n of 128 bits of both are the same
 */
#ifndef SKEP_STORE_MATCH_H
#define SKEP_STORE_MATCH_H

#include <sqlite3.h>

/* 0 or a result code of SQLite. */
int store_match_register(sqlite3 *database);

#endif
