/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many random conversations through both halves of the packet door: tests/pairing.h says what must
 * hold. SKEP_CONVERSATION=NUMBER runs that one alone and prints it.
 */
#include "../tests/pairing.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CONVERSATIONS 5000
#define PRINTED	      5 /* problems */

static struct pairing pairing;

static void print_conversation(const struct conversation *talk)
{
	for (size_t i = 0; i < talk->exchange_count; i++) {
		const struct exchange_plan *plan = &talk->exchanges[i];

		print_message("# %zu: %s %u request %zu head %zu end %zu answer %zu head %zu end "
			      "%zu%s%s%s\n",
			i, plan->method, plan->status, plan->request_start, plan->request_head,
			plan->request_end, plan->answer_start, plan->answer_head, plan->answer_end,
			plan->is_early ? " early" : "", plan->is_endless ? " endless" : "",
			plan->is_chunked ? " chunked" : "");
	}
	print_message("# depth %u, ending %d\n", talk->depth, talk->ending);
}

static void every_exchange_once(void **state)
{
	const char *alone = getenv("SKEP_CONVERSATION");
	unsigned long first = alone ? strtoul(alone, NULL, 10) : 1;
	unsigned long end = alone ? first + 1 : CONVERSATIONS;
	unsigned int failed = 0;

	pairing.is_loud = alone;
	for (unsigned long number = first; number < end; number++) {
		struct choices choices = { .state = number * 0x9e3779b97f4a7c15ULL };

		if (pairing_run(&pairing, choices) == 0)
			continue;
		if (alone)
			print_conversation(&pairing.talk);
		if (failed++ < PRINTED)
			print_message("# conversation %lu%s: %s\n", number,
				pairing.loss ? " with losses" : "", pairing.problem);
	}
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_exchange_once),
	};

	return cmocka_run_group_tests_name("pairing", tests, NULL, NULL);
}
