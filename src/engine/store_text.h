/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instr, replace and trim again, for connections on which people ask. SQLite looks at its limits
 * between two steps of a statement, never inside a function, and its own of these take the product
 * of both lengths: one call can last for minutes.
 */
#ifndef SKEP_STORE_TEXT_H
#define SKEP_STORE_TEXT_H

#include <sqlite3.h>

/* trim, ltrim and rtrim refuse a longer set of characters, in bytes. */
#define TRIM_SET_BYTES 64

/* instr(X,Y), replace(X,Y,Z) and the trims with a set; answers are those of SQLite's own. Returns a
 * code of SQLite. */
int store_text_register(sqlite3 *database);

#endif
