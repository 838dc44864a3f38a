/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name of a program from its executable and arguments; behind an interpreter that of what it
 * runs. One table row per interpreter and per runner; in: struct program, out: a service name.
 */
#include <ctype.h>

#include "base/str.h"
#include "node/script.h"

#define ARGUMENTS_MAXIMUM 64
#define ARGUMENTS_BYTES	  4096

struct words {
	char bytes[ARGUMENTS_BYTES];
	const char *items[ARGUMENTS_MAXIMUM];
	unsigned int count;
};

/* Words in the texts below are separated and surrounded by blanks. */
struct interpreter {
	const char *name;
	const char *valued;	 /* options whose value is the next argument */
	const char *code;	 /* options after which there is no script */
	const char *module;	 /* options before a module or the script itself */
	const char *subcommands; /* words before the script */
};

static const struct interpreter interpreters[] = {
	{ "ash", " -o ", " -c ", "", "" },
	{ "bash", " -o -O --rcfile --init-file ", " -c -s ", "", "" },
	{ "bun", " -r --preload ", " -e ", "", " run x " },
	{ "dash", " -o ", " -c -s ", "", "" },
	{ "deno", " -c --config --import-map ", " eval ", "", " run serve task " },
	{ "dotnet", " --fx-version --runtimeconfig --depsfile ", " build test ", "",
		" exec run watch " },
	{ "ksh", " -o ", " -c ", "", "" },
	{ "lua", " -l ", " -e ", "", "" },
	{ "luajit", " -l ", " -e ", "", "" },
	{ "mono", " --config ", "", "", "" },
	{ "node", " -r --require --import --loader --experimental-loader -C --conditions ",
		" -e -p --eval --print ", "", "" },
	{ "nodejs", " -r --require --import --loader -C --conditions ", " -e -p --eval --print ",
		"", "" },
	{ "perl", " -I ", " -e -E ", "", "" },
	{ "php", " -c -d -z -S -t ", " -r ", " -f ", "" },
	{ "pypy", " -W -X ", " -c ", " -m ", "" },
	{ "python", " -W -X --check-hash-based-pycs ", " -c ", " -m ", "" },
	{ "Rscript", "", " -e ", "", "" },
	{ "ruby", " -I -r -C -E ", " -e ", "", "" },
	{ "sh", " -o ", " -c -s ", "", "" },
	{ "zsh", " -o ", " -c ", "", "" },
};

enum runner_kind {
	RUNNER_APPLICATION, /* module:object among the arguments */
	RUNNER_CELERY,	    /* -A module, then what it does */
	RUNNER_DIRECTORY,   /* what lies in the working directory */
	RUNNER_SCRIPT,	    /* the next script */
};

/* Scripts and modules that only run what somebody else wrote. */
static const struct runner {
	const char *name;
	enum runner_kind kind;
} runners[] = {
	{ "celery", RUNNER_CELERY },
	{ "daphne", RUNNER_APPLICATION },
	{ "flask", RUNNER_DIRECTORY },
	{ "gunicorn", RUNNER_APPLICATION },
	{ "hypercorn", RUNNER_APPLICATION },
	{ "next", RUNNER_DIRECTORY },
	{ "nodemon", RUNNER_SCRIPT },
	{ "nuxt", RUNNER_DIRECTORY },
	{ "puma", RUNNER_DIRECTORY },
	{ "rackup", RUNNER_DIRECTORY },
	{ "rails", RUNNER_DIRECTORY },
	{ "sidekiq", RUNNER_DIRECTORY },
	{ "streamlit", RUNNER_SCRIPT },
	{ "ts-node", RUNNER_SCRIPT },
	{ "tsx", RUNNER_SCRIPT },
	{ "unicorn", RUNNER_DIRECTORY },
	{ "uvicorn", RUNNER_APPLICATION },
	{ "vite", RUNNER_DIRECTORY },
	{ "waitress-serve", RUNNER_APPLICATION },
};

static const char java_valued[] =
	" -cp -classpath --class-path -p --module-path --add-modules "
	"--add-opens --add-exports --add-reads --limit-modules -javaagent ";

/* One executable, many names: the one it was called by counts. Debian's redis-server is a link. */
static const char multi_call[] = " busybox redis-check-rdb toybox valkey-check-rdb ";
/* Of these also the word behind their own name. */
static const char applet_of[] = " busybox toybox ";

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(list, word); length && at; at = strstr(at + 1, word))
		if (at > list && at[-1] == ' ' && at[length] == ' ')
			return true;
	return false;
}

static void split(struct slice arguments, struct words *words)
{
	size_t length = MIN(arguments.length, sizeof(words->bytes) - 1);

	words->count = 0;
	if (length)
		memcpy(words->bytes, arguments.data, length);
	words->bytes[length] = '\0';
	for (size_t at = 0; at < length && words->count < ARGUMENTS_MAXIMUM;) {
		const char *item = words->bytes + at;
		/* Programs that write a title over their arguments leave empty ones behind. */
		if (*item)
			words->items[words->count++] = item;
		at += strlen(item) + 1;
	}
}

