/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of Kafka's APIs with the shape of their bodies. A shape is a list of words: a letter, and
 * the versions that have it, from one or from one to another in base 36 (all without them):
 *   b w i l  1, 2, 4, 8 bytes that are not shown   x an id that is not shown   n a text that is not
 *   s name that is shown   u the topic's id instead   p partition   k acks   e error   r records
 *   a  an array, whose first element follows; nothing follows an empty one
 *   B  an array of brokers   T an array of transactions that were aborted
 */
#include "protocols/kafka_message.h"

#include "protocols/kafka_match.h"

#define NEVER	       127 /* no version is flexible */
#define VARINT_BYTES   5
#define TAGS_MAXIMUM   64
#define ID_BYTES       16
/* Of a batch of records (version 2): up to its length, and up to the count of its records. */
#define BATCH_HEAD     12
#define BATCH_MAGIC_AT 16
#define BATCH_COUNT_AT 57

struct api {
	const char *word;
	int16_t flexible; /* the first version with compact texts and tags (KIP-482) */
	const char *request, *response;
};

static const struct api apis[] = {
	[0] = { "Produce", 9, "n3 k i a s0C uD a p r", "a s0C uD a p e" },
	[1] = { "Fetch", 12, "i0E i i i3 b4 i7 i7 a s0C uD a p",
		"i1 e7 i7 a s0C uD a p e l l4 l5 T4 iB r" },
	[2] = { "ListOffsets", 6, "i b2 a s a p", "i2 a s a p e" },
	[3] = { "Metadata", 9, "a xA s", "i3 B n2 i1 a e s" },
	[4] = { "LeaderAndIsr", 4, "", "e" },
	[5] = { "StopReplica", 2, "", "e" },
	[6] = { "UpdateMetadata", 6, "", "e" },
	[7] = { "ControlledShutdown", 3, "", "e" },
	[8] = { "OffsetCommit", 8, "s", "i3 a n a i e" },
	[9] = { "OffsetFetch", 6, "a8 s", "" },
	[10] = { "FindCoordinator", 3, "s03 b4 a4 s4", "i1 e03" },
	[11] = { "JoinGroup", 6, "s", "i2 e" },
	[12] = { "Heartbeat", 4, "s", "i1 e" },
	[13] = { "LeaveGroup", 4, "s", "i1 e" },
	[14] = { "SyncGroup", 4, "s", "i1 e" },
	[15] = { "DescribeGroups", 5, "a s", "i1 a e" },
	[16] = { "ListGroups", 3, "", "i1 e" },
	[17] = { "SaslHandshake", NEVER, "s", "e" },
	[18] = { "ApiVersions", 3, "", "e" },
	[19] = { "CreateTopics", 5, "a s", "i2 a s x7 e" },
	[20] = { "DeleteTopics", 4, "a s", "i1 a s x6 e" },
	[21] = { "DeleteRecords", 2, "a s a p", "i a n a i l e" },
	[22] = { "InitProducerId", 2, "s", "i e" },
	[23] = { "OffsetForLeaderEpoch", 4, "i3 a s a p", "i2 a n a e" },
	[24] = { "AddPartitionsToTxn", 3, "a4 s", "i e4" },
	[25] = { "AddOffsetsToTxn", 3, "s", "i e" },
	[26] = { "EndTxn", 3, "s", "i e" },
	[27] = { "WriteTxnMarkers", 1, "", "" },
	[28] = { "TxnOffsetCommit", 3, "n s", "i a n a i e" },
	[29] = { "DescribeAcls", 2, "", "i e" },
	[30] = { "CreateAcls", 2, "", "i a e" },
	[31] = { "DeleteAcls", 2, "", "i a e" },
	[32] = { "DescribeConfigs", 4, "a b s", "i a e" },
	[33] = { "AlterConfigs", 2, "a b s", "i a e" },
	[34] = { "AlterReplicaLogDirs", 2, "", "" },
	[35] = { "DescribeLogDirs", 2, "", "i e3" },
	[36] = { "SaslAuthenticate", 2, "", "e" },
	[37] = { "CreatePartitions", 2, "a s", "i a n e" },
	[38] = { "CreateDelegationToken", 2, "", "e" },
	[39] = { "RenewDelegationToken", 2, "", "e" },
	[40] = { "ExpireDelegationToken", 2, "", "e" },
	[41] = { "DescribeDelegationToken", 2, "", "e" },
	[42] = { "DeleteGroups", 2, "a s", "i a n e" },
	[43] = { "ElectLeaders", 2, "", "i e1" },
	[44] = { "IncrementalAlterConfigs", 1, "a b s", "i a e" },
	[45] = { "AlterPartitionReassignments", 0, "", "i e" },
	[46] = { "ListPartitionReassignments", 0, "", "i e" },
	[47] = { "OffsetDelete", NEVER, "s", "e" },
	[48] = { "DescribeClientQuotas", 1, "", "i e" },
	[49] = { "AlterClientQuotas", 1, "", "i a e" },
	[50] = { "DescribeUserScramCredentials", 0, "", "i e" },
	[51] = { "AlterUserScramCredentials", 0, "", "" },
	[52] = { "Vote", 0, "", "e" },
	[53] = { "BeginQuorumEpoch", 1, "", "e" },
	[54] = { "EndQuorumEpoch", 1, "", "e" },
	[55] = { "DescribeQuorum", 0, "", "e" },
	[56] = { "AlterPartition", 0, "", "i e" },
	[57] = { "UpdateFeatures", 0, "", "i e" },
	[58] = { "Envelope", 0, "", "" },
	[59] = { "FetchSnapshot", 0, "", "i e" },
	[60] = { "DescribeCluster", 0, "", "i e" },
	[61] = { "DescribeProducers", 0, "a s a p", "" },
	[62] = { "BrokerRegistration", 0, "", "i e" },
	[63] = { "BrokerHeartbeat", 0, "", "i e" },
	[64] = { "UnregisterBroker", 0, "", "i e" },
	[65] = { "DescribeTransactions", 0, "a s", "" },
	[66] = { "ListTransactions", 0, "", "i e" },
	[67] = { "AllocateProducerIds", 0, "", "i e" },
	[68] = { "ConsumerGroupHeartbeat", 0, "s", "i e" },
	[69] = { "ConsumerGroupDescribe", 0, "a s", "i a e" },
	[70] = { "ControllerRegistration", 0, "", "i e" },
	[71] = { "GetTelemetrySubscriptions", 0, "", "i e" },
	[72] = { "PushTelemetry", 0, "", "i e" },
	[73] = { "AssignReplicasToDirs", 0, "", "i e" },
	[74] = { "ListConfigResources", 0, "", "i e" },
	[75] = { "DescribeTopicPartitions", 0, "a s", "i a e" },
	[76] = { "ShareGroupHeartbeat", 0, "s", "i e" },
	[77] = { "ShareGroupDescribe", 0, "a s", "i a e" },
	[78] = { "ShareFetch", 0, "s", "i e" },
	[79] = { "ShareAcknowledge", 0, "s", "i e" },
	[80] = { "AddRaftVoter", 0, "", "i e" },
	[81] = { "RemoveRaftVoter", 0, "", "i e" },
	[82] = { "UpdateRaftVoter", 0, "", "i e" },
	[83] = { "InitializeShareGroupState", 0, "s", "" },
	[84] = { "ReadShareGroupState", 0, "s", "" },
	[85] = { "WriteShareGroupState", 0, "s", "" },
	[86] = { "DeleteShareGroupState", 0, "s", "" },
	[87] = { "ReadShareGroupStateSummary", 0, "s", "" },
	[88] = { "StreamsGroupHeartbeat", 0, "s", "i e" },
	[89] = { "StreamsGroupDescribe", 0, "a s", "i a e" },
	[90] = { "DescribeShareGroupOffsets", 0, "a s", "" },
	[91] = { "AlterShareGroupOffsets", 0, "s", "i e" },
	[92] = { "DeleteShareGroupOffsets", 0, "s", "i e" },
};
_Static_assert(ARRAY_LENGTH(apis) == KAFKA_APIS, "the matcher knows the same");

