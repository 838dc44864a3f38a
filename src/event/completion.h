/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion scripts for shells, made from the option tables of all commands.
 */
#ifndef SKEP_COMPLETION_H
#define SKEP_COMPLETION_H

#include "event/manual.h"

/* Each appends a whole script to out and returns its error: 0, -ENOBUFS, -ENOMEM. */
int completion_bash(const struct manual *manual, struct buf *out);
int completion_zsh(const struct manual *manual, struct buf *out);
int completion_fish(const struct manual *manual, struct buf *out);

#endif
