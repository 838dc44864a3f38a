/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP connections: who connects to whom, for how long, with how many bytes, and why it ended. In:
 * records of the kernel half and, once, the connections that are older than the agent;
 * out: events `tcp`. An accepted connection waits for a moment for its owner, since the handshake
 * is over before any process knows of it.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include "base/map.h"
#include "base/str.h"
#include "engine/loader.h"
#include "engine/pipeline.h"
#include "engine/ring.h"
#include "event/request.h"
#include "node/node.h"
#include "observe/tcp/tcp_existing.h"
#include "tcp.skel.h"

/* Accepted connections whose owner is not known yet: 144 bytes each while they wait. */
#define WAITING_MAXIMUM 16384
#define WAITING_NS	(500 * NS_PER_MS)

struct tcp {
	struct agent *agent;
	struct tcp_bpf *bpf;
	struct map *waiting; /* socket's address → struct tcp_record, oldest first */
	struct tcp_existing *existing;
	bool has_existing; /* they are reported */
	uint64_t reported;
	uint64_t found;	   /* older connections, which the kernel half did not count */
	uint64_t left_out; /* of these, for want of room */
	uint64_t foreign;  /* counted by the kernel half, but of a process outside the scope */
	uint64_t unsound;
};

static const struct event_kind *const tcp_kinds[] = { &tcp_kind, NULL };

/* ---- events ---- */

static bool is_foreign(const struct tcp *tcp, uint32_t pid)
{
	const struct scope *scope = &tcp->agent->scope;

	return pid == (uint32_t)getpid() || (scope->kind == SCOPE_PID && pid != scope->pid);
}

/* Who listens on the port is the best guess for a connection that nobody has used. */
static void guess_owner(struct tcp *tcp, struct tcp_event *event)
{
	uint32_t network_namespace = event->process.network_namespace;
	struct event_process process = { 0 };

	if (node_listener_find(tcp->agent->node, network_namespace, &event->local_address,
		    event->local_port, &process) < 0)
		return;
	process.network_namespace = network_namespace;
	event->process = process;
	event->owner = TCP_OWNER_LISTENER;
}

static void report(void *context, struct tcp_event *event)
{
	struct tcp *tcp = context;

	if (event->owner == TCP_OWNER_UNKNOWN && event->role == ROLE_SERVER)
		guess_owner(tcp, event);
	if (is_foreign(tcp, event->process.pid)) {
		tcp->foreign++;
		return;
	}
	tcp->reported++;
	pipeline_emit(tcp->agent->pipeline, &event->header);
}

static void report_existing(void *context, struct tcp_event *event)
{
	struct tcp *tcp = context;

	tcp->found++;
	report(tcp, event);
}

static void report_record(struct tcp *tcp, const struct tcp_record *record)
{
	struct tcp_event event = { 0 };

	tcp_event_fill(&event, record);
	if (event.event == TCP_STEP_LISTEN)
		node_listener_started(
			tcp->agent->node, &event.local_address, event.local_port, &event.process);
	if (event.event == TCP_STEP_CLOSE)
		tcp_existing_complete(tcp->existing, &event);
	report(tcp, &event);
}

/* ---- accepted connections ---- */

/* Reports what waits; owned: a later record of the connection, NULL when none came in time. */
static void end_waiting(struct tcp *tcp, uint64_t socket, const struct tcp_record *owned)
{
	struct tcp_record *waiting = map_find(tcp->waiting, &socket);

	if (!waiting)
		return;
	if (owned) {
		waiting->owner = owned->owner;
		memcpy(waiting->comm, owned->comm, sizeof(waiting->comm));
	}
	report_record(tcp, waiting);
	map_remove(tcp->waiting, &socket);
}

static void consume_accepted(struct tcp *tcp, const struct tcp_record *record)
{
	struct tcp_record *waiting;

	end_waiting(tcp, record->socket, NULL);
	waiting = record->owner.pid ? NULL : map_add(tcp->waiting, &record->socket, NULL);
	if (waiting)
		*waiting = *record;
	else
		report_record(tcp, record);
}

static void tcp_consume(void *state, const struct record_header *header)
{
	struct tcp *tcp = state;
	const struct tcp_record *record = (const void *)header;

	if (header->size < sizeof(*record) || header->type > TCP_FAILED) {
		tcp->unsound++;
		return;
	}
	if (!tcp->has_existing)
		tcp_existing_forget(tcp->existing, record->cookie);
	if (header->type == TCP_ACCEPTED) {
		consume_accepted(tcp, record);
		return;
	}
	end_waiting(tcp, record->socket, record);
	if (header->type != TCP_OWNED)
		report_record(tcp, record);
}

/* ---- time ---- */

/* What the kernel half tells from its attachment on is drained after the scan, so that a connection
 * which began meanwhile is not taken for an old one. */
static void find_existing(struct tcp *tcp)
{
	int r = tcp_existing_scan(tcp->existing, tcp->agent);

	ring_drain(tcp->agent->ring);
	tcp->has_existing = true;
	if (r < 0)
		tcp->left_out++;
	tcp->left_out += tcp_existing_report(tcp->existing, report_existing, tcp);
}

