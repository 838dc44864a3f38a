/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces and open exchanges of one connection: see dialogue_reader.h.
 */
#include "doors/dialogue_reader.h"

/* Of a buffer that is empty. */
#define PIECE_BYTES_KEPT 2048

/* ---- open exchanges ---- */

static struct dialogue_reader *reader_of(struct dialogue_sink *sink)
{
	return (struct dialogue_reader *)sink;
}

/* The oldest under the number that is not over. */
static struct dialogue_open *find(const struct dialogue_reader *reader, uint64_t number)
{
	struct dialogue_open *open = reader->first;

	/* A long pipeline adds to its youngest: that one is not walked for. */
	if (reader->last && !reader->is_unordered && reader->last->number == number &&
		!reader->last->is_ending)
		return reader->last;
	while (open && (open->number != number || open->is_ending))
		open = open->next;
	return open;
}

static void forget(struct dialogue_reader *reader, struct dialogue_open *open)
{
	for (size_t i = 0; i < ARRAY_LENGTH(reader->halves); i++)
		if (reader->halves[i].owner == open)
			reader->halves[i].owner = NULL;
	if (reader->named == open)
		reader->named = NULL;
	if (open->exchange) {
		reader->open_count--;
		(*reader->handler.total)--;
	} else {
		reader->ghost_count--;
	}
	free(open->exchange);
	free(open);
}

static void forget_all(struct dialogue_reader *reader)
{
	while (reader->first) {
		struct dialogue_open *open = reader->first;

		reader->first = open->next;
		forget(reader, open);
	}
	reader->last = NULL;
}

/* NULL beyond the bounds: it is a ghost then. */
static struct exchange *exchange_new(
	const struct dialogue_reader *reader, const struct message *request)
{
	struct exchange *exchange;

	if (reader->open_count >= DIALOGUE_OPEN_MAXIMUM ||
		*reader->handler.total >= DIALOGUE_TOTAL_MAXIMUM)
		return NULL;
	exchange = calloc(1, sizeof(*exchange));
	if (!exchange)
		return NULL;
	exchange->request = *request;
	exchange->request_ns = reader->piece_ns;
	exchange->last_ns = reader->piece_ns;
	return exchange;
}

static void sink_begin(struct dialogue_sink *sink, uint64_t number, const struct message *request)
{
	struct dialogue_reader *reader = reader_of(sink);
	struct dialogue_open *open = calloc(1, sizeof(*open));

	reader->named = NULL;
	reader->begun++;
	if (!open || reader->ghost_count >= DIALOGUE_GHOSTS_MAXIMUM) {
		free(open);
		reader->is_full = true;
		reader->handler.lose(reader->handler.context, COUNT_LOST_LIMIT, 1);
		return;
	}
	open->number = number;
	open->exchange = exchange_new(reader, request);
	if (open->exchange) {
		reader->open_count++;
		(*reader->handler.total)++;
	} else {
		reader->ghost_count++;
		reader->handler.lose(reader->handler.context, COUNT_LOST_LIMIT, 1);
	}
	if (reader->last && reader->last->number >= number)
		reader->is_unordered = true;
	if (reader->last)
		reader->last->next = open;
	else
		reader->first = open;
	reader->last = open;
	reader->named = open;
}

static void sink_add(struct dialogue_sink *sink, uint64_t number)
{
	struct dialogue_reader *reader = reader_of(sink);

	reader->named = find(reader, number);
}

static void sink_answer(struct dialogue_sink *sink, uint64_t number, const struct message *answer)
{
	struct dialogue_reader *reader = reader_of(sink);
	struct dialogue_open *open = find(reader, number);
	struct exchange *exchange = open ? open->exchange : NULL;

	reader->named = open;
	if (!exchange)
		return;
	if (!exchange->answer_ns)
		exchange->answer_ns = reader->piece_ns;
	exchange->is_error = answer->is_error;
	exchange->is_client_error = answer->is_client_error;
	memcpy(exchange->status, answer->status, sizeof(exchange->status));
}

