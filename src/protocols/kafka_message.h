/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and responses of Kafka in all their versions (the message definitions of Apache Kafka):
 * the header, and of the body what is shown. Of several topics and partitions the first one
 * speaks. Keys and values of records are never looked at.
 */
#ifndef SKEP_KAFKA_MESSAGE_H
#define SKEP_KAFKA_MESSAGE_H

#include "protocols/byte_reader.h"

enum kafka_api {
	KAFKA_PRODUCE = 0,
	KAFKA_FETCH = 1,
	KAFKA_METADATA = 3,
	KAFKA_SASL_HANDSHAKE = 17,
};

struct kafka_header {
	int16_t api;
	int16_t version;
	int32_t correlation;
	struct slice client; /* id, may be empty */
};

/* What a body says, as far as it is there. */
struct kafka_body {
	struct slice name; /* topic, group or transaction */
	const uint8_t *id; /* 16 bytes of the topic's id instead, or NULL */
	bool has_more;	   /* topics or partitions */
	bool has_partition;
	int32_t partition;
	bool has_acks;
	int16_t acks; /* 0: nobody answers */
	bool has_error;
	int16_t error;
	bool has_records; /* both figures hold for the partition */
	uint32_t record_count;
	uint32_t record_bytes;
};

/* "Produce"; NULL when there is no such API. */
const char *kafka_api_word(int16_t api);
/* From behind the length on. 0, -EAGAIN (more bytes are needed), or -EBADMSG. */
int kafka_header_read(struct byte_reader *reader, struct kafka_header *ret_header);
/* reader: behind the header, or behind the correlation id of a response. */
void kafka_request_read(
	struct byte_reader *reader, const struct kafka_header *header, struct kafka_body *ret_body);
void kafka_response_read(
	struct byte_reader *reader, const struct kafka_header *header, struct kafka_body *ret_body);

#endif
