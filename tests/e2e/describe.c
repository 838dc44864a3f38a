/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests: prints what node_describe knows of a process, as one line of JSON. In: a pid; out:
 * the fields that tests look at.
 */
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "node/node.h"

int main(int count, char **arguments)
{
	struct event_process process = {};
	_cleanup_(buf_done)
	struct buf text = { .maximum = 65536 };
	struct fail fail = {};
	struct json json;
	struct node *node;
	uint64_t pid;

	if (count != 2 || str_to_u64(arguments[1], 1, UINT32_MAX, &pid) < 0) {
		fputs("usage: describe PID\n", stderr);
		return 2;
	}
	if (node_new("/", &node, &fail) < 0) {
		fprintf(stderr, "describe: %s\n", fail.text);
		return 1;
	}
	process.pid = (uint32_t)pid;
	node_describe(node, &process);
	node_free(node);
	json_init(&json, &text);
	json_object_begin(&json);
	json_member_u64(&json, "pid", process.pid);
	json_member_u64(&json, "start_ns", process.start_ns);
	json_member_u64(&json, "netns", process.network_namespace);
	json_member_u64(&json, "cgroup_id", process.cgroup_id);
	json_member_string(&json, "comm", process.comm);
	json_member_string(&json, "parent_comm", process.parent_comm);
	json_member_string(&json, "exe", process.exe);
	json_member_string(&json, "service", process.service);
	json_member_string(&json, "container", process.container);
	json_member_string(&json, "image", process.image);
	json_member_string(&json, "unit", process.unit);
	json_object_end(&json);
	puts(buf_text(&text));
	return 0;
}
