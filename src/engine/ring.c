/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two ring buffer maps and libbpf's consumer for each. The descriptors wait edge-triggered: a
 * level-triggered ring would wake the loop for every record once it had been woken, which
 * is what BPF_RB_NO_WAKEUP is there to avoid.
 */
#include "engine/ring.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "engine/loader.h"
#include "engine/loop.h"

#define BUSY_PERIOD_NS	    (20 * NS_PER_MS)
#define IDLE_PERIOD_NS	    (50 * NS_PER_MS)
#define IDLE_AFTER	    25 /* empty drains in a row */
#define SMALLEST_RING_BYTES (64 * 1024)
#define BATCH_RECORDS	    65536

struct consumer {
	ring_consume *consume;
	void *context;
};

/* One of the two; its address is the context of libbpf's callback. */
struct lane {
	struct ring *ring;
	struct ring_buffer *buffer;
	int fd;
	uint64_t bytes;
};

struct ring {
	struct loop *loop;
	struct lane telemetry;
	struct lane alerts;
	struct consumer consumers[SOURCE_COUNT];
	unsigned int batch_left;   /* records until the loop gets its turn */
	unsigned int empty_drains; /* in a row */
	bool is_idle;
	bool is_held;
	uint64_t rejected;
};

static void ring_reject(struct ring *ring, const struct record_header *record, size_t size)
{
	if (ring->rejected++ == 0)
		log_error("ring", "record of %zu bytes refused: source %u, size %u", size,
			size >= sizeof(*record) ? record->source : 0,
			size >= sizeof(*record) ? record->size : 0);
}

static int ring_on_record(void *context, void *data, size_t size)
{
	const struct record_header *record = data;
	struct lane *lane = context;
	struct ring *ring = lane->ring;

	if (size < sizeof(*record) || record->size < sizeof(*record) || record->size > size ||
		record->source >= SOURCE_COUNT || !ring->consumers[record->source].consume)
		ring_reject(ring, record, size);
	else
		ring->consumers[record->source].consume(
			ring->consumers[record->source].context, record);
	/* An error makes libbpf return with this record consumed. */
	return --ring->batch_left == 0 ? -EAGAIN : 0;
}

static unsigned int lane_drain(struct lane *lane, bool *ret_has_more)
{
	lane->ring->batch_left = BATCH_RECORDS;
	*ret_has_more = ring_buffer__consume(lane->buffer) == -EAGAIN;
	return BATCH_RECORDS - lane->ring->batch_left;
}

static void ring_continue(void *context)
{
	ring_drain(context);
}

int ring_drain(struct ring *ring)
{
	bool has_alerts, has_telemetry = false;
	unsigned int count;

	count = lane_drain(&ring->alerts, &has_alerts);
	if (!ring->is_held)
		count += lane_drain(&ring->telemetry, &has_telemetry);
	/* A full queue of messages is no loss: the timer comes by. */
	if (has_alerts || has_telemetry)
		(void)loop_post(ring->loop, ring_continue, ring);
	return (int)count;
}

void ring_hold(struct ring *ring, bool is_held)
{
	ring->is_held = is_held;
}

bool ring_is_held(const struct ring *ring)
{
	return ring->is_held;
}

void ring_empty(struct ring *ring)
{
	while (ring_drain(ring) >= BATCH_RECORDS)
		;
}

static void ring_on_ready(void *context, uint32_t epoll_events)
{
	ring_drain(context);
}

static void ring_on_timer(void *context, uint64_t now_ns)
{
	struct ring *ring = context;
	bool is_idle;

	ring->empty_drains = ring_drain(ring) > 0 ? 0 : ring->empty_drains + 1;
	is_idle = ring->empty_drains >= IDLE_AFTER;
	if (is_idle == ring->is_idle)
		return;
	ring->is_idle = is_idle;
	loop_every(ring->loop, is_idle ? IDLE_PERIOD_NS : BUSY_PERIOD_NS, ring_on_timer, ring);
}

/* ---- making and sharing ---- */

