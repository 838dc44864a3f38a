/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filter expressions: any bytes compile or are refused with a reason, and what compiles runs on an
 * event with a field of every type.
 */
#include "event/filter.h"

#include "../sample_kind.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct event_kind *const kinds[] = { &sample_kind };
	struct sample_event event = sample_event();
	char text[FILTER_EXPRESSION_MAXIMUM + 16];
	struct fail fail = { 0 };
	_cleanup_(filter_freep)
	struct filter *filter = NULL;

	str_copy_slice(text, sizeof(text), (struct slice){ data, size });
	if (filter_new(kinds, 1, &filter, &fail) < 0)
		return 0;
	int error = filter_add_expression(filter, text, &fail);
	if (error < 0 && fail.text[0] == '\0')
		abort();
	if (error == 0)
		filter_matches(filter, &event.header);
	return 0;
}
