/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ZooKeeper's numbers in words.
 */
#include "protocols/zookeeper_words.h"

struct word {
	int32_t number;
	bool has_path;
	const char *text;
};

static const struct word operations[] = {
	{ 1, true, "create" },
	{ 2, true, "delete" },
	{ 3, true, "exists" },
	{ 4, true, "getData" },
	{ 5, true, "setData" },
	{ 6, true, "getACL" },
	{ 7, true, "setACL" },
	{ 8, true, "getChildren" },
	{ 9, true, "sync" },
	{ 11, false, "ping" },
	{ 12, true, "getChildren2" },
	{ 13, true, "check" },
	{ 14, false, "multi" },
	{ 15, true, "create2" },
	{ 16, false, "reconfig" },
	{ 17, true, "checkWatches" },
	{ 18, true, "removeWatches" },
	{ 19, true, "createContainer" },
	{ 20, true, "deleteContainer" },
	{ 21, true, "createTTL" },
	{ 22, false, "multiRead" },
	{ 100, false, "auth" },
	{ 101, false, "setWatches" },
	{ 102, false, "sasl" },
	{ 103, true, "getEphemerals" },
	{ 104, true, "getAllChildrenNumber" },
	{ 105, false, "setWatches2" },
	{ 106, true, "addWatch" },
	{ 107, false, "whoAmI" },
	{ -10, false, "createSession" },
	{ -11, false, "closeSession" },
};

static const struct word errors[] = {
	{ 0, false, "OK" },
	{ -1, false, "SYSTEMERROR" },
	{ -4, false, "CONNECTIONLOSS" },
	{ -6, false, "UNIMPLEMENTED" },
	{ -8, false, "BADARGUMENTS" },
	{ -100, false, "APIERROR" },
	{ -101, false, "NONODE" },
	{ -102, false, "NOAUTH" },
	{ -103, false, "BADVERSION" },
	{ -110, false, "NODEEXISTS" },
	{ -111, false, "NOTEMPTY" },
	{ -112, false, "SESSIONEXPIRED" },
	{ -113, false, "INVALIDCALLBACK" },
	{ -114, false, "INVALIDACL" },
	{ -115, false, "AUTHFAILED" },
	{ -118, false, "SESSIONMOVED" },
	{ -119, false, "NOTREADONLY" },
	{ -121, false, "NOWATCHER" },
	{ -122, false, "REQUESTTIMEOUT" },
	{ -125, false, "QUOTAEXCEEDED" },
	{ -127, false, "THROTTLEDOP" },
};

static const struct word events[] = {
	{ -1, false, "None" },
	{ 1, false, "NodeCreated" },
	{ 2, false, "NodeDeleted" },
	{ 3, false, "NodeDataChanged" },
	{ 4, false, "NodeChildrenChanged" },
	{ 5, false, "DataWatchRemoved" },
	{ 6, false, "ChildWatchRemoved" },
	{ 7, false, "PersistentWatchRemoved" },
};

static const struct word *find(const struct word *words, size_t count, int32_t number)
{
	for (size_t index = 0; index < count; index++) {
		if (words[index].number == number)
			return &words[index];
	}
	return NULL;
}

const char *zookeeper_operation_word(int32_t operation)
{
	const struct word *word = find(operations, ARRAY_LENGTH(operations), operation);

	return word ? word->text : NULL;
}

bool zookeeper_has_path(int32_t operation)
{
	const struct word *word = find(operations, ARRAY_LENGTH(operations), operation);

	return word && word->has_path;
}

const char *zookeeper_error_word(int32_t error)
{
	const struct word *word = find(errors, ARRAY_LENGTH(errors), error);

	return word ? word->text : NULL;
}

const char *zookeeper_event_word(int32_t event)
{
	const struct word *word = find(events, ARRAY_LENGTH(events), event);

	return word ? word->text : NULL;
}
