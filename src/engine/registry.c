/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of all features, made from features.def, and what follows from it.
 */
#include "engine/feature.h"

#define FEATURE(domain, name) extern const struct feature name##_feature;
#include "features.def"
#undef FEATURE

#define FEATURE(domain, name) &name##_feature,
static const struct feature *const features[] = {
#include "features.def"
	NULL
};
#undef FEATURE

const struct feature *const *features_all(size_t *ret_count)
{
	*ret_count = ARRAY_LENGTH(features) - 1;
	return features;
}

static bool kind_is_listed(
	const struct event_kind *kind, const struct event_kind *const *kinds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kinds[i] == kind)
			return true;
	return false;
}

size_t features_kinds(const struct event_kind **ret_kinds, size_t maximum)
{
	size_t count = 0;

	for (size_t i = 0; features[i]; i++) {
		const struct event_kind *const *kind = features[i]->kinds;

		for (; kind && *kind && count < maximum; kind++)
			if (!kind_is_listed(*kind, ret_kinds, count))
				ret_kinds[count++] = *kind;
	}
	return count;
}
