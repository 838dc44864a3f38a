/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process can make others read of it, from arbitrary bytes. The first byte chooses: 'c' the
 * text of its control groups, 's' its stat, 'u' a unit's and a pod's name, else its arguments
 * behind the interpreter of that number. What must hold: names are printable and end within their
 * arrays, and ids have no part that leads out of a folder.
 */
#include <ctype.h>

#include "base/str.h"
#include "node/cgroup.h"
#include "node/proc.h"
#include "node/service.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static void check_name(const struct service_name *name)
{
	struct service_name again;

	REQUIRE(memchr(name->text, '\0', sizeof(name->text)) != NULL);
	service_name_set(&again, name->text);
	REQUIRE(strcmp(again.text, name->text) == 0);
	for (const char *at = name->text; *at; at++)
		REQUIRE(!iscntrl((unsigned char)*at));
}

static void read_groups(const char *text)
{
	struct placement placement;

	placement_parse(text, &placement);
	REQUIRE(memchr(placement.container, '\0', sizeof(placement.container)) != NULL);
	REQUIRE(!strchr(placement.container, '/') && !strchr(placement.leaf, '/'));
	REQUIRE(strspn(placement.pod_uid, "0123456789abcdef-") == strlen(placement.pod_uid));
}

static void read_names(const char *text)
{
	struct service_name name;

	service_from_unit(text, &name);
	check_name(&name);
	service_from_pod(text, "worker-1", &name);
	check_name(&name);
}

static void read_program(uint8_t mode, struct slice arguments)
{
	static const char *const executables[] = { "/usr/bin/python3.11", "/usr/bin/node",
		"/opt/java/bin/java", "/bin/busybox", "/usr/bin/ruby3.1", "/usr/bin/php8.2",
		"/usr/bin/bash", "" };
	struct program program = { .comm = "fuzz",
		.exe = executables[mode % ARRAY_LENGTH(executables)],
		.directory = "/srv/shop/current",
		.arguments = arguments };
	struct service_name name;

	service_from_program(&program, &name);
	check_name(&name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proc_stat stat;

	if (!size)
		return 0;
	_cleanup_(freep)
	char *text = strndup((const char *)data + 1, size - 1);
	if (!text)
		return 0;
	if (data[0] == 'c')
		read_groups(text);
	else if (data[0] == 'u')
		read_names(text);
	else if (data[0] == 's' && proc_parse_stat(text, &stat) == 0)
		REQUIRE(memchr(stat.comm, '\0', sizeof(stat.comm)) != NULL);
	else
		read_program(data[0], (struct slice){ data + 1, size - 1 });
	return 0;
}
