/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The side band of perf events: see stack_news.h.
 */
#include "doors/stack_news.h"

#include <linux/perf_event.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"

/* The size of a record is 16 bits. */
#define RECORD_MAXIMUM 65536

struct news_ring {
	int fd;
	struct perf_event_mmap_page *page;
	uint64_t time_ns; /* of the next record, 0: not looked at */
};

struct stack_news {
	size_t ring_bytes;
	size_t map_bytes;
	unsigned int count;
	struct news_ring *rings;
	uint8_t record[RECORD_MAXIMUM] __attribute__((aligned(8)));
};

/* Behind the header of a PERF_RECORD_MMAP2. */
struct mmap2 {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t start, length, offset;
	uint32_t major, minor;
	uint64_t inode, generation;
	uint32_t protection, flags;
	char path[];
};

struct comm {
	struct perf_event_header header;
	uint32_t pid, tid;
};

struct task {
	struct perf_event_header header;
	uint32_t pid, parent_pid, tid, parent_tid;
};

static int ring_open(struct news_ring *ring, int cpu, size_t map_bytes)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TIME,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.mmap = 1,
		.mmap2 = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.watermark = 1,
		.wakeup_watermark = (uint32_t)(map_bytes / 4),
	};
	void *page;

	ring->fd =
		(int)syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (ring->fd < 0)
		return -errno;
	page = mmap(NULL, map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (page == MAP_FAILED)
		return -errno;
	ring->page = page;
	return 0;
}

int stack_news_open(struct stack_news **ret_news, struct fail *fail)
{
	_cleanup_(stack_news_closep)
	struct stack_news *news = calloc(1, sizeof(*news));
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	if (!news || cpus <= 0)
		return fail_set(fail, -ENOMEM, "out of memory");
	news->ring_bytes = STACK_NEWS_PAGES * page_bytes;
	news->map_bytes = news->ring_bytes + page_bytes;
	news->rings = calloc((size_t)cpus, sizeof(*news->rings));
	if (!news->rings)
		return fail_set(fail, -ENOMEM, "out of memory");
	for (int cpu = 0; cpu < (int)cpus; cpu++) {
		struct news_ring *ring = &news->rings[news->count];
		int r = ring_open(ring, cpu, news->map_bytes);

		news->count++;
		/* A CPU that is not online has none. */
		if (r < 0 && r != -ENODEV)
			return fail_set(fail, r, "events of mappings: %s", strerror(-r));
	}
	*ret_news = TAKE(news);
	return 0;
}

void stack_news_close(struct stack_news *news)
{
	if (!news)
		return;
	for (unsigned int i = 0; i < news->count; i++) {
		if (news->rings[i].page)
			munmap(news->rings[i].page, news->map_bytes);
		fd_closep(&news->rings[i].fd);
	}
	free(news->rings);
	free(news);
}

int stack_news_watch(const struct stack_news *news, int epoll_fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };

	for (unsigned int i = 0; i < news->count; i++) {
		if (news->rings[i].page &&
			epoll_ctl(epoll_fd, EPOLL_CTL_ADD, news->rings[i].fd, &event) < 0)
			return -errno;
	}
	return 0;
}

/* ---- rings ---- */

static void ring_copy(const struct stack_news *news, const struct news_ring *ring, uint64_t at,
	void *destination, size_t length)
{
	const uint8_t *data = (const uint8_t *)ring->page + (news->map_bytes - news->ring_bytes);
	size_t offset = at & (news->ring_bytes - 1);
	size_t first = MIN(length, news->ring_bytes - offset);

	memcpy(destination, data + offset, first);
	memcpy((uint8_t *)destination + first, data, length - first);
}

/* Looks at the time of the next record, which stands at its end. False when there is none. */
static bool ring_peek(const struct stack_news *news, struct news_ring *ring)
{
	struct perf_event_header header;
	uint64_t head, tail;

	if (ring->time_ns)
		return true;
	if (!ring->page)
		return false;
	head = atomic_load_explicit((_Atomic __u64 *)&ring->page->data_head, memory_order_acquire);
	tail = ring->page->data_tail;
	if (head - tail < sizeof(header))
		return false;
	ring_copy(news, ring, tail, &header, sizeof(header));
	if (header.size < sizeof(header) + sizeof(uint64_t))
		return false;
	ring_copy(news, ring, tail + header.size - sizeof(uint64_t), &ring->time_ns,
		sizeof(uint64_t));
	return ring->time_ns != 0;
}

static void ring_take(struct stack_news *news, struct news_ring *ring)
{
	struct perf_event_header header;
	uint64_t tail = ring->page->data_tail;

	ring_copy(news, ring, tail, &header, sizeof(header));
	ring_copy(news, ring, tail, news->record, header.size);
	/* Text at the end of a record may fill it up to the time. */
	news->record[header.size - sizeof(uint64_t)] = '\0';
	ring->time_ns = 0;
	atomic_store_explicit(
		(_Atomic __u64 *)&ring->page->data_tail, tail + header.size, memory_order_release);
}

/* ---- records ---- */

static void apply_mapping(struct stack_spaces *spaces, const struct mmap2 *record)
{
	struct stack_file file = {
		.device = makedev(record->major, record->minor),
		.inode = record->inode,
		.path = record->path,
		.pid = record->pid,
		.start = record->start,
		.end = record->start + record->length,
	};

	stack_spaces_map(spaces, &file, record->offset);
}

static void apply(struct stack_news *news, struct stack_spaces *spaces, uint64_t time_ns)
{
	const void *record = news->record;
	const struct perf_event_header *header = record;
	const struct task *task = record;

	switch (header->type) {
	case PERF_RECORD_MMAP2:
		if (header->size > sizeof(struct mmap2))
			apply_mapping(spaces, record);
		break;
	case PERF_RECORD_COMM:
		if (header->misc & PERF_RECORD_MISC_COMM_EXEC)
			stack_spaces_exec(spaces, ((const struct comm *)record)->pid);
		break;
	case PERF_RECORD_FORK:
		if (task->pid != task->parent_pid)
			stack_spaces_fork(spaces, task->parent_pid, task->pid);
		break;
	case PERF_RECORD_EXIT:
		if (task->pid == task->tid)
			stack_spaces_exit(spaces, task->pid, time_ns);
		break;
	case PERF_RECORD_LOST:
		stack_spaces_forget(spaces);
		break;
	}
}

void stack_news_apply(struct stack_news *news, struct stack_spaces *spaces, uint64_t until_ns)
{
	for (;;) {
		struct news_ring *first = NULL;
		uint64_t time_ns;

		for (unsigned int i = 0; i < news->count; i++) {
			struct news_ring *ring = &news->rings[i];

			if (ring_peek(news, ring) && (!first || ring->time_ns < first->time_ns))
				first = ring;
		}
		if (!first || first->time_ns > until_ns)
			return;
		time_ns = first->time_ns;
		ring_take(news, first);
		apply(news, spaces, time_ns);
	}
}
