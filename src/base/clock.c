/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the clocks, maps monotonic to wall time, writes and reads points in
 * time as text.
 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#include "base/str.h"

#define STEP_NS	      (100 * (int64_t)NS_PER_MS)
#define MEASURE_TRIES 5
/* Years that 64 bits of nanoseconds since 1970 surely hold. */
#define FIRST_YEAR    1970
#define LAST_YEAR     2500

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now); /* cannot fail: the clocks exist on every kernel */
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_boottime_ns(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

uint64_t clock_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

/* Wall time lies between two readings of the monotonic clock; of some tries the one with the
 * least time between them counts, since the thread may be put aside in the middle. */
static int64_t measure(void)
{
	uint64_t least_ns = UINT64_MAX;
	int64_t difference_ns = 0;

	for (int i = 0; i < MEASURE_TRIES; i++) {
		uint64_t before_ns = clock_monotonic_ns();
		uint64_t wall_ns = clock_wall_ns();
		uint64_t between_ns = clock_monotonic_ns() - before_ns;

		if (between_ns < least_ns) {
			least_ns = between_ns;
			difference_ns = (int64_t)(wall_ns - (before_ns + between_ns / 2));
		}
	}
	return difference_ns;
}

void clock_map_init(struct clock_map *map)
{
	map->wall_minus_monotonic_ns = measure();
}

bool clock_map_refresh(struct clock_map *map)
{
	int64_t old_ns = map->wall_minus_monotonic_ns;
	int64_t step_ns;

	map->wall_minus_monotonic_ns = measure();
	step_ns = map->wall_minus_monotonic_ns - old_ns;
	return step_ns > STEP_NS || step_ns < -STEP_NS;
}

uint64_t clock_to_wall(const struct clock_map *map, uint64_t monotonic_ns)
{
	return monotonic_ns + (uint64_t)map->wall_minus_monotonic_ns;
}

char *clock_format_utc(char *destination, size_t size, uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	snprintf(destination, size, "%04d-%02d-%02dT%02d:%02d:%02d.%06uZ", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		(unsigned int)(wall_ns % NS_PER_S / NS_PER_US));
	return destination;
}

char *clock_format_local(char *destination, size_t size, uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	struct tm tm;

	localtime_r(&seconds, &tm);
	snprintf(destination, size, "%02d:%02d:%02d.%03u", tm.tm_hour, tm.tm_min, tm.tm_sec,
		(unsigned int)(wall_ns % NS_PER_S / NS_PER_MS));
	return destination;
}

/* A point in time as it is read, left to right. */
struct reading {
	const char *at;
	struct tm tm;
	uint64_t fraction_ns;
	bool has_zone;
	int zone_seconds; /* east of UTC */
};

/* Exactly `digits` digits within [minimum, maximum]. */
static bool read_number(
	struct reading *reading, int digits, int minimum, int maximum, int *ret_value)
{
	int value = 0;

	for (int i = 0; i < digits; i++) {
		if (reading->at[i] < '0' || reading->at[i] > '9')
			return false;
		value = value * 10 + (reading->at[i] - '0');
	}
	if (value < minimum || value > maximum)
		return false;
	reading->at += digits;
	*ret_value = value;
	return true;
}

/* Steps over one of the characters. */
static bool read_one_of(struct reading *reading, const char *characters)
{
	if (*reading->at == '\0' || !strchr(characters, *reading->at))
		return false;
	reading->at++;
	return true;
}

static bool read_date(struct reading *reading)
{
	int year;
	int month;
	int day;
	struct tm check;

	if (!read_number(reading, 4, FIRST_YEAR, LAST_YEAR, &year) || !read_one_of(reading, "-") ||
		!read_number(reading, 2, 1, 12, &month) || !read_one_of(reading, "-") ||
		!read_number(reading, 2, 1, 31, &day))
		return false;
	reading->tm = (struct tm){ .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day };
	/* timegm moves a day that the month does not have into the next month. */
	check = reading->tm;
	timegm(&check);
	return check.tm_mday == day;
}

/* ".123", any number of digits; what is below a nanosecond is cut. */
static bool read_fraction(struct reading *reading)
{
	uint64_t unit_ns = NS_PER_S;
	const char *start = reading->at;

	for (; *reading->at >= '0' && *reading->at <= '9'; reading->at++) {
		unit_ns /= 10;
		reading->fraction_ns += unit_ns * (uint64_t)(*reading->at - '0');
	}
	return reading->at > start;
}

/* HH:MM[:SS[.fraction]]; second 60 is a leap second (RFC 3339, 5.7). */
static bool read_time(struct reading *reading)
{
	reading->tm.tm_sec = 0;
	if (!read_number(reading, 2, 0, 23, &reading->tm.tm_hour) || !read_one_of(reading, ":") ||
		!read_number(reading, 2, 0, 59, &reading->tm.tm_min))
		return false;
	if (!read_one_of(reading, ":"))
		return true;
	if (!read_number(reading, 2, 0, 60, &reading->tm.tm_sec))
		return false;
	return !read_one_of(reading, ".") || read_fraction(reading);
}

/* Z or +HH:MM or -HH:MM. */
static bool read_zone(struct reading *reading)
{
	bool is_west = *reading->at == '-';
	int hours;
	int minutes;

	reading->has_zone = true;
	if (read_one_of(reading, "Zz"))
		return true;
	if (!read_one_of(reading, "+-") || !read_number(reading, 2, 0, 23, &hours) ||
		!read_one_of(reading, ":") || !read_number(reading, 2, 0, 59, &minutes))
		return false;
	reading->zone_seconds = (hours * 60 + minutes) * (is_west ? -60 : 60);
	return true;
}

/* A date, then perhaps a time, then perhaps a zone; or a time of today. */
static bool read_point(struct reading *reading, uint64_t now_wall_ns)
{
	time_t now = (time_t)(now_wall_ns / NS_PER_S);

	if (strchr(reading->at, '-') != NULL) {
		if (!read_date(reading))
			return false;
		if (*reading->at == '\0')
			return true;
		if (!read_one_of(reading, "Tt ") || !read_time(reading))
			return false;
		if (*reading->at != '\0' && !read_zone(reading))
			return false;
	} else {
		localtime_r(&now, &reading->tm);
		if (!read_time(reading))
			return false;
	}
	return *reading->at == '\0';
}

static int parse_point(const char *text, uint64_t now_wall_ns, uint64_t *ret_wall_ns)
{
	struct reading reading = { .at = text };
	time_t seconds;

	if (!read_point(&reading, now_wall_ns))
		return -EINVAL;
	if (reading.has_zone) {
		seconds = timegm(&reading.tm) - reading.zone_seconds;
	} else {
		reading.tm.tm_isdst = -1; /* mktime finds out */
		seconds = mktime(&reading.tm);
	}
	if (seconds < 0)
		return -EINVAL;
	*ret_wall_ns = (uint64_t)seconds * NS_PER_S + reading.fraction_ns;
	return 0;
}

int clock_parse(const char *text, uint64_t now_wall_ns, uint64_t *ret_wall_ns)
{
	uint64_t ago_ns;
	uint64_t number;

	if (str_equal(text, "now")) {
		*ret_wall_ns = now_wall_ns;
		return 0;
	}
	/* Seconds ago or Unix seconds? Nobody knows. */
	if (str_to_u64(text, 0, UINT64_MAX, &number) != -EINVAL)
		return -EINVAL;
	if (str_to_duration_ns(text, &ago_ns) == 0) {
		*ret_wall_ns = now_wall_ns - MIN(ago_ns, now_wall_ns);
		return 0;
	}
	return parse_point(text, now_wall_ns, ret_wall_ns);
}
