/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A statement as people may see it: without its data, one form for all statements that differ only
 * in them.
 */
#ifndef SKEP_SQL_TEXT_H
#define SKEP_SQL_TEXT_H

#include "protocols/message.h"
#include "protocols/sql_token.h"

/*
 * Sets operation (the verb), target (the table), detail and fingerprint of the message. In detail
 * literals and parameters are '?', comments are gone, blanks are one, a list of values is one value
 * ("IN (?)", "ARRAY[?]") and several rows of VALUES are one. With MESSAGE_UNMASKED in flags it is
 * the statement as it was sent, on one line. The fingerprint is the same for statements of the same
 * form, whatever the case of their words and their blanks.
 */
void sql_text(struct slice statement, enum sql_dialect dialect, unsigned int flags,
	struct message *message);

#endif
