/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of .eh_frame: see eh_frame.h. The instructions inside them are cfa_program.c's.
 */
#include "doors/eh_frame.h"
#include "doors/cfa_program.h"

/* Encodings of pointers: LSB 5, 10.5. */
#define ENCODING_OMIT	  0xff
#define ENCODING_INDIRECT 0x80
#define ENCODING_FORMAT	  0x0f
#define ENCODING_BASE	  0x70
#define BASE_ABSOLUTE	  0x00
#define BASE_PC		  0x10
#define BASE_DATA	  0x30

static bool read_pointer(struct cfa_reader *reader, const struct eh_frame_section *section,
	uint8_t encoding, uint64_t *ret_value)
{
	uint64_t place = section->address + (uint64_t)(reader->at - section->bytes.data);
	uint64_t value;

	switch (encoding & ENCODING_FORMAT) {
	case 0x00: /* as wide as an address */
	case 0x04:
	case 0x0c:
		value = cfa_read_fixed(reader, 8);
		break;
	case 0x01:
		value = cfa_read_uleb(reader);
		break;
	case 0x02:
		value = cfa_read_fixed(reader, 2);
		break;
	case 0x03:
		value = cfa_read_fixed(reader, 4);
		break;
	case 0x09:
		value = (uint64_t)cfa_read_sleb(reader);
		break;
	case 0x0a:
		value = (uint64_t)(int64_t)(int16_t)cfa_read_fixed(reader, 2);
		break;
	case 0x0b:
		value = (uint64_t)(int64_t)(int32_t)cfa_read_fixed(reader, 4);
		break;
	default:
		return false;
	}
	switch (encoding & ENCODING_BASE) {
	case BASE_ABSOLUTE:
		break;
	case BASE_PC:
		value += place;
		break;
	case BASE_DATA:
		value += section->data_address;
		break;
	default:
		return false;
	}
	*ret_value = value;
	return !reader->is_over && !(encoding & ENCODING_INDIRECT);
}

/* The augmentation data of a CIE, of which only the pointers' encoding and the signal frame count.
 */
static bool read_augmentation(struct cfa_reader *reader, const struct eh_frame_section *section,
	const char *letters, struct cfa_common *common)
{
	uint64_t ignored;
	uint8_t encoding;

	if (letters[0] != 'z')
		return letters[0] == '\0';
	(void)cfa_read_uleb(reader);
	common->has_augmentation = true;
	for (const char *letter = letters + 1; *letter; letter++) {
		switch (*letter) {
		case 'R':
			common->encoding = (uint8_t)cfa_read_fixed(reader, 1);
			break;
		case 'L':
			(void)cfa_read_fixed(reader, 1);
			break;
		case 'P':
			encoding = (uint8_t)cfa_read_fixed(reader, 1) & ~ENCODING_INDIRECT;
			if (!read_pointer(reader, section, encoding, &ignored))
				return false;
			break;
		case 'S':
			common->is_signal = true;
			break;
		case 'B':
			break;
		default:
			/* Its data follows what is known; the length lets it be skipped. */
			return true;
		}
	}
	return true;
}

/* entry: behind the id of the CIE. */
static bool read_common(
	const struct eh_frame_section *section, struct slice entry, struct cfa_common *ret_common)
{
	struct cfa_reader reader = cfa_reader_of(entry), augmentation;
	struct cfa_common common = { 0 };
	const char *letters;
	uint64_t version = cfa_read_fixed(&reader, 1);
	const uint8_t *end;

	letters = (const char *)reader.at;
	end = memchr(reader.at, 0, (size_t)(reader.end - reader.at));
	if (reader.is_over || !end || (version != 1 && version != 3))
		return false;
	reader.at = end + 1;
	common.code_factor = cfa_read_uleb(&reader);
	common.data_factor = cfa_read_sleb(&reader);
	common.return_register = version == 1 ? cfa_read_fixed(&reader, 1) : cfa_read_uleb(&reader);
	augmentation = reader;
	if (!read_augmentation(&augmentation, section, letters, &common))
		return false;
	if (common.has_augmentation) {
		uint64_t length = cfa_read_uleb(&reader);

		cfa_skip(&reader, length);
	}
	if (reader.is_over)
		return false;
	common.program = (struct slice){ reader.at, (size_t)(reader.end - reader.at) };
	*ret_common = common;
	return true;
}

