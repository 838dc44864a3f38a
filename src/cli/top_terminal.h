/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal of `skep top`, through ncurses: its screen is left as it was found, however the
 * program ends, also by a signal. One at a time.
 */
#ifndef SKEP_CLI_TOP_TERMINAL_H
#define SKEP_CLI_TOP_TERMINAL_H

#include "cli/top_draw.h"

/* 0, or -ENOTTY, -EOPNOTSUPP with what to do: no terminal, or one that cannot be drawn on. */
int top_terminal_open(bool has_color, struct fail *fail);
void top_terminal_close(void);
void top_terminal_draw(struct top_model *model);
/* Gives the model the keys and clicks that came. False when the terminal is gone. */
bool top_terminal_keys(struct top_model *model);
/* Its size changed. */
void top_terminal_resize(void);
/* Gives the terminal back, stops this process, and takes it again when it goes on. */
void top_terminal_suspend(void);

#endif
