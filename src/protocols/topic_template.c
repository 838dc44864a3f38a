/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Topics level by level: each is judged as a path's segment is.
 */
#include "protocols/topic_template.h"

#include "protocols/path_template.h"

/* path_template gives no more for a single segment. */
#define LEVEL_TEXT_BYTES (3 * PATH_TEMPLATE_SEGMENT_BYTES + 2)

static void append_level(struct text *text, struct slice level)
{
	uint8_t path[PATH_TEMPLATE_SEGMENT_BYTES + 2] = "/";
	char template[LEVEL_TEXT_BYTES];
	size_t length = MIN(level.length, sizeof(path) - 1);

	/* A topic may hold what separates a path. */
	if (length == 0 || memchr(level.data, '/', length) != NULL) {
		text_bytes(text, level);
		return;
	}
	memcpy(path + 1, level.data, length);
	path_template((struct slice){ path, length + 1 }, false, template, sizeof(template));
	text_string(text, template + 1);
}

void topic_template(struct text *text, struct slice topic, char separator, bool is_cut)
{
	const char between[] = { separator, '\0' };
	size_t at = 0;

	for (unsigned int level = 0;; level++) {
		const uint8_t *end = at < topic.length
					     ? memchr(topic.data + at, separator, topic.length - at)
					     : NULL;
		size_t length = end ? (size_t)(end - topic.data) - at : topic.length - at;

		if (level == TOPIC_TEMPLATE_LEVELS || (!end && is_cut)) {
			text_string(text, "{rest}");
			return;
		}
		append_level(text, (struct slice){ topic.data + at, length });
		if (!end)
			return;
		text_string(text, between);
		at += length + 1;
	}
}
