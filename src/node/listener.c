/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listening sockets by namespace, port and address, with their owners filled in; local addresses
 * by namespace, from /proc/PID/net/fib_trie (IPv4) and if_inet6. Both are rebuilt as a whole.
 */
#include "node/listener.h"
#include "base/fd.h"
#include "base/map.h"
#include "base/str.h"
#include "node/node.h"
#include "node/proc.h"

#define ADDRESS_FILE_BYTES_MAXIMUM (4U << 20)

struct listener_key {
	uint32_t network_namespace;
	uint32_t port;
	struct address address;
};

struct listener {
	uint64_t inode;
	struct event_process process;
};

struct address_key {
	uint32_t network_namespace; /* 0: in any */
	struct address address;
};

/* Value of an address_key: where it is, NAMESPACE_MANY when in more than one. */
#define NAMESPACE_MANY UINT32_MAX

struct listener_table {
	struct map *by_place;  /* struct listener_key → struct listener */
	struct map *addresses; /* struct address_key → uint32_t */
};

static int make_maps(struct listener_table *table)
{
	table->by_place =
		map_new(sizeof(struct listener_key), sizeof(struct listener), LISTENERS_MAXIMUM);
	table->addresses =
		map_new(sizeof(struct address_key), sizeof(uint32_t), LOCAL_ADDRESSES_MAXIMUM);
	return table->by_place && table->addresses ? 0 : -ENOMEM;
}

static void free_maps(struct listener_table *table)
{
	map_free(table->by_place);
	map_free(table->addresses);
}

struct listener_table *listener_table_new(void)
{
	struct listener_table *table = calloc(1, sizeof(*table));

	if (table && make_maps(table) < 0) {
		listener_table_free(table);
		return NULL;
	}
	return table;
}

void listener_table_free(struct listener_table *table)
{
	if (!table)
		return;
	free_maps(table);
	free(table);
}

size_t listener_count(const struct listener_table *table)
{
	return map_count(table->by_place);
}

static void add_address(
	struct map *addresses, uint32_t network_namespace, const struct address *address)
{
	struct address_key key = { network_namespace, *address };
	bool is_new;

	uint32_t *place = map_add(addresses, &key, &is_new);
	/* Every namespace has its loopback: that one leads nowhere else. */
	if (!place || !is_new || address_is_loopback(address))
		return;
	*place = network_namespace;
	key.network_namespace = 0;
	place = map_add(addresses, &key, &is_new);
	if (place)
		*place = is_new ? network_namespace : NAMESPACE_MANY;
}

/* "|-- 10.0.0.1" and below it "/32 host LOCAL". */
static void read_fib_trie(struct map *addresses, const char *text, uint32_t network_namespace)
{
	struct address address = {};
	char line[128];

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		struct slice whole = { (const uint8_t *)text, strcspn(text, "\n") };
		if (!str_copy_slice(line, sizeof(line), whole))
			continue;
		const char *leaf = strstr(line, "|-- ");
		if (leaf && address_parse(leaf + 4, &address) < 0)
			address = (struct address){};
		if (strstr(line, "/32 host LOCAL") && !address_is_empty(&address))
			add_address(addresses, network_namespace, &address);
	}
}

/* "fd000000000000000000000000000002 04 40 00 82     eth0" */
static void read_if_inet6(struct map *addresses, const char *text, uint32_t network_namespace)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		struct address address = {};
		unsigned int byte, count = 0;
		while (count < 16 && sscanf(text + 2 * (size_t)count, "%2x", &byte) == 1)
			address.bytes[count++] = (uint8_t)byte;
		if (count == 16)
			add_address(addresses, network_namespace, &address);
	}
}

static void read_addresses(
	struct map *addresses, int root_fd, const struct network_namespace *namespace)
{
	_cleanup_(buf_done)
	struct buf text = { .maximum = ADDRESS_FILE_BYTES_MAXIMUM };
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/net/fib_trie", namespace->pid);
	if (file_read(root_fd, path, &text) == 0)
		read_fib_trie(addresses, buf_text(&text), namespace->inode);
	buf_clear(&text);
	snprintf(path, sizeof(path), "proc/%u/net/if_inet6", namespace->pid);
	if (file_read(root_fd, path, &text) == 0)
		read_if_inet6(addresses, buf_text(&text), namespace->inode);
}

static struct listener_key key_of(const struct socket_entry *socket)
{
	return (struct listener_key){ socket->network_namespace, socket->local_port,
		socket->local };
}

/* Whether the process is still the one that it was. */
static bool is_alive(int root_fd, const struct event_process *process)
{
	char path[32], text[1024];
	struct proc_stat stat;

	snprintf(path, sizeof(path), "proc/%u/stat", process->pid);
	return process->pid && file_read_array(root_fd, path, text, sizeof(text)) > 0 &&
	       proc_parse_stat(text, &stat) == 0 &&
	       stat.start_ns / PROC_TICK_NS == process->start_ns / PROC_TICK_NS;
}

