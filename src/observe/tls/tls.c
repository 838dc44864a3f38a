/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.x inside TLS, and TLS connections. The key door brings the secrets, the packet door the
 * records; exchanges are reported by the feature of their protocol, connections here.
 */
#include "doors/key.h"
#include "doors/packet.h"
#include "engine/pipeline.h"
#include "observe/tls/tls_event.h"

/* 2.1 MiB and 0.5 MiB of locked memory. */
#define CONNECTIONS_MAXIMUM 8192
#define SECRETS_MAXIMUM	    4096

struct tls {
	struct agent *agent;
	struct key_store *store;
	struct key_door *door;
	uint64_t seen;
	uint64_t reported;
	uint64_t not_tls;
	struct tls_event event; /* the one being reported */
};

static const struct event_kind *const tls_kinds[] = { &tls_kind, NULL };

static void tls_session(void *context, const struct stream_session *session)
{
	struct tls *tls = context;

	tls->seen++;
	if (session->outcome == STREAM_NOT_TLS) {
		tls->not_tls++;
		return;
	}
	if (session->outcome == STREAM_NO_SECRET)
		key_door_look_at(tls->door, session->origin->owner.pid);
	tls_event_fill(&tls->event, session);
	tls->reported++;
	pipeline_emit(tls->agent->pipeline, &tls->event.header);
}

static void tls_close(void *state)
{
	struct tls *tls = state;

	if (!tls)
		return;
	key_door_close(tls->door);
	key_store_free(tls->store);
	free(tls);
}

static void tls_leave(void *state)
{
	struct tls *tls = state;

	if (tls)
		packet_door_leave_tls(tls->agent);
	tls_close(tls);
}

static int tls_start(struct tls *tls, struct fail *fail)
{
	int r = key_store_new(SECRETS_MAXIMUM, CONNECTIONS_MAXIMUM, &tls->store, fail);

	if (r < 0)
		return r;
	r = key_door_open(tls->agent, tls->store, &tls->door, fail);
	if (r < 0)
		return r;
	return packet_door_join_tls(tls->agent, tls->store, tls_session, tls, fail);
}

static int tls_open(struct agent *agent, const void *options, void **ret_state, struct fail *fail)
{
	struct tls *tls = calloc(1, sizeof(*tls));
	int r;

	if (!tls)
		return fail_set(fail, -ENOMEM, "out of memory");
	tls->agent = agent;
	r = tls_start(tls, fail);
	if (r < 0) {
		tls_close(tls);
		return r;
	}
	*ret_state = tls;
	return 0;
}

static void tls_tick(void *state, uint64_t now_ns)
{
	struct tls *tls = state;

	key_door_tick(tls->door, now_ns);
}

/* Connections; one of which bytes were lost after it was reported counts once more, and so does a
 * secret that was lost. */
static void tls_counts(void *state, struct feature_counts *ret_counts)
{
	const struct tls *tls = state;
	uint64_t broken = packet_door_broken_sessions(tls->agent->packet_door);

	ret_counts->seen = tls->seen + broken;
	ret_counts->reported = tls->reported;
	ret_counts->lost[COUNT_LOST_PARSE] = tls->not_tls;
	ret_counts->lost[COUNT_LOST_ORDER] = broken;
	key_door_add_losses(tls->door, ret_counts);
}

static const char *tls_door(void *state)
{
	return "uprobe EVP_KDF_derive, cgroup_skb";
}

const struct feature tls_feature = {
	.name = "tls",
	.summary = "HTTP/1.x inside TLS (OpenSSL 3), and TLS connections: name, version, cipher",
	.kinds = tls_kinds,
	.open = tls_open,
	.tick = tls_tick,
	.counts = tls_counts,
	.door = tls_door,
	.close = tls_leave,
};
