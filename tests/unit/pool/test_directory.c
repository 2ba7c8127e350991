/* SPDX-License-Identifier: Apache-2.0 */
/* test_directory.c - a network's directory: open, make, lock, usable or not */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "fixture.h"

static struct tmp tmp;

static int setup(void **state)
{
	(void)state;
	tmp_make(&tmp);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_be_root();
	tmp_remove(&tmp);
	return 0;
}

static void open_finds_nothing_and_makes_nothing(void **state)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	autofree char *deep = tmp_path(&tmp, "a/b");
	struct error err;

	(void)state;
	assert_int_equal(pool_store_open(deep, "net", &store, &err), 0);
	assert_int_equal(pool_store_open(tmp.path, "net", &store, &err), 0);
	assert_int_equal(store.dir_fd, -1);
	assert_int_equal(tmp_count(&tmp, ""), 0);
}

static void make_makes_all_parents_as_host_local_does(void **state)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	auto_with(pool_store_done) struct pool_store again = POOL_STORE_NONE;
	autofree char *data_dir = tmp_path(&tmp, "a/b/");
	autofree char *made = tmp_path(&tmp, "a/b/net");
	struct error err;
	struct stat st;

	(void)state;
	umask(022);
	assert_ok(pool_store_make(data_dir, "net", &store, &err), &err);
	assert_int_equal(stat(made, &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0755);
	assert_int_equal(tmp_count(&tmp, "a/b/net"), 2); /* ours */
	assert_ok(pool_store_make(data_dir, "net", &again, &err), &err);
	assert_int_equal(pool_store_open(data_dir, "net", &again, &err), 1);
}

static void a_link_leads_to_the_data_directory_but_to_no_network(void **state)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	autofree char *elsewhere = tmp_mkdir(&tmp, "elsewhere");
	autofree char *link = tmp_path(&tmp, "link");
	autofree char *net = tmp_path(&tmp, "elsewhere/net");
	struct error err;

	(void)state;
	assert_int_equal(symlink(elsewhere, link), 0);
	assert_ok(pool_store_make(link, "one", &store, &err), &err);
	assert_true(tmp_exists(&tmp, "elsewhere/one"));
	pool_store_done(&store);

	assert_int_equal(symlink("/", net), 0);
	assert_fails(pool_store_make(elsewhere, "net", &store, &err), &err, ERROR_SYSTEM, net);
	assert_fails(pool_store_open(elsewhere, "net", &store, &err), &err, ERROR_SYSTEM, net);
	assert_contains(err.hint, "symbolic link");
	assert_int_equal(store.dir_fd, -1);
}

static void a_file_in_the_way_is_named(void **state)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	autofree char *file = tmp_write(&tmp, "file", "", 0644);
	autofree char *net = tmp_write(&tmp, "net", "", 0644);
	struct error err;

	(void)state;
	assert_fails(pool_store_make(file, "net", &store, &err), &err, ERROR_SYSTEM, file);
	assert_fails(pool_store_open(file, "net", &store, &err), &err, ERROR_SYSTEM, file);
	assert_fails(pool_store_make(tmp.path, "net", &store, &err), &err, ERROR_SYSTEM, net);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	char path[PATH_MAX];
	struct error err;

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[PATH_MAX - 4] = '\0';
	assert_fails(pool_store_open(path, "net", &store, &err), &err, ERROR_CONFIG,
		     "dataDir /aaa");
	assert_fails(pool_store_make(path, "net", &store, &err), &err, ERROR_CONFIG, "too long");
}

/* A child that holds the lock. @go_fd: closing it ends the child */
struct holder {
	pid_t pid;
	int go_fd;
};

static struct holder hold_lock(void)
{
	int said[2], go[2];
	struct holder holder;
	char c;

	assert_int_equal(pipe2(said, O_CLOEXEC) | pipe2(go, O_CLOEXEC), 0);
	holder.go_fd = go[1];
	holder.pid = fork();
	if (holder.pid == 0) {
		struct pool_store store;
		struct error err;

		close(go[1]);
		if (pool_store_open(tmp.path, "net", &store, &err) != 1 ||
		    pool_store_lock(&store, 0, &err) < 0 || write(said[1], "x", 1) != 1 ||
		    read(go[0], &c, 1) != 0)
			_exit(1);
		_exit(0);
	}
	close(go[0]);
	close(said[1]);
	assert_int_equal(read(said[0], &c, 1), 1);
	close(said[0]);
	return holder;
}

static void end_holder(const struct holder *holder)
{
	int status;

	close(holder->go_fd);
	assert_int_equal(waitpid(holder->pid, &status, 0), holder->pid);
	assert_int_equal(status, 0);
}

static void the_lock_is_waited_for_until_a_deadline(void **state)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	autofree char *lock = tmp_path(&tmp, "net/lock");
	struct holder holder;
	struct error err;
	struct stat st;
	char who[64];

	(void)state;
	umask(022);
	assert_ok(pool_store_make(tmp.path, "net", &store, &err), &err);
	holder = hold_lock();
	assert_int_equal(pool_store_lock(&store, 30, &err), -ETIMEDOUT);
	assert_fails(pool_store_lock(&store, 30, &err), &err, ERROR_AGAIN, lock);
	assert_contains(err.msg, "30 ms");
	snprintf(who, sizeof(who), "process %d (test_directory) holds the lock", holder.pid);
	assert_string_equal(err.hint, who);
	assert_int_equal(store.lock_fd, -1);
	end_holder(&holder);
	assert_ok(pool_store_lock(&store, 30, &err), &err);
	assert_int_equal(stat(lock, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0750);
	assert_int_equal(st.st_size, 0);
}

