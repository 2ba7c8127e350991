/* SPDX-License-Identifier: Apache-2.0 */
/* test_collect.c - children that print too much, or do not end */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/cni/delegate.h"
#include "fixture.h"

static void keeps_a_flood_on_stderr_within_bounds(void **state)
{
	struct fixture_stderr capture = fixture_stderr();
	struct cni_result result = { 0 };
	struct error err = { 0 };
	int rc = fixture_run(*state, "head -c 3000000 /dev/zero | tr '\\0' x >&2; echo '{}'",
			     CNI_ADD, &result, &err);
	autofree char *said = fixture_stderr_end(&capture);

	assert_ok(rc, &err);
	assert_int_equal(strlen(said), 64 * 1024);
}

static void ends_a_flood_on_stdout(void **state)
{
	struct cni_result result = { 0 };
	struct error err = { 0 };

	assert_fails(fixture_run(*state, "exec yes", CNI_ADD, &result, &err), &err, ERROR_DELEGATE,
		     "plugin \"fake\" printed more than 1048576 bytes");
	assert_fails(fixture_run(*state, "head -c 1048577 /dev/zero; exit 1", CNI_DEL, NULL, &err),
		     &err, ERROR_DELEGATE, "printed more than 1048576 bytes");
}

static void takes_output_up_to_the_bound(void **state)
{
	struct cni_result result = { 0 };
	struct error err = { 0 };

	assert_ok(fixture_run(*state, "head -c 1048574 /dev/zero | tr '\\0' ' '; printf '{}'",
			      CNI_ADD, &result, &err),
		  &err);
}

/* A FIFO tells when the last process that holds it is gone. */
static bool all_are_gone(int fifo)
{
	struct pollfd end = { .fd = fifo, .events = POLLIN };

	return poll(&end, 1, FIXTURE_PATIENCE_MS) == 1 && (end.revents & POLLHUP);
}

static void kills_at_the_deadline_with_all_it_started(void **state)
{
	const struct tmp *tmp = *state;
	autoclose int fifo = fixture_fifo(tmp);
	autofree char *script = NULL;
	struct error err = { 0 };
	const int64_t start = clock_now_ns();

	assert_true(asprintf(&script,
			     "exec 9>%s/fifo; echo busy >&2; sleep 1000 & sleep 1000 & wait",
			     tmp->path) > 0);
	assert_fails(fixture_await(tmp, script, 300, &err), &err, ERROR_DELEGATE,
		     "plugin \"fake\" did not end ADD in time and was killed");
	assert_int_equal(err.errnum, ETIMEDOUT);
	assert_string_equal(err.hint, "it said on stderr: busy");
	assert_true(clock_now_ns() - start < FIXTURE_PATIENCE_MS * 1000000LL);
	assert_true(all_are_gone(fifo));
}

static void kills_one_that_closed_its_output(void **state)
{
	struct error err = { 0 };

	assert_fails(fixture_await(*state, "exec >&- 2>&-; exec sleep 1000", 100, &err), &err,
		     ERROR_DELEGATE, "did not end ADD in time");
}

static void does_not_wait_for_what_is_left_behind(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *path = tmp_path(tmp, "release");
	autofree char *script = NULL;
	struct error err = { 0 };

	/* The survivor holds stdout and stderr until we open the FIFO. */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(asprintf(&script, "(exec cat %s) & printf '{\"ips\": []}'", path) > 0);
	assert_ok(fixture_await(tmp, script, FIXTURE_PATIENCE_MS, &err), &err);
	close(open(path, O_WRONLY | O_CLOEXEC));
}

/* From now on the kernel is one without pidfds, and without MFD_NOEXEC_SEAL. */
static int age_the_kernel(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x8, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = { .len = ARRAY_SIZE(code), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

/* Also with a delegate that takes its time, of which there is no event without pidfds. */
static void works_on_old_kernels(void **state)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct cni_result result = { 0 };
		struct error err = { 0 };
		bool ok = age_the_kernel() == 0 && syscall(SYS_pidfd_open, getpid(), 0) < 0 &&
			  fixture_run(*state, "sleep 0.05; echo '{\"ips\": []}'", CNI_ADD, &result,
				      &err) == 0 &&
			  fixture_await(*state, "exec sleep 1000", 50, &err) == -ETIMEDOUT;

		_exit(ok ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void tells_of_a_lost_exit_status(void **state)
{
	struct error err = { 0 };

	/* Then the kernel reaps children by itself. */
	signal(SIGCHLD, SIG_IGN);
	assert_fails(fixture_run(*state, "exit 0", CNI_DEL, NULL, &err), &err, ERROR_SYSTEM,
		     "cannot wait for plugin \"fake\": No child processes");
	signal(SIGCHLD, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TMP(keeps_a_flood_on_stderr_within_bounds),
		FIXTURE_TMP(ends_a_flood_on_stdout),
		FIXTURE_TMP(takes_output_up_to_the_bound),
		FIXTURE_TMP(kills_at_the_deadline_with_all_it_started),
		FIXTURE_TMP(kills_one_that_closed_its_output),
		FIXTURE_TMP(does_not_wait_for_what_is_left_behind),
		FIXTURE_TMP(works_on_old_kernels),
		FIXTURE_TMP(tells_of_a_lost_exit_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