void listener_add(struct listener_table *table, const struct socket_entry *socket,
	const struct event_process *process)
{
	struct listener_key key = key_of(socket);
	struct listener *listener = map_add(table->by_place, &key, NULL);

	if (!listener)
		return;
	listener->inode = socket->inode;
	listener->process = *process;
}

/*
 * Takes over what the old table knows and leaves in the list what is new: only that is worth a
 * search through the descriptors of all processes, which is long on a big node. What had no owner
 * still has none.
 */
static void keep_known(const struct listener_table *table, struct node *node,
	struct listener_table *fresh, struct socket_list *list)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct listener_key key = key_of(&list->items[i]);
		const struct listener *known = map_find(table->by_place, &key);
		/* Several sockets may share a port (SO_REUSEPORT): then the owner's life counts. */
		if (!known || (known->inode != list->items[i].inode &&
				      !is_alive(node_root_fd(node), &known->process))) {
			list->items[count++] = list->items[i];
			continue;
		}
		/* Its container may have got a name meanwhile. */
		struct event_process process = { .pid = known->process.pid,
			.start_ns = known->process.start_ns };
		if (process.pid)
			node_describe(node, &process);
		listener_add(fresh, &list->items[i], process.comm[0] ? &process : &known->process);
	}
	list->count = count;
}

static int list_listeners(int root_fd, struct map *addresses, struct socket_list *list)
{
	_cleanup_(freep)
	struct network_namespace *namespaces =
		calloc(NETWORK_NAMESPACES_MAXIMUM, sizeof(*namespaces));
	int result = 0;

	if (!namespaces)
		return -ENOMEM;
	int count = network_namespaces(root_fd, namespaces, NETWORK_NAMESPACES_MAXIMUM);
	for (int i = 0; i < count; i++) {
		result = socket_list_namespace(root_fd, &namespaces[i], SOCKETS_LISTENING, list);
		read_addresses(addresses, root_fd, &namespaces[i]);
	}
	/* A namespace may go meanwhile; that none could be read is a failure. */
	return list->count || !result ? MIN(count, 0) : result;
}

int listener_refresh(struct listener_table *table, struct node *node)
{
	_cleanup_(socket_list_done)
	struct socket_list list = {};
	struct listener_table fresh = {};
	int root_fd = node_root_fd(node);
	int result = make_maps(&fresh);

	if (result == 0)
		result = list_listeners(root_fd, fresh.addresses, &list);
	if (result < 0) {
		free_maps(&fresh);
		return result;
	}
	keep_known(table, node, &fresh, &list);
	socket_list_find_owners(root_fd, &list);
	for (size_t i = 0; i < list.count; i++) {
		struct event_process process = { .pid = list.items[i].pid,
			.start_ns = list.items[i].start_ns };
		if (process.pid)
			node_describe(node, &process);
		listener_add(&fresh, &list.items[i], &process);
	}
	free_maps(table);
	*table = fresh;
	return 0;
}

bool listener_is_local(const struct listener_table *table, uint32_t network_namespace,
	const struct address *address)
{
	struct address_key key = { network_namespace, *address };

	return address_is_loopback(address) || map_find(table->addresses, &key) != NULL;
}

static const struct event_process *find_at(const struct listener_table *table,
	uint32_t network_namespace, const struct address *address, uint16_t port)
{
	/* ::ffff:0.0.0.0 takes IPv4 only, :: takes both unless IPV6_V6ONLY was asked for. */
	static const struct address any_ipv6 = {};
	static const struct address any_ipv4 = { { [10] = 0xff, [11] = 0xff } };
	const struct address *const places[] = { address, &any_ipv4, &any_ipv6 };
	bool is_ipv4 = memcmp(address->bytes, any_ipv4.bytes, 12) == 0;

	for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
		struct listener_key key = { network_namespace, port, *places[i] };
		const struct listener *listener = map_find(table->by_place, &key);
		if (listener && (is_ipv4 || places[i] != &any_ipv4))
			return &listener->process;
	}
	return NULL;
}

const struct event_process *listener_find(const struct listener_table *table,
	uint32_t network_namespace, const struct address *address, uint16_t port)
{
	if (!listener_is_local(table, network_namespace, address)) {
		/* Another container of this node, when only one has that address. */
		struct address_key key = { 0, *address };
		const uint32_t *place = map_find(table->addresses, &key);
		if (!place || *place == NAMESPACE_MANY)
			return NULL;
		network_namespace = *place;
	}
	return find_at(table, network_namespace, address, port);
}
