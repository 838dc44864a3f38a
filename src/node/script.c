/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In: paths, modules and classes from a command line. Out: the part of them that is a name.
 */
#include <ctype.h>

#include "base/str.h"
#include "node/script.h"

#define PATH_BYTES 512

/* Words lists are short and sorted for the reader; they are searched once per exec. */

/* A script called so is named after its folder. */
static const char *const empty_stems[] = { "__init__", "__main__", "app", "application", "artisan",
	"asgi", "bootstrap", "index", "launch", "launcher", "main", "manage", "program", "run",
	"server", "start", "startup", "wsgi", NULL };

/* A script called so is one part of what its folder is called. */
static const char *const part_stems[] = { "agent", "api", "backend", "beat", "client", "consumer",
	"cron", "daemon", "frontend", "jobs", "producer", "proxy", "queue", "scheduler", "service",
	"tasks", "web", "worker", "workers", NULL };

static const char *const empty_folders[] = { "app", "application", "bin", "build", "cmd", "code",
	"current", "data", "debug", "dist", "etc", "home", "lib", "lib64", "libexec", "local",
	"mnt", "opt", "out", "public", "release", "releases", "root", "run", "sbin", "scripts",
	"server", "share", "src", "srv", "target", "tmp", "usr", "usr-local", "var", "venv", "work",
	"workspace", "www", NULL };

/* Last parts of a module that say nothing, and whole modules that do not. */
static const char *const empty_modules[] = { "__main__", "app", "application", "asgi", "cli",
	"main", "wsgi", NULL };
static const char *const empty_packages[] = { "__main__", "app", "application", "asgi", "backend",
	"config", "core", "index", "main", "project", "run", "server", "src", "wsgi", NULL };

static const char *const empty_classes[] = { "App", "Application", "Bootstrap", "Launcher", "Main",
	"Program", "Run", "Runner", "Server", "Start", NULL };

static const char *const script_suffixes[] = { ".bash", ".cjs", ".dll", ".exe", ".jar", ".js",
	".jsx", ".lua", ".mjs", ".mts", ".php", ".pl", ".py", ".pyc", ".pyz", ".r", ".R", ".rb",
	".sh", ".ts", ".tsx", ".war", ".zip", NULL };

/* Well-known main classes whose last part is not the name. */
static const struct {
	const char *part;
	const char *name;
} known_classes[] = {
	{ "org.apache.catalina.", "tomcat" },
	{ "org.apache.cassandra.", "cassandra" },
	{ "org.apache.zookeeper.", "zookeeper" },
	{ "kafka.Kafka", "kafka" },
	{ "org.elasticsearch.", "elasticsearch" },
	{ "org.opensearch.", "opensearch" },
	{ "org.logstash.", "logstash" },
	{ "org.jboss.modules.", "jboss" },
	{ "org.eclipse.jetty.", "jetty" },
};

static bool is_listed(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (str_equal(*list, word))
			return true;
	return false;
}

/* Folders of releases: 3, 1.2.0, v7, 20240131120000. */
static bool is_version(const char *text)
{
	text += *text == 'v';
	return isdigit((unsigned char)*text) && !text[strspn(text, "0123456789._-")];
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void name_from_directory(const char *directory, struct service_name *ret_name)
{
	char path[PATH_BYTES];

	str_set(path, directory);
	for (char *part; *path; *MAX(part - 1, path) = '\0') {
		part = path + (last_part(path) - path);
		char *slash = part > path ? part - 1 : part;
		bool is_home = (size_t)(slash - path) == strlen("/home") &&
			       str_starts_with(path, "/home/");
		if (*part && *part != '.' && !is_home && !is_listed(empty_folders, part) &&
			!is_version(part)) {
			service_name_set(ret_name, part);
			return;
		}
	}
	service_name_set(ret_name, "");
}

static void cut_script_suffix(char *stem)
{
	for (size_t i = 0; script_suffixes[i]; i++) {
		if (!str_ends_with(stem, script_suffixes[i]))
			continue;
		size_t length = strlen(stem) - strlen(script_suffixes[i]);
		if (length)
			stem[length] = '\0';
		return;
	}
}

/* shop-1.2.3-SNAPSHOT → shop */
static void cut_version(char *stem)
{
	for (char *dash = strchr(stem, '-'); dash; dash = strchr(dash + 1, '-')) {
		if (dash > stem && isdigit((unsigned char)dash[1])) {
			*dash = '\0';
			return;
		}
	}
}

void name_from_script(const char *path, const char *directory, struct service_name *ret_name)
{
	char whole[PATH_BYTES], stem[128];
	struct service_name folder = {};

	while (str_starts_with(path, "./"))
		path += 2;
	if (*path == '/')
		str_set(whole, path);
	else
		snprintf(whole, sizeof(whole), "%s/%s", directory, path);
	str_set(stem, last_part(whole));
	bool is_archive = str_ends_with(stem, ".jar") || str_ends_with(stem, ".war");
	cut_script_suffix(stem);
	if (is_archive)
		cut_version(stem);
	service_name_set(ret_name, stem);
	bool is_empty = is_listed(empty_stems, stem);
	if (!is_empty && !is_listed(part_stems, stem))
		return;
	whole[last_part(whole) - whole - (last_part(whole) > whole)] = '\0';
	name_from_directory(whole, &folder);
	if (!folder.text[0])
		return;
	char joined[2 * EVENT_SERVICE_BYTES + 2];
	snprintf(joined, sizeof(joined), is_empty ? "%s" : "%s-%s", folder.text, stem);
	service_name_set(ret_name, joined);
}

/* Cuts last parts that say nothing, but never the only one. */
static void cut_parts(char *name, const char *const *empty)
{
	char *dot;

	while ((dot = strrchr(name, '.')) && dot > name && is_listed(empty, dot + 1))
		*dot = '\0';
}

void name_from_module(const char *module, const char *directory, struct service_name *ret_name)
{
	char name[PATH_BYTES];

	str_copy_slice(name, sizeof(name),
		(struct slice){ (const uint8_t *)module, strcspn(module, ":") });
	cut_parts(name, empty_modules);
	service_name_set(ret_name, name);
	if (!is_listed(empty_packages, name))
		return;
	struct service_name folder;
	name_from_directory(directory, &folder);
	if (folder.text[0])
		*ret_name = folder;
}

static bool is_identifier(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '_' && text[i] != '.')
			return false;
	return length && !isdigit((unsigned char)text[0]);
}

bool is_application(const char *text)
{
	const char *colon = strchr(text, ':');

	if (!colon || !is_identifier(text, (size_t)(colon - text)))
		return false;
	/* A factory may be called with arguments: shop:create("production") */
	return is_identifier(colon + 1, strcspn(colon + 1, "("));
}

void name_from_class(const char *class, const char *directory, struct service_name *ret_name)
{
	char name[PATH_BYTES];
	const char *module_end = strchr(class, '/');

	for (size_t i = 0; i < ARRAY_LENGTH(known_classes); i++) {
		if (strstr(class, known_classes[i].part)) {
			service_name_set(ret_name, known_classes[i].name);
			return;
		}
	}
	if (str_starts_with(class, "org.springframework.boot.loader.")) {
		name_from_directory(directory, ret_name);
		return;
	}
	str_set(name, module_end ? module_end + 1 : class);
	cut_parts(name, empty_classes);
	const char *dot = strrchr(name, '.');
	service_name_set(ret_name, dot ? dot + 1 : name);
}
