/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix stream and seqpacket connections: who connects to whom, where, for how long, with how many
 * bytes, and why it ended. In: records of the kernel half, the connections that are older than the
 * agent, and, where no hook tells of closes, what a listing of sockets finds gone; out: events
 * `unix`.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include "base/str.h"
#include "engine/loader.h"
#include "engine/pipeline.h"
#include "engine/ring.h"
#include "event/request.h"
#include "node/node.h"
#include "observe/unix/unix_door.h"
#include "observe/unix/unix_event.h"
#include "observe/unix/unix_existing.h"
#include "observe/unix/unix_failure.h"
#include "observe/unix/unix_pair.h"
#include "observe/unix/unix_requests.h"
#include "observe/unix/unix_sweep.h"
#include "unix.skel.h"

struct unix_options {
	uint32_t door;
};

struct unix_watch {
	struct agent *agent;
	struct unix_bpf *bpf;
	enum unix_door door;
	struct unix_pairs *pairs;
	struct unix_requests *requests;
	struct unix_existing *existing;
	struct unix_failures *failures;
	struct unix_sweep *sweep; /* NULL where the kernel tells of closes */
	bool has_existing;	  /* they are reported */
	uint64_t reported;
	uint64_t found;	   /* by listing: the kernel half did not count them */
	uint64_t left_out; /* of these, for want of room */
	uint64_t unsound;
};

static const struct event_kind *const unix_kinds[] = { &unix_kind, &request_kind, NULL };

static const struct option_row unix_rows[] = {
	OPTION(unix_options, door, "unix-door", 0, OPTION_WORD, .words = unix_door_words,
		.value_name = "DOOR", .initial = "auto",
		.help = "how unix sockets are watched: the best that the kernel allows, or this "
			"way"),
};

/* ---- events ---- */

/* What the kernel half knows of an end now; false when it belongs to another connection by now. */
static bool read_end(const struct unix_watch *watch, uint64_t socket, uint64_t connection,
	struct unix_end_state *ret_end)
{
	return bpf_map__lookup_elem(watch->bpf->maps.end_by_socket, &socket, sizeof(socket),
		       ret_end, sizeof(*ret_end), 0) == 0 &&
	       ret_end->connection == connection;
}

static void name_party(const struct unix_watch *watch, const struct unix_party *party,
	char ret_service[EVENT_SERVICE_BYTES])
{
	struct event_process process = { .pid = party->pid, .start_ns = party->start_ns };

	if (!party->pid)
		return;
	node_describe(watch->agent->node, &process);
	if (process.service[0])
		str_copy(ret_service, EVENT_SERVICE_BYTES, process.service);
	else
		str_copy(ret_service, EVENT_SERVICE_BYTES,
			process.comm[0] ? process.comm : party->comm);
}

static void name_peer(
	struct unix_watch *watch, struct unix_event *event, const struct unix_party *peer)
{
	event->peer_pid = peer->pid;
	name_party(watch, peer, event->peer_service);
}

static void report_request(void *context, struct request_event *event)
{
	struct unix_watch *watch = context;
	uint8_t peer_role = event->role == ROLE_CLIENT ? ROLE_SERVER : ROLE_CLIENT;
	struct unix_party own = unix_pairs_party(watch->pairs, event->connection, event->role);
	struct unix_party peer = unix_pairs_party(watch->pairs, event->connection, peer_role);

	/* Stays where the process is gone by now. */
	memcpy(event->process.comm, own.comm, sizeof(event->process.comm));
	name_party(watch, &peer, event->peer_service);
	pipeline_emit(watch->agent->pipeline, &event->header);
}

static void report(struct unix_watch *watch, struct unix_event *event)
{
	watch->reported++;
	pipeline_emit(watch->agent->pipeline, &event->header);
}

