/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of GET /api/events. `skep watch` has flags by the same names and passes them on.
 */
#ifndef SKEP_API_EVENTS_H
#define SKEP_API_EVENTS_H

#include "event/encode.h"
#include "event/filter.h"
#include "event/option.h"

struct events_params {
	struct filter_options filter; /* of filter_rows: first */
	struct option_list kinds;
	char expression[FILTER_EXPRESSION_MAXIMUM];
	char fields[1024];
	uint32_t last;
	char since[64];
	char until[64];
	bool is_followed;
	uint32_t format; /* enum output_format */
	bool has_color;
};

extern const struct option_row events_rows[];
extern const unsigned int events_row_count;

struct live_wish;
struct past_wish;
/* Kinds, filter and looks. The filter in it is the caller's to free. 0 or -EINVAL. */
int events_wish(const struct events_params *params, struct live_wish *ret_wish, struct fail *fail);
/* Number and bounds of past events; the rest is left as it is. 0 or -EINVAL. */
int events_past(const struct events_params *params, struct past_wish *past, struct fail *fail);
/* Whether past events are asked for, and whether those that happen are. */
bool events_wants_past(const struct events_params *params);
bool events_wants_live(const struct events_params *params);

#endif
