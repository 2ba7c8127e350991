/* SPDX-License-Identifier: Apache-2.0 */
/* test_nslock.c - the lock on a network namespace */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"
#include "cbr/sys/nslock.h"
#include "run.h"

static struct deadline soon(void)
{
	return deadline_in(harness_patience(50));
}

static void many_share_it(void **state)
{
	const struct deadline deadline = soon();
	autoclose int first = -1;
	autoclose int second = -1;
	struct error err = { 0 };

	(void)state;
	assert_ok(nslock_share(&deadline, &first, &err), &err);
	assert_ok(nslock_share(&deadline, &second, &err), &err);
	assert_int_equal(nslock_try_alone(first), 0);
}

static void the_last_one_may_be_alone(void **state)
{
	const struct deadline deadline = soon();
	autoclose int first = -1;
	autoclose int second = -1;
	struct error err = { 0 };

	(void)state;
	assert_ok(nslock_share(&deadline, &first, &err), &err);
	assert_ok(nslock_share(&deadline, &second, &err), &err);
	close(TAKE_FD(first));
	assert_int_equal(nslock_try_alone(second), 1);
	assert_int_equal(nslock_try_alone(second), 1);
}

static void whoever_is_alone_is_waited_for_until_the_deadline(void **state)
{
	const struct deadline deadline = soon();
	autoclose int holder = -1;
	autoclose int other = -1;
	struct error err = { 0 };
	char name[32] = "";
	char who[96];

	(void)state;
	assert_ok(nslock_share(&deadline, &holder, &err), &err);
	assert_int_equal(nslock_try_alone(holder), 1);
	/* Of this program, or of what emulates another processor for it. */
	assert_true(file_read(AT_FDCWD, "/proc/self/comm", name, sizeof(name)) > 0);
	name[strcspn(name, "\n")] = '\0';
	snprintf(who, sizeof(who), "process %d (%s) holds the lock", getpid(), name);
	assert_fails(nslock_share(&deadline, &other, &err), &err, ERROR_AGAIN,
		     "the lock of our network namespace");
	assert_string_equal(err.hint, who);
	assert_int_equal(err.errnum, ETIMEDOUT);
	assert_int_equal(other, -1);
}

static void it_dies_with_its_holder(void **state)
{
	const struct deadline deadline = deadline_in(harness_patience(5000));
	autoclose int fd = -1;
	struct error err = { 0 };
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		int held = -1;

		_exit(nslock_share(&deadline, &held, &err) < 0 || !nslock_try_alone(held));
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_ok(nslock_share(&deadline, &fd, &err), &err);
	assert_int_equal(nslock_try_alone(fd), 1);
}

/* Not by those who may only look, and not by those who may not even do that. */
static void nobody_else_can_open_it(void **state)
{
	const struct deadline deadline = soon();
	autoclose int share = -1;
	autoclose int own = -1;
	autofree char *modes = NULL;
	struct error err = { 0 };

	(void)state;
	free(run_must(NULL, "rm -rf /run/cbr"));
	umask(0);
	assert_ok(nslock_share(&deadline, &share, &err), &err);
	assert_ok(nslock_own("test of cni0", &deadline, &own, &err), &err);
	modes = run_must(NULL, "cd /run/cbr && stat -c '%%a %%s' . * | cut -d' ' -f1 && ls");
	assert_contains(modes, "700\n600\n600\nnetns-");
	assert_contains(modes, ".test-of-cni0\n");
}

static void what_is_owned_is_waited_for_until_the_deadline(void **state)
{
	const struct deadline deadline = soon();
	autoclose int holder = -1;
	autoclose int other = -1;
	autoclose int apart = -1;
	struct error err = { 0 };

	(void)state;
	assert_ok(nslock_own("test of cni0", &deadline, &holder, &err), &err);
	assert_fails(nslock_own("test of cni0", &deadline, &other, &err), &err, ERROR_AGAIN,
		     "another process has held test of cni0 for too long");
	assert_contains(err.hint, "holds the lock");
	assert_int_equal(other, -1);
	assert_ok(nslock_own("test of cni1", &deadline, &apart, &err), &err);
	close(TAKE_FD(holder));
	assert_ok(nslock_own("test of cni0", &deadline, &other, &err), &err);
}

/* As in a user namespace that sees the /run of somebody else. */
static void without_a_place_for_files_it_is_the_namespaces_own(void **state)
{
	const struct deadline deadline = soon();
	autoclose int stranger = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	autoclose int share = -1;
	autoclose int alone = -1;
	autoclose int own = -1;
	autoclose int other = -1;
	struct error err = { 0 };

	(void)state;
	free(run_must(NULL, "rm -rf /run/cbr"));
	assert_int_equal(mount(NULL, "/run", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	assert_ok(nslock_share(&deadline, &share, &err), &err);
	assert_int_equal(flock(stranger, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(nslock_try_alone(share), 1);
	assert_fails(nslock_share(&deadline, &alone, &err), &err, ERROR_AGAIN,
		     "the lock of our network namespace");
	assert_ok(nslock_own("test of cni0", &deadline, &own, &err), &err);
	assert_fails(nslock_own("test of cni0", &deadline, &other, &err), &err, ERROR_AGAIN,
		     "another process has held test of cni0 for too long");
	assert_contains(err.hint, "@cbr: test of cni0");
}

static int writable_again(void **state)
{
	(void)state;
	return mount(NULL, "/run", NULL, MS_REMOUNT | MS_BIND, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_share_it),
		cmocka_unit_test(the_last_one_may_be_alone),
		cmocka_unit_test(whoever_is_alone_is_waited_for_until_the_deadline),
		cmocka_unit_test(it_dies_with_its_holder),
		cmocka_unit_test(what_is_owned_is_waited_for_until_the_deadline),
		cmocka_unit_test(nobody_else_can_open_it),
		cmocka_unit_test_teardown(without_a_place_for_files_it_is_the_namespaces_own,
					  writable_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