static void report_record(
	void *context, struct unix_record *record, const struct unix_party *peer, bool is_partial)
{
	struct unix_watch *watch = context;
	struct unix_event event = { 0 };
	struct unix_end_state end;

	if (is_partial && record->header.type == UNIX_CLOSED &&
		read_end(watch, record->socket, record->connection, &end))
		record->bytes_sent = MAX(record->bytes_sent, end.bytes_read);
	unix_event_fill(&event, record);
	if (record->header.type == UNIX_FAILED && !record->error)
		event.reason = (uint8_t)unix_failures_judge(watch->failures, record);
	name_peer(watch, &event, peer);
	report(watch, &event);
}

static void take_record(struct unix_watch *watch, const struct unix_record *record)
{
	/* What the server sent before it closed may be read after that, by the client. */
	bool is_over = record->header.type == UNIX_CLOSED && record->role == ROLE_CLIENT;

	if (is_over)
		unix_requests_close(watch->requests, record->connection);
	unix_pairs_take(watch->pairs, record);
}

static void unix_consume(void *state, const struct record_header *header)
{
	struct unix_watch *watch = state;
	struct unix_record record;

	if (header->type == UNIX_BYTES) {
		watch->unsound += !unix_requests_take(watch->requests, header);
		return;
	}
	if (header->size < sizeof(record) || header->type > UNIX_REPLACED) {
		watch->unsound++;
		return;
	}
	memcpy(&record, header, sizeof(record));
	if (header->type == UNIX_REPLACED) {
		if (watch->sweep)
			unix_sweep_note(watch->sweep, &record);
		return;
	}
	if (!watch->has_existing)
		unix_existing_forget(watch->existing, record.connection);
	if (header->type == UNIX_CLOSED && !record.since_ns)
		unix_existing_complete(watch->existing, &record);
	take_record(watch, &record);
	if (watch->sweep && (header->type == UNIX_CONNECTED || header->type == UNIX_ACCEPTED))
		unix_sweep_add(watch->sweep, &record);
}

/* ---- older connections, and closes that no hook tells of ---- */

static void report_existing(
	void *context, const struct unix_socket *socket, const struct unix_old *old)
{
	struct unix_watch *watch = context;
	struct unix_party own = { .pid = socket->pid, .start_ns = socket->start_ns };
	struct unix_party peer = { .pid = old->peer_pid };
	struct unix_event event = {
		.header = { .kind = &unix_kind, .time_ns = clock_monotonic_ns() },
		.process = { .pid = socket->pid,
			.start_ns = socket->start_ns,
			.network_namespace = socket->network_namespace },
		.event = UNIX_STEP_EXISTING,
		.role = old->role,
		.owner = socket->pid ? UNIX_OWNER_SCAN : UNIX_OWNER_UNKNOWN,
		.socket_type = unix_type_word(socket->type),
		.is_start_unknown = true,
		.connection = old->connection,
	};
	struct unix_record record = {
		.header = { .size = sizeof(record), .type = UNIX_ACCEPTED },
		.inode = socket->inode,
		.connection = old->connection,
		.owner = { .pid = socket->pid, .start_ns = socket->start_ns },
		.network_namespace = socket->network_namespace,
		.peer_pid = old->peer_pid,
		.role = old->role,
		.socket_type = socket->type,
		.name_length = (uint8_t)MIN(strlen(socket->path), sizeof(record.name)),
	};

	memcpy(record.name, socket->path, record.name_length);
	str_set(event.path, socket->path);
	name_peer(watch, &event, &peer);
	watch->found++;
	report(watch, &event);
	if (old->connection)
		unix_pairs_note(watch->pairs, old->connection, old->role, own);
	if (watch->sweep)
		unix_sweep_add(watch->sweep, &record);
}

static void find_existing(struct unix_watch *watch)
{
	int r = unix_existing_scan(watch->existing, watch->agent);

	/* What began meanwhile is not taken for old. */
	ring_drain(watch->agent->ring);
	watch->has_existing = true;
	if (r < 0)
		watch->left_out++;
	watch->left_out += unix_existing_report(watch->existing, report_existing, watch);
}

