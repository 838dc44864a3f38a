/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations made from the input, through both halves of the packet door: tests/pairing.h says
 * what must hold.
 */
#include "../pairing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pairing pairing;
	const struct choices choices = { .bytes = data, .length = size, .state = size + 1 };

	if (pairing_run(&pairing, choices) < 0) {
		fprintf(stderr, "%s\n", pairing.problem);
		abort();
	}
	return 0;
}