/* The file name without what the kernel and package managers add. */
static void base_name(const char *path, char *destination, size_t size)
{
	const char *slash = strrchr(path, '/');

	str_copy(destination, size, slash ? slash + 1 : path);
	char *end = destination + strlen(destination);
	if (str_ends_with(destination, " (deleted)"))
		*(end -= strlen(" (deleted)")) = '\0';
	if (destination[0] == '.' && str_ends_with(destination, "-wrapped")) {
		end[-(ptrdiff_t)strlen("-wrapped")] = '\0';
		memmove(destination, destination + 1, strlen(destination));
	}
}

/* A title or the first argument up to its first blank or ": ", without path and login dash. */
static void title_name(const char *title, char *destination, size_t size)
{
	char word[256];

	str_copy_slice(
		word, sizeof(word), (struct slice){ (const uint8_t *)title, strcspn(title, " ") });
	size_t length = strlen(word);
	if (length && word[length - 1] == ':')
		word[length - 1] = '\0';
	base_name(word[0] == '-' ? word + 1 : word, destination, size);
}

static const struct interpreter *find_interpreter(const char *name)
{
	char plain[64];

	str_set(plain, name);
	/* python3.11, ruby3.1, lua5.4 */
	size_t length = strlen(plain);
	while (length > 1 &&
		(isdigit((unsigned char)plain[length - 1]) || plain[length - 1] == '.'))
		plain[--length] = '\0';
	for (size_t i = 0; i < ARRAY_LENGTH(interpreters); i++)
		if (str_equal(interpreters[i].name, plain))
			return &interpreters[i];
	return NULL;
}

static const struct runner *find_runner(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(runners); i++)
		if (str_equal(runners[i].name, name))
			return &runners[i];
	return NULL;
}

/* The first argument from `at` on that is no option; what follows an option may be its value. */
static const char *positional(const struct words *words, unsigned int at)
{
	for (; at < words->count; at++) {
		const char *item = words->items[at];
		if (item[0] == '-') {
			at += item[1] != '-' && !item[2];
			continue;
		}
		return item;
	}
	return NULL;
}

static void name_from_celery(const struct words *words, unsigned int at, const char *directory,
	struct service_name *ret_name)
{
	const char *module = NULL, *command = NULL;
	struct service_name app;
	char joined[2 * EVENT_SERVICE_BYTES];

	for (; at < words->count && !command; at++) {
		if (has_word(" -A --app ", words->items[at]) && at + 1 < words->count)
			module = words->items[++at];
		else if (str_starts_with(words->items[at], "--app="))
			module = words->items[at] + strlen("--app=");
		else if (words->items[at][0] != '-')
			command = words->items[at];
	}
	if (module)
		name_from_module(module, directory, &app);
	else
		service_name_set(&app, "celery");
	snprintf(joined, sizeof(joined), command ? "%s-%.32s" : "%s", app.text, command);
	service_name_set(ret_name, joined);
}

/* runner stands at words->items[at - 1]. */
static void name_from_runner(const struct runner *runner, const struct words *words,
	unsigned int at, const char *directory, struct service_name *ret_name)
{
	const char *subject = NULL;

	if (runner->kind == RUNNER_CELERY) {
		name_from_celery(words, at, directory, ret_name);
		return;
	}
	if (runner->kind == RUNNER_DIRECTORY)
		name_from_directory(directory, ret_name);
	if (runner->kind == RUNNER_SCRIPT) {
		at += at < words->count && has_word(" run watch ", words->items[at]);
		subject = positional(words, at);
		if (subject)
			name_from_script(subject, directory, ret_name);
	}
	if (runner->kind == RUNNER_APPLICATION) {
		for (unsigned int i = at; i < words->count && !subject; i++)
			subject = is_application(words->items[i]) ? words->items[i] : NULL;
		subject = subject ? subject : positional(words, at);
		if (subject)
			name_from_module(subject, directory, ret_name);
	}
	if (!ret_name->text[0])
		service_name_set(ret_name, runner->name);
}

static void name_from_subject(const char *subject, const struct words *words, unsigned int at,
	const char *directory, struct service_name *ret_name)
{
	char stem[128];

	base_name(subject, stem, sizeof(stem));
	const struct runner *runner = find_runner(stem);
	if (runner)
		name_from_runner(runner, words, at, directory, ret_name);
	else
		name_from_script(subject, directory, ret_name);
}