static int lane_failed(struct fail *fail, int code, const char *name)
{
	loader_explain(fail, code, name);
	return fail_prefix(fail, "ring buffer");
}

/* Halves a ring that the kernel refuses: before 5.11 its memory counts against RLIMIT_MEMLOCK. */
static int lane_create(struct lane *lane, const char *name, uint64_t bytes, struct fail *fail)
{
	int r;

	for (lane->bytes = bytes;; lane->bytes /= 2) {
		lane->fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, name, 0, 0, lane->bytes, NULL);
		r = lane->fd < 0 ? -errno : 0;
		if (lane->fd >= 0 || (r != -ENOMEM && r != -EPERM) ||
			lane->bytes / 2 < SMALLEST_RING_BYTES)
			break;
	}
	if (r < 0)
		return lane_failed(fail, r, name);
	if (lane->bytes < bytes)
		log_warning("ring", "%s has %llu bytes: the kernel refuses %llu", name,
			(unsigned long long)lane->bytes, (unsigned long long)bytes);
	lane->buffer = ring_buffer__new(lane->fd, ring_on_record, lane, NULL);
	if (!lane->buffer)
		return lane_failed(fail, -errno, name);
	return 0;
}

static int ring_open(struct ring *ring, uint64_t bytes, struct fail *fail)
{
	int r;

	r = lane_create(&ring->alerts, "alerts", RING_ALERT_BYTES, fail);
	if (r == 0)
		r = lane_create(&ring->telemetry, "telemetry", bytes, fail);
	if (r < 0)
		return r;
	r = loop_add(ring->loop, ring->alerts.fd, EPOLLIN | EPOLLET, ring_on_ready, ring);
	if (r == 0)
		r = loop_add(
			ring->loop, ring->telemetry.fd, EPOLLIN | EPOLLET, ring_on_ready, ring);
	if (r == 0)
		r = loop_every(ring->loop, BUSY_PERIOD_NS, ring_on_timer, ring);
	return r < 0 ? fail_set(fail, r, "ring: %s", strerror(-r)) : 0;
}

int ring_new(struct loop *loop, uint64_t bytes, struct ring **ret_ring, struct fail *fail)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	int r;

	if (!ring)
		return fail_set(fail, -ENOMEM, "ring: out of memory");
	ring->loop = loop;
	ring->telemetry = ring->alerts = (struct lane){ .ring = ring, .fd = -1 };
	r = ring_open(ring, bytes, fail);
	if (r < 0) {
		ring_free(ring);
		return r;
	}
	*ret_ring = ring;
	return 0;
}

static void lane_close(struct lane *lane)
{
	loop_remove(lane->ring->loop, lane->fd);
	ring_buffer__free(lane->buffer);
	fd_closep(&lane->fd);
}

void ring_free(struct ring *ring)
{
	if (!ring)
		return;
	loop_every_stop(ring->loop, ring_on_timer, ring);
	lane_close(&ring->telemetry);
	lane_close(&ring->alerts);
	free(ring);
}

void ring_register(
	struct ring *ring, enum record_source source, ring_consume *consume, void *context)
{
	ring->consumers[source] = (struct consumer){ consume, context };
}

static int lane_share(
	const struct lane *lane, struct bpf_object *object, const char *name, struct fail *fail)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);
	int r = map ? bpf_map__reuse_fd(map, lane->fd) : 0;

	return r < 0 ? fail_set(fail, r, "sharing the ring %s: %s", name, strerror(-r)) : 0;
}

int ring_share(struct ring *ring, struct bpf_object *object, struct fail *fail)
{
	int r = lane_share(&ring->telemetry, object, "telemetry", fail);

	return r < 0 ? r : lane_share(&ring->alerts, object, "alerts", fail);
}

uint64_t ring_bytes(const struct ring *ring)
{
	return ring->telemetry.bytes + ring->alerts.bytes;
}

uint64_t ring_wake_bytes(const struct ring *ring)
{
	return ring->telemetry.bytes / 4;
}

uint64_t ring_rejected(const struct ring *ring)
{
	return ring->rejected;
}
