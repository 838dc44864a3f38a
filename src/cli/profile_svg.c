/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flame graph as one SVG file: the outermost functions above, what they call below (an icicle).
 * Colours tell the kernel, programs' own code, waits and what has no name apart; the words of a box
 * are in its title too, so that colour is never the only carrier.
 */
#include <stdio.h>

#include "base/str.h"
#include "cli/profile_tree.h"

#define WIDTH	      1200.0
#define MARGIN	      16.0
#define ROW	      18.0
#define TOP	      56.0
#define LETTER	      6.6 /* width of one of the font, about */
/* Narrower boxes are left out: nobody sees them. */
#define WIDTH_MINIMUM 0.3

struct picture {
	FILE *stream;
	const struct profile_measure *measure;
	uint64_t all;
	double scale;
};

/* Markup in a name is text; characters that XML has no place for are left out. */
static void write_text(FILE *stream, const char *text, size_t letters)
{
	for (size_t i = 0; text[i] && i < letters; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte == '<')
			fputs("&lt;", stream);
		else if (byte == '>')
			fputs("&gt;", stream);
		else if (byte == '&')
			fputs("&amp;", stream);
		else if (byte == '"')
			fputs("&quot;", stream);
		else
			fputc(byte < 0x20 || byte >= 0x7f ? '?' : byte, stream);
	}
}

/* Of five quiet tones a function has always the same. */
static unsigned int tone_of(const char *name)
{
	unsigned int sum = 0;

	for (; *name; name++)
		sum = sum * 31 + (unsigned char)*name;
	return sum % 5;
}

static const char *class_of(const char *name)
{
	if (str_ends_with(name, "_[k]"))
		return "k";
	if (str_starts_with(name, "[waiting: ") || str_equal(name, "[run queue]"))
		return "w";
	return name[0] == '[' ? "u" : "f";
}

/* How much of all is in it, and how much is its own. */
static void write_amount(const struct picture *picture, const struct profile_node *node)
{
	double share = 100.0 * (double)node->total / (double)picture->all;
	char total[16], self[16];

	if (!picture->measure->is_time) {
		fprintf(picture->stream, " — %llu samples, %.2f %%, %llu of them in itself",
			(unsigned long long)node->total, share, (unsigned long long)node->self);
		return;
	}
	str_from_duration(total, sizeof(total), node->total);
	str_from_duration(self, sizeof(self), node->self);
	fprintf(picture->stream, " — %s, %.2f %%, %s of it in itself", total, share, self);
}

static void write_box(const struct picture *picture, const struct profile_node *node, double x)
{
	double width = (double)node->total * picture->scale;
	double y = TOP + ROW * (node->depth - 1);
	size_t letters = (size_t)(width / LETTER);
	size_t length = strlen(node->name);

	fprintf(picture->stream, "<g class=\"%s%u\"><title>", class_of(node->name),
		tone_of(node->name));
	write_text(picture->stream, node->name, length);
	write_amount(picture, node);
	fputs("</title>", picture->stream);
	fprintf(picture->stream,
		"<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" rx=\"1.5\"/>", x, y,
		MAX(width - 0.6, 0.2), ROW - 1);
	if (letters >= 4) {
		fprintf(picture->stream, "<text x=\"%.2f\" y=\"%.1f\">", x + 4, y + 12.5);
		write_text(
			picture->stream, node->name, length <= letters - 1 ? length : letters - 2);
		fputs(length <= letters - 1 ? "</text>" : "…</text>", picture->stream);
	}
	fputs("</g>\n", picture->stream);
}

/* x of the node's first child; siblings follow each other. */
static void write_children(
	const struct picture *picture, const struct profile_node *parent, double x)
{
	for (const struct profile_node *node = parent->child; node; node = node->next) {
		double width = (double)node->total * picture->scale;

		if (width >= WIDTH_MINIMUM) {
			write_box(picture, node, x);
			write_children(picture, node, x);
		}
		x += width;
	}
}

static unsigned int depth_of(const struct picture *picture, const struct profile_node *root)
{
	unsigned int depth = 0;

	for (const struct profile_node *node = root; node; node = profile_node_next(node))
		if ((double)node->total * picture->scale >= WIDTH_MINIMUM)
			depth = MAX(depth, node->depth);
	return depth;
}

static void write_style(FILE *stream)
{
	static const char *const tones[4][5] = {
		{ "#f2b880", "#efa96a", "#f5c694", "#eab07a", "#f0be8a" },
		{ "#a9c4e4", "#98b8dd", "#b6cdea", "#a1bede", "#aec8e8" },
		{ "#d5d5d2", "#cbcbc8", "#dededb", "#d0d0cd", "#d9d9d6" },
		{ "#b5d8ae", "#a7cf9f", "#c0deb9", "#aed3a6", "#bbdbb3" },
	};

	fputs("<style>text{font:11px ui-monospace,Menlo,Consolas,monospace;fill:#222}"
	      ".h{font:600 15px system-ui,sans-serif}.s{font:12px system-ui,sans-serif;fill:#666}"
	      "g:hover rect{stroke:#222;stroke-width:1}",
		stream);
	for (unsigned int kind = 0; kind < 4; kind++)
		for (unsigned int tone = 0; tone < 5; tone++)
			fprintf(stream, ".%c%u rect{fill:%s}", "fkuw"[kind], tone,
				tones[kind][tone]);
	fputs("</style>\n", stream);
}

int profile_write_svg(struct profile_tree *tree, const char *title, FILE *stream)
{
	const struct profile_node *root = profile_tree_root(tree);
	struct picture picture = {
		.stream = stream,
		.measure = profile_tree_measure(tree),
		.all = root->total,
		.scale = (WIDTH - 2 * MARGIN) / (double)MAX(root->total, 1UL),
	};
	double height = TOP + ROW * depth_of(&picture, root) + MARGIN;
	char time[16];

	str_from_duration(time, sizeof(time), profile_tree_time_ns(tree));
	fprintf(stream,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
		"width=\"%.0f\" height=\"%.0f\" role=\"img\">\n",
		WIDTH, height, WIDTH, height);
	write_style(stream);
	fprintf(stream, "<rect width=\"%.0f\" height=\"%.0f\" fill=\"#fdfdfc\"/>\n", WIDTH, height);
	fprintf(stream, "<text class=\"h\" x=\"%.0f\" y=\"26\">", MARGIN);
	write_text(stream, title, strlen(title));
	fprintf(stream,
		"</text>\n<text class=\"s\" x=\"%.0f\" y=\"44\">%llu %s, %s of %s; "
		"orange: programs, blue: the kernel, grey: without a name%s</text>\n",
		MARGIN, (unsigned long long)profile_tree_count(tree), picture.measure->many, time,
		picture.measure->of, picture.measure->is_time ? ", green: what is waited for" : "");
	write_children(&picture, root, MARGIN);
	fputs("</svg>\n", stream);
	return ferror(stream) ? -EPIPE : 0;
}
