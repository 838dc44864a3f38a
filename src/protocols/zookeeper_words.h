/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations, errors and events of ZooKeeper by number (ZooDefs.OpCode, KeeperException.Code and
 * Watcher.Event.EventType of its Java client).
 */
#ifndef SKEP_ZOOKEEPER_WORDS_H
#define SKEP_ZOOKEEPER_WORDS_H

#include "base/base.h"

enum zookeeper_operation {
	ZOOKEEPER_CREATE = 1,
	ZOOKEEPER_DELETE = 2,
	ZOOKEEPER_EXISTS = 3,
	ZOOKEEPER_GET_DATA = 4,
	ZOOKEEPER_SET_DATA = 5,
	ZOOKEEPER_GET_CHILDREN = 8,
	ZOOKEEPER_PING = 11,
	ZOOKEEPER_GET_CHILDREN_2 = 12,
	ZOOKEEPER_CHECK = 13,
	ZOOKEEPER_MULTI = 14,
	ZOOKEEPER_CREATE_2 = 15,
	ZOOKEEPER_CREATE_CONTAINER = 19,
	ZOOKEEPER_CREATE_TTL = 21,
	ZOOKEEPER_MULTI_READ = 22,
};

/* NULL when there is no such operation. */
const char *zookeeper_operation_word(int32_t operation);
/* Whether the operation's first argument is a path. */
bool zookeeper_has_path(int32_t operation);
/* "NONODE"; NULL for those without a short name. */
const char *zookeeper_error_word(int32_t error);
const char *zookeeper_event_word(int32_t event);

#endif
