/* SPDX-License-Identifier: Apache-2.0 */
/* test_nslock.c - the lock on a network namespace */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"
#include "cbr/sys/nslock.h"

static struct deadline soon(void)
{
	return deadline_in(50);
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
	const struct deadline deadline = deadline_in(5000);
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
	assert_contains(err.hint, "@cbr: test of cni0");
	assert_int_equal(other, -1);
	assert_ok(nslock_own("test of cni1", &deadline, &apart, &err), &err);
	close(TAKE_FD(holder));
	assert_ok(nslock_own("test of cni0", &deadline, &other, &err), &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_share_it),
		cmocka_unit_test(the_last_one_may_be_alone),
		cmocka_unit_test(whoever_is_alone_is_waited_for_until_the_deadline),
		cmocka_unit_test(it_dies_with_its_holder),
		cmocka_unit_test(what_is_owned_is_waited_for_until_the_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
