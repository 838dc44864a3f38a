/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In: a pod's or unit's name. Out: the name that people use. Programs are program.c's business.
 */
#include <ctype.h>

#include "base/str.h"
#include "node/cgroup.h"
#include "node/service.h"

/* Units whose processes are other people's programs. */
static const char *const launchers[] = {
	"anacron",
	"atd",
	"cron",
	"crond",
	"cronie",
	"init",
	"monit",
	"ssh",
	"sshd",
	"supervisor",
	"supervisord",
};

/* Bytes of the UTF-8 character at text (RFC 3629), 0 when it is none or not printable. */
static size_t character_length(const unsigned char *text)
{
	static const struct {
		unsigned char first, last;
		unsigned char second_first, second_last;
		size_t length;
	} forms[] = {
		{ 0x20, 0x7e, 0, 0, 1 },
		{ 0xc2, 0xc2, 0xa0, 0xbf, 2 }, /* not the C1 controls */
		{ 0xc3, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
		if (text[0] < forms[i].first || text[0] > forms[i].last)
			continue;
		if (forms[i].length == 1)
			return 1;
		if (text[1] < forms[i].second_first || text[1] > forms[i].second_last)
			return 0;
		for (size_t byte = 2; byte < forms[i].length; byte++)
			if ((text[byte] & 0xc0) != 0x80)
				return 0;
		return forms[i].length;
	}
	return 0;
}

void service_name_set(struct service_name *name, const char *text)
{
	struct service_name clean;
	size_t length = 0;

	while (*text) {
		size_t bytes = character_length((const unsigned char *)text);
		if (length + MAX(bytes, 1U) >= sizeof(clean.text))
			break;
		if (bytes)
			memcpy(clean.text + length, text, bytes);
		else
			clean.text[length] = '?';
		length += MAX(bytes, 1U);
		text += MAX(bytes, 1U);
	}
	clean.text[length] = '\0';
	*name = clean;
}

/* Cuts "-SUFFIX" when suffix has a length within the limits and only the allowed characters. */
static bool cut_last(char *text, const char *allowed, size_t minimum, size_t maximum)
{
	char *dash = strrchr(text, '-');

	if (!dash || dash == text)
		return false;
	size_t length = strlen(dash + 1);
	if (length < minimum || length > maximum || strspn(dash + 1, allowed) != length)
		return false;
	*dash = '\0';
	return true;
}

#define DIGITS "0123456789"
#define HASH   "bcdfghjklmnpqrstvwxz2456789"

void service_from_pod(const char *pod, const char *host, struct service_name *ret_name)
{
	char name[256], host_suffix[256];

	str_set(name, pod);
	snprintf(host_suffix, sizeof(host_suffix), "-%s", host);
	size_t length = strlen(name);
	if (*host && length > strlen(host_suffix) && str_ends_with(name, host_suffix)) {
		name[length - strlen(host_suffix)] = '\0';
	} else if (cut_last(name, HASH, 5, 5)) {
		/* Of a Deployment the template's hash is left; of a CronJob the minute of its run.
		 */
		if (!cut_last(name, DIGITS, 8, 10))
			cut_last(name, HASH, 6, 10);
	} else {
		cut_last(name, DIGITS, 1, 3);
	}
	service_name_set(ret_name, name);
}

static bool is_launcher(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(launchers); i++)
		if (str_equal(name, launchers[i]))
			return true;
	return false;
}

/* Instances that differ by connection or counter, not by what they are. */
static bool is_passing_instance(const char *instance)
{
	size_t dashes = 0;

	if (strchr(instance, ':'))
		return true;
	for (const char *at = instance; *at; at++) {
		if (!isdigit((unsigned char)*at) && *at != '-')
			return false;
		dashes += *at == '-';
	}
	return dashes >= 2 || !*instance;
}

void service_from_unit(const char *unit, struct service_name *ret_name)
{
	char raw[EVENT_SERVICE_BYTES], name[EVENT_SERVICE_BYTES];

	service_name_set(ret_name, "");
	if (!str_ends_with(unit, ".service") || str_starts_with(unit, "user@") ||
		str_starts_with(unit, "run-"))
		return;
	str_copy_slice(raw, sizeof(raw),
		(struct slice){ (const uint8_t *)unit, strlen(unit) - strlen(".service") });
	unit_unescape(raw, name, sizeof(name));
	char *instance = strchr(name, '@');
	if (instance && is_passing_instance(instance + 1))
		*instance = '\0';
	if (!is_launcher(name))
		service_name_set(ret_name, name);
}
