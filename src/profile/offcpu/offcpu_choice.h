/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which waits have their stack taken. It is settled before anybody knows how long the wait will be,
 * by what the earlier waits at the same place were: one in `weight` is taken, at random, and stands
 * for so many. The sums of time × weight are then right on average whatever the waits are, and long
 * waits, which decide them, are nearly all taken. Pure: both halves and the tests have it.
 */
#ifndef SKEP_OFFCPU_CHOICE_H
#define SKEP_OFFCPU_CHOICE_H

#include <linux/types.h>

/* What is assumed of a place that is new. */
#define OFFCPU_US_INITIAL     50000
/* Waits that are far shorter than a sample stands for are still looked at once in so many. */
#define OFFCPU_WEIGHT_MAXIMUM 1024
/* Past the limit of a CPU, a sample stands for so much more waiting for the rest of its turn: of
 * long waits none is left out still. */
#define OFFCPU_SHED_FACTOR    16
/* A turn of that limit: 2^27 ns, a seventh of a second. */
#define OFFCPU_TURN_SHIFT     27

/* A slot of the table of places; those that share a slot take it from each other. */
struct offcpu_place {
	__u16 tag;
	__u16 known;	  /* how many of its waits were looked at */
	__u32 typical_us; /* how long its waits are, rather the longer ones */
};

/* The same call path of the same thread, or nearly: where its user code is and how deep its stack.
 */
static inline __u64 offcpu_place_of(__u32 pid, __u64 ip, __u64 sp)
{
	__u64 hash = (ip ^ (__u64)pid << 40) * 0x9e3779b97f4a7c15ULL;

	hash = (hash ^ hash >> 29 ^ sp) * 0xbf58476d1ce4e5b9ULL;
	return hash ^ hash >> 32;
}

/*
 * One over the probability. Few known waits say little, since different call paths may look like
 * one place (interpreters call each other at one depth of the stack): it grows with what is known.
 */
static inline __u32 offcpu_weight(
	const struct offcpu_place *place, __u16 tag, __u32 us_a_sample, __u32 is_shedding)
{
	__u32 is_known = place->tag == tag, typical_us = OFFCPU_US_INITIAL, weight;
	__u32 most = OFFCPU_WEIGHT_MAXIMUM, pressure;

	if (is_shedding)
		us_a_sample *= OFFCPU_SHED_FACTOR;
	pressure = us_a_sample / OFFCPU_US_INITIAL;
	if (is_known) {
		typical_us = place->typical_us + 1;
		if (place->known < 128)
			most = 1 + (__u32)place->known * place->known / 16;
	}
	weight = us_a_sample / typical_us;
	/* Where there is more to take than may be taken, less is looked at here too. */
	if (pressure > 1)
		most *= pressure;
	if (weight > most)
		weight = most;
	if (weight > OFFCPU_WEIGHT_MAXIMUM)
		weight = OFFCPU_WEIGHT_MAXIMUM;
	return weight ? weight : 1;
}

/*
 * Rises at once and falls slowly: as long as a long wait comes every hundred samples, each is
 * looked at. (What varies least is a probability in proportion to the root of the mean square.)
 */
static inline void offcpu_learn(struct offcpu_place *place, __u16 tag, __u64 wait_ns)
{
	__u64 wait_us = wait_ns >> 10;
	/* The sum with one stays a number. */
	__u32 us = wait_us > 0xfffffffe ? 0xfffffffe : (__u32)wait_us;

	if (place->tag != tag)
		place->known = 0;
	if (place->tag != tag || us > place->typical_us)
		place->typical_us = us;
	else
		place->typical_us -= (place->typical_us - us + 63) / 64;
	if (place->known < 0xffff)
		place->known++;
	place->tag = tag;
}

#endif
