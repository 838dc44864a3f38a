/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edit distance (optimal string alignment): letters added, dropped, changed, or swapped with their
 * neighbour.
 */
#include "event/nearest.h"

#define NAME_MAXIMUM 40

static unsigned int smallest(unsigned int a, unsigned int b, unsigned int c)
{
	return MIN(MIN(a, b), c);
}

static unsigned int distance(const char *a, const char *b)
{
	unsigned int rows[3][NAME_MAXIMUM + 1];
	size_t a_length = strnlen(a, NAME_MAXIMUM), b_length = strnlen(b, NAME_MAXIMUM);

	for (unsigned int j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (unsigned int i = 1; i <= a_length; i++) {
		unsigned int *row = rows[i % 3];
		const unsigned int *above = rows[(i - 1) % 3], *second = rows[(i + 1) % 3];
		row[0] = i;
		for (unsigned int j = 1; j <= b_length; j++) {
			bool differs = a[i - 1] != b[j - 1];
			row[j] = smallest(row[j - 1] + 1, above[j] + 1, above[j - 1] + differs);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], second[j - 2] + 1);
		}
	}
	return rows[a_length % 3][b_length];
}

void nearest_init(struct nearest *nearest, const char *wanted)
{
	*nearest = (struct nearest){ .wanted = wanted, .distance = UINT32_MAX };
}

void nearest_offer(struct nearest *nearest, const char *name)
{
	unsigned int found = distance(nearest->wanted, name);

	if (found < nearest->distance) {
		nearest->distance = found;
		nearest->best = name;
	}
}

const char *nearest_found(const struct nearest *nearest)
{
	return nearest->distance <= strlen(nearest->wanted) / 3 + 1 ? nearest->best : NULL;
}
