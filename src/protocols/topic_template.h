/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind a subject, topic or queue name: orders.42.paid becomes orders.{id}.paid, as
 * path_template does for paths, so that the number of names stays small.
 */
#ifndef SKEP_TOPIC_TEMPLATE_H
#define SKEP_TOPIC_TEMPLATE_H

#include "base/base.h"
#include "protocols/text.h"

/* Levels kept; what lies deeper is one {rest}. */
#define TOPIC_TEMPLATE_LEVELS 12

/* Appends the template of a topic whose levels are separated by that byte. is_cut: its end is
 * missing, so that the last level is {rest}. */
void topic_template(struct text *text, struct slice topic, char separator, bool is_cut);

#endif
