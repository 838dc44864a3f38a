/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents of MongoDB (bsonspec.org, version 1.1), element by element, as far as they are here.
 * Private to mongodb*.c; pure.
 */
#ifndef SKEP_MONGODB_BSON_H
#define SKEP_MONGODB_BSON_H

#include "protocols/message.h"
#include "protocols/text.h"

enum bson_type {
	BSON_DOUBLE = 1,
	BSON_STRING = 2,
	BSON_DOCUMENT = 3,
	BSON_ARRAY = 4,
	BSON_BINARY = 5,
	BSON_UNDEFINED = 6,
	BSON_OBJECT_ID = 7,
	BSON_BOOLEAN = 8,
	BSON_DATE = 9,
	BSON_NULL = 10,
	BSON_REGEX = 11,
	BSON_POINTER = 12,
	BSON_CODE = 13,
	BSON_SYMBOL = 14,
	BSON_SCOPED_CODE = 15,
	BSON_INT32 = 16,
	BSON_TIMESTAMP = 17,
	BSON_INT64 = 18,
	BSON_DECIMAL = 19,
	BSON_MAXIMUM = 127,
	BSON_MINIMUM = 255,
};

struct bson_element {
	uint8_t type;
	struct slice name;
	struct slice value; /* as far as it is here; a string without its length and NUL */
	uint64_t bytes;	    /* of the whole element */
};

/* Reads the element at the start of bytes, which is none of a document's end. 1; 0: what says how
 * long it is, is not here; -EBADMSG. */
int bson_element(struct slice bytes, struct bson_element *ret_element);

bool bson_is_named(const struct bson_element *element, const char *name);
/* A number of any type as a whole one; a boolean as 0 or 1; else otherwise. */
int64_t bson_number(const struct bson_element *element, int64_t otherwise);

/*
 * Appends "name: value", where values are '?' and documents are written with their names; an
 * array is its first element. flags: enum message_flag; unmasked, texts and numbers are there.
 */
void bson_write(struct text *text, const struct bson_element *element, unsigned int flags);

#endif
