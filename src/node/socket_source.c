/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TCP or UDP sockets of one network namespace, without their owners. In: a process that lives
 * there; out: entries from sock_diag or, where that is refused, from /proc/PID/net/tcp and tcp6.
 */
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/fd.h"
#include "base/str.h"
#include "node/diag.h"

#define PROC_NET_BYTES_MAXIMUM (32U << 20)

static void set_address(struct address *address, int family, const uint32_t words[4])
{
	if (family == AF_INET6) {
		memcpy(address->bytes, words, 16);
		return;
	}
	memset(address->bytes, 0, 10);
	memset(address->bytes + 10, 0xff, 2);
	memcpy(address->bytes + 12, words, 4);
}

/* ---- sock_diag ---------------------------------------------------------------------------------
 */

struct taking {
	struct socket_list *list;
	uint32_t network_namespace;
};

static int take_message(void *context, const void *data, size_t length)
{
	const struct taking *taking = context;
	const struct inet_diag_msg *message = data;
	struct socket_entry *entry = socket_list_append(taking->list);

	if (!entry)
		return -E2BIG;
	entry->cookie = message->id.idiag_cookie[0] | (uint64_t)message->id.idiag_cookie[1] << 32;
	entry->inode = message->idiag_inode;
	entry->uid = message->idiag_uid;
	entry->state = message->idiag_state;
	entry->network_namespace = taking->network_namespace;
	entry->local_port = ntohs(message->id.idiag_sport);
	entry->peer_port = ntohs(message->id.idiag_dport);
	set_address(&entry->local, message->idiag_family, message->id.idiag_src);
	set_address(&entry->peer, message->idiag_family, message->id.idiag_dst);
	return 0;
}

static int list_family(
	int fd, int family, uint32_t states, uint32_t network_namespace, struct socket_list *list)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} request = {
		.header = { .nlmsg_len = sizeof(request),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.request = { .sdiag_family = (uint8_t)family,
			.sdiag_protocol = list->is_udp ? IPPROTO_UDP : IPPROTO_TCP,
			.idiag_states = states },
	};
	struct taking taking = { list, network_namespace };
	const struct diag_question question = {
		.request = &request.header,
		.minimum = sizeof(struct inet_diag_msg),
		.take = take_message,
		.context = &taking,
	};

	return diag_ask(fd, &question);
}

/* ---- /proc/PID/net ------------------------------------------------------------------------------
 */

/* 8 or 32 hexadecimal digits: words of the address in network order, printed as numbers of the
 * host. */
static int parse_address(const char *text, int family, struct address *address)
{
	uint32_t words[4] = {};
	unsigned int count = family == AF_INET6 ? 4 : 1;

	for (unsigned int i = 0; i < count; i++)
		if (sscanf(text + 8 * (size_t)i, "%8x", &words[i]) != 1)
			return -EINVAL;
	set_address(address, family, words);
	return 0;
}

/* "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 1167 …" */
static int parse_line(const char *line, int family, struct socket_entry *ret_entry)
{
	struct socket_entry entry = {};
	char local[33], peer[33];
	unsigned int local_port, peer_port, state, uid;
	unsigned long long inode;

	if (sscanf(line, " %*u: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %*x:%*x %*x:%*x %*x %u %*u %llu",
		    local, &local_port, peer, &peer_port, &state, &uid, &inode) != 7)
		return -EINVAL;
	size_t digits = family == AF_INET6 ? 32 : 8;
	if (strlen(local) != digits || strlen(peer) != digits ||
		parse_address(local, family, &entry.local) < 0 ||
		parse_address(peer, family, &entry.peer) < 0)
		return -EINVAL;
	entry.local_port = (uint16_t)local_port;
	entry.peer_port = (uint16_t)peer_port;
	entry.state = (uint8_t)state;
	entry.uid = uid;
	entry.inode = inode;
	*ret_entry = entry;
	return 0;
}

static int list_file(int root_fd, const struct network_namespace *namespace, int family,
	uint32_t states, struct socket_list *list)
{
	_cleanup_(buf_done)
	struct buf text = { .maximum = PROC_NET_BYTES_MAXIMUM };
	struct socket_entry found;
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/net/%s%s", namespace->pid,
		list->is_udp ? "udp" : "tcp", family == AF_INET6 ? "6" : "");
	int result = file_read(root_fd, path, &text);
	if (result < 0)
		return result;
	const char *line = buf_text(&text);
	for (line += strcspn(line, "\n"); *line; line += strcspn(line, "\n")) {
		line++;
		if (parse_line(line, family, &found) < 0 || found.state > 31 ||
			!(states & 1U << found.state))
			continue;
		struct socket_entry *entry = socket_list_append(list);
		if (!entry)
			return -E2BIG;
		found.network_namespace = namespace->inode;
		*entry = found;
	}
	return 0;
}

int socket_list_namespace(int root_fd, const struct network_namespace *namespace, uint32_t states,
	struct socket_list *list)
{
	static const int families[] = { AF_INET, AF_INET6 };
	_cleanup_(fd_closep)
	int fd = diag_open(root_fd, namespace);

	for (size_t i = 0; i < ARRAY_LENGTH(families); i++) {
		size_t before = list->count;
		int result =
			fd < 0 ? fd : list_family(fd, families[i], states, namespace->inode, list);
		if (result < 0 && result != -E2BIG) {
			list->count = before;
			result = list_file(root_fd, namespace, families[i], states, list);
		}
		/* A kernel without IPv6 has no such file. */
		if (result < 0 && (result != -ENOENT || families[i] == AF_INET))
			return result;
	}
	return 0;
}
