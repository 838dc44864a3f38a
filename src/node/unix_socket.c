/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists unix sockets from sock_diag or /proc/PID/net/unix. Owners are found by the same search as
 * those of TCP sockets: it knows inodes only.
 */
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/str.h"
#include "node/diag.h"
#include "node/node.h"
#include "node/unix_socket.h"

#define PROC_NET_BYTES_MAXIMUM (32U << 20)
/* Flags of /proc/net/unix: __SO_ACCEPTCON of include/linux/net.h */
#define ACCEPTS_CONNECTIONS    0x10000
/* Its states: SS_CONNECTED of include/uapi/linux/net.h */
#define IS_CONNECTED	       3

void unix_path_text(const void *sun_path, size_t length, char *ret_text, size_t size)
{
	const char *bytes = sun_path;
	size_t used = 0;

	if (length > 0 && bytes[0])
		length = strnlen(bytes, length);
	for (; used < length && used + 1 < size; used++)
		ret_text[used] = bytes[used] ? bytes[used] : '@';
	ret_text[used] = '\0';
}

static bool keeps_connections(unsigned int type)
{
	return type == SOCK_STREAM || type == SOCK_SEQPACKET;
}

/* ---- sock_diag ---------------------------------------------------------------------------------
 */

struct taking {
	uint32_t network_namespace;
	unix_socket_visit *visit;
	void *context;
};

static void take_attribute(const struct rtattr *attribute, struct unix_socket *socket)
{
	size_t length = RTA_PAYLOAD(attribute);
	struct unix_diag_vfs file;
	uint32_t inode;

	switch (attribute->rta_type) {
	case UNIX_DIAG_NAME:
		unix_path_text(RTA_DATA(attribute), length, socket->path, sizeof(socket->path));
		break;
	case UNIX_DIAG_VFS:
		if (length < sizeof(file))
			break;
		memcpy(&file, RTA_DATA(attribute), sizeof(file));
		socket->file_inode = file.udiag_vfs_ino;
		break;
	case UNIX_DIAG_PEER:
		if (length < sizeof(inode))
			break;
		memcpy(&inode, RTA_DATA(attribute), sizeof(inode));
		socket->peer_inode = inode;
		break;
	}
}

static int take_message(void *context, const void *data, size_t length)
{
	const struct taking *taking = context;
	const struct unix_diag_msg *message = data;
	const struct rtattr *attribute =
		(const void *)((const uint8_t *)data + NLMSG_ALIGN(sizeof(*message)));
	unsigned int left = (unsigned int)(length - MIN(length, NLMSG_ALIGN(sizeof(*message))));
	struct unix_socket socket = {
		.inode = message->udiag_ino,
		.network_namespace = taking->network_namespace,
		.type = message->udiag_type,
		.state = message->udiag_state,
	};

	if (!keeps_connections(message->udiag_type))
		return 0;
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		take_attribute(attribute, &socket);
	taking->visit(taking->context, &socket);
	return 0;
}