/* One entry of the section: what it holds behind its length. */
struct entry {
	struct slice bytes; /* behind the id */
	const uint8_t *id_at;
	uint32_t id; /* 0: a CIE, else the distance back to one from id_at */
};

/* False at the end. */
static bool next_entry(struct cfa_reader *reader, struct entry *ret_entry)
{
	uint64_t length = cfa_read_fixed(reader, 4);

	if (length == UINT32_MAX)
		length = cfa_read_fixed(reader, 8);
	if (reader->is_over || length == 0 || length > (uint64_t)(reader->end - reader->at))
		return false;
	ret_entry->id_at = reader->at;
	if (length < 4) {
		ret_entry->bytes = (struct slice){ NULL, 0 };
		ret_entry->id = 0;
		cfa_skip(reader, length);
		return true;
	}
	ret_entry->id = (uint32_t)cfa_read_fixed(reader, 4);
	ret_entry->bytes = (struct slice){ reader->at, (size_t)length - 4 };
	cfa_skip(reader, length - 4);
	return true;
}

static bool find_common(const struct eh_frame_section *section, const struct entry *entry,
	struct cfa_common *ret_common)
{
	size_t offset = (size_t)(entry->id_at - section->bytes.data);
	struct cfa_reader reader;
	struct entry common;

	if (entry->id > offset)
		return false;
	reader = cfa_reader_of((struct slice){ section->bytes.data + offset - entry->id,
		section->bytes.length - offset + entry->id });
	return next_entry(&reader, &common) && common.id == 0 &&
	       read_common(section, common.bytes, ret_common);
}

/* A function: where it is and its program. */
static bool read_function(const struct eh_frame_section *section, const struct entry *entry,
	const struct cfa_common *common, struct cfa_function *ret_function)
{
	struct cfa_reader reader = cfa_reader_of(entry->bytes);
	struct cfa_function function = { .common = common };
	uint8_t encoding = common->encoding;

	if (encoding == ENCODING_OMIT ||
		!read_pointer(&reader, section, encoding, &function.start) ||
		!read_pointer(&reader, section, encoding & ENCODING_FORMAT, &function.length))
		return false;
	/* A difference of addresses, though some formats have a sign. */
	if ((encoding & 7) == 3)
		function.length = (uint32_t)function.length;
	if (common->has_augmentation)
		cfa_skip(&reader, cfa_read_uleb(&reader));
	if (reader.is_over || function.length == 0 ||
		function.start + function.length < function.start)
		return false;
	function.program = (struct slice){ reader.at, (size_t)(reader.end - reader.at) };
	*ret_function = function;
	return true;
}

int eh_frame_read(const struct eh_frame_section *section, eh_frame_row *row, void *context,
	size_t *ret_unread)
{
	struct cfa_reader reader = cfa_reader_of(section->bytes);
	const uint8_t *common_at = NULL;
	struct cfa_common common = { 0 };
	struct cfa_function function;
	struct entry entry;
	size_t unread = 0;
	int r = 0;

	while (r == 0 && next_entry(&reader, &entry)) {
		if (entry.id == 0)
			continue;
		/* Neighbours share their CIE. */
		if (common_at != entry.id_at - entry.id) {
			common_at = NULL;
			if (find_common(section, &entry, &common))
				common_at = entry.id_at - entry.id;
		}
		if (!common_at || !read_function(section, &entry, &common, &function)) {
			unread++;
			continue;
		}
		r = cfa_run(&function, row, context);
		if (r == -EBADMSG) {
			unread++;
			r = 0;
		}
	}
	if (ret_unread)
		*ret_unread = unread;
	return r;
}