static void sink_end(struct dialogue_sink *sink, uint64_t number, bool is_incomplete)
{
	struct dialogue_reader *reader = reader_of(sink);
	struct dialogue_open *open = find(reader, number);

	if (!open)
		return;
	reader->named = open;
	open->is_ending = true;
	open->is_incomplete = is_incomplete;
	open->ending = reader->side;
	reader->halves[reader->side].has_ending = true;
}

static struct message *sink_request(struct dialogue_sink *sink, uint64_t number)
{
	const struct dialogue_open *open = find(reader_of(sink), number);

	return open && open->exchange ? &open->exchange->request : NULL;
}

static void sink_starts_tls(struct dialogue_sink *sink)
{
	reader_of(sink)->starts_tls = true;
}

/* ---- pieces ---- */

int dialogue_reader_init(struct dialogue_reader *reader, const struct protocol *protocol,
	const struct dialogue_handler *handler, unsigned int message_flags)
{
	*reader = (struct dialogue_reader){
		.sink = { sink_begin, sink_add, sink_answer, sink_end, sink_request,
			sink_starts_tls },
		.protocol = protocol,
		.dialogue = protocol->dialogue,
		.message_flags = message_flags,
		.handler = *handler,
	};
	for (size_t i = 0; i < ARRAY_LENGTH(reader->halves); i++)
		buf_init(&reader->halves[i].piece, reader->dialogue->piece_bytes);
	reader->state = calloc(1, MAX(reader->dialogue->state_bytes, 1U));
	if (!reader->state)
		return -ENOMEM;
	if (reader->dialogue->init && reader->dialogue->init(reader->state) < 0) {
		free(TAKE(reader->state));
		return -ENOMEM;
	}
	return 0;
}

void dialogue_reader_done(struct dialogue_reader *reader)
{
	forget_all(reader);
	for (size_t i = 0; i < ARRAY_LENGTH(reader->halves); i++)
		buf_done(&reader->halves[i].piece);
	if (reader->state && reader->dialogue->done)
		reader->dialogue->done(reader->state);
	free(TAKE(reader->state));
}

static void account(
	struct dialogue_reader *reader, enum dialogue_side name, uint64_t bytes, uint64_t time_ns)
{
	const struct dialogue_open *owner = reader->halves[name].owner;
	struct exchange *exchange = owner ? owner->exchange : NULL;

	if (!exchange)
		return;
	if (name == DIALOGUE_CLIENT)
		exchange->request_bytes += bytes;
	else
		exchange->answer_bytes += bytes;
	exchange->last_ns = MAX(exchange->last_ns, time_ns);
}

static void finish(const struct dialogue_reader *reader, const struct dialogue_open *open)
{
	if (open->exchange)
		reader->handler.finish(
			reader->handler.context, open->exchange, open->is_incomplete);
}

/* The last byte of a piece came: what ends with it is over. */
static void end_piece(struct dialogue_reader *reader, enum dialogue_side name)
{
	struct dialogue_half *half = &reader->halves[name];
	struct dialogue_open **place = &reader->first;
	struct dialogue_open *before = NULL;

	half->owner = NULL;
	if (!half->has_ending)
		return;
	half->has_ending = false;
	while (*place) {
		struct dialogue_open *open = *place;

		if (!open->is_ending || open->ending != name) {
			before = open;
			place = &open->next;
			continue;
		}
		*place = open->next;
		if (reader->last == open)
			reader->last = before;
		finish(reader, open);
		forget(reader, open);
	}
}

/* Bytes of a piece that is known go by, seen or not. */
static void pass(
	struct dialogue_reader *reader, enum dialogue_side name, uint64_t bytes, uint64_t time_ns)
{
	struct dialogue_half *half = &reader->halves[name];

	account(reader, name, bytes, time_ns);
	half->left -= bytes;
	if (half->left == 0)
		end_piece(reader, name);
}