struct walk {
	struct byte_reader *reader;
	struct kafka_body *body;
	int16_t version;
	bool is_flexible;
};

const char *kafka_api_word(int16_t api)
{
	return api >= 0 && api < (int)ARRAY_LENGTH(apis) ? apis[api].word : NULL;
}

/* The length of a text or array; -1: none at all. */
static int64_t read_length(struct walk *walk, size_t bytes)
{
	if (walk->is_flexible)
		return (int64_t)byte_reader_varint(walk->reader, VARINT_BYTES) - 1;
	return bytes == 2 ? byte_reader_i16(walk->reader) : byte_reader_i32(walk->reader);
}

static struct slice read_text(struct walk *walk)
{
	int64_t length = read_length(walk, 2);

	return byte_reader_take(walk->reader, length < 0 ? 0 : (size_t)length);
}

static void skip_tags(struct walk *walk)
{
	uint64_t count = walk->is_flexible ? byte_reader_varint(walk->reader, VARINT_BYTES) : 0;

	if (count > TAGS_MAXIMUM)
		walk->reader->is_short = true;
	for (uint64_t index = 0; index < count && !walk->reader->is_short; index++) {
		byte_reader_varint(walk->reader, VARINT_BYTES);
		byte_reader_take(walk->reader, byte_reader_varint(walk->reader, VARINT_BYTES));
	}
}

