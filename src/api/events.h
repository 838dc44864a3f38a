/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of GET /api/events. `skep watch` has flags by the same names and passes them on.
 */
#ifndef SKEP_API_EVENTS_H
#define SKEP_API_EVENTS_H

#include "event/encode.h"
#include "event/option.h"

struct events_params {
	struct option_list kinds;
	uint32_t last;
	char since[64];
	char until[64];
	bool is_followed;
	uint32_t format; /* enum output_format */
	bool has_color;
};

extern const struct option_row events_rows[];
extern const unsigned int events_row_count;

struct event_kind;
/*
 * The kinds by name, all of them when the list is empty. Returns how many, or -EINVAL with what
 * there is. maximum: places in ret_kinds.
 */
int events_kinds(const struct option_list *names, const struct event_kind **ret_kinds,
	size_t maximum, struct fail *fail);

#endif