/* What there is of a piece is shown to the protocol. The piece's length, 0 for more, or -errno. */
static int64_t show(struct dialogue_reader *reader, enum dialogue_side name, struct slice bytes,
	bool is_all, uint64_t first_ns)
{
	const struct dialogue *dialogue = reader->dialogue;
	unsigned int flags = reader->message_flags;
	int64_t length;

	reader->side = name;
	reader->piece_ns = first_ns;
	reader->named = NULL;
	length = dialogue->read(reader->state, name, bytes, flags, &reader->sink);
	if (length == 0 && (is_all || bytes.length >= dialogue->piece_bytes)) {
		length = dialogue->read(
			reader->state, name, bytes, flags | MESSAGE_CUT, &reader->sink);
		if (length == 0)
			length = -EBADMSG;
	}
	return reader->is_full && length > 0 ? -ENOBUFS : length;
}

/* The piece is of that length, of which as many bytes are there. */
static void enter(struct dialogue_reader *reader, enum dialogue_side name, uint64_t length,
	uint64_t there, uint64_t time_ns)
{
	struct dialogue_half *half = &reader->halves[name];

	half->owner = reader->named;
	half->left = length;
	buf_clear(&half->piece);
	if (half->piece.capacity > PIECE_BYTES_KEPT)
		buf_done(&half->piece);
	pass(reader, name, MIN(length, there), time_ns);
}

static void advance(struct side_input *input, size_t bytes)
{
	input->bytes.data += bytes;
	input->bytes.length -= bytes;
}

/* Reads the piece that begins with what was collected and goes on with the input. 0 or -errno. */
static int read_piece(
	struct dialogue_reader *reader, enum dialogue_side name, struct side_input *input)
{
	struct dialogue_half *half = &reader->halves[name];
	size_t before = half->piece.length;
	size_t added = MIN(input->bytes.length, reader->dialogue->piece_bytes - before);
	struct slice bytes = { input->bytes.data, added };
	int64_t length;

	if (before == 0)
		half->first_ns = input->time_ns;
	else if (buf_append(&half->piece, input->bytes.data, added) < 0)
		return -ENOMEM;
	else
		bytes = (struct slice){ (const uint8_t *)half->piece.data, before + added };
	length = show(reader, name, bytes, false, half->first_ns);
	if (length < 0)
		return (int)length;
	if (length > 0 && (uint64_t)length < before)
		return -EBADMSG;
	if (length == 0 && before == 0 && buf_append(&half->piece, bytes.data, added) < 0)
		return -ENOMEM;
	if (length > 0) {
		added = MIN((uint64_t)length, bytes.length) - before;
		enter(reader, name, (uint64_t)length, before + added, input->time_ns);
	}
	advance(input, added);
	return 0;
}

/* ---- losses ---- */

static unsigned int requests_in(const struct dialogue_reader *reader, enum dialogue_side name)
{
	const struct buf *piece = &reader->halves[name].piece;
	struct slice bytes = { (const uint8_t *)piece->data, piece->length };

	if (name != DIALOGUE_CLIENT || piece->length == 0)
		return 0;
	return reader->protocol->requests ? reader->protocol->requests(bytes, true) : 1;
}

static void lose_open(struct dialogue_reader *reader, enum count reason)
{
	if (reader->open_count > 0)
		reader->handler.lose(
			reader->handler.context, reason, (unsigned int)reader->open_count);
	forget_all(reader);
}

static void lose_half(struct dialogue_reader *reader, enum dialogue_side name, enum count reason)
{
	struct dialogue_half *half = &reader->halves[name];
	unsigned int count = half->is_lost ? 0 : requests_in(reader, name);

	if (count > 0)
		reader->handler.lose(reader->handler.context, reason, count);
	buf_done(&half->piece);
	half->left = 0;
	half->has_ending = false;
	half->is_lost = true;
}

void dialogue_lose(struct dialogue_reader *reader, enum count reason)
{
	lose_open(reader, reason);
	lose_half(reader, DIALOGUE_CLIENT, reason);
	lose_half(reader, DIALOGUE_SERVER, reason);
}

