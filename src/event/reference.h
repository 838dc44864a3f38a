/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference of all kinds of events, made from their field tables: Markdown for
 * docs/reference/events.md, TypeScript for the page (ui/src/schema.ts).
 */
#ifndef SKEP_REFERENCE_H
#define SKEP_REFERENCE_H

#include "base/buf.h"
#include "event/field.h"

/* Each appends a whole file to out and returns its error: 0, -ENOBUFS, -ENOMEM. */
int reference_markdown(const struct event_kind *const *kinds, size_t count, struct buf *out);
int reference_typescript(const struct event_kind *const *kinds, size_t count, struct buf *out);

#endif