static void skip_brokers(struct walk *walk)
{
	int64_t count = read_length(walk, 4);

	for (int64_t index = 0; index < count && !walk->reader->is_short; index++) {
		byte_reader_u32(walk->reader);
		read_text(walk);
		byte_reader_u32(walk->reader);
		if (walk->version >= 1)
			read_text(walk);
		skip_tags(walk);
	}
}

static void skip_transactions(struct walk *walk)
{
	int64_t count = read_length(walk, 4);

	for (int64_t index = 0; index < count && !walk->reader->is_short; index++) {
		byte_reader_take(walk->reader, 16);
		skip_tags(walk);
	}
}

/* Counts batch by batch; false when one's head is not there. */
static bool count_records(struct slice records, uint64_t length, uint32_t *ret_count)
{
	uint64_t at = 0;
	uint32_t count = 0;

	while (at < length) {
		struct byte_reader reader = byte_reader(records);
		uint64_t batch;

		byte_reader_take(&reader, (size_t)at);
		byte_reader_u64(&reader);
		batch = BATCH_HEAD + (uint64_t)byte_reader_u32(&reader);
		/* The last batch that is fetched may be cut by the server. */
		if (at + BATCH_COUNT_AT + 4 > length || at + batch > length)
			break;
		byte_reader_u32(&reader);
		if (byte_reader_u8(&reader) != 2)
			return false;
		byte_reader_take(&reader, BATCH_COUNT_AT - BATCH_MAGIC_AT - 1);
		count += byte_reader_u32(&reader);
		if (reader.is_short)
			return false;
		at += batch;
	}
	*ret_count = count;
	return true;
}

static void read_records(struct walk *walk)
{
	int64_t length = read_length(walk, 4);
	struct kafka_body *body = walk->body;

	if (walk->reader->is_short)
		return;
	length = MAX(length, 0);
	body->record_bytes = (uint32_t)length;
	body->has_records =
		count_records(walk->reader->rest, (uint64_t)length, &body->record_count);
}

static void read_error(struct walk *walk)
{
	int16_t error = byte_reader_i16(walk->reader);

	if (walk->reader->is_short)
		return;
	walk->body->has_error = true;
	if (walk->body->error == 0)
		walk->body->error = error;
}