/* Where the next piece of the side begins is not known. The other one can be read on as long as
 * this one may be found again. */
static enum dialogue_result lose_boundaries(
	struct dialogue_reader *reader, enum dialogue_side name, enum count reason)
{
	if (reader->begun == 0 && reason == COUNT_LOST_PARSE) {
		buf_done(&reader->halves[DIALOGUE_CLIENT].piece);
		buf_done(&reader->halves[DIALOGUE_SERVER].piece);
		return DIALOGUE_FOREIGN;
	}
	/* What is none is no request either, however much of it was collected. */
	if (reason == COUNT_LOST_PARSE)
		buf_clear(&reader->halves[name].piece);
	if (!reader->dialogue->resume || reader->is_full) {
		dialogue_lose(reader, reason);
		return DIALOGUE_LOST;
	}
	lose_open(reader, reason);
	lose_half(reader, name, reason);
	return DIALOGUE_LOST;
}

/* Bytes that nobody saw come next: those of a piece whose length is known do no harm. */
static enum dialogue_result step_over(
	struct dialogue_reader *reader, enum dialogue_side name, const struct side_input *input)
{
	struct dialogue_half *half = &reader->halves[name];
	struct slice bytes = { (const uint8_t *)half->piece.data, half->piece.length };
	uint64_t unseen = input->unseen_bytes;
	uint64_t within;

	if (bytes.length > 0) {
		int64_t length = show(reader, name, bytes, true, half->first_ns);

		if (length < (int64_t)bytes.length)
			return lose_boundaries(reader, name, COUNT_LOST_ORDER);
		enter(reader, name, (uint64_t)length, bytes.length, input->time_ns);
		if (reader->starts_tls)
			return lose_boundaries(reader, name, COUNT_LOST_ORDER);
	}
	within = MIN(unseen, half->left);
	if (within > 0)
		pass(reader, name, within, input->time_ns);
	return unseen > within ? lose_boundaries(reader, name, COUNT_LOST_ORDER) : DIALOGUE_GOES_ON;
}

/* ---- the way in and out ---- */

enum dialogue_result dialogue_feed(
	struct dialogue_reader *reader, enum dialogue_side side, struct side_input *input)
{
	struct dialogue_half *half = &reader->halves[side];

	while (input->bytes.length > 0 && !half->is_lost) {
		if (half->left > 0) {
			size_t bytes = MIN(half->left, input->bytes.length);

			advance(input, bytes);
			pass(reader, side, bytes, input->time_ns);
		} else {
			int r = read_piece(reader, side, input);

			if (r < 0)
				return lose_boundaries(reader, side,
					r == -EBADMSG ? COUNT_LOST_PARSE : COUNT_LOST_LIMIT);
		}
		if (reader->starts_tls && half->left == 0)
			return DIALOGUE_TLS;
	}
	if (half->is_lost)
		return DIALOGUE_LOST;
	return input->unseen_bytes > 0 ? step_over(reader, side, input) : DIALOGUE_GOES_ON;
}

bool dialogue_resume(struct dialogue_reader *reader, enum dialogue_side side, struct slice bytes)
{
	struct dialogue_half *half = &reader->halves[side];

	if (!half->is_lost)
		return true;
	if (!reader->dialogue->resume || reader->is_full ||
		!reader->dialogue->resume(reader->state, side, bytes))
		return false;
	half->is_lost = false;
	return true;
}

void dialogue_close(struct dialogue_reader *reader, enum count without_answer)
{
	for (struct dialogue_open *open = reader->first; open; open = open->next) {
		open->is_incomplete = true;
		if (open->exchange && !open->exchange->answer_ns && !open->is_ending &&
			without_answer != COUNT_SEEN)
			reader->handler.lose(reader->handler.context, without_answer, 1);
		else
			finish(reader, open);
	}
	forget_all(reader);
}
