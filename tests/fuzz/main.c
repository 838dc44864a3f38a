/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over files instead of random input, with any compiler:
 * those named as arguments, else all in tests/fuzz/seeds/NAME for the program NAME_fuzz.
 */
#include <dirent.h>
#include <fcntl.h>

#include "base/buf.h"
#include "base/fd.h"

#define SEED_BYTES_MAXIMUM (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	_cleanup_(buf_done)
	struct buf content = { .maximum = SEED_BYTES_MAXIMUM };
	_cleanup_(freep)
	uint8_t *exact = NULL;
	int result = file_read(AT_FDCWD, path, &content);

	/* Flushed, so that the seed at which the program died is known. */
	printf("%s\n", path);
	fflush(stdout);
	if (result < 0)
		return result;
	/* No byte more, so that the sanitizer sees reading on. */
	exact = malloc(MAX(content.length, 1U));
	if (!exact)
		return -ENOMEM;
	if (content.length > 0)
		memcpy(exact, content.data, content.length);
	LLVMFuzzerTestOneInput(exact, content.length);
	return 0;
}

static int run_seeds(const char *name)
{
	char path[512];
	struct dirent **entries;
	int found, result = 0;

	snprintf(path, sizeof(path), "tests/fuzz/seeds/%s", name);
	found = scandir(path, &entries, NULL, alphasort);
	for (int index = 0; index < found; index++) {
		snprintf(
			path, sizeof(path), "tests/fuzz/seeds/%s/%s", name, entries[index]->d_name);
		if (entries[index]->d_name[0] != '.' && result == 0)
			result = run_file(path);
		free(entries[index]);
	}
	if (found < 0)
		return -errno;
	free(entries);
	return found <= 2 ? -ENOENT : result;
}

int main(int argc, char **argv)
{
	const char *program = program_invocation_short_name;
	char name[64];
	int result = 0;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(program, "_"), program);
	for (int index = 1; index < argc && result == 0; index++)
		result = run_file(argv[index]);
	if (argc == 1)
		result = run_seeds(name);
	/* As a cmocka program says it, for tools/run-tests. */
	printf("[%s] %s: %s\n", result == 0 ? "       OK " : "  FAILED  ", name, strerror(-result));
	return result == 0 ? 0 : 1;
}
