/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exchange on the screen of `skep top`: what was asked and answered, both ends beside one
 * another, and where the time went.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/top_draw.h"

#define LABEL_COLUMNS 12
#define END_COLUMNS   34
#define TEXT_BYTES    640

/* A line is drawn while there is room. */
struct page {
	const struct top_canvas *canvas;
	unsigned int y;
	unsigned int end;
	unsigned int second_x; /* where the second end stands; 0: no room beside the first */
};

struct ends {
	const struct request_event *client; /* NULL: not seen */
	const struct request_event *server;
};

static bool has_room(const struct page *page)
{
	return page->y < page->end;
}

static void text_line(struct page *page, enum top_style style, const char *text)
{
	if (has_room(page))
		top_put(page->canvas, page->y++, 1, style, text);
}

static void blank_line(struct page *page)
{
	/* On a small terminal the lines are needed for more than order. */
	if (page->end - page->y > 12)
		page->y++;
}

/* ---- values ---- */

typedef void end_text(const struct request_event *end, char *text);

static void service_text(const struct request_event *end, char *text)
{
	snprintf(text, TEXT_BYTES, "%s",
		end->process.service[0] ? end->process.service : "(unknown)");
}

static void process_text(const struct request_event *end, char *text)
{
	if (end->process.pid)
		snprintf(text, TEXT_BYTES, "%s %u", end->process.comm, end->process.pid);
	else
		str_copy(text, TEXT_BYTES, "(unknown)");
}

static void place_text(const struct request_event *end, char *text)
{
	const struct event_process *process = &end->process;
	const char *place = process->pod[0]	    ? process->pod
			    : process->container[0] ? process->container
						    : process->unit;

	snprintf(text, TEXT_BYTES, "%s", place);
}

static void address_text(const struct request_event *end, char *text)
{
	char address[ADDRESS_TEXT_BYTES];

	snprintf(text, TEXT_BYTES, "%s:%u",
		address_format(&end->local_address, address, sizeof(address)), end->local_port);
}

static void duration_text(const struct request_event *end, char *text)
{
	str_from_duration(text, TEXT_BYTES, end->duration_ns);
}

static void first_byte_text(const struct request_event *end, char *text)
{
	str_from_duration(text, TEXT_BYTES, end->first_byte_ns);
}

static void request_text(const struct request_event *end, char *text)
{
	str_from_bytes(text, TEXT_BYTES, end->request_bytes);
}

static void response_text(const struct request_event *end, char *text)
{
	str_from_bytes(text, TEXT_BYTES, end->response_bytes);
}

static void began_text(const struct request_event *end, char *text)
{
	clock_format_local(text, TEXT_BYTES, end->header.time_ns);
}

/* ---- lines ---- */

static void put_value(const struct page *page, unsigned int x, unsigned int columns,
	const struct request_event *end, end_text *value)
{
	char text[TEXT_BYTES] = "not seen";
	struct top_canvas part = *page->canvas;

	if (end)
		value(end, text);
	part.width = MIN(part.width, x + columns);
	top_put(&part, page->y, x, end ? TOP_PLAIN : TOP_DIM, text);
}

static bool has_value(const struct request_event *end, end_text *value)
{
	char text[TEXT_BYTES] = "";

	if (end)
		value(end, text);
	return text[0];
}

static void end_line(struct page *page, const char *label, const struct ends *ends, end_text *value)
{
	const unsigned int x = 1 + LABEL_COLUMNS;

	if (!has_room(page) || (!has_value(ends->client, value) && !has_value(ends->server, value)))
		return;
	top_put(page->canvas, page->y, 1, TOP_DIM, label);
	if (page->second_x) {
		put_value(page, x, END_COLUMNS, ends->client, value);
		put_value(page, page->second_x, END_COLUMNS, ends->server, value);
	} else {
		put_value(page, x, page->canvas->width, ends->server ? ends->server : ends->client,
			value);
	}
	page->y++;
}

