/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time. Inside skep all times are CLOCK_MONOTONIC nanoseconds, which is what
 * bpf_ktime_get_ns() gives; wall time (Unix nanoseconds) exists at the edge
 * only. Any thread.
 */
#ifndef SKEP_CLOCK_H
#define SKEP_CLOCK_H

#include "base/base.h"

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_S  1000000000ULL

uint64_t clock_monotonic_ns(void);
uint64_t clock_boottime_ns(void);
uint64_t clock_wall_ns(void);

/*
 * Maps between the two clocks. It is measured by clock_map_init and again by
 * clock_map_refresh, which a running agent calls each second: after a step of the
 * wall clock or a suspend, later events get the new mapping.
 */
struct clock_map {
	int64_t wall_minus_monotonic_ns;
};

void clock_map_init(struct clock_map *map);
/* Returns true when the wall clock stepped by more than 100 ms against the monotonic one. */
bool clock_map_refresh(struct clock_map *map);
uint64_t clock_to_wall(const struct clock_map *map, uint64_t monotonic_ns);

/* "2026-01-31T12:34:56.123456Z"; size at least 28. Returns destination. */
char *clock_format_utc(char *destination, size_t size, uint64_t wall_ns);
/* "12:34:56.123" in the local zone. Returns destination. */
char *clock_format_local(char *destination, size_t size, uint64_t wall_ns);
/*
 * A point in time for --since and --until: "now"; "5m" (ago, not before 1970; the unit is
 * needed); RFC 3339 ("2026-01-31T12:34:56.5+01:00", also with a blank for T and without seconds);
 * the same without a zone, "YYYY-MM-DD" and "HH:MM[:SS]" (today) in the local zone. Years 1970 to
 * 2500. 0 or -EINVAL.
 */
int clock_parse(const char *text, uint64_t now_wall_ns, uint64_t *ret_wall_ns);

#endif