/* What happens while a lock is waited for, once. */
static void (*meanwhile)(void);

/* In place of the C library's. */
int flock(int fd, int operation)
{
	void (*fn)(void) = meanwhile;

	meanwhile = NULL;
	if (fn)
		fn();
	return (int)syscall(SYS_flock, fd, operation);
}

static int taken_fd;

static void replace_lock(void)
{
	autofree char *lock = tmp_path(&tmp, "net/lock");

	assert_int_equal(unlink(lock), 0);
	taken_fd = open(lock, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(taken_fd, LOCK_EX), 0);
}

/* Somebody empties the directory by hand, and somebody else works there already. */
static void a_lock_that_was_removed_is_none(void **state)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	struct error err;

	(void)state;
	assert_ok(pool_store_make(tmp.path, "net", &store, &err), &err);
	meanwhile = replace_lock;
	assert_fails(pool_store_lock(&store, 30, &err), &err, ERROR_AGAIN, "cannot lock");
	close(taken_fd);
	assert_ok(pool_store_lock(&store, 30, &err), &err);
}

static void the_lock_is_the_one_that_host_local_takes(void **state)
{
	struct pool_store store;
	autofree char *lock = tmp_path(&tmp, "net/lock");
	autoclose int fd = -1;
	struct error err;

	(void)state;
	assert_ok(pool_store_make(tmp.path, "net", &store, &err), &err);
	assert_ok(pool_store_lock(&store, 0, &err), &err);
	fd = open(lock, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
	pool_store_done(&store);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
}

static void a_lock_that_cannot_be_one_is_an_error(void **state)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	autofree char *lock = tmp_path(&tmp, "net/lock");
	struct error err;

	(void)state;
	assert_ok(pool_store_make(tmp.path, "net", &store, &err), &err);
	assert_int_equal(symlink("/dev/null", lock), 0);
	assert_fails(pool_store_lock(&store, 0, &err), &err, ERROR_SYSTEM, lock);
}

static void usable_is_what_exists_or_can_be_made(void **state)
{
	autofree char *deep = tmp_path(&tmp, "a/b/c");
	autofree char *data_dir = tmp_path(&tmp, "made");
	struct error err;

	(void)state;
	free(tmp_mkdir(&tmp, "made/net"));
	assert_ok(pool_store_check_usable(deep, "net", &err), &err);
	assert_ok(pool_store_check_usable(data_dir, "net", &err), &err);
	assert_ok(pool_store_check_usable(data_dir, "other", &err), &err);
	assert_int_equal(tmp_count(&tmp, ""), 1);
	assert_int_equal(chdir(tmp.path), 0);
	assert_ok(pool_store_check_usable("relative", "net", &err), &err);
	assert_ok(pool_store_check_usable("relative/deep", "net", &err), &err);
}

static void not_usable_is_what_is_no_directory(void **state)
{
	autofree char *file = tmp_write(&tmp, "file", "", 0644);
	autofree char *below = tmp_path(&tmp, "file/deep");
	struct error err;

	(void)state;
	assert_fails(pool_store_check_usable(file, "net", &err), &err, ERROR_SYSTEM, file);
	assert_fails(pool_store_check_usable(below, "net", &err), &err, ERROR_SYSTEM, file);
	assert_fails(pool_store_check_usable(tmp.path, "file", &err), &err, ERROR_SYSTEM, file);
}

static void not_usable_is_what_we_may_not_write(void **state)
{
	autofree char *net = tmp_mkdir(&tmp, "data/net");
	autofree char *data_dir = tmp_path(&tmp, "data");
	struct error err;
	int rc;

	(void)state;
	assert_int_equal(chmod(net, 0555), 0);
	assert_int_equal(chmod(data_dir, 0555), 0);
	assert_int_equal(chmod(tmp.path, 0755), 0);
	if (!fixture_be_nobody())
		skip_because(FIXTURE_STAYS_ROOT);
	rc = pool_store_check_usable(data_dir, "net", &err);
	assert_fails(rc, &err, ERROR_SYSTEM, net);
	rc = pool_store_check_usable(data_dir, "other", &err);
	assert_fails(rc, &err, ERROR_SYSTEM, data_dir);
	fixture_be_root();
	assert_int_equal(chmod(data_dir, 0755), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_finds_nothing_and_makes_nothing),
		TEST(make_makes_all_parents_as_host_local_does),
		TEST(a_link_leads_to_the_data_directory_but_to_no_network),
		TEST(a_file_in_the_way_is_named),
		TEST(a_path_that_is_too_long_is_refused),
		TEST(the_lock_is_waited_for_until_a_deadline),
		TEST(a_lock_that_was_removed_is_none),
		TEST(the_lock_is_the_one_that_host_local_takes),
		TEST(a_lock_that_cannot_be_one_is_an_error),
		TEST(usable_is_what_exists_or_can_be_made),
		TEST(not_usable_is_what_is_no_directory),
		TEST(not_usable_is_what_we_may_not_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
