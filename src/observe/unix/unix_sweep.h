/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds closes by listing, for kernels where no hook tells of them: a connection that neither end
 * lists any more, or whose other end is gone, is closed. In: the ends that were reported; out: a
 * record UNIX_CLOSED for each of them, a tenth of a second late or so. A listing takes 1 ms per
 * 1000 unix sockets of a namespace; the pauses between are so long that it takes 0.2 % of a core,
 * up to two seconds. Loop thread only.
 */
#ifndef SKEP_UNIX_SWEEP_H
#define SKEP_UNIX_SWEEP_H

#include "node/unix_socket.h"
#include "observe/unix/unix_record.h"

/* Connections that are looked for; beyond that a close is not told: unix_sweep_left_out. */
#define UNIX_SWEEP_MAXIMUM 32768

struct unix_sweep;

/* Of one end: its record as it came, made a close. Its bytes are 0. is_last:
 * no other end of the connection follows. */
typedef void unix_sweep_closed(void *context, struct unix_record *record, bool is_last);

struct unix_sweep *unix_sweep_new(
	const struct node *node, unix_sweep_closed *closed, void *context);
void unix_sweep_free(struct unix_sweep *sweep); /* accepts NULL */
/* An end of a connection that lives: UNIX_CONNECTED, UNIX_ACCEPTED. */
void unix_sweep_add(struct unix_sweep *sweep, const struct unix_record *record);
/* UNIX_REPLACED: what the end sent, which the kernel half does not know any more. */
void unix_sweep_note(struct unix_sweep *sweep, const struct unix_record *record);
/* That, until the last close of the connection was told; 0 without. role: enum request_role. */
uint64_t unix_sweep_noted(const struct unix_sweep *sweep, uint64_t connection, uint8_t role);
/* Looks when it is time. */
void unix_sweep_tick(struct unix_sweep *sweep, uint64_t now_ns);
uint64_t unix_sweep_left_out(const struct unix_sweep *sweep);

#endif
