/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The packet door's judgement: what a packet with payload means on its
 * connection, and what of it goes up. Pure, so that it runs in the kernel half
 * (under the socket's lock: no calls, no loops) and natively in tests and under the fuzzer.
 *
 * A connection takes *turns* while it keeps to request, answer, request, answer.
 * Once it pipelines, sends interim answers or loses that rhythm, it is *ordered* for good: every
 * byte goes up and user space pairs. A
 * protocol that takes no turns is ordered from its first packet on.
 */
#ifndef SKEP_PACKET_TURN_H
#define SKEP_PACKET_TURN_H

#include "doors/packet_record.h"

#ifdef __bpf__
#define PACKET_INLINE static __always_inline
#else
#define PACKET_INLINE static inline
#endif

enum packet_mode { PACKET_NEW, PACKET_TURNS, PACKET_ORDERED, PACKET_IGNORED };
enum packet_phase { PACKET_IDLE, PACKET_REQUEST, PACKET_ANSWER };
/* Values of request_role in event/request.h. */
enum packet_role { PACKET_ROLE_UNKNOWN, PACKET_SERVER, PACKET_CLIENT };

/* What the first bytes look like to the protocol. */
enum packet_match {
	PACKET_MATCH_NO,
	PACKET_MATCH_MAYBE, /* too short to tell */
	PACKET_MATCH_ODD,   /* a request by its form, which the rest of a body may have as well */
	PACKET_MATCH_YES,
	PACKET_MATCH_PLAIN,    /* a request that is whole, alone and without a body */
	PACKET_MATCH_INTERIM,  /* an answer before the answer */
	PACKET_MATCH_TUNNEL,   /* an answer after which the bytes are no longer the protocol's */
	PACKET_MATCH_GREETING, /* of a server that speaks first */
};

struct packet_state {
	__u8 mode;
	__u8 phase;
	__u8 role;
	__u8 is_streamed; /* the request of this turn went up in segments */
	__u8 is_lost;	  /* its beginning did not, and it is counted as lost */
	__u8 lost_before; /* a record was lost since the last one of this turn */
	__u8 is_ended;	  /* the close was told */
	__u8 probes;	  /* packets looked at without finding out what is spoken */
	__u8 has_next[2]; /* by enum packet_direction: next[] is known */
	__u8 has_hole;	  /* ordered, and bytes are missing that may still come */
	__u8 is_connect;  /* the request of this turn asks for a tunnel */
	__u8 is_busy;	  /* a turn record is being made of the kept request */
	__u8 had_interim; /* so did an answer before the answer */
	__u8 is_head[2];  /* ordered bytes of that direction began between two messages */
	__u8 is_open;	  /* ordered, and the first bytes, which tell what is spoken, are missing */
	__u8 is_prefixed; /* of the first request only what a proxy says before it came */
	__u32 turn;
	__u32 next[2];	      /* sequence number after the last byte seen */
	__u32 message_seq[2]; /* of the first byte of the message in that direction; once ordered,
				 of the first byte that goes up in order */
	__u32 sent[2];	      /* sequence number up to which records told of the bytes */
};

/* One packet with payload. */
struct packet_view {
	__u32 seq;
	__u32 length;
	__u8 direction;
	__u8 is_push;	 /* TCP PSH: the sender's call ends here */
	__u8 request;	 /* enum packet_match, as if it began a request */
	__u8 answer;	 /* enum packet_match, as if it began an answer */
	__u8 is_connect; /* a request for a tunnel */
	__u8 is_success; /* an answer that grants it */
	__u8 is_ordered; /* what matches is of a protocol that takes no turns */
	__u8 is_prefix;	 /* all of it is what a proxy says before the first request */
	__u8 is_older;	 /* of one that nobody can read without its beginning */
};

enum packet_action {
	PACKET_DO_NOTHING,
	PACKET_DO_KEEP, /* the plain request goes to the socket's storage */
	PACKET_DO_TURN, /* storage and this packet make a turn record */
	PACKET_DO_SEGMENT,
	PACKET_DO_FLUSH, /* the kept request goes up as a segment first, then this packet */
};

struct packet_verdict {
	__u8 action;
	__u8 is_answer;
	__u8 is_head;
	__u8 is_interim;
	__u8 is_unseen; /* its request went by where the door does not see: count it */
	__u32 trim;	/* bytes at the front that were seen before */
	__u32 missing;	/* bytes before it that are still to come */
	__u32 from_seq; /* the segment stands for the bytes from here */
	__u32 capture;	/* at most that many bytes of the packet, after trim */
};

#define PACKET_PROBES_MAXIMUM 16
/* A long body tells of itself at least that often, also without PSH. */
#define PACKET_UNTOLD_BYTES   (16U << 20)

PACKET_INLINE int packet_is_request_direction(const struct packet_state *state, __u8 direction)
{
	return (state->role == PACKET_SERVER) == (direction == PACKET_INGRESS);
}

PACKET_INLINE __s32 packet_distance(__u32 from, __u32 to)
{
	return (__s32)(to - from);
}

/*
 * Sets aside what was seen before. Returns 0 when the packet is to be judged now; trim and
 * missing are set.
 */
PACKET_INLINE int packet_out_of_order(
	struct packet_state *state, const struct packet_view *view, struct packet_verdict *verdict)
{
	__u32 side = view->direction & 1;
	__u32 end = view->seq + view->length;
	__s32 ahead;

	if (!state->has_next[side]) {
		state->has_next[side] = 1;
		state->next[side] = view->seq;
		state->message_seq[side] = view->seq;
		return 0;
	}
	ahead = packet_distance(state->next[side], view->seq);
	if (ahead > 0)
		verdict->missing = ahead;
	if (ahead >= 0)
		return 0;
	/* What is old may fill a hole: user space, which puts the bytes in order, finds out. */
	if (packet_distance(state->next[side], end) <= 0)
		return !state->has_hole;
	if (!state->has_hole)
		verdict->trim = -ahead;
	return 0;
}

PACKET_INLINE void packet_advance(struct packet_state *state, const struct packet_view *view)
{
	__u32 side = view->direction & 1;

	if (packet_distance(state->next[side], view->seq + view->length) > 0)
		state->next[side] = view->seq + view->length;
}

PACKET_INLINE void packet_segment_of(struct packet_state *state, const struct packet_view *view,
	struct packet_verdict *verdict, __u32 capture)
{
	__u32 side = view->direction & 1;

	verdict->action = PACKET_DO_SEGMENT;
	verdict->from_seq = view->seq + verdict->trim;
	verdict->capture = capture;
	if (!capture)
		verdict->from_seq = state->sent[side];
	state->sent[side] = view->seq + view->length;
}

/* All bytes go up, those that are seen again as well while some are missing. */
PACKET_INLINE void packet_ordered(
	struct packet_state *state, const struct packet_view *view, struct packet_verdict *verdict)
{
	if (verdict->missing)
		state->has_hole = 1;
	verdict->is_head = state->is_head[view->direction & 1];
	packet_segment_of(state, view, verdict, PACKET_SEGMENT_BYTES * PACKET_PIECES);
}

PACKET_INLINE void packet_to_ordered(
	struct packet_state *state, const struct packet_view *view, struct packet_verdict *verdict)
{
	int keeps_request = state->phase == PACKET_REQUEST && !state->is_streamed;
	__u32 request_side = state->role == PACKET_CLIENT;

	state->mode = PACKET_ORDERED;
	state->is_head[request_side] =
		keeps_request || (state->phase != PACKET_REQUEST && !state->is_streamed);
	state->is_head[!request_side] = state->phase == PACKET_REQUEST && !state->had_interim;
	state->message_seq[!request_side] = state->next[!request_side];
	if (!keeps_request)
		state->message_seq[request_side] = state->next[request_side];
	packet_ordered(state, view, verdict);
	if (keeps_request)
		verdict->action = PACKET_DO_FLUSH;
}

PACKET_INLINE void packet_start_request(
	struct packet_state *state, const struct packet_view *view, struct packet_verdict *verdict)
{
	__u32 side = view->direction & 1;

	state->turn++;
	state->phase = PACKET_REQUEST;
	state->is_lost = 0;
	state->lost_before = 0;
	state->is_ended = 0;
	state->had_interim = 0;
	state->is_connect = view->is_connect;
	state->is_prefixed = view->is_prefix;
	state->message_seq[side] = view->seq + verdict->trim;
	state->is_streamed = view->request != PACKET_MATCH_PLAIN || verdict->trim != 0;
	if (!state->is_streamed) {
		state->sent[side] = view->seq + view->length;
		verdict->action = PACKET_DO_KEEP;
		return;
	}
	verdict->is_head = 1;
	packet_segment_of(state, view, verdict, PACKET_SEGMENT_BYTES * PACKET_PIECES);
}

/* The packet of a request from seq on turns out to hold another one. */
PACKET_INLINE void packet_found_several(struct packet_state *state, __u32 seq, int is_head)
{
	__u32 answer_side = state->role == PACKET_SERVER;

	state->mode = PACKET_ORDERED;
	state->is_head[!answer_side] = is_head;
	state->is_head[answer_side] = !state->had_interim;
	state->message_seq[!answer_side] = seq;
	state->message_seq[answer_side] = state->next[answer_side];
}

/* A packet that adds to a message whose beginning was seen. */
PACKET_INLINE void packet_continue(struct packet_state *state, const struct packet_view *view,
	struct packet_verdict *verdict, __u32 head_bytes)
{
	__u32 side = view->direction & 1;
	__u32 offset = view->seq + verdict->trim - state->message_seq[side];
	__u8 match = verdict->is_answer ? view->answer : view->request;
	__u32 capture = offset < head_bytes ? head_bytes - offset : 0;

	if (match >= PACKET_MATCH_YES)
		capture = PACKET_SEGMENT_BYTES * PACKET_PIECES;
	else if ((capture || view->length <= PACKET_TAIL_BYTES) && capture < PACKET_TAIL_BYTES)
		capture = PACKET_TAIL_BYTES; /* so that what is left out has a tail */
	if ((offset - verdict->missing < head_bytes && verdict->missing) ||
		(match >= PACKET_MATCH_ODD && !verdict->is_answer))
		packet_to_ordered(state, view, verdict);
	else if (capture)
		packet_segment_of(state, view, verdict, capture);
	else if (view->is_push || packet_distance(state->sent[side], view->seq + view->length) >=
					  (__s32)PACKET_UNTOLD_BYTES)
		packet_segment_of(state, view, verdict, 0);
}

/* The request itself begins, behind what a proxy said before it. */
PACKET_INLINE void packet_begin_prefixed(
	struct packet_state *state, const struct packet_view *view, struct packet_verdict *verdict)
{
	state->is_prefixed = 0;
	state->is_connect = view->is_connect;
	state->message_seq[view->direction & 1] = view->seq + verdict->trim;
	packet_segment_of(state, view, verdict, PACKET_SEGMENT_BYTES * PACKET_PIECES);
}

PACKET_INLINE void packet_judge_request(
	struct packet_state *state, const struct packet_view *view, struct packet_verdict *verdict)
{
	if (state->phase != PACKET_REQUEST) {
		/* Not a head: the rest of a body that was answered early, or an odd method. */
		if (state->turn == 0 && view->request == PACKET_MATCH_NO)
			return;
		if (verdict->missing || view->request == PACKET_MATCH_NO ||
			(state->turn > 0 && view->request < PACKET_MATCH_YES))
			packet_to_ordered(state, view, verdict);
		else
			packet_start_request(state, view, verdict);
		return;
	}
	if (!state->is_streamed)
		packet_to_ordered(state, view, verdict);
	else if (state->is_prefixed && !verdict->missing)
		packet_begin_prefixed(state, view, verdict);
	else
		packet_continue(state, view, verdict, PACKET_SEGMENT_BYTES);
}

/* The packet of an interim answer from seq on turns out to hold more than that. */
PACKET_INLINE void packet_found_answer(struct packet_state *state, __u32 seq, int keeps_request)
{
	__u32 answer_side = state->role == PACKET_SERVER;

	state->mode = PACKET_ORDERED;
	state->is_head[answer_side] = 1;
	state->message_seq[answer_side] = seq;
	state->is_head[!answer_side] = keeps_request;
	if (!keeps_request)
		state->message_seq[!answer_side] = state->next[!answer_side];
}

/*
 * An answer before the answer goes up and the turn goes on: a body that follows 100 Continue
 * is no reason to send all of it. A kept request goes up before it.
 */
PACKET_INLINE void packet_interim(
	struct packet_state *state, const struct packet_view *view, struct packet_verdict *verdict)
{
	state->had_interim = 1;
	verdict->is_head = 1;
	verdict->is_interim = 1;
	packet_segment_of(state, view, verdict, PACKET_SEGMENT_BYTES * PACKET_PIECES);
	if (!state->is_streamed)
		verdict->action = PACKET_DO_FLUSH;
	state->is_streamed = 1;
}

PACKET_INLINE void packet_judge_answer(
	struct packet_state *state, const struct packet_view *view, struct packet_verdict *verdict)
{
	__u32 side = view->direction & 1;

	if (state->phase == PACKET_IDLE)
		return;
	if (state->phase == PACKET_ANSWER) {
		packet_continue(state, view, verdict, PACKET_ANSWER_BYTES);
		return;
	}
	if (verdict->missing) {
		packet_to_ordered(state, view, verdict);
		return;
	}
	if (view->answer == PACKET_MATCH_NO && state->turn == 1 && !state->had_interim) {
		/* It only began like the protocol: user space is told once, to forget it. */
		state->phase = PACKET_ANSWER;
		verdict->is_head = 1;
		packet_segment_of(state, view, verdict, PACKET_ANSWER_BYTES);
		if (!state->is_streamed)
			verdict->action = PACKET_DO_TURN;
		state->mode = PACKET_IGNORED;
		return;
	}
	if (view->answer == PACKET_MATCH_INTERIM) {
		packet_interim(state, view, verdict);
		return;
	}
	if (view->answer < PACKET_MATCH_YES) {
		packet_to_ordered(state, view, verdict);
		return;
	}
	state->phase = PACKET_ANSWER;
	state->message_seq[side] = view->seq + verdict->trim;
	verdict->is_head = 1;
	packet_segment_of(state, view, verdict, PACKET_ANSWER_BYTES);
	if (!state->is_streamed) {
		state->is_busy = 1;
		verdict->action = PACKET_DO_TURN;
	}
	if (view->answer == PACKET_MATCH_TUNNEL || (state->is_connect && view->is_success))
		state->mode = PACKET_IGNORED;
}

/* Nothing went by that was not told: both sides begin a message where they stand. */
PACKET_INLINE void packet_begin_ordered(struct packet_state *state)
{
	state->is_head[PACKET_INGRESS] = 1;
	state->is_head[PACKET_EGRESS] = 1;
	/* A side of which nothing came yet begins with its first packet. */
	if (state->has_next[PACKET_INGRESS])
		state->message_seq[PACKET_INGRESS] = state->next[PACKET_INGRESS];
	if (state->has_next[PACKET_EGRESS])
		state->message_seq[PACKET_EGRESS] = state->next[PACKET_EGRESS];
}

/* A connection of which nothing is known yet, or only who opened it. */
PACKET_INLINE void packet_classify(
	struct packet_state *state, const struct packet_view *view, struct packet_verdict *verdict)
{
	__u8 is_ingress = view->direction == PACKET_INGRESS;
	__u8 known = view->is_ordered ? PACKET_ORDERED : PACKET_TURNS;
	int is_request = packet_is_request_direction(state, view->direction);

	if (state->role != PACKET_ROLE_UNKNOWN) {
		int can_be = is_request ? view->request != PACKET_MATCH_NO
					: view->answer == PACKET_MATCH_GREETING;

		/* An answer to what came with the handshake. */
		verdict->is_unseen =
			!is_request && view->answer >= PACKET_MATCH_YES && !view->is_ordered;
		state->mode = can_be || verdict->is_unseen ? known : PACKET_IGNORED;
	} else if (view->request >= PACKET_MATCH_YES) {
		state->role = is_ingress ? PACKET_SERVER : PACKET_CLIENT;
		state->mode = known;
	} else if (view->answer >= PACKET_MATCH_YES) {
		/* The request went by before the agent came: the next one counts. */
		state->role = is_ingress ? PACKET_CLIENT : PACKET_SERVER;
		state->mode = known;
	} else if (view->is_older) {
		/* User space is told once. */
		state->mode = PACKET_IGNORED;
		verdict->is_head = 1;
		packet_segment_of(state, view, verdict, PACKET_TAIL_BYTES);
	} else if (++state->probes >= PACKET_PROBES_MAXIMUM) {
		state->mode = PACKET_IGNORED;
	}
	if (state->mode == PACKET_ORDERED)
		packet_begin_ordered(state);
}

/*
 * The first packets come out of order. What comes before them tells what is spoken, and until it
 * is there all goes up.
 */
PACKET_INLINE void packet_open(
	struct packet_state *state, const struct packet_view *view, struct packet_verdict *verdict)
{
	if (!packet_is_request_direction(state, view->direction)) {
		state->mode = PACKET_IGNORED;
		return;
	}
	state->is_open = 1;
	state->mode = PACKET_ORDERED;
	packet_begin_ordered(state);
}

/* The first bytes are there: user space is told of them in any case, to forget what is none. */
PACKET_INLINE void packet_close_open(struct packet_state *state, const struct packet_view *view)
{
	__u32 side = view->direction & 1;

	if (!state->is_open || view->seq != state->message_seq[side])
		return;
	state->is_open = 0;
	if (!packet_is_request_direction(state, view->direction) ||
		view->request == PACKET_MATCH_NO)
		state->mode = PACKET_IGNORED;
}

/*
 * The even rhythm, which is nearly every packet: a plain request when none waits, and
 * the answer to it, each where it is expected. What the long way below makes of them, in a few
 * steps. Returns 1 when it was that.
 */
PACKET_INLINE int packet_judge_even(
	struct packet_state *state, const struct packet_view *view, struct packet_verdict *verdict)
{
	__u32 side = view->direction & 1;
	__u32 end = view->seq + view->length;

	if (state->mode != PACKET_TURNS || view->seq != state->next[side] || !state->has_next[side])
		return 0;
	if (packet_is_request_direction(state, view->direction)) {
		if (state->phase == PACKET_REQUEST || view->request != PACKET_MATCH_PLAIN)
			return 0;
		packet_start_request(state, view, verdict);
	} else {
		if (state->phase != PACKET_REQUEST || state->is_streamed || state->is_connect ||
			view->answer != PACKET_MATCH_YES)
			return 0;
		state->phase = PACKET_ANSWER;
		state->is_busy = 1;
		state->message_seq[side] = view->seq;
		state->sent[side] = end;
		verdict->is_answer = 1;
		verdict->is_head = 1;
		verdict->action = PACKET_DO_TURN;
	}
	state->next[side] = end;
	return 1;
}

/* Judges one packet with payload; changes state. verdict is zeroed by the caller. */
PACKET_INLINE void packet_judge(
	struct packet_state *state, const struct packet_view *view, struct packet_verdict *verdict)
{
	if (packet_judge_even(state, view, verdict))
		return;
	if (state->mode == PACKET_IGNORED)
		return;
	if (packet_out_of_order(state, view, verdict))
		return;
	if (state->mode == PACKET_NEW) {
		if (verdict->missing)
			packet_open(state, view, verdict);
		else
			packet_classify(state, view, verdict);
	}
	if (state->mode == PACKET_TURNS) {
		verdict->is_answer = !packet_is_request_direction(state, view->direction);
		if (verdict->is_answer)
			packet_judge_answer(state, view, verdict);
		else
			packet_judge_request(state, view, verdict);
	} else if (state->mode == PACKET_ORDERED) {
		verdict->is_answer = !packet_is_request_direction(state, view->direction);
		packet_ordered(state, view, verdict);
		packet_close_open(state, view);
	}
	packet_advance(state, view);
}

/*
 * FIN or RST, or the socket's end. Returns the action: TURN (the kept request stays without an
 * answer), SEGMENT (tell the close), or NOTHING when no exchange is open.
 */
PACKET_INLINE enum packet_action packet_judge_end(
	struct packet_state *state, __u8 direction, int is_reset)
{
	int is_over = is_reset || !packet_is_request_direction(state, direction);
	__u8 phase = state->phase;

	if (!is_over || state->is_ended || state->mode == PACKET_NEW ||
		(phase == PACKET_IDLE && state->mode != PACKET_ORDERED))
		return PACKET_DO_NOTHING;
	state->phase = PACKET_IDLE;
	state->is_ended = 1;
	if (state->mode != PACKET_ORDERED && phase == PACKET_REQUEST && !state->is_streamed)
		return PACKET_DO_TURN;
	return PACKET_DO_SEGMENT;
}

#endif