static int list_by_diag(int fd, struct taking *taking)
{
	struct {
		struct nlmsghdr header;
		struct unix_diag_req request;
	} request = {
		.header = { .nlmsg_len = sizeof(request),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.request = { .sdiag_family = AF_UNIX,
			.udiag_states = ~0U,
			.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_VFS },
	};
	const struct diag_question question = {
		.request = &request.header,
		.minimum = sizeof(struct unix_diag_msg),
		.take = take_message,
		.context = taking,
	};

	return diag_ask(fd, &question);
}

/* ---- /proc/PID/net/unix -------------------------------------------------------------------------
 */

/* "0000000000000000: 00000002 00000000 00010000 0001 01 18345 /run/a": address, references,
 * protocol, flags, type, state, inode, name. */
static int parse_line(const char *line, struct unix_socket *ret_socket)
{
	unsigned int flags, type, state;
	unsigned long long inode;
	int used = 0;

	if (sscanf(line, "%*[0-9a-fA-F]: %*x %*x %x %x %x %llu%n", &flags, &type, &state, &inode,
		    &used) != 4)
		return -EINVAL;
	*ret_socket = (struct unix_socket){ .inode = inode, .type = (uint8_t)type };
	ret_socket->state = flags & ACCEPTS_CONNECTIONS ? SOCKET_LISTEN
			    : state == IS_CONNECTED	? SOCKET_ESTABLISHED
							: SOCKET_CLOSE;
	line += used;
	if (*line == ' ')
		str_copy_slice(ret_socket->path, sizeof(ret_socket->path),
			(struct slice){ (const uint8_t *)line + 1, strcspn(line + 1, "\n") });
	return 0;
}

static int list_by_file(int root_fd, uint32_t pid, struct taking *taking)
{
	_cleanup_(buf_done)
	struct buf text = { .maximum = PROC_NET_BYTES_MAXIMUM };
	struct unix_socket socket;
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/net/unix", pid);
	int result = file_read(root_fd, path, &text);
	if (result < 0)
		return result;
	const char *line = buf_text(&text);
	for (line += strcspn(line, "\n"); *line; line += strcspn(line, "\n")) {
		line++;
		if (parse_line(line, &socket) < 0 || !keeps_connections(socket.type))
			continue;
		socket.network_namespace = taking->network_namespace;
		taking->visit(taking->context, &socket);
	}
	return 0;
}

int unix_socket_list(int root_fd, int diag_fd, const struct network_namespace *namespace,
	unix_socket_visit *visit, void *context)
{
	struct taking taking = { namespace->inode, visit, context };

	/* The socket opens also where the module that would answer is missing. */
	if (diag_fd >= 0 && list_by_diag(diag_fd, &taking) == 0)
		return 1;
	return list_by_file(root_fd, namespace->pid, &taking);
}

/* ---- the whole node ----------------------------------------------------------------------------
 */

struct unix_scan {
	struct unix_socket *items;
	size_t count, capacity;
	bool is_cut;
};

static void scan_done(struct unix_scan *scan)
{
	free(scan->items);
}

static void collect(void *context, const struct unix_socket *socket)
{
	struct unix_scan *scan = context;

	if (scan->count == scan->capacity) {
		size_t capacity = MAX((size_t)64, scan->capacity * 2);
		struct unix_socket *items =
			scan->count >= SOCKETS_MAXIMUM
				? NULL
				: reallocarray(scan->items, capacity, sizeof(*items));

		if (!items) {
			scan->is_cut = true;
			return;
		}
		scan->items = items;
		scan->capacity = capacity;
	}
	scan->items[scan->count++] = *socket;
}

static int compare_inodes(const void *a, const void *b)
{
	const struct unix_socket *left = a, *right = b;

	return left->inode < right->inode ? -1 : left->inode > right->inode;
}

/* Both lists are in the order of inodes then, one item each. */
static int find_owners(int root_fd, struct unix_scan *scan)
{
	_cleanup_(socket_list_done)
	struct socket_list list = {};

	if (!scan->count)
		return 0;
	qsort(scan->items, scan->count, sizeof(*scan->items), compare_inodes);
	for (size_t i = 0; i < scan->count; i++) {
		struct socket_entry *entry = socket_list_append(&list);

		if (!entry)
			return -ENOMEM;
		entry->inode = scan->items[i].inode;
	}
	socket_list_find_owners(root_fd, &list);
	for (size_t i = 0; i < scan->count; i++) {
		scan->items[i].pid = list.items[i].pid;
		scan->items[i].start_ns = list.items[i].start_ns;
	}
	return 0;
}

int unix_socket_scan(const struct node *node, unix_socket_visit *visit, void *context)
{
	_cleanup_(scan_done)
	struct unix_scan scan = {};
	_cleanup_(freep)
	struct network_namespace *namespaces =
		calloc(NETWORK_NAMESPACES_MAXIMUM, sizeof(*namespaces));
	int root_fd = node_root_fd(node);
	int result = 0;

	if (!namespaces)
		return -ENOMEM;
	int count = network_namespaces(root_fd, namespaces, NETWORK_NAMESPACES_MAXIMUM);
	for (int i = 0; i < count && !scan.is_cut; i++) {
		_cleanup_(fd_closep)
		int fd = diag_open(root_fd, &namespaces[i]);

		result = unix_socket_list(root_fd, fd, &namespaces[i], collect, &scan);
	}
	if (count < 0 || (result < 0 && !scan.count))
		return MIN(count, result);
	result = find_owners(root_fd, &scan);
	if (result < 0)
		return result;
	for (size_t i = 0; i < scan.count; i++)
		visit(context, &scan.items[i]);
	return scan.is_cut ? -E2BIG : (int)scan.count;
}