static void name_from_interpreter(const struct interpreter *interpreter, const struct words *words,
	const char *directory, struct service_name *ret_name)
{
	for (unsigned int at = 1; at < words->count; at++) {
		const char *item = words->items[at];
		bool has_next = at + 1 < words->count;
		/* A descriptor is no name: bash <(…), a script sent through a pipe. */
		if (has_word(interpreter->code, item) || str_starts_with(item, "/dev/") ||
			str_starts_with(item, "/proc/"))
			break;
		if (has_word(interpreter->module, item) && has_next) {
			const char *subject = words->items[at + 1];
			if (!str_equal(item, "-m") || find_runner(subject))
				name_from_subject(subject, words, at + 2, directory, ret_name);
			else
				name_from_module(subject, directory, ret_name);
			return;
		}
		if (has_word(interpreter->valued, item))
			at++;
		else if (item[0] != '-' && !has_word(interpreter->subcommands, item)) {
			name_from_subject(item, words, at + 1, directory, ret_name);
			return;
		}
	}
	service_name_set(ret_name, interpreter->name);
}

static void name_from_java(
	const struct words *words, const char *directory, struct service_name *ret_name)
{
	static const char *const given[] = { "-Dotel.service.name=", "-Dspring.application.name=" };

	for (unsigned int at = 1; at < words->count; at++)
		for (size_t i = 0; i < ARRAY_LENGTH(given); i++)
			if (str_starts_with(words->items[at], given[i])) {
				service_name_set(ret_name, words->items[at] + strlen(given[i]));
				return;
			}
	for (unsigned int at = 1; at < words->count; at++) {
		const char *item = words->items[at];
		const char *next = at + 1 < words->count ? words->items[at + 1] : NULL;
		if (next && str_equal(item, "-jar")) {
			name_from_script(next, directory, ret_name);
			return;
		}
		if (next && has_word(" -m --module ", item))
			item = next;
		else if (has_word(java_valued, item)) {
			at++;
			continue;
		}
		if (item[0] == '-' || item[0] == '@')
			continue;
		name_from_class(item, directory, ret_name);
		break;
	}
	if (!ret_name->text[0])
		service_name_set(ret_name, "java");
}

/* gunicorn: master [shop.wsgi:application]; puma 5.6 (tcp://…) [shop]; nginx: worker process */
static void name_from_title(const char *title, const char *directory, struct service_name *ret_name)
{
	char word[256];
	const char *open = strrchr(title, '['), *close = strrchr(title, ']');

	title_name(title, word, sizeof(word));
	const struct runner *runner = find_runner(word);
	service_name_set(ret_name, word);
	if (!runner || !open || !close || close < open)
		return;
	str_copy_slice(word, sizeof(word),
		(struct slice){ (const uint8_t *)open + 1, (size_t)(close - open - 1) });
	if (*word && !strchr(word, ' '))
		name_from_module(word, directory, ret_name);
}

static void find_base(
	const struct program *program, const struct words *words, char *base, size_t size)
{
	base[0] = '\0';
	if (program->exe && program->exe[0])
		base_name(program->exe, base, size);
	else if (words->count)
		title_name(words->items[0], base, size);
	if (words->count && has_word(multi_call, base)) {
		title_name(words->items[0], base, size);
		if (has_word(applet_of, base) && words->count > 1)
			str_copy(base, size, words->items[1]);
	}
	if (!base[0] && program->comm)
		str_copy_slice(base, size,
			(struct slice){
				(const uint8_t *)program->comm, strcspn(program->comm, "/") });
}

bool program_uses_directory(const struct program *program)
{
	char base[256];

	if (!program->exe || !program->exe[0])
		return true;
	base_name(program->exe, base, sizeof(base));
	return find_interpreter(base) || str_equal(base, "java") || has_word(multi_call, base);
}

void service_from_program(const struct program *program, struct service_name *ret_name)
{
	struct words words;
	char base[256], first[256] = "";
	const char *directory = program->directory ? program->directory : "";

	service_name_set(ret_name, "");
	split(program->arguments, &words);
	find_base(program, &words, base, sizeof(base));
	if (words.count)
		title_name(words.items[0], first, sizeof(first));
	const struct interpreter *interpreter = find_interpreter(base);
	bool is_titled =
		words.count == 1 && first[0] && !find_interpreter(first) && !str_equal(first, base);
	if (interpreter && is_titled)
		name_from_title(words.items[0], directory, ret_name);
	else if (interpreter)
		name_from_interpreter(interpreter, &words, directory, ret_name);
	else if (str_equal(base, "java"))
		name_from_java(&words, directory, ret_name);
	else if (str_starts_with(base, "beam") && program->arguments.length &&
		 memmem(program->arguments.data, program->arguments.length, "rabbitmq", 8))
		service_name_set(ret_name, "rabbitmq");
	else if (str_starts_with(base, "php-fpm"))
		service_name_set(ret_name, "php-fpm");
	else
		service_name_set(ret_name, base);
}
