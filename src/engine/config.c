/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the agent's own options, and what rows alone cannot check.
 */
#include "engine/config.h"

#include <stdio.h>
#include <unistd.h>

#include "base/str.h"
#include "engine/scope.h"

const struct option_row config_rows[] = {
	OPTION(config, file, "config", 0, OPTION_TEXT, .value_name = "FILE",
		.help = "read options from a YAML file first: `listen: off` stands for --listen "
			"off; flags win"),
	OPTION(config, directory, "dir", 0, OPTION_TEXT, .value_name = "DIR",
		.help = "folder for store, socket and lock (/var/lib/skep; when not root, skep in "
			"$XDG_STATE_HOME or ~/.local/state)"),
	OPTION(config, listen, "listen", 0, OPTION_TEXT, .value_name = "ADDRESS:PORT",
		.initial = "127.0.0.1:7850", .help = "where the page is served, or off"),
	OPTION(config, scope, "scope", 0, OPTION_TEXT, .value_name = "SCOPE",
		.help = "watch only cgroup:PATH, netns:PATH or pid:N instead of the whole host"),
	OPTION(config, store_bytes, "max-bytes", 0, OPTION_BYTES, .value_name = "SIZE",
		.help = "how large the store may grow; 0: 2GiB, or 5 % of the disk where that is "
			"less"),
	OPTION(config, store_age_ns, "max-age", 0, OPTION_DURATION, .value_name = "TIME",
		.initial = "7d", .help = "how long the store keeps an event"),
	OPTION(config, store_rows, "rows-per-second", 0, OPTION_U32, .value_name = "N",
		.initial = "5000",
		.help = "how many requests a second the store keeps singly; beyond that errors, "
			"slow ones and a sample that stands for the others; 0: all"),
	OPTION(config, ring_bytes, "ring-bytes", 0, OPTION_BYTES, .value_name = "SIZE",
		.initial = "8MiB", .minimum = 64 * 1024, .maximum = 1024 * 1024 * 1024,
		.help = "kernel memory for events on their way, a power of two"),
	OPTION(config, memory_limit_bytes, "memory-limit", 0, OPTION_BYTES, .value_name = "SIZE",
		.initial = "256MiB",
		.help = "memory that the agent may use, kernel maps included; near it caches are "
			"dropped, beyond it events, which are counted; 0: no limit"),
	OPTION(config, cpu_limit_percent, "cpu-limit", 0, OPTION_U32, .value_name = "PERCENT",
		.initial = "100", .maximum = 100000,
		.help = "of one core, that the agent may use; beyond it fewer requests are kept "
			"singly, then events are dropped and counted; 0: no limit"),
	OPTION(config, unmask, "unmask", 0, OPTION_BOOL,
		.help = "store secrets as they are: passwords, tokens, cookies, SQL literals"),
};
const unsigned int config_row_count = ARRAY_LENGTH(config_rows);

int config_default_directory(char *destination, size_t size)
{
	const char *home = getenv("HOME"), *state = getenv("XDG_STATE_HOME");
	int length;

	if (geteuid() == 0)
		return str_copy(destination, size, "/var/lib/skep") ? 0 : -ENAMETOOLONG;
	if (state && state[0] == '/')
		length = snprintf(destination, size, "%s/skep", state);
	else if (home && home[0] == '/')
		length = snprintf(destination, size, "%s/.local/state/skep", home);
	else
		return -ENOENT;
	return length >= 0 && (size_t)length < size ? 0 : -ENAMETOOLONG;
}

static int listen_check(const char *listen, struct fail *fail)
{
	const char *colon = strrchr(listen, ':');
	uint64_t port;

	if (str_equal(listen, "off"))
		return 0;
	if (!colon || colon == listen || str_to_u64(colon + 1, 0, UINT16_MAX, &port) < 0)
		return fail_set(fail, -EINVAL,
			"--listen %s: expected ADDRESS:PORT, such as 127.0.0.1:7850, or off",
			listen);
	return 0;
}

int config_check(const struct config *config, struct fail *fail)
{
	int r = listen_check(config->listen, fail);

	if (r == 0)
		r = scope_check(config->scope, fail);
	if (r == 0 && (config->ring_bytes & (config->ring_bytes - 1)))
		r = fail_set(fail, -EINVAL,
			"--ring-bytes %llu: expected a power of two, such as 8MiB",
			(unsigned long long)config->ring_bytes);
	return r;
}