/* False when nothing of it follows. */
static bool enter_array(struct walk *walk)
{
	int64_t count = read_length(walk, 4);

	walk->body->has_more = walk->body->has_more || count > 1;
	return count > 0 && !walk->reader->is_short;
}

static void read_shown(struct walk *walk, char letter)
{
	struct kafka_body *body = walk->body;
	struct byte_reader *reader = walk->reader;

	switch (letter) {
	case 's':
		body->name = read_text(walk);
		break;
	case 'u':
		body->id = byte_reader_take(reader, ID_BYTES).data;
		break;
	case 'p':
		body->partition = byte_reader_i32(reader);
		body->has_partition = !reader->is_short;
		break;
	case 'k':
		body->acks = byte_reader_i16(reader);
		body->has_acks = !reader->is_short;
		break;
	case 'e':
		read_error(walk);
		break;
	default:
		read_records(walk);
		break;
	}
}

static void skip(struct walk *walk, char letter)
{
	switch (letter) {
	case 'b':
		byte_reader_u8(walk->reader);
		break;
	case 'w':
		byte_reader_u16(walk->reader);
		break;
	case 'i':
		byte_reader_u32(walk->reader);
		break;
	case 'l':
		byte_reader_u64(walk->reader);
		break;
	case 'x':
		byte_reader_take(walk->reader, ID_BYTES);
		break;
	case 'B':
		skip_brokers(walk);
		break;
	case 'T':
		skip_transactions(walk);
		break;
	default:
		read_text(walk);
		break;
	}
}

static int digit(char letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	return letter >= 'A' && letter <= 'Z' ? letter - 'A' + 10 : -1;
}

/* Walks along the shape until it ends, the bytes do, or an array is empty. */
static void follow(struct walk *walk, const char *shape)
{
	while (*shape != '\0' && !walk->reader->is_short) {
		char letter = *shape++;
		int from = digit(*shape) < 0 ? 0 : digit(*shape++);
		int to = digit(*shape) < 0 ? INT16_MAX : digit(*shape++);

		while (*shape == ' ')
			shape++;
		if (walk->version < from || walk->version > to)
			continue;
		if (letter == 'a' && !enter_array(walk))
			return;
		if (letter != 'a' && strchr("supker", letter))
			read_shown(walk, letter);
		else if (letter != 'a')
			skip(walk, letter);
	}
}

int kafka_header_read(struct byte_reader *reader, struct kafka_header *ret_header)
{
	struct kafka_header header = { .api = byte_reader_i16(reader) };
	struct walk walk = { .reader = reader };
	int32_t length;

	header.version = byte_reader_i16(reader);
	header.correlation = byte_reader_i32(reader);
	if (reader->is_short)
		return -EAGAIN;
	if (!kafka_api_word(header.api) || header.version < 0 || header.version > KAFKA_VERSIONS)
		return -EBADMSG;
	walk.is_flexible = header.version >= apis[header.api].flexible;
	/* Never a compact one; the first version of one API has none (its header is older). */
	length = header.api == 7 && header.version == 0 ? -1 : byte_reader_i16(reader);
	header.client = byte_reader_take(reader, length < 0 ? 0 : (size_t)length);
	skip_tags(&walk);
	*ret_header = header;
	return 0;
}

void kafka_request_read(
	struct byte_reader *reader, const struct kafka_header *header, struct kafka_body *ret_body)
{
	const struct api *api = &apis[header->api];
	struct walk walk = { reader, ret_body, header->version, header->version >= api->flexible };

	memset(ret_body, 0, sizeof(*ret_body));
	follow(&walk, api->request);
}

void kafka_response_read(
	struct byte_reader *reader, const struct kafka_header *header, struct kafka_body *ret_body)
{
	const struct api *api = &apis[header->api];
	struct walk walk = { reader, ret_body, header->version, header->version >= api->flexible };

	memset(ret_body, 0, sizeof(*ret_body));
	/* A client that does not know the server's version must be able to read that answer. */
	if (header->api != KAFKA_API_VERSIONS)
		skip_tags(&walk);
	follow(&walk, api->response);
}
