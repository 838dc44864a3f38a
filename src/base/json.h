/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes JSON (RFC 8259) into a buf; commas are its business. Text that is not
 * UTF-8 has each bad byte replaced by U+FFFD; control characters, also DEL and
 * U+0080 to U+009F, are escaped. Reading JSON is jansson's business. Depth at
 * most 32: deeper puts -EOVERFLOW into the buf's error, an end without a
 * beginning -EINVAL. Values at depth 0 get no comma: the caller puts the line
 * ends of NDJSON there. The writer may be used again after buf_clear and
 * json_init. No name here may be one of jansson's (json_string, json_null):
 * within one program they would be called in the place of its own.
 */
#ifndef SKEP_JSON_H
#define SKEP_JSON_H

#include "base/buf.h"

struct json {
	struct buf *buf;
	uint32_t has_items; /* bit per depth: a comma is due */
	unsigned int depth;
	bool is_after_key;
};

void json_init(struct json *json, struct buf *buf);
void json_object_begin(struct json *json);
void json_object_end(struct json *json);
void json_array_begin(struct json *json);
void json_array_end(struct json *json);
void json_key(struct json *json, const char *key);
void json_string_text(struct json *json, const char *text); /* NULL writes null */
void json_string_slice(struct json *json, struct slice text);
void json_u64(struct json *json, uint64_t value);
void json_i64(struct json *json, int64_t value);
void json_double(struct json *json, double value); /* not finite: null */
void json_bool(struct json *json, bool value);
void json_null_value(struct json *json);
/* key and value in one. */
void json_member_string(struct json *json, const char *key, const char *text);
void json_member_u64(struct json *json, const char *key, uint64_t value);
void json_member_double(struct json *json, const char *key, double value);
void json_member_bool(struct json *json, const char *key, bool value);

#endif
