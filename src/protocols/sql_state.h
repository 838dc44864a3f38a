/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose fault an error of a database is: the client's, which asked for what cannot be, or the
 * server's.
 */
#ifndef SKEP_SQL_STATE_H
#define SKEP_SQL_STATE_H

#include "base/base.h"

/* By SQLSTATE (ISO/IEC 9075-2; PostgreSQL's documentation, "Error Codes"): syntax, names, rights,
 * values, constraints. */
bool sql_state_blames_client(const char *state);
/* By MySQL's number, for errors whose SQLSTATE is the general one. */
bool sql_number_blames_client(uint64_t number);

#endif
