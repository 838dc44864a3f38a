/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options that concern the whole agent; each is a row of config_rows.
 * Features bring rows of their own.
 */
#ifndef SKEP_CONFIG_H
#define SKEP_CONFIG_H

#include "event/option.h"

struct config {
	char directory[192];   /* --dir: store, socket, lock */
	char listen[96];       /* --listen: "ADDRESS:PORT" or "off" */
	char scope[256];       /* --scope: "", cgroup:PATH, netns:PATH, pid:N */
	uint64_t store_bytes;  /* --max-bytes, 0: the smaller of 2 GiB and 5 % of the disk */
	uint64_t store_age_ns; /* --max-age */
	uint64_t ring_bytes;   /* --ring-bytes, a power of two */
	bool unmask;	       /* --unmask: secrets are stored as they are */
};

extern const struct option_row config_rows[];
extern const unsigned int config_row_count;

#endif