/* What an end sent that is closed: the kernel half knows, or told when it forgot. */
static uint64_t swept_bytes(
	struct unix_watch *watch, uint64_t socket, const struct unix_record *record, uint8_t role)
{
	struct unix_end_state end;

	if (read_end(watch, socket, record->connection, &end))
		return end.bytes_read;
	ring_drain(watch->agent->ring);
	return unix_sweep_noted(watch->sweep, record->connection, role);
}

static void forget_end(struct unix_watch *watch, uint64_t socket, uint64_t connection)
{
	struct unix_end_state end;

	if (read_end(watch, socket, connection, &end))
		bpf_map__delete_elem(watch->bpf->maps.end_by_socket, &socket, sizeof(socket), 0);
}

static void take_swept(void *context, struct unix_record *record, bool is_last)
{
	struct unix_watch *watch = context;
	uint8_t peer_role = record->role == ROLE_CLIENT ? ROLE_SERVER : ROLE_CLIENT;

	/* What was read before the listing comes before the close. */
	ring_drain(watch->agent->ring);
	record->bytes_sent = swept_bytes(watch, record->socket, record, record->role);
	record->bytes_received = swept_bytes(watch, record->peer_socket, record, peer_role);
	watch->found++;
	take_record(watch, record);
	if (!is_last)
		return;
	forget_end(watch, record->socket, record->connection);
	forget_end(watch, record->peer_socket, record->connection);
}

static void unix_tick(void *state, uint64_t now_ns)
{
	struct unix_watch *watch = state;

	if (!watch->has_existing)
		find_existing(watch);
	if (watch->sweep)
		unix_sweep_tick(watch->sweep, now_ns);
	unix_pairs_tick(watch->pairs, now_ns);
}

/* ---- opening ---- */

static void configure(struct unix_watch *watch)
{
	const struct scope *scope = &watch->agent->scope;
	struct unix_bpf *bpf = watch->bpf;

	bpf->rodata->wake_bytes = ring_wake_bytes(watch->agent->ring);
	SCOPE_TELL(bpf->rodata, scope);
}

/* What is not as good as it could be. refusal: of programs that read, "" when they were not tried.
 */
static void explain(const struct unix_watch *watch, const struct fail *door_reason,
	const struct fail *refusal, struct fail *fail)
{
	const char *separator = door_reason->text[0] ? "; " : "";

	*fail = *door_reason;
	if (refusal->text[0])
		fail_set(fail, 0, "requests are not read: %s%s%s", refusal->text, separator,
			door_reason->text);
	else if (!unix_door_reads(watch->bpf))
		fail_set(fail, 0, "requests are not read before kernel 6.12%s%s", separator,
			door_reason->text);
}

static void unix_unload(struct unix_watch *watch)
{
	if (!watch->bpf)
		return;
	loader_forget(watch->agent, watch->bpf->skeleton);
	unix_bpf__destroy(watch->bpf);
	watch->bpf = NULL;
}

/* refusal: why programs that read did not load before, "" when it is the first try. */
static int unix_try(struct unix_watch *watch, enum unix_door wanted, const struct fail *refusal,
	struct fail *fail)
{
	struct fail reason = { 0 };
	int r;

	watch->bpf = unix_bpf__open();
	r = loader_open(watch->agent, "unix", watch->bpf ? watch->bpf->skeleton : NULL, fail);
	if (r < 0)
		return r;
	r = unix_door_choose(watch->agent, watch->bpf, wanted, &watch->door, &reason);
	if (r < 0) {
		*fail = reason;
		return r;
	}
	if (refusal->text[0])
		unix_door_only_count(watch->bpf);
	configure(watch);
	r = loader_load(watch->bpf->skeleton, fail);
	if (r == 0)
		r = unix_door_attach(watch->agent, watch->bpf, watch->door, fail);
	if (r == 0)
		r = loader_attach(watch->bpf->skeleton, fail);
	if (r == 0)
		explain(watch, &reason, refusal, fail);
	return r;
}