static void tcp_tick(void *state, uint64_t now_ns)
{
	struct tcp *tcp = state;

	if (!tcp->has_existing)
		find_existing(tcp);
	MAP_FOREACH(tcp->waiting, value) {
		const struct tcp_record *waiting = value;

		if (waiting->header.time_ns + WAITING_NS > now_ns)
			break;
		end_waiting(tcp, waiting->socket, NULL);
	}
}

/* ---- opening ---- */

static void configure(struct tcp *tcp)
{
	const struct scope *scope = &tcp->agent->scope;
	struct tcp_bpf *bpf = tcp->bpf;

	bpf->rodata->self_pid = (uint32_t)getpid();
	bpf->rodata->wake_bytes = ring_wake_bytes(tcp->agent->ring);
	bpf->rodata->scope_pid = scope->kind == SCOPE_PID ? scope->pid : 0;
	bpf->rodata->scope_netns = scope->kind == SCOPE_NETNS ? scope->netns_inode : 0;
	bpf->rodata->scope_cgroup_id = scope->kind == SCOPE_CGROUP ? scope->cgroup_id : 0;
	bpf_program__set_autoload(bpf->progs.on_connection, scope->cgroup_fd >= 0);
}

static int tcp_load(struct tcp *tcp, struct fail *fail)
{
	int cgroup_fd = tcp->agent->scope.cgroup_fd;
	int r;

	tcp->bpf = tcp_bpf__open();
	r = loader_open(tcp->agent, "tcp", tcp->bpf ? tcp->bpf->skeleton : NULL, fail);
	if (r < 0)
		return r;
	configure(tcp);
	r = loader_load(tcp->bpf->skeleton, fail);
	if (r < 0)
		return r;
	if (cgroup_fd >= 0) {
		tcp->bpf->links.on_connection =
			bpf_program__attach_cgroup(tcp->bpf->progs.on_connection, cgroup_fd);
		if (!tcp->bpf->links.on_connection)
			return loader_explain(fail, -errno, "program on_connection");
	}
	return loader_attach(tcp->bpf->skeleton, fail);
}

static void tcp_close(void *state)
{
	struct tcp *tcp = state;

	if (!tcp)
		return;
	while (tcp->waiting && map_first(tcp->waiting))
		end_waiting(tcp, *(const uint64_t *)map_key(map_first(tcp->waiting)), NULL);
	if (tcp->bpf) {
		loader_forget(tcp->agent, tcp->bpf->skeleton);
		tcp_bpf__destroy(tcp->bpf);
	}
	map_free(tcp->waiting);
	tcp_existing_free(tcp->existing);
	free(tcp);
}
DEFINE_CLEANUP(void *, tcp_close);

static int tcp_open(struct agent *agent, const void *options, void **ret_state, struct fail *fail)
{
	_cleanup_(tcp_closep)
	void *state = calloc(1, sizeof(struct tcp));
	struct tcp *tcp = state;
	int r;

	if (!tcp)
		return fail_set(fail, -ENOMEM, "out of memory");
	tcp->agent = agent;
	tcp->waiting = map_new(sizeof(uint64_t), sizeof(struct tcp_record), WAITING_MAXIMUM);
	tcp->existing = tcp_existing_new();
	if (!tcp->waiting || !tcp->existing)
		return fail_set(fail, -ENOMEM, "out of memory");
	r = tcp_load(tcp, fail);
	if (r < 0)
		return r;
	*ret_state = TAKE(state);
	return 0;
}

/* How often the kernel skipped it; kernels that never do say 0. */
static uint64_t skipped(const struct bpf_program *program)
{
	struct bpf_prog_info info = { 0 };
	uint32_t length = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &length) < 0)
		return 0;
	return info.recursion_misses;
}

static void tcp_counts(void *state, struct feature_counts *ret_counts)
{
	struct tcp *tcp = state;
	struct feature_counts counts = { 0 };
	uint64_t not_yet = tcp->foreign + map_count(tcp->waiting);

	if (loader_sum_counts(tcp->bpf->maps.counts, &counts) < 0)
		return;
	/* Not each was an event: at most as many are lost. */
	counts.lost[COUNT_LOST_NESTED] = skipped(tcp->bpf->progs.on_state_soft);
	counts.seen += tcp->found + tcp->left_out + counts.lost[COUNT_LOST_NESTED];
	counts.seen -= MIN(counts.seen, not_yet);
	counts.lost[COUNT_LOST_LIMIT] += tcp->left_out;
	counts.lost[COUNT_LOST_READ] += tcp->unsound;
	counts.reported = tcp->reported;
	*ret_counts = counts;
}

static const char *tcp_door(void *state)
{
	struct tcp *tcp = state;

	return tcp->bpf->links.on_connection ? "tp_btf, sockops" : "tp_btf";
}

const struct feature tcp_feature = {
	.name = "tcp",
	.summary = "TCP connections: who with whom, how long, how many bytes, why they ended",
	.kinds = tcp_kinds,
	.open = tcp_open,
	.consume = tcp_consume,
	.tick = tcp_tick,
	.counts = tcp_counts,
	.door = tcp_door,
	.close = tcp_close,
};
