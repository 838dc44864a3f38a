/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of event kinds: finding one, and the check that every kind's table is whole. Lists are
 * arrays of pointers; the registry makes the list of all that the features emit.
 */
#ifndef SKEP_KIND_H
#define SKEP_KIND_H

#include "base/fail.h"
#include "event/field.h"

/* Bits of one word mark fields. */
#define KIND_FIELDS_MAXIMUM 64

/* NULL when no kind has that name. */
const struct event_kind *kind_find(
	const struct event_kind *const *kinds, size_t count, const char *name);
/*
 * 0, or -EINVAL with the first defect: time_ns is not first, a name is not snake_case or given
 * twice, no help, a type that does not fit its size, a field beyond the struct, a word without
 * words, a compact template that names no field. For tests.
 */
int kind_check(const struct event_kind *kind, struct fail *fail);

#endif