/* A kernel that refuses the programs that read may still take those that count. */
static int unix_load(struct unix_watch *watch, enum unix_door wanted, struct fail *fail)
{
	const struct fail none = { 0 };
	struct fail refusal = { 0 };
	int r = unix_try(watch, wanted, &none, &refusal);

	if (r == 0 || !watch->bpf || !unix_door_reads(watch->bpf)) {
		*fail = refusal;
		return r;
	}
	unix_unload(watch);
	return unix_try(watch, wanted, &refusal, fail);
}

static void unix_close(void *state)
{
	struct unix_watch *watch = state;

	if (!watch)
		return;
	if (watch->pairs && watch->bpf)
		unix_pairs_tick(watch->pairs, UINT64_MAX);
	unix_unload(watch);
	unix_sweep_free(watch->sweep);
	unix_existing_free(watch->existing);
	unix_failures_free(watch->failures);
	unix_requests_free(watch->requests);
	unix_pairs_free(watch->pairs);
	free(watch);
}
DEFINE_CLEANUP(void *, unix_close);

static int unix_open(struct agent *agent, const void *options, void **ret_state, struct fail *fail)
{
	const struct unix_options *wish = options;
	_cleanup_(unix_closep)
	void *state = calloc(1, sizeof(struct unix_watch));
	struct unix_watch *watch = state;
	int r;

	if (!watch)
		return fail_set(fail, -ENOMEM, "out of memory");
	watch->agent = agent;
	watch->pairs = unix_pairs_new(report_record, watch);
	watch->existing = unix_existing_new();
	watch->failures = unix_failures_new(agent->node);
	watch->requests = unix_requests_new(
		agent->config.unmask ? MESSAGE_UNMASKED : 0, report_request, watch);
	if (!watch->pairs || !watch->existing || !watch->failures || !watch->requests)
		return fail_set(fail, -ENOMEM, "out of memory");
	r = unix_load(watch, wish ? wish->door : UNIX_DOOR_AUTO, fail);
	if (r < 0)
		return r;
	if (watch->door == UNIX_DOOR_TRACEPOINT) {
		watch->sweep = unix_sweep_new(agent->node, take_swept, watch);
		if (!watch->sweep)
			return fail_set(fail, -ENOMEM, "out of memory");
	}
	*ret_state = TAKE(state);
	return 0;
}

static void unix_counts(void *state, struct feature_counts *ret_counts)
{
	struct unix_watch *watch = state;
	struct feature_counts counts = { 0 };
	uint64_t left_out = watch->left_out;

	if (loader_sum_counts(watch->bpf->maps.counts, &counts) < 0)
		return;
	if (watch->sweep)
		left_out += unix_sweep_left_out(watch->sweep);
	counts.seen += watch->found + left_out;
	counts.seen -= MIN(counts.seen, unix_pairs_waiting(watch->pairs));
	counts.lost[COUNT_LOST_LIMIT] += left_out;
	counts.lost[COUNT_LOST_READ] += watch->unsound;
	counts.reported = watch->reported;
	unix_requests_add_counts(watch->requests, &counts);
	*ret_counts = counts;
}

static const char *unix_door(void *state)
{
	struct unix_watch *watch = state;

	return unix_door_name(watch->bpf, watch->door);
}

const struct feature unix_feature = {
	.name = "unix",
	.summary =
		"unix sockets' connections: who with whom, where, how many bytes, why they ended",
	.kinds = unix_kinds,
	.options = unix_rows,
	.option_count = ARRAY_LENGTH(unix_rows),
	.options_bytes = sizeof(struct unix_options),
	.open = unix_open,
	.consume = unix_consume,
	.tick = unix_tick,
	.counts = unix_counts,
	.door = unix_door,
	.close = unix_close,
};
