/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options that concern the whole agent; each is a row of config_rows.
 * Features bring rows of their own.
 */
#ifndef SKEP_CONFIG_H
#define SKEP_CONFIG_H

#include "event/option.h"

struct config {
	char file[256];		     /* --config: read before the flags; "": none */
	char directory[192];	     /* --dir: store, socket, lock; "": keeps nothing */
	char listen[96];	     /* --listen: "ADDRESS:PORT" or "off" */
	char scope[256];	     /* --scope: "", cgroup:PATH, netns:PATH, pid:N */
	uint64_t store_bytes;	     /* --max-bytes, 0: the smaller of 2 GiB and 5 % of the disk */
	uint64_t store_age_ns;	     /* --max-age */
	uint32_t store_rows;	     /* --rows-per-second, 0: all */
	uint64_t ring_bytes;	     /* --ring-bytes, a power of two */
	uint64_t memory_limit_bytes; /* --memory-limit, 0: none */
	uint32_t cpu_limit_percent;  /* --cpu-limit, of one core, 0: none */
	bool unmask;		     /* --unmask: secrets are stored as they are */
};

extern const struct option_row config_rows[];
extern const unsigned int config_row_count;

/* Where an agent keeps its things unless --dir says otherwise: /var/lib/skep, or skep in
 * $XDG_STATE_HOME (~/.local/state) when not root. 0, -ENOENT without a home, -ENAMETOOLONG. */
int config_default_directory(char *destination, size_t size);
/* Refuses what the rows alone cannot: a ring that is no power of two, a malformed scope or listen
 * address. 0 or -EINVAL. */
int config_check(const struct config *config, struct fail *fail);

#endif
