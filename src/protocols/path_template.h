/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The route behind a path: /users/42/orders becomes /users/{id}/orders, so that
 * requests to one route count together and the number of names stays small.
 */
#ifndef SKEP_PATH_TEMPLATE_H
#define SKEP_PATH_TEMPLATE_H

#include "base/base.h"

/* Segments kept; what lies deeper is one {rest}. */
#define PATH_TEMPLATE_SEGMENTS	    12
/* Longer segments are {text}. */
#define PATH_TEMPLATE_SEGMENT_BYTES 64

/*
 * Writes the template of a path (no query) as printable UTF-8, NUL-terminated within size.
 * Segments that are data are named by what they look like: {id} (numbers), {uuid}, {hash} (hex),
 * {date}, {ip}, {email} (or any other userinfo), {token} (random text), {text}. Digits within a
 * word are {id} from three on; a file's extension stays: report-{id}.pdf. is_cut: the path's end
 * is missing, so that its last segment is {rest}.
 */
void path_template(struct slice path, bool is_cut, char *destination, size_t size);

#endif
