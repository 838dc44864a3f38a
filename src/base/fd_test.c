/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fd: reading files with and without a size, replacing a file while others read it.
 */
#include "base/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/skep-fd-test-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/* Entries of the folder, without . and .. */
static int count_entries(void)
{
	DIR *directory = opendir(folder);
	int count = -2;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static void closep_keeps_errno(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int copy = fd;

	assert_true(fd >= 0);
	errno = EXDEV;
	fd_closep(&fd);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(fd, -1);
	assert_int_equal(fcntl(copy, F_GETFD), -1);
	errno = EXDEV;
	fd_closep(&fd);
	assert_int_equal(errno, EXDEV);
}

static void take_leaves_minus_one(void **state)
{
	int fd = 7;

	assert_int_equal(fd_take(&fd), 7);
	assert_int_equal(fd, -1);
}

static void reads_proc_files(void **state)
{
	_cleanup_(buf_done)
	struct buf buf;
	_cleanup_(fd_closep)
	int proc = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char stat_line[64];

	buf_init(&buf, 1 << 20);
	buf_append_string(&buf, "what was there");
	assert_int_equal(file_read(proc, "maps", &buf), 0);
	assert_non_null(strstr(buf_text(&buf), "[stack]"));
	assert_null(strstr(buf_text(&buf), "what was there"));
	assert_true(file_read_array(AT_FDCWD, "/proc/self/stat", stat_line, sizeof(stat_line)) ==
		    sizeof(stat_line) - 1);
	assert_int_equal(strtol(stat_line, NULL, 10), getpid());
}

static void reads_up_to_the_maximum(void **state)
{
	static char content[20000];
	static const size_t maxima[] = { 1, 8191, 8192, 8193, 16384, 19999 };
	const char *path = path_of("big");

	memset(content, 'c', sizeof(content));
	assert_int_equal(file_replace(path, content, sizeof(content), 0600), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(maxima); i++) {
		_cleanup_(buf_done)
		struct buf buf;

		buf_init(&buf, maxima[i]);
		assert_int_equal(file_read(AT_FDCWD, path, &buf), -EFBIG);
		assert_int_equal(buf.length, maxima[i]);
	}
	for (size_t more = 0; more < 2; more++) {
		_cleanup_(buf_done)
		struct buf buf;

		buf_init(&buf, sizeof(content) + more);
		assert_int_equal(file_read(AT_FDCWD, path, &buf), 0);
		assert_int_equal(buf.length, sizeof(content));
	}
	unlink(path);
}

static void array_is_cut_and_terminated(void **state)
{
	const char *path = path_of("small");
	char text[4];

	file_replace(path, "abcdef", 6, 0600);
	assert_int_equal(file_read_array(AT_FDCWD, path, text, sizeof(text)), 3);
	assert_string_equal(text, "abc");
	assert_int_equal(file_read_array(AT_FDCWD, path, text, 1), 0);
	assert_string_equal(text, "");
	assert_int_equal(file_read_array(AT_FDCWD, path, text, 0), -EINVAL);
	file_replace(path, "", 0, 0600);
	assert_int_equal(file_read_array(AT_FDCWD, path, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	unlink(path);
}

static void missing_files_and_folders(void **state)
{
	_cleanup_(buf_done)
	struct buf buf;
	char text[4];

	buf_init(&buf, 10);
	assert_int_equal(file_read(AT_FDCWD, path_of("none"), &buf), -ENOENT);
	assert_int_equal(file_read_array(AT_FDCWD, path_of("none"), text, 4), -ENOENT);
	assert_int_equal(file_read(AT_FDCWD, folder, &buf), -EISDIR);
	assert_int_equal(file_read_array(AT_FDCWD, folder, text, 4), -EISDIR);
	assert_int_equal(file_replace(path_of("none/file"), "x", 1, 0600), -ENOENT);
}

static void replace_sets_content_and_mode(void **state)
{
	const char *path = path_of("mode");
	mode_t mask = umask(077);
	struct stat status;
	char text[8];

	assert_int_equal(file_replace(path, "one", 3, 0644), 0);
	umask(mask);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
	assert_int_equal(file_replace(path, "two", 3, 0600), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(file_read_array(AT_FDCWD, path, text, sizeof(text)), 3);
	assert_string_equal(text, "two");
	unlink(path);
	assert_int_equal(count_entries(), 0);
}

static void a_failed_replace_leaves_nothing(void **state)
{
	char target[256];

	snprintf(target, sizeof(target), "%s", path_of("folder"));
	assert_int_equal(mkdir(target, 0700), 0);
	assert_int_equal(file_replace(target, "x", 1, 0600), -EISDIR);
	assert_int_equal(count_entries(), 1);
	rmdir(target);
}

struct reader {
	char path[256];
	atomic_bool is_done;
	int torn; /* reads that saw neither content, read after the thread ended */
};

static bool is_whole(const char *text, ssize_t length)
{
	for (ssize_t i = 1; i < length; i++) {
		if (text[i] != text[0])
			return false;
	}
	return (length == 100 && text[0] == 'a') || (length == 9000 && text[0] == 'b');
}

static void *read_all_the_time(void *argument)
{
	struct reader *reader = argument;
	static char text[10000];

	while (!atomic_load(&reader->is_done)) {
		ssize_t length = file_read_array(AT_FDCWD, reader->path, text, sizeof(text));

		reader->torn += !is_whole(text, length);
	}
	return NULL;
}

static void readers_see_the_old_or_the_new(void **state)
{
	struct reader reader = { .torn = 0 };
	static char contents[2][9000];
	pthread_t thread;

	snprintf(reader.path, sizeof(reader.path), "%s", path_of("shared"));
	memset(contents[0], 'a', 100);
	memset(contents[1], 'b', 9000);
	assert_int_equal(file_replace(reader.path, contents[0], 100, 0600), 0);
	assert_int_equal(pthread_create(&thread, NULL, read_all_the_time, &reader), 0);
	for (int i = 0; i < 100; i++)
		file_replace(reader.path, contents[i % 2], i % 2 ? 9000 : 100, 0600);
	atomic_store(&reader.is_done, true);
	pthread_join(thread, NULL);
	assert_int_equal(reader.torn, 0);
	unlink(reader.path);
	assert_int_equal(count_entries(), 0);
}

static void makes_folders_on_the_way(void **state)
{
	char path[256];
	struct stat status;

	snprintf(path, sizeof(path), "%s", path_of("a//b/c/"));
	assert_int_equal(directory_make(path, 0700), 0);
	assert_int_equal(directory_make(path, 0700), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_true(S_ISDIR(status.st_mode));
	assert_int_equal(file_replace(path_of("a/file"), "", 0, 0600), 0);
	assert_int_equal(directory_make(path_of("a/file"), 0700), -ENOTDIR);
	assert_int_equal(directory_make(path_of("a/file/deeper"), 0700), -ENOTDIR);
	assert_int_equal(directory_make("/", 0700), 0);
	assert_int_equal(directory_make("/proc/self/none", 0700), -ENOENT);
	unlink(path_of("a/file"));
	rmdir(path_of("a/b/c"));
	rmdir(path_of("a/b"));
	rmdir(path_of("a"));
	assert_int_equal(count_entries(), 0);
}

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
	return remove(path);
}

/* With what a failed test left in it. */
static int remove_folder(void **state)
{
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closep_keeps_errno),
		cmocka_unit_test(take_leaves_minus_one),
		cmocka_unit_test(reads_proc_files),
		cmocka_unit_test(reads_up_to_the_maximum),
		cmocka_unit_test(array_is_cut_and_terminated),
		cmocka_unit_test(missing_files_and_folders),
		cmocka_unit_test(replace_sets_content_and_mode),
		cmocka_unit_test(a_failed_replace_leaves_nothing),
		cmocka_unit_test(readers_see_the_old_or_the_new),
		cmocka_unit_test(makes_folders_on_the_way),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
