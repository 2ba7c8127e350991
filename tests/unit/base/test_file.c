/* SPDX-License-Identifier: Apache-2.0 */
/* test_file.c - files that appear whole, reads that never hang, directories */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"
#include "tmp.h"

static struct tmp tmp;
static int dir_fd = -1;

static int setup(void **state)
{
	(void)state;
	tmp_make(&tmp);
	dir_fd = open(tmp.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir_fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	close(dir_fd);
	tmp_remove(&tmp);
	return 0;
}

static void put(const char *name, const char *text)
{
	free(tmp_write(&tmp, name, text, 0644));
}

#define assert_content(name, text)                              \
	do {                                                    \
		autofree char *content_ = tmp_read(&tmp, name); \
                                                                \
		assert_non_null(content_);                      \
		assert_string_equal(content_, text);            \
	} while (0)

/* --- file_read() -------------------------------------------------------------------------- */

static void reads_a_file_whole(void **state)
{
	char buf[64];

	(void)state;
	put("a", "one\r\ntwo");
	memset(buf, 'x', sizeof(buf));

	assert_int_equal(file_read(dir_fd, "a", buf, sizeof(buf)), 8);
	assert_string_equal(buf, "one\r\ntwo");
}

static void reads_an_empty_file(void **state)
{
	char buf[4] = "old";

	(void)state;
	put("empty", "");

	assert_int_equal(file_read(dir_fd, "empty", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	assert_int_equal(file_read(dir_fd, "empty", buf, 1), 0);
}

static void reads_bytes_that_are_zero(void **state)
{
	char buf[8];

	(void)state;
	assert_int_equal(file_create(dir_fd, "zero", "a\0b", 3, 0600), 0);

	assert_int_equal(file_read(dir_fd, "zero", buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "a\0b", 4);
}

static void size_counts_the_nul(void **state)
{
	char buf[5] = "1234";

	(void)state;
	put("four", "abcd");

	assert_int_equal(file_read(dir_fd, "four", buf, 4), -EFBIG);
	assert_int_equal(file_read(dir_fd, "four", buf, 1), -EFBIG);
	assert_int_equal(file_read(dir_fd, "four", buf, 0), -EFBIG);
	assert_int_equal(file_read(dir_fd, "four", buf, 5), 4);
	assert_string_equal(buf, "abcd");
}

static void reads_files_that_have_no_size(void **state)
{
	char buf[64];
	ssize_t n = file_read(AT_FDCWD, "/proc/sys/kernel/ostype", buf, sizeof(buf));

	(void)state;
	assert_int_equal(n, 6);
	assert_string_equal(buf, "Linux\n");
}

static void missing_files_are_named_so(void **state)
{
	char buf[8];

	(void)state;
	put("file", "");

	assert_int_equal(file_read(dir_fd, "missing", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(file_read(dir_fd, "file/below", buf, sizeof(buf)), -ENOTDIR);
	assert_int_equal(file_read(-1, "file", buf, sizeof(buf)), -EBADF);
}

static void follows_no_link(void **state)
{
	char buf[8] = "old";

	(void)state;
	put("target", "secret");
	assert_int_equal(symlinkat("target", dir_fd, "link"), 0);
	assert_int_equal(symlinkat("nowhere", dir_fd, "dangling"), 0);

	assert_int_equal(file_read(dir_fd, "link", buf, sizeof(buf)), -ELOOP);
	assert_int_equal(file_read(dir_fd, "dangling", buf, sizeof(buf)), -ELOOP);
	assert_string_equal(buf, "old");
}

/* A FIFO without a writer is the case that would hang: alarm(2) ends the test then. */
static void reads_regular_files_only(void **state)
{
	const struct sockaddr_un addr = { .sun_family = AF_UNIX };
	autoclose int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un at = addr;
	char buf[8];

	(void)state;
	assert_int_equal(mkfifoat(dir_fd, "fifo", 0600), 0);
	assert_int_equal(mkdirat(dir_fd, "dir", 0700), 0);
	snprintf(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d/sock", dir_fd);
	assert_int_equal(bind(sock, (const struct sockaddr *)&at, sizeof(at)), 0);

	alarm(10);
	assert_int_equal(file_read(dir_fd, "fifo", buf, sizeof(buf)), -EINVAL);
	assert_int_equal(file_read(dir_fd, "dir", buf, sizeof(buf)), -EINVAL);
	assert_int_equal(file_read(dir_fd, "sock", buf, sizeof(buf)), -ENXIO);
	assert_int_equal(file_read(AT_FDCWD, "/dev/zero", buf, sizeof(buf)), -EINVAL);
	alarm(0);
}

/* The next descriptor is the one that was free before: nothing leaks, on any path. */
static void closes_what_it_opened(void **state)
{
	struct deadline now = deadline_in(0);
	int before = dup(dir_fd);
	char buf[4];
	int after;

	(void)state;
	close(before);
	put("file", "abc");
	file_read(dir_fd, "file", buf, sizeof(buf));
	file_read(dir_fd, "file", buf, 1);
	file_read(dir_fd, ".", buf, sizeof(buf));
	file_create(dir_fd, "file", "x", 1, 0600);
	file_create(dir_fd, "new", "x", 1, 0600);
	file_replace(dir_fd, "new", "x", 1, 0600);
	file_replace(dir_fd, ".", "x", 1, 0600);
	file_lock(dir_fd, &now);

	after = dup(dir_fd);
	close(after);
	assert_int_equal(after, before);
}

/* --- file_create(), file_replace() -------------------------------------------------------- */

static mode_t mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
	return st.st_mode & 07777;
}

static void creates_with_content_and_mode(void **state)
{
	mode_t mask = umask(0);

	(void)state;
	assert_int_equal(file_create(dir_fd, "10.0.0.2", "id\r\neth0", 8, 0644), 0);
	assert_int_equal(file_create(dir_fd, "empty", NULL, 0, 0600), 0);
	umask(mask);

	assert_content("10.0.0.2", "id\r\neth0");
	assert_int_equal(mode_of("10.0.0.2"), 0644);
	assert_content("empty", "");
	assert_int_equal(mode_of("empty"), 0600);
	assert_int_equal(tmp_count(&tmp, ""), 2);
}

static void creates_long_files(void **state)
{
	const size_t len = 3 * 1024 * 1024;
	autofree char *data = malloc(len);
	struct stat st;

	(void)state;
	memset(data, 'x', len);

	assert_int_equal(file_create(dir_fd, "long", data, len, 0600), 0);

	assert_int_equal(fstatat(dir_fd, "long", &st, 0), 0);
	assert_int_equal(st.st_size, len);
}

static void creates_over_nothing_that_is_there(void **state)
{
	(void)state;
	put("file", "old");
	assert_int_equal(mkdirat(dir_fd, "dir", 0700), 0);
	assert_int_equal(symlinkat("nowhere", dir_fd, "dangling"), 0);

	assert_int_equal(file_create(dir_fd, "file", "new", 3, 0600), -EEXIST);
	assert_int_equal(file_create(dir_fd, "dir", "new", 3, 0600), -EEXIST);
	assert_int_equal(file_create(dir_fd, "dangling", "new", 3, 0600), -EEXIST);

	assert_content("file", "old");
	assert_false(tmp_exists(&tmp, "nowhere"));
	assert_int_equal(tmp_count(&tmp, ""), 3);
}

static void replaces_in_one_step(void **state)
{
	struct stat before;
	struct stat after;

	(void)state;
	put("file", "old content");
	put("target", "untouched");
	assert_int_equal(symlinkat("target", dir_fd, "link"), 0);
	assert_int_equal(fstatat(dir_fd, "file", &before, 0), 0);

	assert_int_equal(file_replace(dir_fd, "file", "new", 3, 0600), 0);
	assert_int_equal(file_replace(dir_fd, "fresh", "x", 1, 0640), 0);
	assert_int_equal(file_replace(dir_fd, "link", "y", 1, 0600), 0);

	assert_content("file", "new");
	assert_int_equal(fstatat(dir_fd, "file", &after, 0), 0);
	assert_int_not_equal(before.st_ino, after.st_ino); /* renamed, not written into */
	assert_content("fresh", "x");
	assert_content("target", "untouched");
	assert_int_equal(mode_of("link"), 0600);
	assert_int_equal(tmp_count(&tmp, ""), 4);
}

static void what_a_dead_writer_left_is_replaced(void **state)
{
	(void)state;
	put(FILE_TEMPORARY_NAME, "half of a lon");
	assert_int_equal(fchmodat(dir_fd, FILE_TEMPORARY_NAME, 0, 0), 0);

	assert_int_equal(file_replace(dir_fd, "file", "new", 3, 0640), 0);

	assert_content("file", "new");
	assert_int_equal(mode_of("file"), 0640);
	assert_int_equal(tmp_count(&tmp, ""), 1);
}

static void a_directory_in_place_of_the_temporary_file_is_replaced(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(dir_fd, FILE_TEMPORARY_NAME, 0700), 0);
	assert_int_equal(file_replace(dir_fd, "file", "new", 3, 0640), 0);
	assert_content("file", "new");
	assert_int_equal(tmp_count(&tmp, ""), 1);
}

static void a_failed_replace_leaves_all_as_it_was(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(dir_fd, "dir", 0700), 0);

	assert_int_equal(file_replace(dir_fd, "dir", "new", 3, 0600), -EISDIR);

	assert_int_equal(tmp_count(&tmp, ""), 1);
}

static int exit_status(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* In a child: a limit on file size stands for a disk that is full. */
static int write_on_full_disk(void)
{
	const struct rlimit limit = { 100, 100 };
	char data[200] = { 0 };

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
		return 1;
	if (file_create(dir_fd, "new", data, sizeof(data), 0600) != -EFBIG)
		return 2;
	return file_replace(dir_fd, "file", data, sizeof(data), 0600) == -EFBIG ? 0 : 3;
}

static void half_written_files_do_not_appear(void **state)
{
	pid_t pid;

	(void)state;
	put("file", "old");

	pid = fork();
	if (pid == 0)
		_exit(write_on_full_disk());

	assert_int_equal(exit_status(pid), 0);
	assert_content("file", "old");
	assert_int_equal(tmp_count(&tmp, ""), 1);
}

/* Where the low 32 bits of a system call's argument lie. */
#define LOW_HALF (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0)

/*
 * In a child: from now on a system call fails if one of its arguments has these bits.
 * It stands for a file system without O_TMPFILE, and for a root without /proc.
 */
static int deny(long nr, int arg, unsigned bits, int errnum)
{
	const struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[arg]) + LOW_HALF),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, bits, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)errnum),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog prog = { ARRAY_SIZE(code), (void *)code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

static int create_with_denied(long nr, int arg, unsigned bits, int errnum)
{
	if (deny(nr, arg, bits, errnum) < 0)
		return 1;
	if (openat(dir_fd, ".", O_TMPFILE | O_WRONLY, 0600) >= 0 && nr == SYS_openat)
		return 2;
	if (file_create(dir_fd, "taken", "new", 3, 0600) != -EEXIST)
		return 3;
	return file_create(dir_fd, "new", "new", 3, 0640) == 0 ? 0 : 4;
}

static void creates_where_nameless_files_are_unknown(void **state)
{
	static const struct {
		long nr;
		int arg;
		unsigned bits;
		int errnum;
	} rows[] = {
		{ SYS_openat, 2, __O_TMPFILE, EOPNOTSUPP },
		{ SYS_openat, 2, __O_TMPFILE, EISDIR },
		{ SYS_linkat, 4, AT_SYMLINK_FOLLOW, ENOENT },
		/* Nor are any links known. */
		{ SYS_linkat, 4, 0, EPERM },
		{ SYS_linkat, 4, 0, EOPNOTSUPP },
	};

	(void)state;
	put("taken", "old");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(create_with_denied(rows[i].nr, rows[i].arg, rows[i].bits,
						 rows[i].errnum));
		assert_int_equal(exit_status(pid), 0);
		assert_content("taken", "old");
		assert_content("new", "new");
		assert_int_equal(mode_of("new"), 0640);
		assert_int_equal(tmp_count(&tmp, ""), 2);
		assert_int_equal(unlinkat(dir_fd, "new", 0), 0);
	}
}

static void other_errors_are_passed_on(void **state)
{
	autoclose int file = -1;

	(void)state;
	put("file", "");
	file = openat(dir_fd, "file", O_RDONLY | O_CLOEXEC);

	assert_int_equal(file_create(-1, "x", "", 0, 0600), -EBADF);
	assert_int_equal(file_create(file, "x", "", 0, 0600), -ENOTDIR);
	assert_int_equal(file_create(dir_fd, "no/x", "", 0, 0600), -ENOENT);
	assert_int_equal(file_replace(file, "x", "", 0, 0600), -ENOTDIR);
	assert_int_equal(file_replace(dir_fd, "no/x", "", 0, 0600), -ENOENT);
	assert_int_equal(tmp_count(&tmp, ""), 1);
}

/* --- file_make_dirs() --------------------------------------------------------------------- */

static int make_dirs(const char *name)
{
	autofree char *path = tmp_path(&tmp, name);

	return file_make_dirs(path, 0700);
}

static bool is_dir(const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static void makes_directories_once(void **state)
{
	(void)state;
	assert_int_equal(make_dirs("a/b/c"), 0);
	assert_true(is_dir("a/b/c"));
	assert_int_equal(make_dirs("a/b/c"), 0);
	assert_int_equal(make_dirs("a/b/d"), 0);
	assert_true(is_dir("a/b/d"));
	assert_int_equal(make_dirs(""), 0);
	assert_int_equal(file_make_dirs("/", 0700), 0);
}

static void odd_slashes_make_no_difference(void **state)
{
	(void)state;
	assert_int_equal(make_dirs("a//b///c/"), 0);
	assert_true(is_dir("a/b/c"));
	assert_int_equal(make_dirs("a/b/c//"), 0);
	assert_int_equal(make_dirs("a/./x/../y"), 0);
	assert_true(is_dir("a/y"));
}

static void makes_relative_directories(void **state)
{
	autoclose int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(fchdir(dir_fd), 0);
	assert_int_equal(file_make_dirs("r/s", 0700), 0);
	assert_int_equal(file_make_dirs("t", 0700), 0);
	assert_int_equal(fchdir(before), 0);

	assert_true(is_dir("r/s"));
	assert_true(is_dir("t"));
}

static void a_file_is_no_directory(void **state)
{
	(void)state;
	put("file", "");
	assert_int_equal(symlinkat("nowhere", dir_fd, "dangling"), 0);

	assert_int_equal(make_dirs("file"), -ENOTDIR);
	assert_int_equal(make_dirs("file/x"), -ENOTDIR);
	assert_int_equal(make_dirs("file/x/y"), -ENOTDIR);
	assert_int_equal(make_dirs("dangling"), -ENOENT);
	assert_int_equal(make_dirs("dangling/x"), -ENOENT);
}

static void a_link_to_a_directory_is_one(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(dir_fd, "dir", 0700), 0);
	assert_int_equal(symlinkat("dir", dir_fd, "link"), 0);

	assert_int_equal(make_dirs("link"), 0);
	assert_int_equal(make_dirs("link/x/y"), 0);
	assert_true(is_dir("dir/x/y"));
}

static void refuses_paths_of_no_length(void **state)
{
	autofree char *path = malloc(5000);

	(void)state;
	memset(path, 'x', 4999);
	path[4999] = '\0';

	assert_int_equal(file_make_dirs("", 0700), -ENOENT);
	assert_int_equal(file_make_dirs(path, 0700), -ENAMETOOLONG);
	assert_int_equal(make_dirs(
				 "a/0123456789012345678901234567890123456789012345678901234567890"
				 "0123456789012345678901234567890123456789012345678901234567890123"
				 "0123456789012345678901234567890123456789012345678901234567890123"
				 "0123456789012345678901234567890123456789012345678901234567890123"
				 "0123456789"),
			 -ENAMETOOLONG);
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(reads_a_file_whole),
		test(reads_an_empty_file),
		test(reads_bytes_that_are_zero),
		test(size_counts_the_nul),
		test(reads_files_that_have_no_size),
		test(missing_files_are_named_so),
		test(follows_no_link),
		test(reads_regular_files_only),
		test(closes_what_it_opened),
		test(creates_with_content_and_mode),
		test(creates_long_files),
		test(creates_over_nothing_that_is_there),
		test(replaces_in_one_step),
		test(what_a_dead_writer_left_is_replaced),
		test(a_directory_in_place_of_the_temporary_file_is_replaced),
		test(a_failed_replace_leaves_all_as_it_was),
		test(half_written_files_do_not_appear),
		test(creates_where_nameless_files_are_unknown),
		test(other_errors_are_passed_on),
		test(makes_directories_once),
		test(odd_slashes_make_no_difference),
		test(makes_relative_directories),
		test(a_file_is_no_directory),
		test(a_link_to_a_directory_is_one),
		test(refuses_paths_of_no_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
