/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that asks the agent for `skep top`, so that keys work while an answer takes its time:
 * a wish goes in, snapshots come out, about one a second. An expensive question is asked less
 * often: asking takes at most a tenth of the time.
 */
#ifndef SKEP_CLI_TOP_FEED_H
#define SKEP_CLI_TOP_FEED_H

#include "cli/top_question.h"

struct top_feed;

/* directory: of the agent; borrowed. 0 or -errno. */
int top_feed_start(const char *directory, struct top_feed **ret_feed);
void top_feed_stop(struct top_feed *feed); /* accepts NULL */
DEFINE_CLEANUP(struct top_feed *, top_feed_stop);

/* Asks for this from now on, at once; once: not again. A question that runs is given up. */
void top_feed_wish(struct top_feed *feed, const struct top_wish *wish, bool is_once);
/* Readable when there is a snapshot. */
int top_feed_fd(const struct top_feed *feed);
/* The newest one, the caller's now; NULL when there is none. */
struct top_snapshot *top_feed_take(struct top_feed *feed);

#endif