/* "█████░░": until the first byte, and from there to the last one. */
static void draw_time(struct page *page, const char *label, const struct request_event *end,
	const struct request_event *longest)
{
	const unsigned int x = 1 + LABEL_COLUMNS;
	unsigned int room = page->canvas->width > x + 1 ? page->canvas->width - x - 1 : 0;
	uint64_t start_ns = end->header.time_ns > longest->header.time_ns
				    ? end->header.time_ns - longest->header.time_ns
				    : 0;
	double scale =
		longest->duration_ns ? (double)MIN(room, 72U) / (double)longest->duration_ns : 0;
	unsigned int skip = (unsigned int)(scale * (double)start_ns);
	unsigned int all = (unsigned int)(scale * (double)end->duration_ns + 0.5);
	unsigned int first = (unsigned int)(scale * (double)end->first_byte_ns + 0.5);
	_cleanup_(buf_done)
	struct buf bar = { 0 };

	if (!has_room(page) || room == 0)
		return;
	buf_init(&bar, 4096);
	for (unsigned int i = 0; i < MAX(all, 1U); i++)
		buf_append_string(&bar, i < first || all == 0 ? "█" : "░");
	top_put(page->canvas, page->y, 1, TOP_DIM, label);
	top_put(page->canvas, page->y++, x + MIN(skip, room - 1), TOP_PLAIN, buf_text(&bar));
}

static void draw_times(struct page *page, const struct ends *ends)
{
	const struct request_event *longest = ends->server;
	char first[24], rest[24], text[128];

	if (ends->client && (!longest || ends->client->duration_ns >= longest->duration_ns))
		longest = ends->client;
	if (ends->client)
		draw_time(page, "client", ends->client, longest);
	if (ends->server)
		draw_time(page, "server", ends->server, longest);
	str_from_duration(first, sizeof(first), longest->first_byte_ns);
	str_from_duration(rest, sizeof(rest),
		longest->duration_ns - MIN(longest->first_byte_ns, longest->duration_ns));
	snprintf(text, sizeof(text), "█ %s to the first byte   ░ %s from there to the last", first,
		rest);
	if (has_room(page))
		top_put(page->canvas, page->y++, 1 + LABEL_COLUMNS, TOP_DIM, text);
}

static void draw_head(struct page *page, const struct request_event *one)
{
	char text[TEXT_BYTES * 2], duration[24];
	const char *verdict = one->is_incomplete
				      ? "incomplete: the answer ended early, or none came"
			      : one->is_error ? "failed"
					      : "fine";

	str_from_duration(duration, sizeof(duration), one->duration_ns);
	snprintf(text, sizeof(text), "%s %s", one->operation,
		one->detail[0] ? one->detail : one->target);
	text_line(page, TOP_BOLD, text);
	snprintf(text, sizeof(text), "%s%s%s in %s, %s%s", one->protocol, one->status[0] ? " " : "",
		one->status, duration, verdict, one->is_encrypted ? ", inside TLS" : "");
	text_line(page, one->is_error || one->is_incomplete ? TOP_BAD : TOP_PLAIN, text);
	if (one->host[0]) {
		snprintf(text, sizeof(text), "asked of %s", one->host);
		text_line(page, TOP_DIM, text);
	}
}

static void draw_titles(struct page *page)
{
	const unsigned int x = 1 + LABEL_COLUMNS;

	if (!page->second_x || !has_room(page))
		return;
	top_put(page->canvas, page->y, x, TOP_HEADING, "CLIENT");
	top_put(page->canvas, page->y++, page->second_x, TOP_HEADING, "SERVER");
}

void top_draw_exchange(const struct top_snapshot *snapshot, const struct top_canvas *canvas,
	unsigned int y, unsigned int height)
{
	static const struct {
		const char *label;
		end_text *value;
	} lines[] = {
		{ "service", service_text },
		{ "process", process_text },
		{ "runs in", place_text },
		{ "address", address_text },
		{ "began", began_text },
		{ "duration", duration_text },
		{ "first byte", first_byte_text },
		{ "request", request_text },
		{ "answer", response_text },
	};
	const struct request_event *one = &snapshot->wish.exchange;
	const struct request_event *other = snapshot->has_other_end ? &snapshot->other_end : NULL;
	const struct ends ends = one->role == ROLE_CLIENT ? (struct ends){ one, other }
							  : (struct ends){ other, one };
	struct page page = { .canvas = canvas, .y = y, .end = y + height };

	if (canvas->width >= 1 + LABEL_COLUMNS + 2 * END_COLUMNS - 10)
		page.second_x = 1 + LABEL_COLUMNS + END_COLUMNS;
	draw_head(&page, one);
	blank_line(&page);
	draw_titles(&page);
	for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
		end_line(&page, lines[i].label, &ends, lines[i].value);
	blank_line(&page);
	draw_times(&page, &ends);
	if (!other && has_room(&page))
		text_line(&page, TOP_DIM,
			"The other end is not on this machine, not in the agent's scope, or its "
			"row "
			"was not kept.");
}
