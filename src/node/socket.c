/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has which socket open. In: the sockets of each network namespace; out: the same with the
 * process whose descriptors lead to their inodes.
 */
#include <ctype.h>
#include <netinet/in.h>

#include "base/fd.h"
#include "base/str.h"
#include "node/folder.h"
#include "node/node.h"
#include "node/proc.h"
#include "node/socket.h"

void socket_list_done(struct socket_list *list)
{
	free(list->items);
	*list = (struct socket_list){};
}

struct socket_entry *socket_list_append(struct socket_list *list)
{
	if (list->count >= SOCKETS_MAXIMUM) {
		list->is_cut = true;
		return NULL;
	}
	if (list->count == list->capacity) {
		size_t capacity = MAX((size_t)64, list->capacity * 2);
		struct socket_entry *items =
			reallocarray(list->items, capacity, sizeof(*list->items));
		if (!items)
			return NULL;
		list->items = items;
		list->capacity = capacity;
	}
	struct socket_entry *entry = &list->items[list->count++];
	memset(entry, 0, sizeof(*entry));
	return entry;
}

static int is_process(const struct dirent *entry)
{
	return isdigit((unsigned char)entry->d_name[0]);
}

/*
 * Calls visit with each process folder until it returns false, the lowest pid first: of those that
 * hold a socket it mostly is the master. 0 or -errno.
 */
static int each_process(
	int root_fd, bool (*visit)(void *context, uint32_t pid, int process_fd), void *context)
{
	_cleanup_(fd_closep)
	int folder = openat(root_fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **entries;
	bool goes_on = true;
	int count = folder < 0 ? -1 : scandirat(folder, ".", &entries, is_process, versionsort);

	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		_cleanup_(freep)
		struct dirent *entry = entries[i];
		uint64_t pid;

		if (!goes_on || str_to_u64(entry->d_name, 1, UINT32_MAX, &pid) < 0)
			continue;
		_cleanup_(fd_closep)
		int fd = proc_open(folder, (uint32_t)pid);
		if (fd >= 0)
			goes_on = visit(context, (uint32_t)pid, fd);
	}
	free(entries);
	return 0;
}

/* ---- namespaces --------------------------------------------------------------------------------
 */

struct namespace_search {
	struct network_namespace *items;
	size_t count, maximum;
};

static bool visit_namespace(void *context, uint32_t pid, int process_fd)
{
	struct namespace_search *search = context;
	uint32_t inode = proc_read_network_namespace(process_fd);

	if (!inode)
		return true;
	/* Neighbours in /proc mostly share it: look at the last first. */
	for (size_t i = search->count; i > 0; i--)
		if (search->items[i - 1].inode == inode)
			return true;
	if (search->count == search->maximum)
		return false;
	search->items[search->count++] = (struct network_namespace){ inode, pid };
	return true;
}

int network_namespaces(int root_fd, struct network_namespace *namespaces, size_t maximum)
{
	struct namespace_search search = { .items = namespaces, .maximum = maximum };
	int result = each_process(root_fd, visit_namespace, &search);

	return result < 0 ? result : (int)search.count;
}

/* ---- owners ------------------------------------------------------------------------------------
 */

struct owner_search {
	struct socket_list *list;
	size_t first; /* of those with an inode */
	size_t missing;
	bool is_for_managers; /* systemd holds the sockets of the services that it starts on demand
			       */
};

static int compare_inodes(const void *a, const void *b)
{
	const struct socket_entry *left = a, *right = b;

	return left->inode < right->inode ? -1 : left->inode > right->inode;
}

static struct socket_entry *find_inode(const struct owner_search *search, uint64_t inode)
{
	struct socket_entry wanted = { .inode = inode };

	return bsearch(&wanted, search->list->items + search->first,
		search->list->count - search->first, sizeof(wanted), compare_inodes);
}

static void visit_descriptor(
	struct owner_search *search, const struct proc_stat *stat, const char *target)
{
	unsigned long long inode;

	if (sscanf(target, "socket:[%llu]", &inode) != 1)
		return;
	struct socket_entry *entry = find_inode(search, inode);
	if (!entry || entry->pid)
		return;
	entry->pid = stat->pid;
	entry->start_ns = stat->start_ns;
	search->missing--;
}

static bool visit_owner(void *context, uint32_t pid, int process_fd)
{
	struct owner_search *search = context;
	struct proc_stat stat;
	const struct dirent *entry;
	char target[64];

	if (proc_read_stat(process_fd, &stat) < 0 ||
		str_equal(stat.comm, "systemd") != search->is_for_managers)
		return true;
	_cleanup_(folder_closep)
	DIR *folder = folder_open(process_fd, "fd");
	while (folder && search->missing && (entry = readdir(folder))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		proc_read_link(dirfd(folder), entry->d_name, target, sizeof(target));
		visit_descriptor(search, &stat, target);
	}
	return search->missing > 0;
}

void socket_list_find_owners(int root_fd, struct socket_list *list)
{
	struct owner_search search = { .list = list };

	if (!list->count)
		return;
	qsort(list->items, list->count, sizeof(*list->items), compare_inodes);
	while (search.first < list->count && !list->items[search.first].inode)
		search.first++;
	for (size_t i = search.first; i < list->count; i++)
		search.missing += !list->items[i].pid;
	for (unsigned int round = 0; search.missing && round < 2; round++) {
		search.is_for_managers = round == 1;
		each_process(root_fd, visit_owner, &search);
	}
}

int socket_scan(const struct node *node, int protocol, socket_visit *visit, void *context)
{
	_cleanup_(socket_list_done)
	struct socket_list list = { .is_udp = protocol == IPPROTO_UDP };
	_cleanup_(freep)
	struct network_namespace *namespaces =
		calloc(NETWORK_NAMESPACES_MAXIMUM, sizeof(*namespaces));
	int root_fd = node_root_fd(node);
	int result = 0;

	if (!namespaces)
		return -ENOMEM;
	int count = network_namespaces(root_fd, namespaces, NETWORK_NAMESPACES_MAXIMUM);
	for (int i = 0; i < count && !list.is_cut; i++)
		result = socket_list_namespace(root_fd, &namespaces[i], SOCKETS_OWNED, &list);
	if (count < 0 || (result < 0 && !list.count))
		return MIN(count, result);
	socket_list_find_owners(root_fd, &list);
	for (size_t i = 0; i < list.count; i++)
		visit(context, &list.items[i]);
	return list.is_cut ? -E2BIG : (int)list.count;
}
